#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/value.h"
#include "command.h"
#include "geodata/source.h"
#include "queries/site_events.h"
#include "store/database.h"
#include "system/file.h"
#include "vault/source.h"

enum { PLACES_MAX = 65536, NAME_SIZE = 256 };

/* The largest file that is written. */
#define EVENTS_SIZE_MAX ((size_t)1 << 30)

/* Where a device stands, or one of its cameras ("device/camera"). */
struct place {
    char *name; /* owned */
    double longitude, latitude;
};

struct wish {
    const char *out, *database, *places, *since;
    int64_t since_us;
};

struct work {
    struct place *list; /* owned; sorted by name */
    size_t count;
    struct text out;
    uint64_t written, without_place;
};

static const char **text_of(struct wish *wish, const char *name)
{
    const struct {
        const char *name;
        const char **text;
    } options[] = {{"-o", &wish->out},
                   {"--database", &wish->database},
                   {"--places", &wish->places},
                   {"--since", &wish->since}};
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (strcmp(name, options[i].name) == 0) { return options[i].text; }
    }
    return NULL;
}

static enum err read_arguments(struct wish *wish, int argc, char *argv[], struct why *why)
{
    for (int i = 1; i < argc; i += 2) {
        const char **text = text_of(wish, argv[i]);
        if (!text) { return why_set(why, ERR_RANGE, "%.60s is no option of events", argv[i]); }
        if (!argv[i + 1]) { return why_set(why, ERR_RANGE, "%s needs a value", argv[i]); }
        *text = argv[i + 1];
    }
    if (!wish->out || !wish->database || !wish->places) {
        return why_set(why, ERR_RANGE, "-o, --database and --places must be given");
    }
    return wish->since ? clock_parse(&wish->since_us, wish->since, why) : OK;
}

static enum err take_place(void *context, struct feature *feature, struct why *why)
{
    struct work *work = context;
    struct attribute attribute;
    struct span name;
    if (feature->shape.kind != SHAPE_KIND_POINT ||
        !feature_find(feature, span_text("name"), &attribute) ||
        !attribute_text(attribute, &name) || name.size >= NAME_SIZE) {
        return why_set(why, ERR_MALFORMED,
                       "a place has no name (text), or is no point: columns name, longitude and "
                       "latitude are expected");
    }
    if (work->count == PLACES_MAX) {
        return why_set(why, ERR_LIMIT, "there are more than %d places", PLACES_MAX);
    }
    if (!work->list) { work->list = MEM_ARRAY(struct place, PLACES_MAX); }
    work->list[work->count++] = (struct place){
        .name = mem_text_of((const char *)name.data, name.size),
        .longitude = shape_longitude(feature->shape.points[0].x),
        .latitude = shape_latitude(feature->shape.points[0].y),
    };
    return OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

static enum err read_places(struct work *work, const char *path, struct why *why)
{
    struct schema schema = {0};
    struct reading reading = {.schema = &schema, .taker = {take_place, work}};
    const enum err err = source_read(path, &reading, why);
    schema_deinit(&schema);
    if (err) { return err; }
    if (work->list) { qsort(work->list, work->count, sizeof *work->list, by_name); }
    return OK;
}

/* Where a camera stands: its own place, else its device's. NULL: nobody said. */
static const struct place *find_place(const struct work *work, const char *device,
                                      const char *camera)
{
    char name[2 * NAME_SIZE];
    struct place wanted = {.name = name};
    const struct place *found = NULL;
    if (work->count == 0) { return NULL; }
    (void)snprintf(name, sizeof name, "%.250s/%.250s", device, camera);
    found = bsearch(&wanted, work->list, work->count, sizeof wanted, by_name);
    if (found) { return found; }
    (void)snprintf(name, sizeof name, "%.250s", device);
    return bsearch(&wanted, work->list, work->count, sizeof wanted, by_name);
}

enum { COLUMN_ID, COLUMN_DEVICE, COLUMN_CAMERA, COLUMN_ZONE, COLUMN_LABEL, COLUMN_COUNT };
enum { COLUMN_STARTED = COLUMN_COUNT + 1, COLUMN_ENDED };

static void write_event(struct work *work, const struct statement *row)
{
    const char *device = column_text(row, COLUMN_DEVICE);
    const char *camera = column_text(row, COLUMN_CAMERA);
    const struct place *place = find_place(work, device, camera);
    const int64_t started_us = column_integer(row, COLUMN_STARTED);
    const int64_t ended_us = column_integer(row, COLUMN_ENDED);
    if (!place) {
        work->without_place++;
        return;
    }
    CLEANUP(value_free_p) struct value *about = value_object();
    value_set_text(about, "event", column_text(row, COLUMN_ID));
    value_set_time(about, "time", started_us);
    value_set_text(about, "category", column_text(row, COLUMN_LABEL));
    value_set_text(about, "premise", place->name);
    value_set_text(about, "device", device);
    value_set_text(about, "camera", camera);
    value_set_text(about, "zone", column_text(row, COLUMN_ZONE));
    value_set_integer(about, "count", column_integer(row, COLUMN_COUNT));
    if (ended_us > 0) {
        value_set_integer(about, "lasted_s", (ended_us - started_us) / CLOCK_SECOND_US);
    }
    text_add(&work->out, "{\"type\":\"Feature\",\"properties\":");
    value_write(about, &work->out);
    text_format(&work->out, ",\"geometry\":{\"type\":\"Point\",\"coordinates\":[%.7f,%.7f]}}\n",
                place->longitude, place->latitude);
    work->written++;
}

static enum err read_events(struct work *work, struct database *database, int64_t since_us,
                            struct why *why)
{
    struct statement *list = NULL;
    enum step step = STEP_ROW;
    enum err err = database_prepare(&list, database, SQL_EVENTS_LIST, why);
    if (!err) { statement_bind_integer(list, ":since_us", since_us); }
    while (!err) {
        err = statement_step(list, &step, why);
        if (err || step == STEP_DONE) { break; }
        write_event(work, list);
    }
    if (!err && work->out.overflow) {
        err = why_set(why, ERR_LIMIT, "the events are more than %zu MiB: ask for those --since",
                      EVENTS_SIZE_MAX >> 20);
    }
    return err;
}

static enum err open_and_read(struct work *work, const struct wish *wish, struct why *why)
{
    CLEANUP(secret_free_p) struct secret *key = NULL;
    CLEANUP(database_close_p) struct database *database = NULL;
    assert(wish->database); /* read_arguments */
    const bool server = strstr(wish->database, "://") || strstr(wish->database, "dbname=");
    if (!server && !file_exists(wish->database)) { /* opening would make it */
        return why_set(why, ERR_NOT_FOUND, "there is no database %.180s", wish->database);
    }
    enum err err = source_database_key(&key, why);
    const struct database_config config = {.path = wish->database,
                                           .address = server ? wish->database : NULL,
                                           .key = key,
                                           .every_zone = true};
    if (!err) { err = database_open(&database, &config, why); }
    return err ? err : read_events(work, database, wish->since_us, why);
}

int events_command(int argc, char *argv[])
{
    struct wish wish = {0};
    struct why why = {0};
    struct work work = {.out = text_limited(EVENTS_SIZE_MAX)};
    enum err err = read_arguments(&wish, argc, argv, &why);
    if (!err) { err = read_places(&work, wish.places, &why); }
    if (!err) { err = open_and_read(&work, &wish, &why); }
    if (!err) { err = file_write(wish.out, text_span(&work.out), 0600, &why); }
    if (!err) {
        (void)fprintf(stderr, "%s: %llu events; %llu left out, their cameras have no place\n",
                      wish.out, (unsigned long long)work.written,
                      (unsigned long long)work.without_place);
    }
    for (size_t i = 0; i < work.count; i++) {
        free(work.list[i].name);
    }
    free(work.list);
    text_deinit(&work.out);
    return err ? command_failed("events", err, &why) : COMMAND_DONE;
}
