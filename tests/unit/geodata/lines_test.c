#include "geodata/lines.h"

#include "base/text.h"
#include "check.h"
#include "geodata/geojson.h"

/* All that a taker saw, as text: two readers saw the same when these are the same. */
struct seen {
    struct text text;
    size_t count, fail_at; /* fail_at: the number of the feature that is refused; 0: none */
};

static enum err see(void *context, struct feature *feature, struct why *why)
{
    struct seen *seen = context;
    struct attribute attribute;
    if (++seen->count == seen->fail_at) { return why_set(why, ERR_LIMIT, "no more"); }
    text_format(&seen->text, "%d %lld %d %zu:", feature->has_id, (long long)feature->id,
                (int)feature->shape.kind, feature->attribute_count);
    for (size_t at = 0; feature_next(feature, &at, &attribute);) {
        text_format(&seen->text, " %s=", feature->schema->names[attribute.name].name);
        text_add_bytes(&seen->text, attribute.value);
    }
    for (size_t i = 0; i < feature->shape.count; i++) {
        text_format(&seen->text, " %lld,%lld", (long long)feature->shape.points[i].x,
                    (long long)feature->shape.points[i].y);
    }
    text_format(&seen->text, " %zu\n", feature->shape.part_count);
    return OK;
}

/* What one way of reading made of a file. */
struct outcome {
    struct seen seen;
    struct schema schema;
    struct bytes note;
    struct feature_tally tally;
    enum err err;
    struct why why;
    uint64_t alone; /* bytes that were left for one thread */
};

static void outcome_deinit(struct outcome *outcome)
{
    text_deinit(&outcome->seen.text);
    schema_deinit(&outcome->schema);
    bytes_deinit(&outcome->note);
}

static void read_text(struct outcome *outcome, const char *file, size_t piece_size, size_t fail_at)
{
    *outcome = (struct outcome){.seen = {.fail_at = fail_at}};
    outcome->seen.text = text_limited(16 << 20);
    struct input input = input_over(span_text(file), "file");
    struct reading reading = {.schema = &outcome->schema,
                              .id_name = "name",
                              .note = &outcome->note,
                              .taker = {see, &outcome->seen}};
    if (piece_size) { outcome->err = lines_read(&input, &reading, piece_size, &outcome->why); }
    outcome->alone = strlen(file) - input_place(&input);
    if (!outcome->err) { outcome->err = geojson_read(&input, &reading, &outcome->why); }
    outcome->tally = reading.tally;
    if (input.window != (const uint8_t *)file) { free(input.window); }
}

/* Reads it in pieces of all sizes, and as one: the same in the same order, the same names. */
static uint64_t compare(const char *file)
{
    struct outcome whole;
    uint64_t least_alone = UINT64_MAX;
    read_text(&whole, file, 0, 0);
    for (size_t size = 20; size < 2 * strlen(file); size = size * 3 / 2) {
        struct outcome pieces;
        read_text(&pieces, file, size, 0);
        bool same = whole.err == pieces.err && strcmp(whole.why.text, pieces.why.text) == 0 &&
                    strcmp(text_c(&whole.seen.text), text_c(&pieces.seen.text)) == 0 &&
                    memcmp(&whole.tally, &pieces.tally, sizeof whole.tally) == 0 &&
                    span_equal(bytes_span(&whole.note), bytes_span(&pieces.note)) &&
                    whole.schema.count == pieces.schema.count;
        for (size_t i = 0; same && i < whole.schema.count; i++) {
            same = strcmp(whole.schema.names[i].name, pieces.schema.names[i].name) == 0 &&
                   whole.schema.names[i].kinds == pieces.schema.names[i].kinds;
        }
        CHECK(same);
        if (!same) { printf("# in pieces of %zu: %s\n", size, pieces.why.text); }
        if (pieces.alone < least_alone) { least_alone = pieces.alone; }
        outcome_deinit(&pieces);
    }
    outcome_deinit(&whole);
    return least_alone;
}

static void add_feature(struct text *file, int number)
{
    static const char *const shapes[] = {
        "{\"type\":\"Point\",\"coordinates\":[%d.5,7]}",
        "{\"type\":\"LineString\",\"coordinates\":[[%d,1],[3,4],[5,5]]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[%d,1],[30,4],[5,50],[1,1]],[[2,3],[3,3],[2,2]]]}",
        "null",
        "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[%d,"
        "2]},"
        "{\"type\":\"LineString\",\"coordinates\":[[1,1],[2,2]]}]}",
    };
    char shape[200];
    const char *form = shapes[number % 5];
    text_format(file, "{\"type\":\"Feature\",\"id\":%s%d%s,\"properties\":{",
                number % 4 ? "" : "\"w", number, number % 4 ? "" : "\"");
    text_format(file, "\"n%d\":%d,\"all\":\"x%d\",\"b\":%s,\"list\":[1]},\"geometry\":", number / 9,
                number, number, number % 2 ? "true" : "1.5");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(shape, sizeof shape, form, number % 90);
#pragma GCC diagnostic pop
    text_add(file, shape);
    text_add(file, "}");
}

int main(void)
{
    CLEANUP(text_deinit) struct text lines = text_limited(1 << 20);
    CLEANUP(text_deinit) struct text spread = text_limited(1 << 20);
    for (int i = 0; i < 300; i++) {
        add_feature(&lines, i);
        text_add(&lines, i % 7 ? "\n" : "\r\n\x1e");
        add_feature(&spread, i);
        text_add(&spread, i == 150
                              ? "{\"type\":\"Feature\",\n\"geometry\":null,\n\"properties\":{}}"
                              : "\n");
    }
    CHECK(compare(text_c(&lines)) == 0); /* nothing was left for one thread */
    CHECK(compare(text_c(&spread)) < spread.size / 2);
    CHECK(compare("{\"type\":\"Point\",\"coordinates\":[1,2]}") == 0);
    (void)compare("\n\n  \n");

    /* A fault, anywhere: the same sentence, with the same number and place. */
    for (size_t cut = 1000; cut < lines.size; cut += 4999) {
        CLEANUP(mem_free_p) char *broken = mem_text(text_c(&lines));
        broken[cut] = '\x01';
        (void)compare(broken);
    }
    /* A collection is read by one thread. */
    CLEANUP(text_deinit) struct text collection = text_limited(1 << 20);
    text_add(&collection,
             "{\"type\":\"FeatureCollection\",\"anonymised\":{\"a\":1},\"features\":[\n");
    for (int i = 0; i < 60; i++) {
        if (i) { text_add(&collection, ",\n"); }
        add_feature(&collection, i);
    }
    text_add(&collection, "]}\n");
    (void)compare(text_c(&collection));

    struct outcome refused;
    read_text(&refused, text_c(&lines), 500, 77);
    CHECK(refused.err == ERR_LIMIT && strstr(refused.why.text, "no more") != NULL);
    CHECK(strstr(refused.why.text, "feature ") != NULL);
    outcome_deinit(&refused);
    return CHECK_DONE();
}
