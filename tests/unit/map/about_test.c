#include "map/about.h"

#include "base/value.h"
#include "check.h"

int main(void)
{
    struct map_layer layers[2] = {{.name = mem_text("streets")}, {.name = mem_text("absent")}};
    struct build_layer_report reports[2] = {{.name = layers[0].name}, {.name = layers[1].name}};
    struct build_report report = {
        .layers = reports, .layer_count = 2, .zoom_min = 0, .zoom_max = 14};
    uint32_t number = 0;
    CHECK(schema_number(&layers[0].schema, span_text("width"), 0, &number, NULL) == OK);
    CHECK(schema_number(&layers[0].schema, span_text("mixed"), 0, &number, NULL) == OK);
    layers[0].schema.names[0].kinds = SCHEMA_KIND_NUMBER;
    layers[0].schema.names[1].kinds = SCHEMA_KIND_NUMBER | SCHEMA_KIND_TEXT;
    reports[0].zooms[3].instances = 5;
    reports[0].zooms[14].instances = 5;

    struct text text = text_limited(1 << 16);
    struct value *value = NULL;
    static const char note[] = "{\"periods\":[\"2026-03\"]}";
    bytes_add(&layers[0].note, note, sizeof note - 1);
    const struct build_options options = {.name = "A town", .description = ""};
    about_metadata(&options, layers, &report, &text);
    CHECK(value_parse(&value, text_span(&text), 1 << 16, NULL) == OK);
    CHECK_TEXT(value_text_or(value_get(value, "name"), ""), "A town");
    CHECK(!value_get(value, "description") && !value_get(value, "attribution"));
    const struct value *notes = value_get(value, "anonymised");
    CHECK(value_count(notes) == 1);
    CHECK(value_count(value_get(value_get(notes, "streets"), "periods")) == 1);
    const struct value *list = value_get(value, "vector_layers");
    CHECK(value_count(list) == 1); /* a layer without tiles is none */
    const struct value *layer = value_at(list, 0);
    CHECK(value_integer_or(value_get(layer, "minzoom"), -1) == 3);
    CHECK(value_integer_or(value_get(layer, "maxzoom"), -1) == 14);
    const struct value *fields = value_get(layer, "fields");
    CHECK_TEXT(value_text_or(value_get(fields, "width"), ""), "Number");
    CHECK_TEXT(value_text_or(value_get(fields, "mixed"), ""), "String");
    value_free(value);

    const struct point west = shape_project(76, 10);
    const struct point east = shape_project(77, 9);
    struct pmtiles_header header =
        about_header((struct box){west.x, west.y, east.x, east.y}, &report);
    CHECK(header.west >= 759999999 && header.west <= 760000001);
    CHECK(header.north > header.south && header.south >= 89999999 && header.south <= 90000001);
    CHECK(header.zoom_center > 5 && header.zoom_center < 12);
    header = about_header((struct box){-5, 0, 100, 100}, &report); /* over the antimeridian */
    CHECK(header.west == -1800000000 && header.east == 1800000000);
    text_deinit(&text);
    schema_deinit(&layers[0].schema);
    bytes_deinit(&layers[0].note);
    free(layers[0].name);
    free(layers[1].name);
    return CHECK_DONE();
}
