#include "sign/show.h"

#include "base/clock.h"
#include "check.h"
#include "sign/mark.h"

static struct sign_fonts *fonts;
static struct sign_frame one;
static struct sign_frame two;

static struct sign_show *made(enum tier tier, const struct sign_words *words, size_t count)
{
    static const char *const order[] = {"ml", "en", NULL};
    const struct sign_screen screen = {
        .width = 64, .height = 32, .brightness_percent = 100, .order = order};
    struct sign_show *show = NULL;
    struct why why = {0};
    CHECK(sign_show_new(&show, fonts, &screen,
                        &(struct sign_message){.tier = tier, .words = words, .count = count},
                        &why) == OK);
    return show;
}

/* Whether `b` between the margins is `a` moved by `px` to the left (negative: to the right). */
static bool moved(const struct sign_frame *a, const struct sign_frame *b, int px)
{
    for (int y = 2; y < 30; y++) {
        for (int x = 0; x < 64; x++) {
            if (x + px < 0 || x + px >= 64) { continue; }
            if (sign_frame_at(a, x + px, y).red != sign_frame_at(b, x, y).red) { return false; }
        }
    }
    return true;
}

static void test_scrolls_left(void)
{
    CLEANUP(sign_show_free_p)
    struct sign_show *show =
        made(TIER_WARNING, &(struct sign_words){"en", "Path closed, use the north gate"}, 1);
    sign_show_render(show, 0, &one);
    sign_show_render(show, CLOCK_SECOND_US, &two);
    CHECK(moved(&one, &two, 0)); /* stands still first */
    sign_show_render(show, 1200000 + CLOCK_SECOND_US, &one);
    sign_show_render(show, 1200000 + CLOCK_SECOND_US + SIGN_STEP_US, &two);
    CHECK(moved(&one, &two, SIGN_SPEED_PX_S * SIGN_STEP_US / CLOCK_SECOND_US));
    CHECK(!moved(&one, &two, 0));
    CHECK(sign_show_wait_us(show, 0) == 1200000);
    CHECK(sign_show_wait_us(show, 3 * CLOCK_SECOND_US) == SIGN_STEP_US);
    sign_show_render(show, 700000, &one);
    sign_show_render(show, 700000 + sign_show_cycle_us(show), &two);
    CHECK(span_equal(sign_frame_bytes(&one), sign_frame_bytes(&two)));
}

static void test_scrolls_right_for_arabic(void)
{
    CLEANUP(sign_show_free_p)
    struct sign_show *show =
        made(TIER_WARNING, &(struct sign_words){"ar", "الطريق مغلق، استخدموا البوابة الشمالية"}, 1);
    sign_show_render(show, 2 * CLOCK_SECOND_US, &one);
    sign_show_render(show, 2 * CLOCK_SECOND_US + SIGN_STEP_US, &two);
    CHECK(moved(&one, &two, -2) && !moved(&one, &two, 2));
}

static void test_languages_in_turn(void)
{
    const struct sign_words words[] = {
        {"zh", "立即疏散"}, {"en-GB", "EVACUATE NOW"}, {"ml", "ഉടൻ ഒഴിയുക"}};
    CLEANUP(sign_show_free_p) struct sign_show *show = made(TIER_ADVISORY, words, 3);
    CHECK(sign_show_cycle_us(show) == 12 * CLOCK_SECOND_US);
    CHECK_TEXT(sign_show_language(show, 0), "ml");
    CHECK_TEXT(sign_show_language(show, 5 * CLOCK_SECOND_US), "en-GB");
    CHECK_TEXT(sign_show_language(show, 9 * CLOCK_SECOND_US), "zh");
    CHECK_TEXT(sign_show_language(show, 12 * CLOCK_SECOND_US), "ml");
    CHECK(sign_show_wait_us(show, 5 * CLOCK_SECOND_US) == 3 * CLOCK_SECOND_US);
    CHECK(sign_show_unknown_count(show) == 0);
}

static void test_colour_and_dimming(void)
{
    const struct sign_screen dim = {.width = 64, .height = 32, .brightness_percent = 50};
    const struct sign_words words = {"en", "STOP"};
    for (int tier = 0; tier < TIER_COUNT; tier++) {
        struct sign_show *show = NULL;
        CHECK(sign_show_new(
                  &show, fonts, &dim,
                  &(struct sign_message){.tier = (enum tier)tier, .words = &words, .count = 1},
                  NULL) == OK);
        sign_show_render(show, 0, &one);
        const struct sign_colour full = sign_tier_colour((enum tier)tier);
        int lit = 0;
        int other = 0;
        for (int i = 0; i < 64 * 32; i++) {
            const uint8_t *lamp = one.rgb + (ptrdiff_t)i * 3;
            if (!lamp[0] && !lamp[1] && !lamp[2]) { continue; }
            lit++;
            other +=
                lamp[0] != full.red / 2 || lamp[1] != full.green / 2 || lamp[2] != full.blue / 2;
        }
        CHECK(lit > 100 && other == 0);
        sign_show_free(show);
    }
}

static void test_refuses_what_cannot_be_drawn(void)
{
    const struct sign_screen screen = {.width = 64, .height = 32, .brightness_percent = 100};
    const struct sign_words words[] = {{"en", "STOP"}, {"en", "  "}};
    struct sign_show *show = NULL;
    struct why why = {0};
    CHECK(sign_show_new(&show, fonts, &screen,
                        &(struct sign_message){.tier = TIER_ADVISORY, .words = words, .count = 2},
                        &why) == ERR_MALFORMED);
    CHECK(!show && why.text[0]);
}

static void test_drill_says_so(void)
{
    const struct sign_screen screen = {.width = 64, .height = 32, .brightness_percent = 100};
    const struct sign_words words = {"en", "STOP"};
    struct sign_message message = {.tier = TIER_EMERGENCY, .words = &words, .count = 1};
    CLEANUP(sign_show_free_p) struct sign_show *real = NULL;
    CLEANUP(sign_show_free_p) struct sign_show *drill = NULL;
    CHECK(sign_show_new(&real, fonts, &screen, &message, NULL) == OK);
    message.purpose = SIGN_PURPOSE_EXERCISE;
    CHECK(sign_show_new(&drill, fonts, &screen, &message, NULL) == OK);
    sign_show_render(real, 600000, &two); /* when an emergency's rim is dark */
    sign_show_render(drill, 600000, &one);
    CHECK(!span_equal(sign_frame_bytes(&one), sign_frame_bytes(&two)));
    CHECK(sign_frame_at(&one, 0, 0).green > 200 && sign_frame_at(&one, 0, 0).red > 200);
    int coloured = 0; /* no colour of a tier */
    for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 64; x++) {
            const struct sign_colour lamp = sign_frame_at(&one, x, y);
            coloured += lamp.red != lamp.green || lamp.red != lamp.blue;
        }
    }
    CHECK(coloured == 0);
}

int main(void)
{
    struct why why = {0};
    if (sign_fonts_open(&fonts, NULL, &why)) { return CHECK_SKIP_ALL(why.text); }
    test_scrolls_left();
    test_scrolls_right_for_arabic();
    test_languages_in_turn();
    test_colour_and_dimming();
    test_refuses_what_cannot_be_drawn();
    test_drill_says_so();
    sign_fonts_close(fonts);
    return CHECK_DONE();
}
