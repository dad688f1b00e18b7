#include "geodata/geojson.h"

#include <stdio.h>

#include "geodata/geojson_geometry.h"

enum { RECORD_SEPARATOR = 0x1e, ID_TEXT_MAX = 4096 };

/* Where the next piece of the file stands. */
enum place { PLACE_TOP, PLACE_FEATURES, PLACE_TAIL };

/* What one attempt on the window came to. */
enum piece { PIECE_FEATURE, PIECE_COLLECTION, PIECE_END_OF_LIST, PIECE_END_OF_TAIL };

struct reader {
    struct input *input;
    struct reading *reading;
    struct feature feature;
    struct geometry_reader geometry;
    struct bytes name, text;
    struct bytes id; /* one that is no whole number */
    uint64_t nested;
    bool has_geometry_member;
    enum place place;
    bool first; /* no element of the list was read yet */
    char sentence[256];
};

static void reader_deinit(struct reader *reader)
{
    feature_deinit(&reader->feature);
    geometry_reader_deinit(&reader->geometry);
    bytes_deinit(&reader->name);
    bytes_deinit(&reader->text);
    bytes_deinit(&reader->id);
}

static void judge(struct reader *reader, struct json *json, enum err err, const struct why *why)
{
    if (!err || json_stopped(json)) { return; }
    (void)snprintf(reader->sentence, sizeof reader->sentence, "%s", why->text);
    json->fault = reader->sentence;
}

static void add_number(struct reader *reader, struct json *json, struct span name)
{
    const struct json_number number = json_number(json);
    if (json_stopped(json)) { return; }
    struct feature *feature = &reader->feature;
    struct why why = {0};
    if (number.whole) {
        judge(reader, json,
              feature_add_integer(feature, name, number.negative, number.magnitude, &why), &why);
    } else {
        judge(reader, json, feature_add_real(feature, name, number.real, &why), &why);
    }
}

static void add_property(struct reader *reader, struct json *json)
{
    const struct span name = json_name(json, &reader->name);
    const char letter = json_peek(json);
    struct why why = {0};
    if (json_stopped(json)) { return; }
    struct feature *feature = &reader->feature;
    if (letter == '"' || letter == '{' || letter == '[') {
        reader->nested += letter != '"';
        const struct span text = letter == '"' ? json_text(json, &reader->text) : json_skip(json);
        if (json_stopped(json)) { return; }
        judge(reader, json, feature_add_text(feature, name, text, &why), &why);
    } else if (letter == 't' || letter == 'f') {
        json_word(json, letter == 't' ? "true" : "false");
        judge(reader, json, feature_add_boolean(feature, name, letter == 't', &why), &why);
    } else if (letter == 'n') {
        json_word(json, "null");
    } else {
        add_number(reader, json, name);
    }
}

static void properties(struct reader *reader, struct json *json)
{
    if (json_peek(json) == 'n') {
        json_word(json, "null");
        return;
    }
    json_need(json, '{', "properties are neither an object nor null");
    bool first = true;
    while (json_more(json, '}', &first)) {
        add_property(reader, json);
    }
}

/* A whole number as text, as some programs write ids: without sign and leading zeros. */
static bool whole_number(struct span text, uint64_t *number)
{
    if (text.size == 0 || text.size > 19 || (text.data[0] == '0' && text.size > 1)) {
        return false;
    }
    *number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') { return false; }
        *number = *number * 10 + (uint64_t)(text.data[i] - '0');
    }
    return true;
}

static void identifier(struct reader *reader, struct json *json)
{
    struct feature *feature = &reader->feature;
    const char letter = json_peek(json);
    struct span text;
    if (letter == 'n') {
        json_word(json, "null");
        return;
    }
    if (letter == '"') {
        text = json_text(json, &reader->text);
        feature->has_id = whole_number(text, &feature->id);
    } else {
        const char *from = json->at;
        const struct json_number number = json_number(json);
        text = span_of(from, (size_t)(json->at - from));
        feature->has_id = number.whole && !number.negative;
        feature->id = number.magnitude;
    }
    reader->id.size = 0;
    if (!feature->has_id && text.size > 0 && text.size <= ID_TEXT_MAX && !json_stopped(json)) {
        bytes_add(&reader->id, text.data, text.size);
    }
}

/* The last one counts: what starves is read again. */
static void keep_note(const struct reader *reader, struct span value)
{
    struct bytes *note = reader->reading->note;
    if (!note || value.size > FEATURE_TEXT_SIZE_MAX) { return; }
    note->size = 0;
    bytes_add(note, value.data, value.size);
}

static enum piece member(struct reader *reader, struct json *json, struct bytes *type)
{
    const struct span name = json_name(json, &reader->name);
    if (span_equal(name, span_text("type"))) {
        const struct span text = json_text(json, &reader->text);
        type->size = 0;
        bytes_add(type, text.data, text.size);
    } else if (span_equal(name, span_text("id"))) {
        identifier(reader, json);
    } else if (span_equal(name, span_text("properties"))) {
        properties(reader, json);
    } else if (span_equal(name, span_text("geometry"))) {
        reader->has_geometry_member = true;
        geometry_read(&reader->geometry, json);
    } else if (reader->place == PLACE_TOP && span_equal(name, span_text("features")) &&
               !span_equal(bytes_span(type), span_text("Feature"))) {
        json_need(json, '[', "\"features\" is not a list");
        return PIECE_COLLECTION;
    } else {
        const bool noted = reader->place == PLACE_TOP && span_equal(name, span_text("anonymised"));
        const struct span value = json_skip(json);
        if (noted) { keep_note(reader, value); }
    }
    return PIECE_FEATURE;
}

/* An object: a feature, a bare geometry, or a collection up to its list of features. */
static enum piece object(struct reader *reader, struct json *json)
{
    struct bytes type = {0};
    feature_clear(&reader->feature);
    geometry_reader_clear(&reader->geometry);
    reader->id.size = 0;
    reader->nested = 0;
    reader->has_geometry_member = false;
    (void)json_peek(json);
    const struct json from = *json;
    json_need(json, '{', "a feature is not an object");
    enum piece piece = PIECE_FEATURE;
    bool first = true;
    while (piece == PIECE_FEATURE && json_more(json, '}', &first)) {
        piece = member(reader, json, &type);
    }
    if (piece == PIECE_FEATURE && !json_stopped(json)) {
        if (geometry_is_type(bytes_span(&type)) && reader->place == PLACE_TOP) {
            *json = from;
            geometry_read(&reader->geometry, json);
        } else if (!span_equal(bytes_span(&type), span_text("Feature"))) {
            json->fault = "an object's type is none of GeoJSON";
        }
    }
    bytes_deinit(&type);
    return piece;
}

/* What follows the list of features up to the end of the collection. */
static enum piece tail(struct reader *reader, struct json *json)
{
    bool first = false;
    while (json_more(json, '}', &first)) {
        (void)json_name(json, &reader->name);
        (void)json_skip(json);
    }
    return PIECE_END_OF_TAIL;
}

static enum piece attempt(struct reader *reader, struct json *json)
{
    bool first = reader->first;
    switch (reader->place) {
    case PLACE_TOP: return object(reader, json);
    case PLACE_FEATURES:
        return json_more(json, ']', &first) ? object(reader, json) : PIECE_END_OF_LIST;
    case PLACE_TAIL: break;
    }
    return tail(reader, json);
}

static enum err deliver(struct reader *reader, struct why *why)
{
    struct reading *reading = reader->reading;
    struct feature_tally *tally = &reading->tally;
    struct feature *feature = &reader->feature;
    tally->read++;
    tally->nested += reader->nested;
    if (reader->id.size > 0) {
        tally->ids_not_whole++;
        const char *name = reading->id_name;
        const enum err err =
            name ? feature_add_text(feature, span_text(name), bytes_span(&reader->id), why) : OK;
        if (err) { return err; }
    }
    if (!reader->geometry.present) {
        tally->no_geometry++;
        return OK;
    }
    tally->beyond += reader->geometry.beyond;
    bool any = false;
    for (size_t i = 0; i < ARRAY_LEN(reader->geometry.shapes); i++) {
        struct shape *shape = &reader->geometry.shapes[i];
        if (shape->count == 0) { continue; }
        any = true;
        tally->taken++;
        const struct shape held = feature->shape;
        feature->shape = *shape;
        const enum err err = reading->taker.take(reading->taker.context, feature, why);
        *shape = feature->shape;
        feature->shape = held;
        if (err) { return err; }
    }
    tally->empty += !any;
    return OK;
}

static enum err settle(struct reader *reader, enum piece piece, struct why *why)
{
    switch (piece) {
    case PIECE_FEATURE: reader->first = false; return deliver(reader, why);
    case PIECE_COLLECTION:
        reader->place = PLACE_FEATURES;
        reader->first = true;
        break;
    case PIECE_END_OF_LIST: reader->place = PLACE_TAIL; break;
    case PIECE_END_OF_TAIL: reader->place = PLACE_TOP; break;
    }
    return OK;
}

/* Steps over what may stand between texts: white space, record separators, a byte order mark. */
static void skip_between(struct input *input)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    const struct span rest = input_rest(input);
    if (input_place(input) == 0 && rest.size >= sizeof mark &&
        memcmp(rest.data, mark, sizeof mark) == 0) {
        input->begin += sizeof mark;
    }
    while (input->begin < input->end) {
        const uint8_t letter = input->window[input->begin];
        if (letter != RECORD_SEPARATOR && letter != ' ' && letter != '\n' && letter != '\r' &&
            letter != '\t') {
            return;
        }
        input->begin++;
    }
}

static enum err fault(const struct reader *reader, const char *sentence, struct why *why)
{
    const char *slash = strrchr(reader->input->name, '/');
    return why_set(why, ERR_MALFORMED, "%.60s: feature %llu (at byte %llu): %.150s",
                   slash ? slash + 1 : reader->input->name,
                   (unsigned long long)reader->reading->tally.read + 1,
                   (unsigned long long)input_place(reader->input), sentence);
}

/* One piece of the file. `*done` when there is none left. */
static enum err step(struct reader *reader, bool *done, struct why *why)
{
    struct input *input = reader->input;
    if (reader->place == PLACE_TOP) { skip_between(input); }
    if (input->begin == input->end && input->ended && reader->place == PLACE_TOP) {
        *done = true;
        return OK;
    }
    struct json json = json_over(input_rest(input));
    const enum piece piece = attempt(reader, &json);
    if (json.starved && input->ended) { return fault(reader, "the file ends in the middle", why); }
    if (json.starved) { return input_more(input, why); }
    if (json.fault) { return fault(reader, json.fault, why); }
    const enum err err = settle(reader, piece, why);
    if (err) {
        const struct why cause = why ? *why : (struct why){{0}};
        return err == ERR_IO ? err : fault(reader, cause.text, why);
    }
    input->begin = (size_t)((const uint8_t *)json.at - input->window);
    return OK;
}

enum err geojson_read(struct input *input, struct reading *reading, struct why *why)
{
    struct reader reader = {.input = input, .reading = reading};
    reader.feature.schema = reading->schema;
    bool done = false;
    enum err err = OK;
    while (!err && !done) {
        err = step(&reader, &done, why);
    }
    if (!err && input_place(input) == 0) {
        err = why_set(why, ERR_MALFORMED, "%.140s is empty", input->name);
    }
    reader_deinit(&reader);
    return err;
}
