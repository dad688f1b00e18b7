#include "sign/film.h"

#include <stdlib.h>

size_t sign_film_frame_size(const struct sign_film *film)
{
    return (size_t)(film->width + 7) / 8 * (size_t)film->height;
}

static bool dark(struct sign_colour colour)
{
    return colour.red == 0 && colour.green == 0 && colour.blue == 0;
}

/* One frame in bits. */
struct packed {
    uint8_t bytes[SIGN_WIDTH_MAX / 8 * SIGN_HEIGHT_MAX];
};

/* Eight lamps as a byte; notes the colour of those that are lit. */
static uint8_t pack_byte(struct sign_film *film, const struct sign_frame *frame, int left, int y)
{
    unsigned byte = 0;
    for (int x = left; x < left + 8 && x < frame->width; x++) {
        const struct sign_colour lamp = sign_frame_at(frame, x, y);
        if (dark(lamp)) { continue; }
        byte |= 0x80U >> (unsigned)(x - left);
        film->colour = lamp;
    }
    return (uint8_t)byte;
}

static struct span pack(struct packed *packed, struct sign_film *film,
                        const struct sign_frame *frame)
{
    size_t size = 0;
    for (int y = 0; y < frame->height; y++) {
        for (int left = 0; left < frame->width; left += 8) {
            packed->bytes[size++] = pack_byte(film, frame, left, y);
        }
    }
    return span_of(packed->bytes, size);
}

/* The frame that was added last. */
static struct span last_of(const struct sign_film *film)
{
    const size_t size = sign_film_frame_size(film);
    return span_of(text_span(&film->bits).data + film->bits.size - size, size);
}

static void add_frame(struct sign_film *film, struct span frame, int64_t at_us)
{
    text_add_bytes(&film->bits, frame);
    film->at_us[film->count++] = at_us;
}

void sign_film_init(struct sign_film *film, const struct sign_show *show)
{
    struct sign_frame frame;
    struct packed packed;
    sign_show_render(show, 0, &frame);
    *film = (struct sign_film){.width = frame.width,
                               .height = frame.height,
                               .cycle_us = sign_show_cycle_us(show),
                               .bits = text_limited(SIGN_FILM_SIZE_MAX),
                               .unknown_count = sign_show_unknown_count(show),
                               .whole = true};
    const size_t count_max = SIGN_FILM_SIZE_MAX / sign_film_frame_size(film);
    film->at_us = MEM_ARRAY(int64_t, count_max);
    add_frame(film, pack(&packed, film, &frame), 0);
    for (int64_t at_us = sign_show_wait_us(show, 0); at_us < film->cycle_us;
         at_us += sign_show_wait_us(show, at_us)) {
        sign_show_render(show, at_us, &frame);
        const struct span next = pack(&packed, film, &frame);
        if (span_equal(next, last_of(film))) { continue; }
        if (film->count == count_max) {
            film->whole = false;
            return;
        }
        add_frame(film, next, at_us);
    }
}

void sign_film_deinit(struct sign_film *film)
{
    free(film->at_us);
    text_deinit(&film->bits);
    *film = (struct sign_film){0};
}
