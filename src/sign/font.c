#include "sign/font.h"

#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <stdio.h>
#include <string.h>

#include "system/file.h"

struct sign_fonts {
    FcConfig *config;  /* owned; knows only our files */
    PangoFontMap *map; /* owned */
    size_t count;
};

static const char *const default_folders[] = {"/usr/share/fonts/truetype/noto",
                                              "/usr/share/fonts/opentype/unifont", NULL};

/* The first is indispensable. */
static const char *const files[] = {
    "NotoSans-Bold.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansArabic-Bold.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansBengali-Bold.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansDevanagari-Bold.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansEthiopic-Regular.ttf",
    "NotoSansGujarati-Regular.ttf",
    "NotoSansGurmukhi-Regular.ttf",
    "NotoSansHebrew-Bold.ttf",
    "NotoSansKannada-Regular.ttf",
    "NotoSansMalayalam-Bold.ttf",
    "NotoSansMalayalam-Regular.ttf",
    "NotoSansSinhala-Regular.ttf",
    "NotoSansTamil-Bold.ttf",
    "NotoSansTamil-Regular.ttf",
    "NotoSansTelugu-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "unifont.otf",
    "unifont_jp.otf",
};

struct script_face {
    GUnicodeScript script;
    struct sign_face face;
};

#define UNIFONT(sample, families)                                                                  \
    {                                                                                              \
        (sample), (families), false, 16, 16, 16, 100, 16                                           \
    }
#define SANS(sample)                                                                               \
    {                                                                                              \
        (sample), "Noto Sans,Unifont", true, 24, 11, 18, 75, 1                                     \
    }
/* The largest and least size of standing words, and the size of moving ones. */
#define NOTO(sample, name, most, least, scroll, percent)                                           \
    {                                                                                              \
        (sample), "Noto Sans " name ",Noto Sans,Unifont", false, (most), (least), (scroll),        \
            (percent), 1                                                                           \
    }

/* Sizes were chosen by eye on enlarged frames: `sign_sheet` (tests/bench) draws them. */
static const struct script_face script_faces[] = {
    {G_UNICODE_SCRIPT_LATIN, SANS("A")},
    {G_UNICODE_SCRIPT_CYRILLIC, SANS("Ж")},
    {G_UNICODE_SCRIPT_GREEK, SANS("Ω")},
    {G_UNICODE_SCRIPT_HEBREW, {"א", "Noto Sans Hebrew,Noto Sans,Unifont", true, 24, 12, 18, 80, 1}},
    {G_UNICODE_SCRIPT_ARABIC, NOTO("ب", "Arabic", 22, 14, 20, 80)},
    {G_UNICODE_SCRIPT_DEVANAGARI, NOTO("क", "Devanagari", 22, 13, 20, 75)},
    {G_UNICODE_SCRIPT_MALAYALAM, NOTO("ക", "Malayalam", 20, 13, 19, 80)},
    {G_UNICODE_SCRIPT_BENGALI, NOTO("ক", "Bengali", 22, 13, 20, 75)},
    {G_UNICODE_SCRIPT_TAMIL, NOTO("க", "Tamil", 22, 13, 19, 80)},
    {G_UNICODE_SCRIPT_TELUGU, NOTO("క", "Telugu", 20, 14, 18, 80)},
    {G_UNICODE_SCRIPT_KANNADA, NOTO("ಕ", "Kannada", 20, 14, 18, 80)},
    {G_UNICODE_SCRIPT_GUJARATI, NOTO("ક", "Gujarati", 20, 13, 19, 80)},
    {G_UNICODE_SCRIPT_GURMUKHI, NOTO("ਕ", "Gurmukhi", 20, 13, 19, 80)},
    {G_UNICODE_SCRIPT_SINHALA, NOTO("ක", "Sinhala", 20, 14, 18, 80)},
    {G_UNICODE_SCRIPT_THAI, NOTO("ก", "Thai", 20, 13, 19, 80)},
    {G_UNICODE_SCRIPT_ETHIOPIC, NOTO("ሀ", "Ethiopic", 20, 13, 20, 80)},
    {G_UNICODE_SCRIPT_HAN, UNIFONT("北", "Unifont")},
    {G_UNICODE_SCRIPT_HANGUL, UNIFONT("북", "Unifont")},
    {G_UNICODE_SCRIPT_BOPOMOFO, UNIFONT("ㄅ", "Unifont")},
    {G_UNICODE_SCRIPT_HIRAGANA, UNIFONT("あ", "Unifont-JP,Unifont")},
    {G_UNICODE_SCRIPT_KATAKANA, UNIFONT("ア", "Unifont-JP,Unifont")},
};

static bool add_file(struct sign_fonts *fonts, const char *const folders[], const char *name)
{
    for (const char *const *folder = folders; *folder; folder++) {
        char path[FILE_PATH_SIZE];
        if (file_join(path, *folder, name, NULL) || !file_exists(path)) { continue; }
        if (FcConfigAppFontAddFile(fonts->config, (const FcChar8 *)path)) {
            fonts->count++;
            return true;
        }
    }
    return false;
}

enum err sign_fonts_open(struct sign_fonts **out, const char *const folders[], struct why *why)
{
    CLEANUP(sign_fonts_close_p) struct sign_fonts *fonts = MEM_NEW(struct sign_fonts);
    fonts->config = FcConfigCreate();
    /* As the current one it keeps pango from reading the whole system's fonts in a thread. */
    if (!fonts->config || !FcConfigSetCurrent(fonts->config)) {
        return why_set(why, ERR_UNAVAILABLE, "fontconfig could not be started");
    }
    fonts->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
    if (!fonts->map) { return why_set(why, ERR_UNAVAILABLE, "pango could not be started"); }
    const char *const *from = folders ? folders : default_folders;
    if (!add_file(fonts, from, files[0])) {
        return why_set(why, ERR_NOT_FOUND,
                       "%s/%s: the sign's font is missing; install fonts-noto-core", from[0],
                       files[0]);
    }
    for (size_t i = 1; i < ARRAY_LEN(files); i++) {
        (void)add_file(fonts, from, files[i]); /* its script falls back to Unifont's letters */
    }
    pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(fonts->map), fonts->config);
    *out = TAKE(fonts);
    return OK;
}

void sign_fonts_close(struct sign_fonts *fonts)
{
    if (!fonts) { return; }
    if (fonts->map) {
        pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(fonts->map), NULL); /* its own reference */
        g_object_unref(fonts->map);
    }
    if (fonts->config) { FcConfigDestroy(fonts->config); }
    FcFini(); /* the reference that made it the current one */
    free(fonts);
}

size_t sign_fonts_count(const struct sign_fonts *fonts)
{
    return fonts->count;
}

static size_t face_index(GUnicodeScript script)
{
    size_t i = 0;
    while (i < ARRAY_LEN(script_faces) && script_faces[i].script != script) {
        i++;
    }
    return i;
}

const struct sign_face *sign_face_for(const char *language, const char *text)
{
    size_t letters[ARRAY_LEN(script_faces) + 1] = {0}; /* the last: scripts without a face */
    for (const char *at = text; *at; at += g_utf8_skip[(uint8_t)*at]) {
        letters[face_index(g_unichar_get_script(g_utf8_get_char(at)))]++;
    }
    size_t best = 0;
    for (size_t i = 1; i < ARRAY_LEN(script_faces); i++) {
        if (letters[i] > letters[best]) { best = i; }
    }
    /* Japanese writes mostly Han, in its own forms. */
    const bool japanese = strncmp(language, "ja", 2) == 0;
    if (japanese && script_faces[best].script == G_UNICODE_SCRIPT_HAN) {
        best = face_index(G_UNICODE_SCRIPT_HIRAGANA);
    }
    return &script_faces[best].face;
}

const struct sign_face *sign_face_at(size_t index)
{
    return index < ARRAY_LEN(script_faces) ? &script_faces[index].face : NULL;
}

PangoContext *sign_fonts_context(const struct sign_fonts *fonts, const char *language)
{
    PangoContext *context = pango_font_map_create_context(fonts->map);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_NONE);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_FULL);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_cairo_context_set_resolution(context, 96);
    pango_context_set_language(context, pango_language_from_string(language));
    return context;
}
