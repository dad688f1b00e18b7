#include "fleet/event_store.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "fleet/tally.h"
#include "queries/fleet_event_store.h"

enum { EVENT_STORE_LIMIT = 50, BOXES_SIZE_MAX = 64 * 1024, CURSOR_SIZE = 96 };

struct event_store {
    struct statement *put, *owner, *get, *list, *count, *oldest, *forget;
    struct tally_store *tallies; /* owned */
};

enum err event_store_open(struct event_store **out, struct database *database, struct why *why)
{
    CLEANUP(event_store_close_p) struct event_store *store = MEM_NEW(struct event_store);
    const struct statement_text texts[] = {
        {&store->put, SQL_EVENT_PUT},       {&store->owner, SQL_EVENT_OWNER},
        {&store->get, SQL_EVENT_GET},       {&store->list, SQL_EVENT_LIST},
        {&store->count, SQL_EVENT_COUNT},   {&store->oldest, SQL_EVENT_OLDEST},
        {&store->forget, SQL_EVENT_FORGET},
    };
    enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { err = tally_store_open(&store->tallies, database, why); }
    if (err == OK) { *out = TAKE(store); }
    return err;
}

void event_store_close(struct event_store *store)
{
    if (!store) { return; }
    tally_store_close(store->tallies);
    free(store); /* the statements belong to the connection */
}

static void bind_event(struct statement *row, const struct event *event, const char *boxes)
{
    statement_bind_text(row, ":event_id", event->id);
    statement_bind_integer(row, ":sequence", event->sequence);
    statement_bind_integer(row, ":state", event->state);
    statement_bind_text(row, ":camera", event->camera);
    statement_bind_text(row, ":zone", event->zone);
    statement_bind_text(row, ":label", event->label);
    statement_bind_real(row, ":score", event->score);
    statement_bind_integer(row, ":count", event->count);
    statement_bind_integer(row, ":started_us", event->started_us);
    statement_bind_integer(row, ":updated_us", event->updated_us);
    statement_bind_integer(row, ":ended_us", event->ended_us);
    statement_bind_text(row, ":boxes", boxes);
    statement_bind_integer(row, ":snapshot", event->has_snapshot);
    statement_bind_text(row, ":model", event->model);
    if (event->has_clip) {
        statement_bind_integer(row, ":clip_bytes", event->clip.bytes);
        statement_bind_real(row, ":clip_duration_s", event->clip.duration_s);
        statement_bind_text(row, ":clip_codec", event->clip.codec);
        if (event->clip.lead_s >= 0) {
            statement_bind_real(row, ":clip_lead_s", event->clip.lead_s);
        }
    }
}

/* What stands there already. */
struct known {
    bool there, ours; /* ours: this device told it */
    char zone[IDENTITY_NAME_SIZE];
};

static enum err look_up_known(struct event_store *store, const struct event_report *report,
                              struct known *known, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->owner;
    *known = (struct known){.ours = false};
    statement_bind_text(row, ":event_id", report->event->id);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK || step == STEP_DONE) { return err; }
    known->there = true;
    known->ours = strcmp(column_text(row, 0), report->device) == 0;
    (void)!text_copy(known->zone, sizeof known->zone, column_text(row, 1));
    return OK;
}

/* What became of the row: entered, changed, or left as it was. */
enum written { WRITTEN_NOTHING, WRITTEN_NEW, WRITTEN_CHANGE };

/* Another server may have entered it since we looked: then `received_us` is not our time. */
static enum err write_row(struct event_store *store, const struct known *known, int64_t now_us,
                          enum written *written, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->put;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    *written = WRITTEN_NOTHING;
    if (step == STEP_ROW) {
        const bool entered = !known->there && column_integer(row, 0) == now_us;
        *written = entered ? WRITTEN_NEW : WRITTEN_CHANGE;
    }
    return OK;
}

/* The tallies follow: one more, or one from zone to zone. */
static enum err count_event(struct event_store *store, enum written written,
                            const struct known *known, const char *zone, struct why *why)
{
    const bool moved = written == WRITTEN_CHANGE && known->there && strcmp(known->zone, zone) != 0;
    if (written != WRITTEN_NEW && !moved) { return OK; }
    const enum err err = tally_events(store->tallies, zone, 1, why);
    return err != OK || !moved ? err : tally_events(store->tallies, known->zone, -1, why);
}

/* The JSON text of `value`, which is freed. */
static void write_json(struct value *value, struct text *out)
{
    value_write(value, out);
    value_free(value);
}

enum err event_store_put(struct event_store *store, const struct event_report *report,
                         enum event_outcome *outcome, struct why *why)
{
    struct known known;
    enum err err = look_up_known(store, report, &known, why);
    if (err != OK) { return err; }
    CLEANUP(text_deinit) struct text boxes = text_limited(BOXES_SIZE_MAX);
    CLEANUP(text_deinit) struct text zones = text_limited(BOXES_SIZE_MAX);
    write_json(event_boxes_to_value(report->event), &boxes);
    write_json(event_zones_to_value(report->event), &zones);
    bind_event(store->put, report->event, text_c(&boxes));
    statement_bind_text(store->put, ":picture_zones", text_c(&zones));
    statement_bind_text(store->put, ":device", report->device);
    statement_bind_integer(store->put, ":now", report->now_us);
    enum written written = WRITTEN_NOTHING;
    err = write_row(store, &known, report->now_us, &written, why);
    if (err == OK) { err = count_event(store, written, &known, report->event->zone, why); }
    if (err != OK) { return err; }
    *outcome = written      ? EVENT_OUTCOME_STORED
               : known.ours ? EVENT_OUTCOME_KNOWN
                            : EVENT_OUTCOME_FOREIGN;
    return OK;
}

static void read_words(const struct statement *row, struct event *event)
{
    (void)!text_copy(event->id, sizeof event->id, column_text(row, 0));
    (void)!text_copy(event->camera, sizeof event->camera, column_text(row, 4));
    (void)!text_copy(event->zone, sizeof event->zone, column_text(row, 5));
    (void)!text_copy(event->label, sizeof event->label, column_text(row, 6));
    (void)!text_copy(event->model, sizeof event->model, column_text(row, 17));
}

static enum err read_event(const struct statement *row, struct value **out, struct why *why)
{
    struct event event = {
        .sequence = column_integer(row, 2),
        .state = (enum event_state)column_integer(row, 3),
        .score = column_real(row, 7),
        .count = column_integer(row, 8),
        .started_us = column_integer(row, 9),
        .updated_us = column_integer(row, 10),
        .ended_us = column_integer(row, 11),
        .has_clip = !column_is_null(row, 13),
        .has_snapshot = column_integer(row, 16) != 0,
    };
    read_words(row, &event);
    if (event.has_clip) {
        event.clip.bytes = column_integer(row, 13);
        event.clip.duration_s = column_real(row, 14);
        event.clip.lead_s = column_is_null(row, 19) ? -1 : column_real(row, 19);
        (void)!text_copy(event.clip.codec, sizeof event.clip.codec, column_text(row, 15));
    }
    CLEANUP(value_free_p) struct value *boxes = NULL;
    CLEANUP(value_free_p) struct value *zones = NULL;
    enum err err = value_parse(&boxes, span_text(column_text(row, 12)), BOXES_SIZE_MAX, why);
    if (err == OK) { err = event_boxes_parse(&event, boxes, why); }
    if (err == OK) {
        err = value_parse(&zones, span_text(column_text(row, 20)), BOXES_SIZE_MAX, why);
    }
    if (err == OK) { err = event_zones_parse(&event, zones, why); }
    if (err == OK) { *out = event_to_api(&event, column_text(row, 1), column_integer(row, 18)); }
    return err;
}

/* A cursor is base64url of "<started_us>:<event id>": opaque to clients, exact for us. */
static void write_cursor(struct text *out, const struct statement *row)
{
    char plain[CURSOR_SIZE];
    const int size = snprintf(plain, sizeof plain, "%lld:%s", (long long)column_integer(row, 9),
                              column_text(row, 0));
    encode_base64_url(out, span_of(plain, (size_t)size));
}

static enum err read_cursor(const char *cursor, int64_t *before_us, char id[static ID_TEXT_SIZE],
                            struct why *why)
{
    uint8_t plain[CURSOR_SIZE] = {0};
    size_t size = 0;
    enum err err = decode_base64_url(plain, sizeof plain - 1, &size, cursor, NULL);
    if (err == OK) {
        char *end = NULL;
        *before_us = strtoll((const char *)plain, &end, 10);
        const bool whole = *end == ':' && id_valid(end + 1) && text_copy(id, ID_TEXT_SIZE, end + 1);
        err = whole ? OK : ERR_MALFORMED;
    }
    if (err == OK) { return OK; }
    return why_set(why, ERR_MALFORMED,
                   "before is \"%.60s\", expected the `next` of an earlier answer", cursor);
}

static enum err read_list(struct statement *rows, int64_t limit, struct value *answer,
                          struct why *why)
{
    struct value *events = value_array();
    value_set(answer, "events", events);
    CLEANUP(text_deinit) struct text next = text_limited((size_t)2 * CURSOR_SIZE);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    for (int64_t i = 0; err == OK && step == STEP_ROW && i < limit; i++) {
        struct value *event = NULL;
        err = read_event(rows, &event, why);
        if (err != OK) { return err; }
        value_append(events, event);
        if (i == limit - 1) { write_cursor(&next, rows); }
        err = statement_step(rows, &step, why);
    }
    const bool more = err == OK && step == STEP_ROW && next.size > 0;
    value_set_text(answer, "next", more ? text_c(&next) : NULL);
    return err;
}

enum err event_store_list(struct event_store *store, const struct event_query *query,
                          struct value **out, struct why *why)
{
    if (query->limit < 0 || query->limit > EVENT_STORE_LIMIT_MAX) {
        return why_set(why, ERR_RANGE, "limit is %lld, expected 1..%d", (long long)query->limit,
                       EVENT_STORE_LIMIT_MAX);
    }
    int64_t before_us = INT64_MAX;
    char before_id[ID_TEXT_SIZE] = "";
    enum err err = query->before ? read_cursor(query->before, &before_us, before_id, why) : OK;
    if (err != OK) { return err; }
    const int64_t limit = query->limit ? query->limit : EVENT_STORE_LIMIT;
    CLEANUP(statement_reset_p) struct statement *rows = store->list;
    statement_bind_integer(rows, ":from_us", query->from_us);
    statement_bind_integer(rows, ":to_us", query->to_us ? query->to_us : INT64_MAX);
    statement_bind_integer(rows, ":before_us", before_us);
    statement_bind_text(rows, ":before_id", before_id);
    statement_bind_text(rows, ":camera", query->camera);
    statement_bind_text(rows, ":label", query->label);
    statement_bind_text(rows, ":zone", query->zone);
    statement_bind_text(rows, ":device", query->device);
    statement_bind_text(rows, ":zones", query->zones);
    statement_bind_integer(rows, ":limit", limit + 1);
    CLEANUP(value_free_p) struct value *answer = value_object();
    err = read_list(rows, limit, answer, why);
    if (err == OK) { *out = TAKE(answer); }
    return err;
}

enum err event_store_get(struct event_store *store, const char *event_id, struct value **out,
                         struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->get;
    statement_bind_text(row, ":event_id", event_id);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "no event has the id %.40s", event_id);
    }
    return read_event(row, out, why);
}

enum err event_store_count(struct event_store *store, const char *zones, int64_t *count,
                           struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->count;
    statement_bind_text(row, ":zones", zones);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *count = column_integer(row, 0); }
    return err;
}

enum err event_store_oldest_us(struct event_store *store, int64_t *oldest_us, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->oldest;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *oldest_us = column_is_null(row, 0) ? INT64_MAX : column_integer(row, 0); }
    return err;
}

enum err event_store_forget(struct event_store *store, int64_t before_us, int64_t *forgotten,
                            struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->forget;
    statement_bind_integer(rows, ":before", before_us);
    statement_bind_integer(rows, ":most", EVENT_STORE_FORGET_MAX);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    for (*forgotten = 0; err == OK && step == STEP_ROW; ++*forgotten) {
        err = tally_events(store->tallies, column_text(rows, 0), -1, why);
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    return err;
}
