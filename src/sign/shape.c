#include "sign/shape.h"

#include <assert.h>
#include <pango/pangocairo.h>

#include "sign/frame.h"

enum { ICON_GAP_PX = 3 };

/* A text being set: the layout, and where its ink lies. */
struct setting {
    PangoLayout *layout;          /* owned */
    PangoRectangle ink;           /* in pixels, relative to the layout's origin */
    struct sign_box box;          /* for the words alone */
    const struct sign_icon *icon; /* borrowed; NULL when there is no room for it */
    int size_px;
    bool scrolls, right_to_left;
};

static void setting_deinit(struct setting *setting)
{
    if (setting->layout) { g_object_unref(setting->layout); }
}

static void strip_alloc(struct sign_strip *strip, int width, int height)
{
    strip->width = width;
    strip->height = height;
    strip->bits = mem_zeroed_array((size_t)(width + 7) / 8, (size_t)height);
}

void sign_strip_deinit(struct sign_strip *strip)
{
    free(strip->bits);
    *strip = (struct sign_strip){0};
}

static size_t strip_byte(const struct sign_strip *strip, int x, int y)
{
    return (size_t)y * ((size_t)(strip->width + 7) / 8) + (size_t)x / 8;
}

bool sign_strip_lit(const struct sign_strip *strip, int x, int y)
{
    if (x < 0 || y < 0 || x >= strip->width || y >= strip->height) { return false; }
    return (strip->bits[strip_byte(strip, x, y)] & (0x80U >> (unsigned)(x % 8))) != 0;
}

/* Lights the lamp if `lit`; never darkens one. */
static void strip_light(struct sign_strip *strip, int x, int y, bool lit)
{
    if (!lit || x < 0 || y < 0 || x >= strip->width || y >= strip->height) { return; }
    uint8_t *byte = &strip->bits[strip_byte(strip, x, y)];
    *byte = (uint8_t)(*byte | (0x80U >> (unsigned)(x % 8)));
}

static void use_size(struct setting *setting, const struct sign_face *face, int size_px)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, face->families);
    pango_font_description_set_weight(font, face->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_absolute_size(font, (double)size_px * PANGO_SCALE);
    pango_layout_set_font_description(setting->layout, font);
    pango_font_description_free(font);
    setting->size_px = size_px;
}

static bool fits(struct setting *setting, struct sign_box box)
{
    pango_layout_set_width(setting->layout, box.width * PANGO_SCALE);
    pango_layout_get_pixel_extents(setting->layout, &setting->ink, NULL);
    const PangoRectangle ink = setting->ink;
    return ink.x >= 0 && ink.x + ink.width <= box.width && ink.height <= box.height;
}

static bool fits_at(struct setting *setting, const struct sign_face *face, struct sign_box box,
                    int step)
{
    use_size(setting, face, face->fit_px_least + step * face->step_px);
    return fits(setting, box);
}

/* The largest size at which the words stand still in `box`, or false. Each trial costs shaping. */
static bool stand_still(struct setting *setting, const struct sign_face *face, struct sign_box box)
{
    if (!fits_at(setting, face, box, 0)) { return false; }
    int low = 0; /* fits */
    int high = (face->fit_px_most - face->fit_px_least) / face->step_px + 1;
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (fits_at(setting, face, box, middle)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    setting->box = box;
    return fits_at(setting, face, box, low);
}

/* One line, at the scrolling size or the largest below it that is not too high. */
static void move(struct setting *setting, const struct sign_face *face, struct sign_box box)
{
    pango_layout_set_width(setting->layout, -1);
    for (int size = face->scroll_px; size >= 8; size--) {
        use_size(setting, face, size);
        pango_layout_get_pixel_extents(setting->layout, &setting->ink, NULL);
        if (setting->ink.height <= box.height) { break; }
    }
    setting->scrolls = true;
    setting->box = (struct sign_box){setting->ink.width, box.height};
}

static struct sign_box beside_icon(struct sign_box box, const struct sign_icon *icon)
{
    return (struct sign_box){box.width - icon->width - ICON_GAP_PX, box.height};
}

static void choose(struct setting *setting, const struct sign_text *text)
{
    const struct sign_face *face = sign_face_for(text->language, text->words);
    pango_layout_set_line_spacing(setting->layout, (float)face->line_percent / 100.0F);
    if (text->icon && stand_still(setting, face, beside_icon(text->box, text->icon))) {
        setting->icon = text->icon;
        return;
    }
    if (stand_still(setting, face, text->box)) { return; }
    move(setting, face, text->box);
    setting->icon = text->icon;
}

static void setting_init(struct setting *setting, const struct sign_fonts *fonts,
                         const struct sign_text *text)
{
    PangoContext *context = sign_fonts_context(fonts, text->language);
    setting->layout = pango_layout_new(context);
    g_object_unref(context);
    pango_layout_set_text(setting->layout, text->words, -1);
    setting->right_to_left = pango_layout_get_direction(setting->layout, 0) == PANGO_DIRECTION_RTL;
    pango_layout_set_wrap(setting->layout, PANGO_WRAP_WORD);
    pango_layout_set_alignment(setting->layout, PANGO_ALIGN_CENTER);
    choose(setting, text);
}

/* Where the words' ink begins in the strip, and the icon beside it. */
static int words_left(const struct setting *setting)
{
    const bool icon_first = setting->icon && !setting->right_to_left;
    return icon_first ? setting->icon->width + ICON_GAP_PX : 0;
}

static void draw_icon(struct sign_strip *strip, const struct setting *setting)
{
    const struct sign_icon *icon = setting->icon;
    if (!icon) { return; }
    const int left = setting->right_to_left ? strip->width - icon->width : 0;
    const int top = (strip->height - icon->height) / 2;
    for (int y = 0; y < icon->height; y++) {
        for (int x = 0; x < icon->width; x++) {
            const bool lit = icon->rows[y] >> (icon->width - 1 - x) & 1;
            strip_light(strip, left + x, top + y, lit);
        }
    }
}

static enum err draw_words(struct sign_strip *strip, const struct setting *setting, struct why *why)
{
    const int width = setting->box.width;
    const int height = setting->box.height;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, width, height);
    cairo_t *cairo = cairo_create(surface);
    const int left = setting->scrolls ? -setting->ink.x : 0;
    const int top = (height - setting->ink.height) / 2 - setting->ink.y;
    cairo_move_to(cairo, left, top);
    pango_cairo_show_layout(cairo, setting->layout);
    const cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    const ptrdiff_t stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; status == CAIRO_STATUS_SUCCESS && y < height; y++) {
        for (int x = 0; x < width; x++) {
            strip_light(strip, words_left(setting) + x, y, data[y * stride + x] > 127);
        }
    }
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_SUCCESS) { return OK; }
    return why_set(why, ERR_UNAVAILABLE, "drawing text: %s", cairo_status_to_string(status));
}

enum err sign_shape(struct sign_strip *strip, const struct sign_fonts *fonts,
                    const struct sign_text *text, struct why *why)
{
    assert(text->box.width > 0 && text->box.height > 0);
    if (!g_utf8_validate(text->words, -1, NULL)) {
        return why_set(why, ERR_MALFORMED, "the %s text is not UTF-8", text->language);
    }
    CLEANUP(setting_deinit) struct setting setting = {0};
    setting_init(&setting, fonts, text);
    if (setting.ink.width <= 0 || setting.ink.height <= 0) {
        return why_set(why, ERR_MALFORMED, "the %s text lights no lamp", text->language);
    }
    const int icon_width = setting.icon ? setting.icon->width + ICON_GAP_PX : 0;
    const int width = setting.box.width + icon_width;
    if (width > SIGN_STRIP_WIDTH_MAX) {
        return why_set(why, ERR_LIMIT, "the %s text is %d lamps wide, at most %d", text->language,
                       width, SIGN_STRIP_WIDTH_MAX);
    }
    CLEANUP(sign_strip_deinit)
    struct sign_strip made = {.scrolls = setting.scrolls,
                              .right_to_left = setting.right_to_left,
                              .size_px = setting.size_px};
    made.unknown_count = pango_layout_get_unknown_glyphs_count(setting.layout);
    strip_alloc(&made, width, setting.box.height);
    draw_icon(&made, &setting);
    const enum err err = draw_words(&made, &setting, why);
    if (err) { return err; }
    *strip = made;
    made.bits = NULL;
    return OK;
}

bool sign_shape_warm(const struct sign_fonts *fonts, size_t index)
{
    const struct sign_face *face = sign_face_at(index);
    if (!face) { return false; }
    const struct sign_text text = {"en", face->sample, {SIGN_WIDTH_MAX, SIGN_HEIGHT_MAX}, NULL};
    CLEANUP(sign_strip_deinit) struct sign_strip strip = {0};
    const enum err err = sign_shape(&strip, fonts, &text, NULL);
    (void)err; /* a script whose font is missing is nobody's loss yet */
    return true;
}
