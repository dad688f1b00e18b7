#include "geodata/lines.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "geodata/geojson.h"
#include "system/queue.h"
#include "system/worker.h"

enum { THREADS_MAX = 8, PIECES_PER_THREAD = 2 };

/* A feature of a piece: where its parts end in the piece's rows. */
struct entry {
    uint64_t id;
    bool has_id;
    enum shape_kind kind;
    size_t attributes_end, attribute_count, points_end, parts_end;
};

/* A piece of the input, and then what is in it. */
struct piece {
    struct bytes text;
    uint64_t place; /* in the input */
    const char *name;
    struct schema schema; /* of its own */
    struct reading reading;
    struct bytes note, attributes, entries, points, parts;
    enum err err;
    bool parsed;
};

struct lines {
    struct input *input;
    struct reading *reading;
    size_t piece_size;
    struct queue *work, *done;
    struct worker *workers[THREADS_MAX];
    size_t threads;
    struct piece pieces[THREADS_MAX * PIECES_PER_THREAD]; /* a ring, in the input's order */
    size_t first, count;
    bool stopped; /* no more pieces are cut */
};

/* ---- a thread's part ---- */

static enum err keep(void *context, struct feature *feature, struct why *why)
{
    (void)why;
    struct piece *piece = context;
    const struct shape *shape = &feature->shape;
    bytes_add(&piece->attributes, feature->attributes.data, feature->attributes.size);
    bytes_add(&piece->points, shape->points, shape->count * sizeof *shape->points);
    bytes_add(&piece->parts, shape->parts, shape->part_count * sizeof *shape->parts);
    const struct entry entry = {.id = feature->id,
                                .has_id = feature->has_id,
                                .kind = shape->kind,
                                .attributes_end = piece->attributes.size,
                                .attribute_count = feature->attribute_count,
                                .points_end = piece->points.size / sizeof *shape->points,
                                .parts_end = piece->parts.size / sizeof *shape->parts};
    bytes_add(&piece->entries, &entry, sizeof entry);
    return OK;
}

static void parse(struct piece *piece)
{
    struct input input = input_over(bytes_span(&piece->text), piece->name);
    input.passed = piece->place;
    piece->attributes.size = 0;
    piece->entries.size = 0;
    piece->points.size = 0;
    piece->parts.size = 0;
    piece->note.size = 0;
    piece->reading.tally = (struct feature_tally){0};
    piece->err = geojson_read(&input, &piece->reading, NULL);
}

static void work(void *context)
{
    const struct lines *lines = context;
    struct piece *piece = NULL;
    while ((piece = queue_pop(lines->work, -1))) {
        parse(piece);
        const enum err err = queue_push(lines->done, piece);
        assert(!err); /* it has room for all pieces */
        (void)err;
    }
}

/* ---- cutting ---- */

/* Fills the input's window up to a piece's size, or to the end. */
static enum err look_ahead(const struct lines *lines, struct why *why)
{
    struct input *input = lines->input;
    enum err err = OK;
    while (!err && !input->ended && input->end - input->begin < lines->piece_size) {
        err = input_more(input, why);
    }
    return err;
}

/* How much of the window is whole lines, not much more than a piece. 0: there is no line's end. */
static size_t whole_lines(const struct lines *lines)
{
    const struct span rest = input_rest(lines->input);
    if (rest.size <= lines->piece_size && lines->input->ended) { return rest.size; }
    const size_t size = rest.size < lines->piece_size ? rest.size : lines->piece_size;
    const uint8_t *end = size ? memrchr(rest.data, '\n', size) : NULL;
    return end ? (size_t)(end - rest.data) + 1 : 0;
}

static enum err cut(struct lines *lines, struct why *why)
{
    struct input *input = lines->input;
    const enum err err = look_ahead(lines, why);
    const size_t size = err ? 0 : whole_lines(lines);
    if (size == 0) {
        lines->stopped = true; /* the end, or a line that is too long for us */
        return err;
    }
    const size_t most = lines->threads * PIECES_PER_THREAD;
    struct piece *piece = &lines->pieces[(lines->first + lines->count++) % most];
    piece->text.size = 0;
    bytes_add(&piece->text, input_rest(input).data, size);
    piece->place = input_place(input);
    piece->parsed = false;
    input->begin += size;
    const enum err full = queue_push(lines->work, piece);
    assert(!full);
    (void)full;
    return OK;
}

/* ---- handing on ---- */

/* The numbers that the piece's names have for everybody. `*same`: they are the piece's own. */
static enum err settle_names(const struct lines *lines, const struct piece *piece,
                             uint32_t *numbers, bool *same, struct why *why)
{
    struct schema *schema = lines->reading->schema;
    enum err err = OK;
    *same = true;
    for (uint32_t i = 0; i < piece->schema.count && !err; i++) {
        const struct schema_name *name = &piece->schema.names[i];
        err = schema_number(schema, span_of(name->name, name->size), i, &numbers[i], why);
        if (err) { break; }
        schema->names[numbers[i]].kinds |= name->kinds;
        *same = *same && numbers[i] == i;
    }
    return err;
}

static void rename_attributes(const struct feature *from, const uint32_t *numbers,
                              struct bytes *out)
{
    struct attribute attribute;
    out->size = 0;
    for (size_t at = 0; feature_next(from, &at, &attribute);) {
        bytes_add_varint(out, numbers[attribute.name]);
        bytes_add_varint(out, attribute.value.size);
        bytes_add(out, attribute.value.data, attribute.value.size);
    }
}

/* Feature `at` of the piece, borrowed from it. */
static struct feature feature_at(const struct piece *piece, size_t at)
{
    static const struct entry none;
    const struct entry *entries = (const void *)piece->entries.data;
    const struct entry *before = at ? &entries[at - 1] : &none;
    const struct entry *entry = &entries[at];
    struct point *points = (void *)piece->points.data;
    struct part *parts = (void *)piece->parts.data;
    struct feature feature = {.id = entry->id, .has_id = entry->has_id};
    feature.shape.kind = entry->kind;
    feature.shape.points = points + before->points_end;
    feature.shape.count = feature.shape.capacity = entry->points_end - before->points_end;
    feature.shape.parts = parts + before->parts_end;
    feature.shape.part_count = feature.shape.part_capacity = entry->parts_end - before->parts_end;
    feature.attributes.data = piece->attributes.data + before->attributes_end;
    feature.attributes.size = entry->attributes_end - before->attributes_end;
    feature.attribute_count = entry->attribute_count;
    return feature;
}

static enum err hand_on_all(const struct lines *lines, const struct piece *piece,
                            const uint32_t *numbers, struct why *why)
{
    struct reading *reading = lines->reading;
    struct bytes renamed = {0};
    const size_t count = piece->entries.size / sizeof(struct entry);
    enum err err = OK;
    for (size_t i = 0; i < count && !err; i++) {
        struct feature feature = feature_at(piece, i);
        if (numbers) {
            rename_attributes(&feature, numbers, &renamed);
            feature.attributes = renamed;
        }
        feature.schema = reading->schema;
        err = reading->taker.take(reading->taker.context, &feature, why);
        if (err && err != ERR_IO) {
            char words[64];
            const unsigned long long number = reading->tally.read + i + 1;
            (void)snprintf(words, sizeof words, "feature %llu", number);
            (void)why_prefix(why, err, words);
        }
    }
    bytes_deinit(&renamed);
    return err;
}

static enum err hand_on(const struct lines *lines, const struct piece *piece, struct why *why)
{
    struct reading *reading = lines->reading;
    uint32_t *numbers = MEM_ARRAY(uint32_t, piece->schema.count + 1);
    bool same = false;
    enum err err = settle_names(lines, piece, numbers, &same, why);
    if (!err) { err = hand_on_all(lines, piece, same ? NULL : numbers, why); }
    free(numbers);
    feature_tally_add(&reading->tally, &piece->reading.tally);
    if (reading->note && piece->note.size > 0) {
        reading->note->size = 0;
        bytes_add(reading->note, piece->note.data, piece->note.size);
    }
    return err;
}

/* The input begins again at the first piece that is left. */
static void give_back(struct lines *lines)
{
    struct input *input = lines->input;
    const size_t most = lines->threads * PIECES_PER_THREAD;
    struct bytes all = {0};
    const uint64_t place = lines->pieces[lines->first].place;
    for (size_t i = 0; i < lines->count; i++) {
        const struct piece *piece = &lines->pieces[(lines->first + i) % most];
        bytes_add(&all, piece->text.data, piece->text.size);
    }
    const struct span rest = input_rest(input);
    bytes_add(&all, rest.data, rest.size);
    if (input->fd >= 0) { free(input->window); }
    input->window = all.data;
    input->begin = 0;
    input->end = all.size;
    input->capacity = all.capacity;
    input->passed = place;
    lines->count = 0;
}

static void wait_parsed(struct lines *lines, const struct piece *wanted)
{
    while (!wanted->parsed) {
        struct piece *piece = queue_pop(lines->done, -1);
        assert(piece); /* nobody closes this queue */
        piece->parsed = true;
    }
}

/* Waits for the first piece, and hands on what is in it. */
static enum err take_first(struct lines *lines, struct why *why)
{
    const size_t most = lines->threads * PIECES_PER_THREAD;
    struct piece *first = &lines->pieces[lines->first];
    wait_parsed(lines, first);
    if (first->err) {
        lines->stopped = true;
        for (size_t i = 0; i < lines->count; i++) { /* nobody looks at them any more */
            wait_parsed(lines, &lines->pieces[(lines->first + i) % most]);
        }
        give_back(lines);
        return OK;
    }
    const enum err err = hand_on(lines, first, why);
    lines->first = (lines->first + 1) % most;
    lines->count--;
    return err;
}

/* ---- all of it ---- */

static enum err start(struct lines *lines, struct why *why)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t most = ARRAY_LEN(lines->pieces);
    lines->work = queue_new(most, NULL);
    lines->done = queue_new(most, NULL);
    const size_t wanted = processors < 1 ? 1 : (size_t)processors;
    for (size_t i = 0; i < wanted && i < THREADS_MAX; i++) {
        const enum err err = worker_start(&lines->workers[i], "map-parse", work, lines, why);
        if (err) { return err; }
        lines->threads++;
    }
    for (size_t i = 0; i < most; i++) {
        struct piece *piece = &lines->pieces[i];
        piece->name = lines->input->name;
        piece->reading = (struct reading){.schema = &piece->schema,
                                          .id_name = lines->reading->id_name,
                                          .note = &piece->note,
                                          .taker = {keep, piece}};
    }
    return OK;
}

static void stop(struct lines *lines)
{
    queue_close(lines->work);
    for (size_t i = 0; i < lines->threads; i++) {
        worker_join(lines->workers[i]);
    }
    queue_free(lines->work);
    queue_free(lines->done);
    for (size_t i = 0; i < ARRAY_LEN(lines->pieces); i++) {
        struct piece *piece = &lines->pieces[i];
        struct bytes *const rows[] = {&piece->text,    &piece->note,   &piece->attributes,
                                      &piece->entries, &piece->points, &piece->parts};
        for (size_t n = 0; n < ARRAY_LEN(rows); n++) {
            bytes_deinit(rows[n]);
        }
        schema_deinit(&piece->schema);
    }
    free(lines);
}

enum err lines_read(struct input *input, struct reading *reading, size_t piece_size,
                    struct why *why)
{
    struct lines *lines = MEM_NEW(struct lines);
    lines->input = input;
    lines->reading = reading;
    lines->piece_size = piece_size;
    enum err err = start(lines, why);
    while (!err && (!lines->stopped || lines->count > 0)) {
        const bool room = lines->count < lines->threads * PIECES_PER_THREAD;
        err = room && !lines->stopped ? cut(lines, why) : take_first(lines, why);
    }
    stop(lines);
    return err;
}
