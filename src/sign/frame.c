#include "sign/frame.h"

#include <assert.h>
#include <cairo.h>
#include <string.h>

void sign_frame_clear(struct sign_frame *frame, int width, int height)
{
    assert(width > 0 && width <= SIGN_WIDTH_MAX && height > 0 && height <= SIGN_HEIGHT_MAX);
    memset(frame, 0, sizeof *frame);
    frame->width = width;
    frame->height = height;
}

static bool inside(const struct sign_frame *frame, int x, int y)
{
    return x >= 0 && y >= 0 && x < frame->width && y < frame->height;
}

void sign_frame_light(struct sign_frame *frame, int x, int y, struct sign_colour colour)
{
    if (!inside(frame, x, y)) { return; }
    uint8_t *lamp = frame->rgb + ((size_t)y * (size_t)frame->width + (size_t)x) * 3;
    lamp[0] = colour.red;
    lamp[1] = colour.green;
    lamp[2] = colour.blue;
}

struct sign_colour sign_frame_at(const struct sign_frame *frame, int x, int y)
{
    assert(inside(frame, x, y));
    const uint8_t *lamp = frame->rgb + ((size_t)y * (size_t)frame->width + (size_t)x) * 3;
    return (struct sign_colour){lamp[0], lamp[1], lamp[2]};
}

struct span sign_frame_bytes(const struct sign_frame *frame)
{
    return span_of(frame->rgb, (size_t)frame->width * (size_t)frame->height * 3);
}

static void destroy_surface_p(cairo_surface_t **held)
{
    if (*held) { cairo_surface_destroy(*held); }
}

static cairo_status_t add_png(void *context, const unsigned char *bytes, unsigned int size)
{
    struct text *out = context;
    text_add_bytes(out, span_of(bytes, size));
    return out->overflow ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* Copies the lamps into cairo's rows of 0x00RRGGBB. */
static void fill_surface(cairo_surface_t *surface, const struct sign_frame *frame, int scale)
{
    const int stride = cairo_image_surface_get_stride(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    for (int y = 0; y < frame->height * scale; y++) {
        for (int x = 0; x < frame->width * scale; x++) {
            const struct sign_colour lamp = sign_frame_at(frame, x / scale, y / scale);
            const uint32_t pixel =
                (uint32_t)lamp.red << 16 | (uint32_t)lamp.green << 8 | (uint32_t)lamp.blue;
            memcpy(data + (ptrdiff_t)y * stride + (ptrdiff_t)x * 4, &pixel, sizeof pixel);
        }
    }
    cairo_surface_mark_dirty(surface);
}

enum err sign_frame_png(const struct sign_frame *frame, int scale, struct text *out,
                        struct why *why)
{
    assert(scale >= 1 && scale <= 16);
    CLEANUP(destroy_surface_p)
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, frame->width * scale, frame->height * scale);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
        return why_set(why, ERR_UNAVAILABLE, "no memory for a picture of the sign");
    }
    fill_surface(surface, frame, scale);
    const cairo_status_t status = cairo_surface_write_to_png_stream(surface, add_png, out);
    if (status != CAIRO_STATUS_SUCCESS) {
        return why_set(why, ERR_LIMIT, "the sign's frame as PNG: %s",
                       cairo_status_to_string(status));
    }
    return OK;
}
