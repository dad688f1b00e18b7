/*
 * sign_sheet - writes PNG files of the sign, each lamp a dot of ten pixels, for a person to judge.
 *
 *   sign_sheet FOLDER [TIER LANGUAGE TEXT]
 *
 * TIER is 0 (informational) .. 4. Without a text: the texts below. Prints size, mode, lost letters
 * and the time that shaping took.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sign/show.h"
#include "system/file.h"

static const struct sign_words samples[] = {
    {"en", "Path closed, use the north gate"},
    {"en", "EVACUATE NOW"},
    {"hi", "रास्ता बंद है, उत्तरी द्वार का उपयोग करें"},
    {"hi", "अभी खाली करें"},
    {"ml", "വഴി അടച്ചിരിക്കുന്നു, വടക്കേ കവാടം ഉപയോഗിക്കുക"},
    {"ml", "ഉടൻ ഒഴിയുക"},
    {"ar", "الطريق مغلق، استخدموا البوابة الشمالية"},
    {"ar", "أخلوا المكان الآن"},
    {"zh", "道路封闭，请走北门"},
    {"zh", "立即疏散"},
    {"ja", "通行止めです。北門をご利用ください"},
    {"ko", "통행 금지, 북문을 이용하세요"},
    {"ta", "பாதை மூடப்பட்டுள்ளது"},
    {"bn", "পথ বন্ধ, উত্তর ফটক ব্যবহার করুন"},
    {"he", "השביל סגור, השתמשו בשער הצפוני"},
    {"ru", "Проход закрыт, идите к северным воротам"},
    {"vi", "Đường bị đóng, dùng cổng bắc"},
};

static int draw(const struct sign_fonts *fonts, const char *folder, size_t index,
                const struct sign_message *message)
{
    const struct sign_screen screen = {.width = 64, .height = 32, .brightness_percent = 100};
    CLEANUP(sign_show_free_p) struct sign_show *show = NULL;
    struct why why = {0};
    const int64_t begin_us = clock_monotonic_us();
    if (sign_show_new(&show, fonts, &screen, message, &why)) {
        (void)fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    const int64_t shaped_us = clock_monotonic_us() - begin_us;
    static struct sign_frame frame;
    for (int64_t second = 0; second < 4; second++) {
        sign_show_render(show, second * CLOCK_SECOND_US * 5 / 4, &frame);
        CLEANUP(text_deinit) struct text png = text_limited(SIGN_PNG_SIZE_MAX * 16);
        char path[FILE_PATH_SIZE];
        (void)snprintf(path, sizeof path, "%s/%02zu-%s-%d.png", folder, index,
                       message->words[0].language, (int)second);
        if (sign_frame_png(&frame, 6, &png, &why) ||
            file_write(path, text_span(&png), 0644, &why)) {
            (void)fprintf(stderr, "%s\n", why.text);
            return 1;
        }
    }
    (void)printf("%s lost=%d cycle=%lldms shaped=%lldus %s\n", message->words[0].language,
                 sign_show_unknown_count(show), (long long)(sign_show_cycle_us(show) / 1000),
                 (long long)shaped_us, message->words[0].text);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 5) {
        (void)fprintf(stderr, "usage: sign_sheet FOLDER [TIER LANGUAGE TEXT]\n");
        return 2;
    }
    struct why why = {0};
    CLEANUP(sign_fonts_close_p) struct sign_fonts *fonts = NULL;
    if (sign_fonts_open(&fonts, NULL, &why)) {
        (void)fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    int bad = 0;
    if (argc == 5) {
        const enum tier tier = (enum tier)(strtol(argv[2], NULL, 10) % TIER_COUNT);
        const struct sign_words words = {argv[3], argv[4]};
        return draw(fonts, argv[1], 0,
                    &(struct sign_message){.tier = tier, .words = &words, .count = 1});
    }
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        const enum tier tier = (enum tier)(i % TIER_COUNT);
        bad |= draw(fonts, argv[1], i,
                    &(struct sign_message){.tier = tier, .words = &samples[i], .count = 1});
    }
    return bad;
}
