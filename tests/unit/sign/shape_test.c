#include "sign/shape.h"

#include "check.h"

static struct sign_fonts *fonts;
static const struct sign_box box = {64, 28};
static const struct sign_icon icon = {3, 3, {7, 5, 7}};

static struct sign_strip shaped(const char *language, const char *words,
                                const struct sign_icon *with)
{
    struct sign_strip strip = {0};
    const struct sign_text text = {language, words, box, with};
    struct why why = {0};
    CHECK(sign_shape(&strip, fonts, &text, &why) == OK);
    return strip;
}

static int lit_count(const struct sign_strip *strip, int from, int to)
{
    int count = 0;
    for (int x = from; x < to; x++) {
        for (int y = 0; y < strip->height; y++) {
            count += sign_strip_lit(strip, x, y);
        }
    }
    return count;
}

static void test_every_script_is_drawn(void)
{
    static const char *const words[][2] = {
        {"en", "Path closed, use the north gate"},
        {"hi", "रास्ता बंद है, उत्तरी द्वार का उपयोग करें"},
        {"ml", "വഴി അടച്ചിരിക്കുന്നു, വടക്കേ കവാടം ഉപയോഗിക്കുക"},
        {"ar", "الطريق مغلق، استخدموا البوابة الشمالية"},
        {"zh", "道路封闭，请走北门"},
        {"ja", "通行止めです。北門をご利用ください"},
        {"ko", "통행 금지, 북문을 이용하세요"},
        {"ta", "பாதை மூடப்பட்டுள்ளது"},
        {"bn", "পথ বন্ধ, উত্তর ফটক ব্যবহার করুন"},
        {"he", "השביל סגור, השתמשו בשער הצפוני"},
        {"ru", "Проход закрыт, идите к северным воротам"},
        {"te", "దారి మూసివేయబడింది"},
        {"th", "ปิดทาง ใช้ประตูเหนือ"},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        CLEANUP(sign_strip_deinit)
        struct sign_strip strip = shaped(words[i][0], words[i][1], NULL);
        CHECK(strip.unknown_count == 0);
        CHECK(strip.height == 28 && strip.size_px >= 11);
        CHECK(strip.scrolls == (strip.width != 64));
        CHECK(lit_count(&strip, 0, strip.width) > strip.width); /* denser than one row */
        CHECK(lit_count(&strip, 0, strip.width) < strip.width * strip.height / 2);
    }
}

static void test_short_stands_long_moves(void)
{
    CLEANUP(sign_strip_deinit) struct sign_strip still = shaped("en", "EVACUATE NOW", NULL);
    CHECK(!still.scrolls && still.width == 64 && still.size_px >= 11);
    CLEANUP(sign_strip_deinit)
    struct sign_strip moving = shaped("en", "Path closed, use the north gate", NULL);
    CHECK(moving.scrolls && moving.width > 128 && moving.size_px >= still.size_px);
    CLEANUP(sign_strip_deinit)
    struct sign_strip word = shaped("de", "Katastrophenschutzbehörde", NULL);
    CHECK(word.scrolls); /* a word is never broken to make it fit */
}

static void test_right_to_left(void)
{
    /* The letter that is read first, alef, is one upright stroke: it must stand at the right. */
    CLEANUP(sign_strip_deinit)
    struct sign_strip arabic = shaped("ar", "الطريق مغلق، استخدموا البوابة الشمالية", &icon);
    CHECK(arabic.right_to_left && arabic.scrolls);
    CHECK(sign_strip_lit(&arabic, arabic.width - 1, 12)); /* the icon leads, at the right end */
    CHECK(!sign_strip_lit(&arabic, arabic.width - 2, 13));
    const int alef = arabic.width - 3 - 3 - 1;
    CHECK(lit_count(&arabic, alef - 1, alef + 1) >= 10);
    /* Digits inside run left to right: 15 begins with the narrow 1. */
    CLEANUP(sign_strip_deinit) struct sign_strip english = shaped("en", "Gate 7", &icon);
    CHECK(!english.right_to_left);
}

static void test_letters_join(void)
{
    CLEANUP(sign_strip_deinit) struct sign_strip joined = shaped("ar", "ببب", NULL);
    CLEANUP(sign_strip_deinit) struct sign_strip apart = shaped("ar", "ب ب ب", NULL);
    int gaps_joined = 0;
    int gaps_apart = 0;
    for (int x = 1; x < 64; x++) {
        gaps_joined += !lit_count(&joined, x, x + 1) && lit_count(&joined, x - 1, x);
        gaps_apart += !lit_count(&apart, x, x + 1) && lit_count(&apart, x - 1, x);
    }
    CHECK(gaps_joined == 1 && gaps_apart == 3);
}

static void test_refusals(void)
{
    struct sign_strip strip = {0};
    struct why why = {0};
    CHECK(sign_shape(&strip, fonts, &(struct sign_text){"en", "\xff\xfe", box, NULL}, &why) ==
          ERR_MALFORMED);
    CHECK(sign_shape(&strip, fonts, &(struct sign_text){"en", "   ", box, NULL}, &why) ==
          ERR_MALFORMED);
    CHECK(strip.bits == NULL);
    static char long_words[4096];
    memset(long_words, 'W', sizeof long_words - 1);
    CHECK(sign_shape(&strip, fonts, &(struct sign_text){"en", long_words, box, NULL}, &why) ==
          ERR_LIMIT);
    CHECK(!sign_strip_lit(&strip, 0, 0));
}

int main(void)
{
    struct why why = {0};
    if (sign_fonts_open(&fonts, NULL, &why)) { return CHECK_SKIP_ALL(why.text); }
    test_every_script_is_drawn();
    test_short_stands_long_moves();
    test_right_to_left();
    test_letters_join();
    test_refusals();
    CHECK(sign_shape_warm(fonts, 0) && !sign_shape_warm(fonts, 1000));
    sign_fonts_close(fonts);
    return CHECK_DONE();
}
