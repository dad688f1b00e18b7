#include "sign/film.h"

#include "base/clock.h"
#include "check.h"
#include "sign/mark.h"

static struct sign_fonts *fonts;
static struct sign_frame frame;

static struct sign_screen screen = {.width = 60, .height = 32, .brightness_percent = 50};

static struct sign_show *made(enum tier tier, const struct sign_words *words, size_t count)
{
    struct sign_show *show = NULL;
    struct why why = {0};
    CHECK(sign_show_new(&show, fonts, &screen,
                        &(struct sign_message){.tier = tier, .words = words, .count = count},
                        &why) == OK);
    return show;
}

static bool bit(const struct sign_film *film, size_t index, int x, int y)
{
    const struct span bits = text_span(&film->bits);
    const size_t row = (size_t)(film->width + 7) / 8;
    const size_t at = index * sign_film_frame_size(film) + (size_t)y * row + (size_t)x / 8;
    return bits.data[at] >> (7 - x % 8) & 1;
}

/* Whether every lamp of the film's frame is as the sign would light it at `at_us`. */
static bool same(const struct sign_film *film, size_t index, const struct sign_show *show,
                 int64_t at_us)
{
    sign_show_render(show, at_us, &frame);
    for (int y = 0; y < frame.height; y++) {
        for (int x = 0; x < frame.width; x++) {
            static const struct sign_colour dark;
            const struct sign_colour want = bit(film, index, x, y) ? film->colour : dark;
            const struct sign_colour is = sign_frame_at(&frame, x, y);
            if (is.red != want.red || is.green != want.green || is.blue != want.blue) {
                return false;
            }
        }
    }
    return true;
}

static void test_one_frame_for_what_stands(void)
{
    CLEANUP(sign_show_free_p)
    struct sign_show *show = made(TIER_ADVISORY, &(struct sign_words){"en", "Go"}, 1);
    struct sign_film film;
    sign_film_init(&film, show);
    CHECK(film.count == 1 && film.whole && film.at_us[0] == 0);
    CHECK(film.cycle_us == sign_show_cycle_us(show) && film.unknown_count == 0);
    CHECK(film.bits.size == 8 * 32);
    CHECK(film.colour.green == sign_tier_colour(TIER_ADVISORY).green / 2);
    CHECK(same(&film, 0, show, 0));
    sign_film_deinit(&film);
}

/* Asks for frames when a sign does: the film has the very same ones, at the same times. */
static void test_every_frame_is_as_lit(void)
{
    const struct sign_words words[] = {{"en", "Path closed, use the north gate"},
                                       {"ar", "الطريق مغلق، استخدموا البوابة الشمالية"},
                                       {"ml", "വഴി അടച്ചു"}};
    for (enum tier tier = TIER_WARNING; tier <= TIER_EMERGENCY; tier++) {
        CLEANUP(sign_show_free_p) struct sign_show *show = made(tier, words, 3);
        struct sign_film film;
        sign_film_init(&film, show);
        CHECK(film.whole && film.count > 100);
        size_t index = 0;
        size_t different = 0;
        int64_t at_us = 0;
        for (; at_us < film.cycle_us; at_us += sign_show_wait_us(show, at_us)) {
            if (index + 1 < film.count && film.at_us[index + 1] == at_us) { index++; }
            different += !same(&film, index, show, at_us);
        }
        CHECK(different == 0);
        CHECK(index == film.count - 1);
        sign_film_deinit(&film);
    }
}

/* The longest text on the largest sign. */
static void test_stops_when_full(void)
{
    char words[513];
    for (size_t i = 0; i < sizeof words; i++) {
        words[i] = "WWW "[i % 4];
    }
    words[sizeof words - 1] = '\0';
    screen = (struct sign_screen){.width = 128, .height = 64, .brightness_percent = 50};
    CLEANUP(sign_show_free_p)
    struct sign_show *show = made(TIER_WARNING, &(struct sign_words){"en", words}, 1);
    struct sign_film film;
    sign_film_init(&film, show);
    CHECK(!film.whole && film.count == 512);
    CHECK(film.bits.size == SIGN_FILM_SIZE_MAX);
    CHECK(film.at_us[1] == 1200000 + SIGN_STEP_US);
    CHECK(same(&film, 511, show, film.at_us[511]));
    sign_film_deinit(&film);
}

int main(void)
{
    struct why why = {0};
    if (sign_fonts_open(&fonts, NULL, &why)) { return CHECK_SKIP_ALL(why.text); }
    test_one_frame_for_what_stands();
    test_every_frame_is_as_lit();
    test_stops_when_full();
    sign_fonts_close(fonts);
    return CHECK_DONE();
}
