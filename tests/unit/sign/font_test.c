#include "sign/font.h"

#include <pango/pangocairo.h>

#include "check.h"

static void test_missing_folder(void)
{
    struct sign_fonts *fonts = NULL;
    struct why why = {0};
    const char *const nowhere[] = {"/nonexistent", NULL};
    CHECK(sign_fonts_open(&fonts, nowhere, &why) == ERR_NOT_FOUND);
    CHECK(strstr(why.text, "fonts-noto-core") != NULL);
    sign_fonts_close(NULL);
}

static void test_faces(void)
{
    CHECK(strncmp(sign_face_for("en", "Closed")->families, "Noto Sans,", 10) == 0);
    CHECK(strstr(sign_face_for("hi", "बंद 2")->families, "Devanagari") != NULL);
    CHECK(strstr(sign_face_for("ml", "വഴി A")->families, "Malayalam") != NULL);
    CHECK(strncmp(sign_face_for("zh", "北门")->families, "Unifont", 7) == 0);
    CHECK(sign_face_for("zh", "北门")->fit_px_least == 16);
    CHECK(strncmp(sign_face_for("ja", "北門")->families, "Unifont-JP", 10) == 0);
    size_t count = 0;
    for (const struct sign_face *face = sign_face_at(0); face; face = sign_face_at(++count)) {
        CHECK(sign_face_for("en", face->sample) == face);
    }
    CHECK(count > 15);
    CHECK(strncmp(sign_face_for("en", "123")->families, "Noto Sans,", 10) == 0);
}

static void test_opens_only_named_files(void)
{
    CLEANUP(sign_fonts_close_p) struct sign_fonts *fonts = NULL;
    CHECK(sign_fonts_open(&fonts, NULL, NULL) == OK);
    CHECK(sign_fonts_count(fonts) >= 1 && sign_fonts_count(fonts) <= 32);
    PangoContext *context = sign_fonts_context(fonts, "ml");
    CHECK(strcmp(pango_language_to_string(pango_context_get_language(context)), "ml") == 0);
    g_object_unref(context);
}

int main(void)
{
    test_missing_folder();
    test_faces();
    struct sign_fonts *fonts = NULL;
    if (sign_fonts_open(&fonts, NULL, NULL)) { return CHECK_DONE(); } /* fonts are not installed */
    sign_fonts_close(fonts);
    test_opens_only_named_files();
    return CHECK_DONE();
}
