#include "camera/reader.h"

#include <sodium.h>
#include <stdio.h>

#include "base/clock.h"
#include "system/backoff.h"
#include "system/queue.h"
#include "system/worker.h"

struct reader {
    struct reader_options options;
    struct shared_flag stop;
    struct queue *nap; /* owned: nothing is ever in it; closing it ends a wait */
    struct worker *worker;
    enum reader_state state;
    uint64_t run_next;
    bool probe;
};

const char *reader_state_name(enum reader_state state)
{
    switch (state) {
    case READER_STATE_CONNECTING: return "connecting";
    case READER_STATE_ONLINE: return "online";
    case READER_STATE_STALLED: return "stalled";
    case READER_STATE_OFFLINE: return "offline";
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

struct reader_options reader_options_usual(void)
{
    return (struct reader_options){
        .open_timeout_us = 10 * CLOCK_SECOND_US,
        .stall_us = 10 * CLOCK_SECOND_US,
        .retry_least_us = CLOCK_SECOND_US,
        .retry_most_us = 60 * CLOCK_SECOND_US,
    };
}

static void enter(struct reader *reader, enum reader_state state, const char *reason)
{
    if (reader->state == state) { return; }
    reader->state = state;
    reader->options.state(reader->options.context, state, reason);
}

/* Hands on what comes until it breaks. */
static enum err read_all(struct reader *reader, struct source *source, struct why *why)
{
    for (;;) {
        CLEANUP(packet_drop_p) struct packet *packet = NULL;
        const enum err err = source_next(source, &packet, why);
        reader->run_next = source_run(source) + 1;
        if (err) { return err; }
        enter(reader, READER_STATE_ONLINE, "");
        reader->options.packet(reader->options.context, packet);
    }
}

/* One connection, from its beginning to its end. */
static enum err connect_once(struct reader *reader, struct why *why)
{
    const struct source_options options = {
        .address = reader->options.address,
        .transport = reader->options.transport,
        .open_timeout_us = reader->options.open_timeout_us,
        .stall_us = reader->options.stall_us,
        .probe = reader->probe,
        .run_first = reader->run_next,
        .stop = &reader->stop,
    };
    CLEANUP(source_close_p) struct source *source = NULL;
    const enum err err = source_open(&source, &options, why);
    return err ? err : read_all(reader, source, why);
}

static void run(void *context)
{
    struct reader *reader = context;
    struct backoff backoff =
        backoff_between(reader->options.retry_least_us, reader->options.retry_most_us);
    while (!shared_flag_raised(&reader->stop)) {
        struct why why = {0};
        const int64_t begun_us = clock_monotonic_us();
        const enum err err = connect_once(reader, &why);
        if (shared_flag_raised(&reader->stop)) { return; }
        const bool worked = reader->state == READER_STATE_ONLINE;
        if (err == ERR_CONFLICT) {
            reader->probe = true; /* open it again at once, the slow way */
            continue;
        }
        const bool stalled = worked && err == ERR_TIMEOUT;
        enter(reader, stalled ? READER_STATE_STALLED : READER_STATE_OFFLINE, why.text);
        /* A camera that answers and breaks off at once must not be stormed. */
        const bool lasted = clock_monotonic_us() - begun_us > 2 * backoff.next_us;
        if (worked && lasted) { backoff_succeed(&backoff); }
        (void)queue_pop(reader->nap, backoff_fail(&backoff, randombytes_random()));
    }
}

enum err reader_start(struct reader **out, const char *name, const struct reader_options *options,
                      struct why *why)
{
    CLEANUP(reader_free_p) struct reader *reader = MEM_NEW(struct reader);
    reader->options = *options;
    reader->nap = queue_new(1, NULL);
    reader->run_next = 1;
    reader->state = READER_STATE_CONNECTING;
    const enum err err = worker_start(&reader->worker, name, run, reader, why);
    if (err) { return err; }
    *out = TAKE(reader);
    return OK;
}

void reader_stop(struct reader *reader)
{
    shared_flag_raise(&reader->stop);
    queue_close(reader->nap);
}

void reader_free(struct reader *reader)
{
    if (!reader) { return; }
    reader_stop(reader);
    worker_join(reader->worker);
    queue_free(reader->nap);
    free(reader);
}
