#include "map/clip.h"

#include <math.h>

static int64_t along(struct point point, enum clip_axis axis)
{
    return axis == CLIP_AXIS_X ? point.x : point.y;
}

static bool inside(struct point point, struct clip_side side)
{
    const int64_t value = along(point, side.axis);
    return side.keep_above ? value >= side.limit : value <= side.limit;
}

/* Always from the smaller point to the larger, so that both directions give the same result. */
static struct point crossing(struct point a, struct point b, struct clip_side side)
{
    const bool x_axis = side.axis == CLIP_AXIS_X;
    if (along(a, side.axis) > along(b, side.axis)) {
        const struct point held = a;
        a = b;
        b = held;
    }
    const int64_t from = along(a, side.axis);
    const double share = (double)(side.limit - from) / (double)(along(b, side.axis) - from);
    const int64_t across = x_axis ? a.y : a.x;
    const int64_t reach = (x_axis ? b.y : b.x) - across;
    const int64_t other = across + (int64_t)floor((double)reach * share + 0.5);
    return x_axis ? (struct point){side.limit, other} : (struct point){other, side.limit};
}

static void clip_points(const struct shape *in, struct clip_side side, struct shape *out)
{
    for (size_t i = 0; i < in->count; i++) {
        if (inside(in->points[i], side)) { shape_add(out, in->points[i]); }
    }
    if (out->count > 0) { shape_end_part(out, false); }
}

/* An end on the border itself is met twice: as a point, and as a crossing. */
static void add_distinct(struct shape *out, struct point point)
{
    if (out->count > shape_part_begin(out, out->part_count)) {
        const struct point last = out->points[out->count - 1];
        if (last.x == point.x && last.y == point.y) { return; }
    }
    shape_add(out, point);
}

static void end_line(struct shape *out)
{
    const size_t begin = shape_part_begin(out, out->part_count);
    if (out->count - begin >= 2) {
        shape_end_part(out, false);
    } else {
        out->count = begin; /* it only touched the border */
    }
}

static void clip_line(const struct shape *in, size_t part, struct clip_side side, struct shape *out)
{
    const size_t begin = shape_part_begin(in, part);
    const size_t end = in->parts[part].end;
    bool was_inside = inside(in->points[begin], side);
    if (was_inside) { add_distinct(out, in->points[begin]); }
    for (size_t i = begin + 1; i < end; i++) {
        const bool is_inside = inside(in->points[i], side);
        if (is_inside != was_inside) {
            add_distinct(out, crossing(in->points[i - 1], in->points[i], side));
        }
        if (is_inside) {
            add_distinct(out, in->points[i]);
        } else if (was_inside) {
            end_line(out);
        }
        was_inside = is_inside;
    }
    end_line(out);
}

static bool clip_ring(const struct shape *in, size_t part, struct clip_side side, struct shape *out)
{
    const size_t begin = shape_part_begin(in, part);
    const size_t end = in->parts[part].end;
    const size_t before = out->count;
    struct point last = in->points[end - 1];
    bool was_inside = inside(last, side);
    for (size_t i = begin; i < end; i++) {
        const struct point point = in->points[i];
        const bool is_inside = inside(point, side);
        if (is_inside != was_inside) { shape_add(out, crossing(last, point, side)); }
        if (is_inside) { shape_add(out, point); }
        last = point;
        was_inside = is_inside;
    }
    return out->count > before;
}

void clip_shape(const struct shape *in, struct clip_side side, struct shape *out)
{
    shape_clear(out);
    out->kind = in->kind;
    if (in->kind == SHAPE_KIND_POINT) {
        clip_points(in, side, out);
        return;
    }
    bool outer_gone = false;
    for (size_t part = 0; part < in->part_count; part++) {
        if (in->parts[part].end == shape_part_begin(in, part)) { continue; }
        const bool hole = in->parts[part].hole;
        if (in->kind == SHAPE_KIND_LINE) {
            clip_line(in, part, side, out);
            continue;
        }
        if (hole && outer_gone) { continue; }
        const bool some = clip_ring(in, part, side, out);
        if (some) { shape_end_part(out, hole); }
        if (!hole) { outer_gone = !some; }
    }
}

bool clip_keeps_all(struct box box, struct clip_side side)
{
    const int64_t low = side.axis == CLIP_AXIS_X ? box.x0 : box.y0;
    const int64_t high = side.axis == CLIP_AXIS_X ? box.x1 : box.y1;
    return side.keep_above ? low >= side.limit : high <= side.limit;
}

bool clip_keeps_none(struct box box, struct clip_side side)
{
    const int64_t low = side.axis == CLIP_AXIS_X ? box.x0 : box.y0;
    const int64_t high = side.axis == CLIP_AXIS_X ? box.x1 : box.y1;
    return side.keep_above ? high < side.limit : low > side.limit;
}
