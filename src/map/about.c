#include "map/about.h"

#include <math.h>

#include "base/value.h"

static const char *kind_name(uint32_t kinds)
{
    if (kinds == SCHEMA_KIND_NUMBER) { return "Number"; }
    return kinds == SCHEMA_KIND_BOOLEAN ? "Boolean" : "String";
}

/* The zooms at which the layer is there. False when there is none. */
static bool zooms_of(const struct build_layer_report *layer, int *from, int *to)
{
    *from = -1;
    for (int zoom = 0; zoom <= TILE_ZOOM_MAX; zoom++) {
        if (layer->zooms[zoom].instances == 0) { continue; }
        if (*from < 0) { *from = zoom; }
        *to = zoom;
    }
    return *from >= 0;
}

static struct value *fields_of(const struct schema *schema)
{
    struct value *fields = value_object();
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_name *name = &schema->names[i];
        if (name->kinds) { value_set_text(fields, name->name, kind_name(name->kinds)); }
    }
    return fields;
}

static void set_some(struct value *about, const char *key, const char *text)
{
    if (text && *text) { value_set_text(about, key, text); }
}

/* How layers were anonymised, as their files say: by which rule, for which periods. */
static struct value *notes_of(const struct map_layer *layers, size_t count)
{
    struct value *notes = value_object();
    for (size_t i = 0; i < count; i++) {
        struct value *note = NULL;
        const struct span json = bytes_span(&layers[i].note);
        if (json.size == 0 || value_parse(&note, json, FEATURE_TEXT_SIZE_MAX, NULL)) { continue; }
        value_set(notes, layers[i].name, note);
    }
    return notes;
}

void about_metadata(const struct build_options *options, const struct map_layer *layers,
                    const struct build_report *report, struct text *out)
{
    struct value *about = value_object();
    struct value *list = value_array();
    for (size_t i = 0; i < report->layer_count; i++) {
        int from = 0;
        int to = 0;
        if (!zooms_of(&report->layers[i], &from, &to)) { continue; }
        struct value *layer = value_object();
        value_set_text(layer, "id", layers[i].name);
        value_set(layer, "fields", fields_of(&layers[i].schema));
        value_set_integer(layer, "minzoom", from);
        value_set_integer(layer, "maxzoom", to);
        value_append(list, layer);
    }
    set_some(about, "name", options->name);
    set_some(about, "description", options->description);
    set_some(about, "attribution", options->attribution);
    value_set_text(about, "generator", "tocsin-map " TOCSIN_VERSION);
    value_set_text(about, "type", "overlay");
    if (options->is_private) { value_set_boolean(about, "private", true); }
    value_set(about, "vector_layers", list);
    struct value *notes = notes_of(layers, report->layer_count);
    if (value_count(notes) > 0) {
        value_set(about, "anonymised", notes);
    } else {
        value_free(notes);
    }
    value_write(about, out);
    value_free(about);
}

static int32_t scaled(double degrees)
{
    return (int32_t)lround(degrees * 1e7);
}

struct pmtiles_header about_header(struct box box, const struct build_report *report)
{
    /* What crosses the antimeridian reaches around the globe, as far as two numbers can say. */
    if (box.x0 < 0 || box.x1 > WORLD_SIZE) {
        box.x0 = 0;
        box.x1 = WORLD_SIZE;
    }
    struct pmtiles_header header = {.type = PMTILES_TYPE_MVT};
    header.west = scaled(shape_longitude(box.x0));
    header.east = scaled(shape_longitude(box.x1));
    header.north = scaled(shape_latitude(box.y0));
    header.south = scaled(shape_latitude(box.y1));
    header.center_longitude = scaled(shape_longitude((box.x0 + box.x1) / 2));
    header.center_latitude = scaled(shape_latitude((box.y0 + box.y1) / 2));
    /* About as close as shows all of it in a window of four tiles. */
    int64_t side = box.x1 - box.x0 > box.y1 - box.y0 ? box.x1 - box.x0 : box.y1 - box.y0;
    int zoom = report->zoom_max;
    while (zoom > report->zoom_min && side >> (32 - zoom) >= 4) {
        zoom--;
    }
    header.zoom_center = zoom;
    return header;
}

static struct value *count_value(const struct build_count *count)
{
    struct value *value = value_object();
    value_set_integer(value, "present", (int64_t)count->present);
    value_set_integer(value, "too_small", (int64_t)count->too_small);
    value_set_integer(value, "thinned", (int64_t)count->thinned);
    value_set_integer(value, "enlarged", (int64_t)count->enlarged);
    value_set_integer(value, "instances", (int64_t)count->instances);
    return value;
}

static struct value *layer_value(const struct build_layer_report *layer)
{
    struct value *value = value_object();
    const struct feature_tally *tally = &layer->tally;
    value_set_text(value, "name", layer->name);
    value_set_integer(value, "read", (int64_t)tally->read);
    value_set_integer(value, "features", (int64_t)tally->taken);
    value_set_integer(value, "no_geometry", (int64_t)tally->no_geometry);
    value_set_integer(value, "empty_geometry", (int64_t)tally->empty);
    value_set_integer(value, "ids_not_whole", (int64_t)tally->ids_not_whole);
    value_set_integer(value, "nested_values", (int64_t)tally->nested);
    value_set_integer(value, "beyond_the_map", (int64_t)tally->beyond);
    value_set_integer(value, "not_picked", (int64_t)tally->not_picked);
    value_set_integer(value, "incomplete_geometry", (int64_t)tally->incomplete);
    struct value *zooms = value_array();
    for (int zoom = layer->zoom_min; zoom <= layer->zoom_max; zoom++) {
        struct value *count = count_value(&layer->zooms[zoom]);
        value_set_integer(count, "zoom", zoom);
        value_append(zooms, count);
    }
    value_set(value, "zooms", zooms);
    return value;
}

void build_report_write(const struct build_report *report, struct text *out)
{
    struct value *value = value_object();
    struct value *layers = value_array();
    struct value *zooms = value_array();
    for (size_t i = 0; i < report->layer_count; i++) {
        value_append(layers, layer_value(&report->layers[i]));
    }
    for (int zoom = report->zoom_min; zoom <= report->zoom_max; zoom++) {
        struct value *one = value_object();
        value_set_integer(one, "zoom", zoom);
        value_set_integer(one, "tiles", (int64_t)report->zooms[zoom].tiles);
        value_set_integer(one, "bytes", (int64_t)report->zooms[zoom].bytes);
        value_set_integer(one, "largest_tile", (int64_t)report->zooms[zoom].largest);
        value_set_integer(one, "thinned_tiles", (int64_t)report->zooms[zoom].thinned_tiles);
        value_append(zooms, one);
    }
    value_set_integer(value, "tiles", (int64_t)report->tiles);
    value_set_integer(value, "contents", (int64_t)report->contents);
    value_set_integer(value, "bytes", (int64_t)report->bytes);
    value_set(value, "zooms", zooms);
    value_set(value, "layers", layers);
    value_write(value, out);
    value_free(value);
}
