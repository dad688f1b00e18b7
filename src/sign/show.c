#include "sign/show.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "sign/mark.h"
#include "sign/shape.h"

enum { MARGIN_PX = 2, LANGUAGE_SIZE = 36, GAP_PX = 8, WORDS_SIZE_MAX = 64 * 1024 };

static const int64_t still_us = 4 * CLOCK_SECOND_US;
static const int64_t hold_us = 1200000; /* before a text starts to move */

struct part {
    char language[LANGUAGE_SIZE];
    struct sign_strip strip; /* owned */
    int64_t lasts_us;
};

struct sign_show {
    enum tier tier;
    enum sign_purpose purpose;
    int width, height, brightness_percent;
    struct part parts[SIGN_TEXTS_MAX];
    size_t count;
    int64_t cycle_us;
};

/* Where `language` stands in the screen's order: "en-US" is served by "en". */
static size_t rank(const struct sign_screen *screen, const char *language)
{
    size_t i = 0;
    for (; screen->order && screen->order[i]; i++) {
        const size_t length = strlen(screen->order[i]);
        const bool same = strncmp(language, screen->order[i], length) == 0;
        if (same && (language[length] == '\0' || language[length] == '-')) { break; }
    }
    return i;
}

/* Indexes of the message's texts in the order of showing; equal ranks keep the sender's order. */
static void arrange(size_t *indexes, const struct sign_screen *screen,
                    const struct sign_message *message)
{
    for (size_t i = 0; i < message->count; i++) {
        const size_t own = rank(screen, message->words[i].language);
        size_t at = i;
        for (; at > 0 && rank(screen, message->words[indexes[at - 1]].language) > own; at--) {
            indexes[at] = indexes[at - 1];
        }
        indexes[at] = i;
    }
}

static int64_t part_lasts_us(const struct sign_strip *strip)
{
    if (!strip->scrolls) { return still_us; }
    return hold_us + (int64_t)(strip->width + GAP_PX) * CLOCK_SECOND_US / SIGN_SPEED_PX_S;
}

/* What stands before every text that is not the real thing, in every language alike. */
static const char *const purpose_words[] = {"", "EXERCISE: ", "TEST: "};

static enum err add_part(struct sign_show *show, const struct sign_fonts *fonts,
                         const struct sign_words *words, struct why *why)
{
    struct part *part = &show->parts[show->count];
    CLEANUP(text_deinit) struct text whole = text_limited(WORDS_SIZE_MAX);
    text_add(&whole, purpose_words[show->purpose]);
    text_add(&whole, words->text);
    if (whole.overflow) {
        return why_set(why, ERR_LIMIT, "a text of more than %d bytes", WORDS_SIZE_MAX);
    }
    const struct sign_text text = {
        .language = words->language,
        .words = text_c(&whole),
        .box = {show->width, show->height - 2 * MARGIN_PX},
        .icon = show->purpose ? sign_mark_drill_icon() : sign_mark_icon(show->tier),
    };
    if (!text_copy(part->language, sizeof part->language, words->language)) {
        return why_set(why, ERR_LIMIT, "language tag of more than %d letters", LANGUAGE_SIZE - 1);
    }
    const enum err err = sign_shape(&part->strip, fonts, &text, why);
    if (err) { return err; }
    part->lasts_us = part_lasts_us(&part->strip);
    show->cycle_us += part->lasts_us;
    show->count++;
    return OK;
}

enum err sign_show_new(struct sign_show **out, const struct sign_fonts *fonts,
                       const struct sign_screen *screen, const struct sign_message *message,
                       struct why *why)
{
    assert(message->count >= 1 && message->count <= SIGN_TEXTS_MAX);
    assert(screen->brightness_percent >= 5 && screen->brightness_percent <= 100);
    CLEANUP(sign_show_free_p) struct sign_show *show = MEM_NEW(struct sign_show);
    show->tier = message->tier;
    show->purpose = message->purpose;
    show->width = screen->width;
    show->height = screen->height;
    show->brightness_percent = screen->brightness_percent;
    size_t indexes[SIGN_TEXTS_MAX] = {0};
    arrange(indexes, screen, message);
    for (size_t i = 0; i < message->count; i++) {
        const enum err err = add_part(show, fonts, &message->words[indexes[i]], why);
        if (err) { return err; }
    }
    *out = TAKE(show);
    return OK;
}

void sign_show_free(struct sign_show *show)
{
    if (!show) { return; }
    for (size_t i = 0; i < show->count; i++) {
        sign_strip_deinit(&show->parts[i].strip);
    }
    free(show);
}

/* The part lit at `shown_us`, and how long it has been lit in this cycle. */
static const struct part *part_at(const struct sign_show *show, int64_t shown_us, int64_t *since_us)
{
    int64_t left = (shown_us > 0 ? shown_us : 0) % show->cycle_us;
    size_t i = 0;
    while (left >= show->parts[i].lasts_us) {
        left -= show->parts[i++].lasts_us;
    }
    *since_us = left;
    return &show->parts[i];
}

/* How far the text has moved out of its first position, in lamps. */
static int moved_px(const struct part *part, int64_t since_us)
{
    if (!part->strip.scrolls || since_us <= hold_us) { return 0; }
    return (int)((since_us - hold_us) * SIGN_SPEED_PX_S / CLOCK_SECOND_US);
}

static struct sign_colour dimmed(struct sign_colour colour, int percent)
{
    return (struct sign_colour){(uint8_t)(colour.red * percent / 100),
                                (uint8_t)(colour.green * percent / 100),
                                (uint8_t)(colour.blue * percent / 100)};
}

void sign_show_render(const struct sign_show *show, int64_t shown_us, struct sign_frame *frame)
{
    int64_t since_us = 0;
    const struct part *part = part_at(show, shown_us, &since_us);
    const struct sign_strip *strip = &part->strip;
    const struct sign_colour colour =
        dimmed(show->purpose ? sign_mark_drill_colour() : sign_tier_colour(show->tier),
               show->brightness_percent);
    const int moved = moved_px(part, since_us);
    /* The strip's column under the frame's left edge: reading starts at its right end in Hebrew. */
    const int first =
        strip->right_to_left && strip->scrolls ? strip->width - show->width - moved : moved;
    sign_frame_clear(frame, show->width, show->height);
    for (int y = 0; y < strip->height; y++) {
        for (int x = 0; x < show->width; x++) {
            static const struct sign_colour dark;
            const bool lit = sign_strip_lit(strip, first + x, y);
            sign_frame_light(frame, x, y + MARGIN_PX, lit ? colour : dark);
        }
    }
    if (show->purpose) {
        sign_mark_draw_drill(frame, colour);
    } else {
        sign_mark_draw(frame, show->tier, shown_us, colour);
    }
}

int64_t sign_show_wait_us(const struct sign_show *show, int64_t shown_us)
{
    int64_t since_us = 0;
    const struct part *part = part_at(show, shown_us, &since_us);
    int64_t wait_us = part->lasts_us - since_us;
    if (part->strip.scrolls) { wait_us = since_us < hold_us ? hold_us - since_us : SIGN_STEP_US; }
    const int64_t mark_us = show->purpose ? INT64_MAX : sign_mark_wait_us(show->tier, shown_us);
    return mark_us < wait_us ? mark_us : wait_us;
}

int64_t sign_show_cycle_us(const struct sign_show *show)
{
    return show->cycle_us;
}

const char *sign_show_language(const struct sign_show *show, int64_t shown_us)
{
    int64_t since_us = 0;
    return part_at(show, shown_us, &since_us)->language;
}

int sign_show_unknown_count(const struct sign_show *show)
{
    int count = 0;
    for (size_t i = 0; i < show->count; i++) {
        count += show->parts[i].strip.unknown_count;
    }
    return count;
}
