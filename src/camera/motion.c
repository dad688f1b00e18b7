#include "camera/motion.h"

#include "detector/wide.h"

#include <stdlib.h>
#include <string.h>

/* Luma with 6 fraction bits, so that a slow background still moves by less than one level. */
enum { FRACTION_BITS = 6, CELL_SIDE = 4, CELL_CHANGED_MIN = 4, RESTLESS_BEATS = 10 };

/* The background advances at this pace whatever the frame rate is. */
#define BEAT_US INT64_C(90000)

/* Shifts by which a pixel's background follows: one beat takes 1 / 2^shift of the difference. */
enum { FOLLOW_QUIET = 4, FOLLOW_STILL = 6, FOLLOW_MOVING = 8, FOLLOW_NOISE = 5 };

enum { NOISE_FACTOR = 5, NOISE_MOST = 20 << FRACTION_BITS, LEVEL_MOST = 255 << FRACTION_BITS };
enum { HISTOGRAM_SIZE = 511, HISTOGRAM_STEP = 5 };

struct motion {
    struct motion_options options;
    uint32_t frame_width, frame_height; /* 0 before the first frame */
    uint32_t factor, width, height;     /* pixels of the frame per reduced pixel; reduced size */
    uint32_t columns, rows;             /* of cells */
    uint8_t *now, *before;              /* owned: reduced luma; `before` is one beat old */
    int16_t *background, *noise;        /* owned, with FRACTION_BITS */
    uint8_t *changed, *restless;        /* owned: differs now; beats until it counts as still */
    uint8_t *open;                      /* owned: 1 where it is looked, 0 where the mask lies */
    size_t open_count;
    uint16_t *sums;  /* owned, one row of the frame */
    uint8_t *cells;  /* owned, columns * rows */
    uint32_t *stack; /* owned, columns * rows */
    int64_t beat_us;
};

struct motion_options motion_options_usual(void)
{
    return (struct motion_options){.threshold = 10, .cells_min = 3, .upheaval_percent = 60};
}

struct motion *motion_new(const struct motion_options *options)
{
    struct motion *motion = MEM_NEW(struct motion);
    motion->options = *options;
    return motion;
}

static void release(struct motion *motion)
{
    free(motion->now);
    free(motion->before);
    free(motion->background);
    free(motion->noise);
    free(motion->changed);
    free(motion->restless);
    free(motion->open);
    free(motion->sums);
    free(motion->cells);
    free(motion->stack);
}

void motion_free(struct motion *motion)
{
    if (!motion) { return; }
    release(motion);
    free(motion);
}

/* A reduced pixel is masked when its middle is. */
static void lay_mask(struct motion *motion)
{
    const struct area_list *mask = motion->options.mask;
    const size_t area = (size_t)motion->width * motion->height;
    motion->open_count = 0;
    for (size_t i = 0; i < area; i++) {
        const size_t column = i % motion->width;
        const size_t row = i / motion->width;
        const struct area_point middle = {
            .x = ((float)column + 0.5F) / (float)motion->width,
            .y = ((float)row + 0.5F) / (float)motion->height,
        };
        motion->open[i] = !mask || picture_area_at(mask, middle) == 0;
        motion->open_count += motion->open[i];
    }
}

static void begin(struct motion *motion, const struct frame *frame)
{
    release(motion);
    const uint32_t longest = frame->width > frame->height ? frame->width : frame->height;
    motion->frame_width = frame->width;
    motion->frame_height = frame->height;
    motion->factor = (longest + MOTION_SIDE_MAX - 1) / MOTION_SIDE_MAX;
    motion->width = frame->width / motion->factor;
    motion->height = frame->height / motion->factor;
    motion->columns = (motion->width + CELL_SIDE - 1) / CELL_SIDE;
    motion->rows = (motion->height + CELL_SIDE - 1) / CELL_SIDE;
    const size_t area = (size_t)motion->width * motion->height;
    const size_t cells = (size_t)motion->columns * motion->rows;
    motion->now = MEM_ARRAY(uint8_t, area);
    motion->before = MEM_ARRAY(uint8_t, area);
    motion->background = MEM_ARRAY(int16_t, area);
    motion->noise = MEM_ARRAY(int16_t, area);
    motion->changed = MEM_ARRAY(uint8_t, area);
    motion->restless = MEM_ARRAY(uint8_t, area);
    motion->open = MEM_ARRAY(uint8_t, area);
    motion->sums = MEM_ARRAY(uint16_t, frame->width);
    motion->cells = MEM_ARRAY(uint8_t, cells);
    motion->stack = MEM_ARRAY(uint32_t, cells);
    lay_mask(motion);
}

/* Sums `factor` rows of the frame, column by column. */
WIDE static void sum_rows(struct motion *motion, const struct frame *frame, uint32_t first)
{
    const uint32_t used = motion->width * motion->factor;
    uint16_t *restrict sums = motion->sums;
    memset(sums, 0, used * sizeof *sums);
    for (uint32_t k = 0; k < motion->factor; k++) {
        const size_t stride = frame->stride_bytes[FRAME_PLANE_Y];
        const uint8_t *restrict row = frame->plane[FRAME_PLANE_Y] + (first + k) * stride;
        for (uint32_t x = 0; x < used; x++) {
            sums[x] = (uint16_t)(sums[x] + row[x]);
        }
    }
}

/* With a factor that the compiler knows it makes SIMD of this. */
static inline void mean_by(uint8_t *restrict out, const uint16_t *restrict sums, size_t count,
                           uint32_t factor)
{
    const uint32_t scale = 65536 / (factor * factor);
    for (size_t x = 0; x < count; x++) {
        uint32_t sum = 0;
        for (uint32_t k = 0; k < factor; k++) {
            sum += sums[x * factor + k];
        }
        out[x] = (uint8_t)((sum * scale) >> 16);
    }
}

WIDE static void mean_row(uint8_t *out, const uint16_t *sums, size_t count, uint32_t factor)
{
    switch (factor) {
    case 2: mean_by(out, sums, count, 2); break;
    case 3: mean_by(out, sums, count, 3); break;
    case 4: mean_by(out, sums, count, 4); break;
    default: mean_by(out, sums, count, factor); break;
    }
}

/* Means of factor x factor pixels. */
static void reduce(struct motion *motion, const struct frame *frame)
{
    for (uint32_t y = 0; y < motion->height; y++) {
        sum_rows(motion, frame, y * motion->factor);
        mean_row(motion->now + (size_t)y * motion->width, motion->sums, motion->width,
                 motion->factor);
    }
}

/* How much brighter the whole picture has become: the median difference, so that a body that
 * covers less than half of it does not count. */
static int light_shift(const struct motion *motion)
{
    uint32_t histogram[HISTOGRAM_SIZE] = {0};
    const size_t area = (size_t)motion->width * motion->height;
    uint32_t total = 0;
    for (size_t i = 0; i < area; i += HISTOGRAM_STEP) {
        const uint8_t open = motion->open[i];
        histogram[motion->now[i] - (motion->background[i] >> FRACTION_BITS) + 255] += open;
        total += open;
    }
    uint32_t seen = 0;
    for (int i = 0; i < HISTOGRAM_SIZE; i++) {
        seen += histogram[i];
        if (seen > 0 && 2 * seen >= total) { return i - 255; }
    }
    return 0;
}

/* Marks what differs from the background by more than the threshold and its own noise. */
WIDE static size_t compare(struct motion *motion, int shift)
{
    const size_t area = (size_t)motion->width * motion->height;
    const int16_t *restrict background = motion->background;
    const int16_t *restrict noise = motion->noise;
    const uint8_t *restrict now = motion->now;
    const uint8_t *restrict open = motion->open;
    uint8_t *restrict changed = motion->changed;
    const int16_t least = (int16_t)((int)motion->options.threshold * (1 << FRACTION_BITS));
    const int16_t light = (int16_t)(shift * (1 << FRACTION_BITS));
    uint32_t count = 0;
    for (size_t i = 0; i < area; i++) {
        const int16_t level = (int16_t)(now[i] << FRACTION_BITS);
        const int16_t off = (int16_t)(level - background[i] - light);
        const int16_t own = (int16_t)(noise[i] * NOISE_FACTOR);
        const int16_t limit = (int16_t)(own > least ? own : least);
        changed[i] = (off > limit || off < -limit) & open[i];
        count += changed[i];
    }
    return count;
}

/* What moved lately counts as restless for a while. */
WIDE static void note_restless(struct motion *motion)
{
    const size_t area = (size_t)motion->width * motion->height;
    const uint8_t least = (uint8_t)(motion->options.threshold / 2);
    const uint8_t *restrict now = motion->now;
    const uint8_t *restrict before = motion->before;
    uint8_t *restrict restless = motion->restless;
    for (size_t i = 0; i < area; i++) {
        const uint8_t high = now[i] > before[i] ? now[i] : before[i];
        const uint8_t low = now[i] > before[i] ? before[i] : now[i];
        const uint8_t calmer = (uint8_t)(restless[i] - (restless[i] > 0));
        restless[i] = (uint8_t)(high - low) > least ? RESTLESS_BEATS : calmer;
    }
    memcpy(motion->before, motion->now, area);
}

/* `value` / 2^shift, toward zero, so that small differences fade. */
static inline int16_t part_of(int16_t value, int shift)
{
    return (int16_t)(value / (1 << shift));
}

/* The background follows the light at once, the picture slowly; its noise is measured. All in
 * int16_t, of which a register holds twice as many as of int: levels need 14 bits, differences of
 * two of them with the light taken out 16. */
WIDE static void follow(struct motion *motion, int shift)
{
    const size_t area = (size_t)motion->width * motion->height;
    const int16_t light = (int16_t)(shift * (1 << FRACTION_BITS));
    const uint8_t *restrict now = motion->now;
    const uint8_t *restrict changed = motion->changed;
    const uint8_t *restrict restless = motion->restless;
    int16_t *restrict background = motion->background;
    int16_t *restrict noise = motion->noise;
    for (size_t i = 0; i < area; i++) {
        const int16_t expected = (int16_t)(background[i] + light);
        const int16_t off = (int16_t)((now[i] << FRACTION_BITS) - expected);
        const int16_t size = (int16_t)(off < 0 ? -off : off);
        const int16_t measured =
            (int16_t)(noise[i] + part_of((int16_t)(size - noise[i]), FOLLOW_NOISE));
        const int16_t bounded = (int16_t)(measured < NOISE_MOST ? measured : NOISE_MOST);
        const int16_t moving = part_of(off, FOLLOW_MOVING);
        const int16_t still = part_of(off, FOLLOW_STILL);
        const int16_t of_changed = (int16_t)(restless[i] > 0 ? moving : still);
        const int16_t step = (int16_t)(changed[i] ? of_changed : part_of(off, FOLLOW_QUIET));
        const int16_t level = (int16_t)(expected + step);
        const int16_t least = (int16_t)(level > 0 ? level : 0);
        noise[i] = (int16_t)(changed[i] ? noise[i] : bounded);
        background[i] = (int16_t)(least < LEVEL_MOST ? least : LEVEL_MOST);
    }
}

static void learn_anew(struct motion *motion)
{
    const size_t area = (size_t)motion->width * motion->height;
    for (size_t i = 0; i < area; i++) {
        motion->background[i] = (int16_t)(motion->now[i] << FRACTION_BITS);
    }
    memcpy(motion->before, motion->now, area);
    memset(motion->restless, 0, area);
}

/* What moves in one row of pixels, added to the row of the cells that they belong to. */
WIDE static void add_moving(uint8_t *restrict cells, const uint8_t *restrict changed,
                            const uint8_t *restrict restless, size_t count)
{
    for (size_t x = 0; x < count; x++) {
        uint8_t moving = 0;
        for (size_t k = 0; k < CELL_SIDE; k++) {
            const size_t at = x * CELL_SIDE + k;
            moving = (uint8_t)(moving + (changed[at] & (restless[at] != 0)));
        }
        cells[x] = (uint8_t)(cells[x] + moving);
    }
}

static void fill_cells(struct motion *motion)
{
    memset(motion->cells, 0, (size_t)motion->columns * motion->rows);
    const uint32_t whole = motion->width / CELL_SIDE;
    for (uint32_t y = 0; y < motion->height; y++) {
        const size_t row = (size_t)y * motion->width;
        uint8_t *cells = motion->cells + (size_t)(y / CELL_SIDE) * motion->columns;
        const uint8_t *changed = motion->changed + row;
        const uint8_t *restless = motion->restless + row;
        add_moving(cells, changed, restless, whole);
        for (uint32_t x = whole * CELL_SIDE; x < motion->width; x++) {
            cells[whole] = (uint8_t)(cells[whole] + (changed[x] & (restless[x] != 0)));
        }
    }
}

struct cluster {
    uint32_t left, top, right, bottom, size; /* cells; right and bottom included */
};

static void visit_cell(struct motion *motion, uint32_t at, uint32_t *depth)
{
    if (motion->cells[at] >= CELL_CHANGED_MIN) {
        motion->cells[at] = 0;
        motion->stack[(*depth)++] = at;
    }
}

static void visit_neighbours(struct motion *motion, uint32_t x, uint32_t y, uint32_t *depth)
{
    for (uint32_t k = 0; k < 9; k++) {
        const uint32_t next_x = x + k % 3 - 1; /* beyond the edge it wraps and is refused */
        const uint32_t next_y = y + k / 3 - 1;
        if (next_x < motion->columns && next_y < motion->rows) {
            visit_cell(motion, next_y * motion->columns + next_x, depth);
        }
    }
}

/* Empties the cluster that `start` belongs to, by a stack of its own: no recursion. */
static struct cluster take_cluster(struct motion *motion, uint32_t start)
{
    struct cluster cluster = {motion->columns, motion->rows, 0, 0, 0};
    uint32_t depth = 0;
    visit_cell(motion, start, &depth);
    while (depth > 0) {
        const uint32_t at = motion->stack[--depth];
        const uint32_t x = at % motion->columns;
        const uint32_t y = at / motion->columns;
        cluster.left = x < cluster.left ? x : cluster.left;
        cluster.top = y < cluster.top ? y : cluster.top;
        cluster.right = x > cluster.right ? x : cluster.right;
        cluster.bottom = y > cluster.bottom ? y : cluster.bottom;
        cluster.size++;
        visit_neighbours(motion, x, y, &depth);
    }
    return cluster;
}

static void keep_cluster(const struct motion *motion, struct cluster cluster,
                         struct motion_seen *seen)
{
    const float size = (float)(CELL_SIDE * motion->factor);
    const struct box box = {
        .x = (float)cluster.left * size,
        .y = (float)cluster.top * size,
        .width = (float)(cluster.right - cluster.left + 1) * size,
        .height = (float)(cluster.bottom - cluster.top + 1) * size,
    };
    size_t at = seen->region_count;
    while (at > 0 && box_area(seen->regions[at - 1]) < box_area(box)) {
        at--;
    }
    if (at >= MOTION_REGIONS_MAX) { return; }
    if (seen->region_count < MOTION_REGIONS_MAX) { seen->region_count++; }
    memmove(&seen->regions[at + 1], &seen->regions[at], (seen->region_count - at - 1) * sizeof box);
    seen->regions[at] = box;
}

static void find_regions(struct motion *motion, struct motion_seen *seen)
{
    fill_cells(motion);
    for (uint32_t at = 0; at < motion->columns * motion->rows; at++) {
        if (motion->cells[at] < CELL_CHANGED_MIN) { continue; }
        const struct cluster cluster = take_cluster(motion, at);
        if (cluster.size >= (uint32_t)motion->options.cells_min) {
            keep_cluster(motion, cluster, seen);
        }
    }
}

void motion_feed(struct motion *motion, const struct frame *frame, struct motion_seen *seen)
{
    *seen = (struct motion_seen){.region_count = 0};
    const bool fresh = frame->width != motion->frame_width || frame->height != motion->frame_height;
    if (fresh) { begin(motion, frame); }
    reduce(motion, frame);
    if (fresh) {
        learn_anew(motion);
        motion->beat_us = frame->captured_us;
        return;
    }
    const int shift = light_shift(motion);
    const size_t changed = compare(motion, shift);
    const size_t much = motion->open_count * (size_t)motion->options.upheaval_percent;
    if (changed > 0 && changed * 100 >= much) {
        learn_anew(motion);
        seen->upheaval = true;
        return;
    }
    if (frame->captured_us - motion->beat_us >= BEAT_US || frame->captured_us < motion->beat_us) {
        note_restless(motion);
        follow(motion, shift);
        motion->beat_us = frame->captured_us;
    }
    find_regions(motion, seen);
}

float motion_share(const struct motion *motion, struct box box)
{
    if (motion->factor == 0) { return 0; }
    const float factor = (float)motion->factor;
    const struct box small = box_clip(
        (struct box){box.x / factor, box.y / factor, box.width / factor, box.height / factor},
        (float)motion->width, (float)motion->height);
    uint32_t moving = 0;
    uint32_t total = 0;
    for (uint32_t y = (uint32_t)small.y; (float)y < small.y + small.height; y++) {
        for (uint32_t x = (uint32_t)small.x; (float)x < small.x + small.width; x++) {
            const size_t at = (size_t)y * motion->width + x;
            moving += motion->changed[at] & (motion->restless[at] != 0);
            total += motion->open[at];
        }
    }
    return total > 0 ? (float)moving / (float)total : 0;
}
