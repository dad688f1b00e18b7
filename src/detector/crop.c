#include "detector/crop.h"

#include "detector/wide.h"

#include <math.h>

/* Fixed point: 7 fraction bits keep a weighted sum of two bytes within uint16_t. */
enum { FRACTION_BITS = 7, FRACTION_ONE = 1 << FRACTION_BITS, GREY = 114 };

/* Red, green and blue before they are cut to 0..255 reach from -277 to 555: with 5 fraction bits
 * they fit int16_t, of which a register holds twice as many as of float. */
enum { TINT_BITS = 5, TINT_WHITE = 255 << TINT_BITS, LUMA_SHIFT = 7 };

/* Where one number of the result comes from, along one axis of one plane. */
struct tap {
    uint16_t first, second;
    uint16_t weight; /* of the second, in FRACTION_ONE parts */
};

struct plane {
    const uint8_t *data;
    size_t stride;
    uint32_t height;
};

/* One row of the result, before it becomes numbers: luma may point into the frame itself. */
struct row {
    const uint8_t *y;
    uint8_t luma[CROP_SIDE_MAX], u[CROP_SIDE_MAX], v[CROP_SIDE_MAX];
    /* What colour adds to red, green and blue, with TINT_BITS fraction bits. */
    int16_t halved[3][CROP_SIDE_MAX / 2 + 1]; /* one for two columns, where nothing is blended */
    int16_t tint[3][CROP_SIDE_MAX + 2];
    size_t tint_first; /* of the first column, in `tint` */
    int colour_line;   /* that the tint was made of; -1 at first */
};

/* Where the columns come from. */
struct columns {
    struct tap luma[CROP_SIDE_MAX];
    uint16_t colour[CROP_SIDE_MAX];
    uint32_t count;
};

/* BT.601 from studio or full range, in TINT_BITS. */
struct colours {
    uint16_t luma; /* 65536 for 1, of luma << LUMA_SHIFT */
    float black, red, green_u, green_v, blue;
    float scale, offset; /* of the model's numbers */
};

/* All that the rows of one window have in common. */
struct source {
    const struct frame *frame;
    struct columns columns;
    struct colours colours;
    bool plain; /* pixel for pixel: nothing to blend */
};

/* The part of the result that lies inside the frame, and how it maps to the frame. */
struct window {
    uint32_t left, right, top, bottom; /* of the result, in its own pixels; right, bottom beyond */
    float x, y, step;                  /* pixels of the frame */
};

static struct tap tap_at(float at, uint32_t limit)
{
    const float most = (float)(limit - 1);
    at = at > 0 ? at : 0;
    at = at < most ? at : most;
    uint32_t whole = (uint32_t)at;
    return (struct tap){
        .first = (uint16_t)whole,
        .second = (uint16_t)(whole + 1 < limit ? whole + 1 : whole),
        .weight = (uint16_t)((at - (float)whole) * FRACTION_ONE),
    };
}

/* The middle of a pixel of the result, in luma pixels of the frame. */
static float middle(uint32_t index, float start, float step)
{
    return start + ((float)index + 0.5F) * step;
}

static uint16_t colour_at(float place, uint32_t limit)
{
    const uint32_t whole = (uint32_t)(place > 0 ? place / 2 : 0);
    return (uint16_t)(whole < limit ? whole : limit - 1);
}

/* One row of luma. Rows are blended first (SIMD), then columns are picked from the blend. */
WIDE static void blend_luma(uint8_t *out, struct plane plane, float at, const struct tap *columns,
                            uint32_t count)
{
    struct tap row = tap_at(at, plane.height);
    uint16_t blend[FRAME_SIDE_MAX];
    uint32_t from = columns[0].first;
    uint32_t width = (uint32_t)columns[count - 1].second - from + 1;
    const uint8_t *restrict above = plane.data + row.first * plane.stride + from;
    const uint8_t *restrict below = plane.data + row.second * plane.stride + from;
    uint16_t of_below = row.weight;
    uint16_t of_above = (uint16_t)(FRACTION_ONE - row.weight);
    for (uint32_t i = 0; i < width; i++) {
        blend[i] = (uint16_t)(above[i] * of_above + below[i] * of_below);
    }
    for (uint32_t i = 0; i < count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): columns rise: all is blended */
        uint32_t left = blend[columns[i].first - from];
        uint32_t right = blend[columns[i].second - from];
        uint32_t of_right = columns[i].weight;
        uint32_t sum = left * (FRACTION_ONE - of_right) + right * of_right;
        out[i] = (uint8_t)((sum + (1U << (2 * FRACTION_BITS - 1))) >> (2 * FRACTION_BITS));
    }
}

static struct colours colours_of(const struct crop_format *format, bool full_range)
{
    const float one = 1 << TINT_BITS;
    const float luma = full_range ? 1.0F : 255.0F / 219.0F;
    const float chroma = one * (full_range ? 1.0F : 255.0F / 224.0F);
    return (struct colours){
        .luma = (uint16_t)lroundf(luma * one * 65536 / (1 << LUMA_SHIFT)),
        .black = full_range ? 0.0F : -16.0F * luma * one,
        .red = 1.402F * chroma,
        .green_u = 0.344136F * chroma,
        .green_v = 0.714136F * chroma,
        .blue = 1.772F * chroma,
        .scale = format->scale / one,
        .offset = -format->mean * format->scale,
    };
}

/* Where the numbers of red, green and blue go. */
struct tint {
    int16_t *red, *green, *blue;
};

/* To the nearest, and half a step more for what the luma loses when it is cut to TINT_BITS. */
static inline int16_t rounded(float tint)
{
    const int16_t low = 16384; /* a conversion goes toward zero: make it go down */
    return (int16_t)((int16_t)(tint + (float)low + 1.0F) - low);
}

WIDE static void make_tint(struct tint to, const uint8_t *restrict from_u,
                           const uint8_t *restrict from_v, uint32_t count,
                           const struct colours *colours)
{
    const struct colours k = *colours;
    int16_t *restrict red = to.red;
    int16_t *restrict green = to.green;
    int16_t *restrict blue = to.blue;
    for (uint32_t i = 0; i < count; i++) {
        const float u = (float)from_u[i] - 128;
        const float v = (float)from_v[i] - 128;
        red[i] = rounded(k.black + k.red * v);
        green[i] = rounded(k.black - k.green_u * u - k.green_v * v);
        blue[i] = rounded(k.black + k.blue * u);
    }
}

WIDE static void double_each(int16_t *restrict out, const int16_t *restrict in, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = in[i];
        out[2 * i + 1] = in[i];
    }
}

static inline float number_of(int sum, const struct colours *k)
{
    const int least = sum > 0 ? sum : 0;
    const int16_t level = (int16_t)(least < TINT_WHITE ? least : TINT_WHITE);
    return (float)level * k->scale + k->offset;
}

WIDE static void write_row(float *out[3], const struct row *row, uint32_t count,
                           const struct colours *colours)
{
    float *restrict red = out[0];
    float *restrict green = out[1];
    float *restrict blue = out[2];
    const uint8_t *restrict luma = row->y;
    const int16_t *restrict add_red = row->tint[0] + row->tint_first;
    const int16_t *restrict add_green = row->tint[1] + row->tint_first;
    const int16_t *restrict add_blue = row->tint[2] + row->tint_first;
    const struct colours k = *colours;
    for (uint32_t i = 0; i < count; i++) {
        const uint16_t shifted = (uint16_t)(luma[i] << LUMA_SHIFT);
        const int16_t y = (int16_t)(((uint32_t)shifted * k.luma) >> 16);
        red[i] = number_of((int16_t)(y + add_red[i]), &k);
        green[i] = number_of((int16_t)(y + add_green[i]), &k);
        blue[i] = number_of((int16_t)(y + add_blue[i]), &k);
    }
}

static struct plane plane_of(const struct frame *frame, int index)
{
    bool luma = index == FRAME_PLANE_Y;
    return (struct plane){
        .data = frame->plane[index],
        .stride = frame->stride_bytes[index],
        .height = luma ? frame->height : (frame->height + 1) / 2,
    };
}

/* First result pixel whose centre is at or beyond `edge` of the frame. */
static uint32_t pixel_at(float edge, float start, float step, uint32_t side)
{
    return (uint32_t)fminf(fmaxf(ceilf((edge - start) / step - 0.5F), 0), (float)side);
}

static struct window window_of(const struct frame *frame, struct box square, uint32_t side)
{
    float step = square.width / (float)side;
    return (struct window){
        .left = pixel_at(0, square.x, step, side),
        .right = pixel_at((float)frame->width, square.x, step, side),
        .top = pixel_at(0, square.y, step, side),
        .bottom = pixel_at((float)frame->height, square.y, step, side),
        .x = square.x,
        .y = square.y,
        .step = step,
    };
}

static void lay_columns(struct columns *columns, const struct frame *frame,
                        const struct window *window)
{
    columns->count = window->right - window->left;
    for (uint32_t i = 0; i < columns->count; i++) {
        const float place = middle(window->left + i, window->x, window->step);
        columns->luma[i] = tap_at(place - 0.5F, frame->width);
        columns->colour[i] = colour_at(place, (frame->width + 1) / 2);
    }
}

/* The tint of all columns, of one line of the colour planes. */
static void read_colour(struct row *row, const struct source *source, uint16_t line)
{
    const struct plane u = plane_of(source->frame, FRAME_PLANE_U);
    const struct plane v = plane_of(source->frame, FRAME_PLANE_V);
    const uint8_t *from_u = u.data + (size_t)line * u.stride;
    const uint8_t *from_v = v.data + (size_t)line * v.stride;
    const struct columns *columns = &source->columns;
    if (source->plain) {
        const uint32_t first = columns->colour[0];
        const uint32_t pairs = columns->colour[columns->count - 1] - first + 1U;
        const struct tint halved = {row->halved[0], row->halved[1], row->halved[2]};
        make_tint(halved, from_u + first, from_v + first, pairs, &source->colours);
        for (int i = 0; i < 3; i++) {
            double_each(row->tint[i], row->halved[i], pairs);
        }
        return;
    }
    for (uint32_t i = 0; i < columns->count; i++) {
        row->u[i] = from_u[columns->colour[i]];
        row->v[i] = from_v[columns->colour[i]];
    }
    const struct tint tint = {row->tint[0], row->tint[1], row->tint[2]};
    make_tint(tint, row->u, row->v, columns->count, &source->colours);
}

/* Reads what row `at` (luma pixels of the frame) shows. */
static void read_row(struct row *row, const struct source *source, float at)
{
    const struct plane y = plane_of(source->frame, FRAME_PLANE_Y);
    const struct tap *columns = source->columns.luma;
    if (source->plain) {
        row->y = y.data + (size_t)at * y.stride + columns[0].first;
    } else {
        blend_luma(row->luma, y, at - 0.5F, columns, source->columns.count);
        row->y = row->luma;
    }
    const uint16_t line = colour_at(at, (source->frame->height + 1) / 2);
    if (row->colour_line == line) { return; } /* two rows of luma share one of colour */
    row->colour_line = line;
    read_colour(row, source, line);
}

static void fill_window(float *out, const struct crop_format *format, const struct frame *frame,
                        const struct window *window)
{
    struct source source = {.frame = frame, .colours = colours_of(format, frame->full_range)};
    lay_columns(&source.columns, frame, window);
    source.plain =
        window->step == 1 && floorf(window->x) == window->x && floorf(window->y) == window->y;
    const size_t area = (size_t)format->side * format->side;
    struct row row = {
        .tint_first = source.plain ? source.columns.luma[0].first % 2 : 0,
        .colour_line = -1,
    };
    for (uint32_t i = window->top; i < window->bottom; i++) {
        read_row(&row, &source, middle(i, window->y, window->step));
        float *at = out + (size_t)i * format->side + window->left;
        float *planes[3] = {at + (format->bgr ? 2 * area : 0), at + area,
                            at + (format->bgr ? 0 : 2 * area)};
        write_row(planes, &row, source.columns.count, &source.colours);
    }
}

void crop_fill(float *out, const struct crop_format *format, const struct frame *frame,
               struct box square)
{
    const struct window window = window_of(frame, square, format->side);
    const bool whole = window.left == 0 && window.top == 0 && window.right == format->side &&
                       window.bottom == format->side;
    if (!whole) {
        const float grey = (GREY - format->mean) * format->scale;
        for (size_t i = 0; i < (size_t)3 * format->side * format->side; i++) {
            out[i] = grey;
        }
    }
    if (window.left < window.right && window.top < window.bottom) {
        fill_window(out, format, frame, &window);
    }
}
