#include "fleet/event_queue.h"

#include "base/clock.h"
#include "queries/fleet_event_queue.h"

#define BYTES_MAX (INT64_C(16) << 20)
#define RETRY_LEAST_US (10 * CLOCK_SECOND_US)
#define RETRY_MOST_US (5 * CLOCK_MINUTE_US)

enum { CONTENT_SIZE_MAX = 60 * 1024, PUBLISH_MAX = 256 };

struct event_queue {
    struct database *database; /* borrowed */
    int64_t bytes_max, bytes;
    struct statement *push, *open_put, *open_delete, *open_list, *drop_replaced, *drop_update, *due,
        *sent, *next, *hasten, *confirm, *total;
    struct {
        int64_t number, attempts;
    } published[PUBLISH_MAX];
};

/* How much stands in the queue. */
static enum err measure(struct event_queue *queue, int64_t *count, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = queue->total;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) {
        queue->bytes = column_integer(row, 0);
        *count = column_integer(row, 1);
    }
    return err;
}

enum err event_queue_open(struct event_queue **out, struct database *database, int64_t bytes_max,
                          struct why *why)
{
    CLEANUP(event_queue_close_p) struct event_queue *queue = MEM_NEW(struct event_queue);
    queue->database = database;
    queue->bytes_max = bytes_max ? bytes_max : BYTES_MAX;
    const struct statement_text texts[] = {
        {&queue->push, SQL_QUEUE_PUSH},
        {&queue->open_put, SQL_QUEUE_OPEN_PUT},
        {&queue->open_delete, SQL_QUEUE_OPEN_DELETE},
        {&queue->open_list, SQL_QUEUE_OPEN_LIST},
        {&queue->drop_replaced, SQL_QUEUE_DROP_REPLACED},
        {&queue->drop_update, SQL_QUEUE_DROP_UPDATE},
        {&queue->due, SQL_QUEUE_DUE},
        {&queue->sent, SQL_QUEUE_SENT},
        {&queue->next, SQL_QUEUE_NEXT},
        {&queue->hasten, SQL_QUEUE_HASTEN},
        {&queue->confirm, SQL_QUEUE_CONFIRM},
        {&queue->total, SQL_QUEUE_TOTAL},
    };
    int64_t count = 0;
    enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { err = measure(queue, &count, why); }
    if (err == OK) { *out = TAKE(queue); }
    return err;
}

void event_queue_close(struct event_queue *queue)
{
    free(queue); /* the statements belong to the connection */
}

/* A transaction of our own, unless the caller has one. */
static enum err begin(const struct event_queue *queue, bool *ours, struct why *why)
{
    *ours = !database_in_transaction(queue->database);
    return *ours ? database_begin(queue->database, why) : OK;
}

static void end(const struct event_queue *queue, bool ours, enum err *err, struct why *why)
{
    if (ours) { database_end(queue->database, err, why); }
}

/* Deletes one row by a statement that returns its size; `*dropped` false when there was none. */
static enum err drop_one(struct event_queue *queue, struct statement *drop, bool *dropped,
                         struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = drop;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    *dropped = err == OK && step == STEP_ROW;
    if (*dropped) { queue->bytes -= column_integer(row, 0); }
    return err;
}

static enum err shrink(struct event_queue *queue, struct why *why)
{
    enum err err = OK;
    bool dropped = true;
    while (err == OK && dropped && queue->bytes > queue->bytes_max) {
        err = drop_one(queue, queue->drop_replaced, &dropped, why);
        if (err == OK && !dropped) { err = drop_one(queue, queue->drop_update, &dropped, why); }
    }
    return err;
}

static enum err note_open(struct event_queue *queue, const struct event *event, const char *content,
                          struct why *why)
{
    if (event->state == EVENT_STATE_END) {
        statement_bind_text(queue->open_delete, ":event_id", event->id);
        return statement_run(queue->open_delete, NULL, why);
    }
    statement_bind_text(queue->open_put, ":event_id", event->id);
    statement_bind_integer(queue->open_put, ":sequence", event->sequence);
    statement_bind_text(queue->open_put, ":content", content);
    return statement_run(queue->open_put, NULL, why);
}

static enum err push(struct event_queue *queue, const struct event *event,
                     const struct text *content, int64_t now_us, struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(queue->push, ":event_id", event->id);
    statement_bind_integer(queue->push, ":sequence", event->sequence);
    statement_bind_integer(queue->push, ":state", event->state);
    statement_bind_text(queue->push, ":content", text_c(content));
    statement_bind_integer(queue->push, ":bytes", (int64_t)content->size);
    statement_bind_integer(queue->push, ":due_us", now_us);
    enum err err = statement_run(queue->push, &changed, why);
    if (err != OK || changed == 0) { return err; }
    queue->bytes += (int64_t)content->size;
    err = note_open(queue, event, text_c(content), why);
    return err == OK ? shrink(queue, why) : err;
}

enum err event_queue_push(struct event_queue *queue, const struct event *event, int64_t now_us,
                          struct why *why)
{
    CLEANUP(value_free_p) struct value *object = event_to_value(event);
    CLEANUP(text_deinit) struct text content = text_limited(CONTENT_SIZE_MAX);
    value_write(object, &content);
    if (content.overflow) { return why_set(why, ERR_LIMIT, "event %s is too large", event->id); }
    bool ours = false;
    const int64_t bytes = queue->bytes;
    enum err err = begin(queue, &ours, why);
    if (err != OK) { return err; }
    err = push(queue, event, &content, now_us, why);
    end(queue, ours, &err, why);
    if (err != OK) { queue->bytes = bytes; }
    return err;
}

static int64_t retry_after_us(int64_t attempts)
{
    int64_t pause_us = RETRY_LEAST_US;
    for (int64_t i = 1; i < attempts && pause_us < RETRY_MOST_US; i++) {
        pause_us *= 2;
    }
    return pause_us < RETRY_MOST_US ? pause_us : RETRY_MOST_US;
}

/* Hands due events to `each`; remembers which went out. */
static enum err hand_out(struct event_queue *queue, const struct event_queue_due *due,
                         size_t *count, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = queue->due;
    statement_bind_integer(rows, ":now", due->now_us);
    statement_bind_integer(rows, ":limit", due->limit < PUBLISH_MAX ? due->limit : PUBLISH_MAX);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        struct value *content = NULL;
        err = value_parse(&content, span_text(column_text(rows, 1)), CONTENT_SIZE_MAX, why);
        if (err != OK || !due->each(due->context, content)) { break; }
        queue->published[*count].number = column_integer(rows, 0);
        queue->published[*count].attempts = column_integer(rows, 2) + 1;
        (*count)++;
        err = statement_step(rows, &step, why);
    }
    return err;
}

static enum err note_published(struct event_queue *queue, size_t count, int64_t now_us,
                               struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < count; i++) {
        const int64_t attempts = queue->published[i].attempts;
        statement_bind_integer(queue->sent, ":number", queue->published[i].number);
        statement_bind_integer(queue->sent, ":attempts", attempts);
        statement_bind_integer(queue->sent, ":due_us", now_us + retry_after_us(attempts));
        err = statement_run(queue->sent, NULL, why);
    }
    return err;
}

enum err event_queue_publish(struct event_queue *queue, const struct event_queue_due *due,
                             struct why *why)
{
    size_t count = 0;
    enum err err = hand_out(queue, due, &count, why);
    if (err != OK || count == 0) { return err; }
    bool ours = false;
    err = begin(queue, &ours, why);
    if (err != OK) { return err; }
    err = note_published(queue, count, due->now_us, why);
    end(queue, ours, &err, why);
    return err;
}

enum err event_queue_next_us(struct event_queue *queue, int64_t *due_us, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = queue->next;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *due_us = column_is_null(row, 0) ? INT64_MAX : column_integer(row, 0); }
    return err;
}

enum err event_queue_hasten(struct event_queue *queue, int64_t now_us, struct why *why)
{
    statement_bind_integer(queue->hasten, ":now", now_us);
    return statement_run(queue->hasten, NULL, why);
}

static enum err remove_confirmed(struct event_queue *queue, const struct confirm *confirm,
                                 int64_t *removed, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < confirm->count; i++) {
        int64_t changed = 0;
        statement_bind_text(queue->confirm, ":event_id", confirm->events[i].event_id);
        statement_bind_integer(queue->confirm, ":sequence", confirm->events[i].sequence);
        err = statement_run(queue->confirm, &changed, why);
        *removed += changed;
    }
    int64_t left = 0;
    return err == OK ? measure(queue, &left, why) : err;
}

enum err event_queue_confirm(struct event_queue *queue, const struct confirm *confirm,
                             int64_t *removed, struct why *why)
{
    int64_t count = 0;
    bool ours = false;
    const int64_t bytes = queue->bytes;
    enum err err = begin(queue, &ours, why);
    if (err != OK) { return err; }
    err = remove_confirmed(queue, confirm, &count, why);
    end(queue, ours, &err, why);
    if (err != OK) { queue->bytes = bytes; }
    if (err == OK && removed) { *removed = count; }
    return err;
}

static enum err visit_open(const struct statement *row,
                           void (*each)(void *context, const struct event *event), void *context,
                           struct why *why)
{
    CLEANUP(value_free_p) struct value *content = NULL;
    struct event event;
    enum err err = value_parse(&content, span_text(column_text(row, 0)), CONTENT_SIZE_MAX, why);
    if (err == OK) { err = event_parse(&event, content, why); }
    if (err == OK) { each(context, &event); }
    return err;
}

enum err event_queue_each_open(struct event_queue *queue,
                               void (*each)(void *context, const struct event *event),
                               void *context, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = queue->open_list;
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        err = visit_open(rows, each, context, why);
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    return err;
}

enum err event_queue_count(struct event_queue *queue, int64_t *count, struct why *why)
{
    return measure(queue, count, why);
}
