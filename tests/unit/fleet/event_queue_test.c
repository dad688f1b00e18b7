/* Events wait on the edge's disk until they are confirmed. */
#include "fleet/event_queue.h"

#include <signal.h>
#include <sys/wait.h>

#include "check.h"
#include "fleet_words.h"
#include "migrations/edge.h"

#define S(seconds) (TEST_NOW_US + (seconds)*CLOCK_SECOND_US)

/* Borrowed until the next call: it has kilobytes, and a compiler may inline every call. */
static const struct event *make(int visit, int64_t sequence, enum event_state state)
{
    static struct event event;
    words_event_read(&event);
    event.id[34] = (char)('a' + visit);
    event.sequence = sequence;
    event.state = state;
    event.ended_us = state == EVENT_STATE_END ? event.updated_us : 0;
    return &event;
}

static enum err push(struct event_queue *queue, int visit, int64_t sequence, enum event_state state)
{
    return event_queue_push(queue, make(visit, sequence, state), S(0), NULL);
}

struct sink {
    struct text words;
    int room;
};

static bool take(void *context, struct value *content)
{
    struct sink *sink = context;
    CLEANUP(value_free_p) struct value *owned = content;
    if (sink->room == 0) { return false; }
    sink->room--;
    text_format(&sink->words, "%c%lld ", value_text_or(value_get(owned, "event_id"), "?")[34],
                (long long)value_integer_or(value_get(owned, "sequence"), 0));
    return true;
}

/* What is published at `now_us`, as words; `room` says how many the bus takes. */
static const char *publish(struct event_queue *queue, struct sink *sink, int64_t now_us, int room)
{
    text_deinit(&sink->words);
    *sink = (struct sink){.words = text_limited(4000), .room = room};
    const struct event_queue_due due = {
        .now_us = now_us, .limit = 100, .context = sink, .each = take};
    return event_queue_publish(queue, &due, NULL) == OK ? text_c(&sink->words) : "failed";
}

static void they_go_in_order_until_confirmed(struct tables *tables)
{
    struct sink sink = {0};
    struct event_queue *queue = NULL;
    int64_t due_us = 0;
    int64_t removed = 0;
    CHECK(event_queue_open(&queue, tables->database, 0, NULL) == OK);
    CHECK(event_queue_next_us(queue, &due_us, NULL) == OK && due_us == INT64_MAX);
    CHECK(push(queue, 0, 1, EVENT_STATE_BEGIN) == OK && push(queue, 1, 1, EVENT_STATE_BEGIN) == OK);
    CHECK(push(queue, 0, 2, EVENT_STATE_UPDATE) == OK &&
          push(queue, 0, 2, EVENT_STATE_UPDATE) == OK);
    CHECK_TEXT(publish(queue, &sink, S(0), 2), "a1 b1 ");
    CHECK_TEXT(publish(queue, &sink, S(1), 9), "a2 ");
    CHECK_TEXT(publish(queue, &sink, S(9), 9), "");
    CHECK(event_queue_next_us(queue, &due_us, NULL) == OK && due_us == S(10));
    CHECK_TEXT(publish(queue, &sink, S(11), 9), "a1 b1 a2 ");
    CHECK_TEXT(publish(queue, &sink, S(22), 9), ""); /* twenty seconds the second time */
    CHECK(event_queue_hasten(queue, S(22), NULL) == OK);
    CHECK_TEXT(publish(queue, &sink, S(22), 9), "a1 b1 a2 ");

    event_queue_close(queue);
    tables_reopen(tables);
    CHECK(event_queue_open(&queue, tables->database, 0, NULL) == OK);
    static struct confirm confirm;
    CHECK(confirm_add(&confirm, make(0, 2, EVENT_STATE_UPDATE)->id, 2));
    CHECK(event_queue_confirm(queue, &confirm, &removed, NULL) == OK && removed == 2);
    CHECK_TEXT(publish(queue, &sink, S(900), 9), "b1 ");
    text_deinit(&sink.words);
    event_queue_close(queue);
}

static void note(void *context, const struct event *event)
{
    text_format(context, "%c%lld ", event->id[34], (long long)event->sequence);
}

static void what_has_not_ended_is_known(struct tables *tables)
{
    struct event_queue *queue = NULL;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CHECK(event_queue_open(&queue, tables->database, 0, NULL) == OK);
    CHECK(event_queue_each_open(queue, note, &words, NULL) == OK);
    CHECK_TEXT(text_c(&words), "a2 b1 ");
    CHECK(push(queue, 0, 3, EVENT_STATE_END) == OK);
    text_clear(&words);
    CHECK(event_queue_each_open(queue, note, &words, NULL) == OK);
    CHECK_TEXT(text_c(&words), "b1 ");
    event_queue_close(queue);
}

static void begins_and_ends_are_never_lost(struct tables *tables)
{
    struct event_queue *queue = NULL;
    CHECK(database_execute(tables->database, "DELETE FROM event_queue", NULL) == OK);
    CHECK(event_queue_open(&queue, tables->database, 4000, NULL) == OK);
    for (int visit = 0; visit < 5; visit++) {
        CHECK(push(queue, visit, 11, EVENT_STATE_BEGIN) == OK);
        for (int i = 12; i < 20; i++) {
            CHECK(push(queue, visit, i, EVENT_STATE_UPDATE) == OK);
        }
        CHECK(push(queue, visit, 20, EVENT_STATE_END) == OK);
    }
    CHECK(tables_number(tables, "SELECT count(*) FROM event_queue WHERE state <> 1") == 10);
    CHECK(tables_number(tables, "SELECT count(*) FROM event_queue") < 14);
    event_queue_close(queue);
}

static void kill_9_keeps_what_was_acknowledged(struct tables *tables)
{
    int ends[2];
    if (pipe(ends) != 0) { exit(1); }
    CHECK(database_execute(tables->database, "DELETE FROM event_queue", NULL) == OK);
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        struct event_queue *queue = NULL;
        struct database *database = tables_connect(tables);
        if (event_queue_open(&queue, database, 0, NULL) != OK) { _exit(1); }
        for (int i = 1; push(queue, 0, i, EVENT_STATE_UPDATE) == OK && write(ends[1], "x", 1) == 1;
             i++) {}
        _exit(1);
    }
    char told;
    int64_t acknowledged = 0;
    while (acknowledged < 50 && read(ends[0], &told, 1) == 1) {
        acknowledged++;
    }
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    (void)close(ends[1]);
    while (read(ends[0], &told, 1) == 1) {
        acknowledged++;
    }
    (void)close(ends[0]);
    const int64_t kept = tables_number(tables, "SELECT count(*) FROM event_queue");
    CHECK(kept == acknowledged || kept == acknowledged + 1);
}

int main(void)
{
    struct tables tables;
    tables_open(&tables, MIGRATIONS_EDGE, ARRAY_LEN(MIGRATIONS_EDGE));
    they_go_in_order_until_confirmed(&tables);
    what_has_not_ended_is_known(&tables);
    begins_and_ends_are_never_lost(&tables);
    kill_9_keeps_what_was_acknowledged(&tables);
    tables_close(&tables);
    return CHECK_DONE();
}
