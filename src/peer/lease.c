#include "peer/lease.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "queries/peer_lease.h"

struct lease {
    struct statement *find, *first, *take, *release;
    const char *name;
    char holder[LEASE_HOLDER_SIZE]; /* what we write: "SERVER RUN" */
    size_t server_size;             /* of SERVER and the space */
    char seen[LEASE_HOLDER_SIZE];
    int64_t seen_beats;
    int64_t seen_us; /* since when it stands like that; 0: not read since the start or a fault */
    int64_t held_until_us; /* 0: not held */
    bool began;
};

enum err lease_open(struct lease **out, const struct lease_config *config, struct why *why)
{
    CLEANUP(lease_close_p) struct lease *lease = MEM_NEW(struct lease);
    const struct statement_text texts[] = {{&lease->find, SQL_LEASE_FIND},
                                           {&lease->first, SQL_LEASE_FIRST},
                                           {&lease->take, SQL_LEASE_TAKE},
                                           {&lease->release, SQL_LEASE_RELEASE}};
    const int size =
        snprintf(lease->holder, sizeof lease->holder, "%s %s", config->server, config->run);
    if (size < 0 || (size_t)size >= sizeof lease->holder) {
        return why_set(why, ERR_LIMIT, "the server's name is too long for a lease");
    }
    lease->name = config->name;
    lease->server_size = strlen(config->server) + 1;
    const enum err err = database_prepare_all(config->database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(lease); }
    return err;
}

void lease_close(struct lease *lease)
{
    free(lease); /* the statements belong to the connection */
}

bool lease_held(const struct lease *lease, int64_t now_us)
{
    return now_us < lease->held_until_us;
}

/* Reads the row; remembers since when it stands as it does. */
static enum err look(struct lease *lease, int64_t now_us, bool *there, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = lease->find;
    statement_bind_text(row, ":name", lease->name);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    *there = err == OK && step == STEP_ROW;
    if (!*there) { return err; }
    const char *holder = column_text(row, 0);
    const int64_t beats = column_integer(row, 1);
    if (lease->seen_us == 0 || beats != lease->seen_beats || strcmp(holder, lease->seen) != 0) {
        lease->seen_us = now_us;
        lease->seen_beats = beats;
        if (!text_copy(lease->seen, sizeof lease->seen, holder)) {
            return why_set(why, ERR_DAMAGED, "a lease's holder is longer than we write it");
        }
    }
    return OK;
}

/* Ours already, given up, left by an earlier run of this server, or without life for too long. */
static bool may_take(const struct lease *lease, int64_t now_us)
{
    if (strcmp(lease->seen, lease->holder) == 0 || lease->seen[0] == '\0') { return true; }
    if (!lease->began && strncmp(lease->seen, lease->holder, lease->server_size) == 0) {
        return true;
    }
    return now_us - lease->seen_us >= LEASE_TAKE_US;
}

static enum err take(struct lease *lease, int64_t now_us, struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(lease->take, ":name", lease->name);
    statement_bind_text(lease->take, ":holder", lease->holder);
    statement_bind_text(lease->take, ":seen_holder", lease->seen);
    statement_bind_integer(lease->take, ":seen_beats", lease->seen_beats);
    const enum err err = statement_run(lease->take, &changed, why);
    if (err != OK) { return err; }
    lease->held_until_us = changed == 1 ? now_us + LEASE_HOLD_US : 0;
    if (changed == 1) {
        memcpy(lease->seen, lease->holder, sizeof lease->seen);
        lease->seen_beats++;
    }
    return OK;
}

static enum err tick(struct lease *lease, int64_t now_us, struct why *why)
{
    bool there = false;
    enum err err = look(lease, now_us, &there, why);
    if (err == OK && !there) {
        statement_bind_text(lease->first, ":name", lease->name);
        statement_bind_text(lease->first, ":holder", lease->holder);
        err = statement_run(lease->first, NULL, why);
        if (err == OK) { err = look(lease, now_us, &there, why); }
    }
    if (err != OK || !there) { return err; }
    if (!may_take(lease, now_us)) {
        lease->held_until_us = 0; /* somebody else has taken it */
        lease->began = true;
        return OK;
    }
    err = take(lease, now_us, why);
    if (err == OK) { lease->began = true; }
    return err;
}

enum err lease_tick(struct lease *lease, int64_t now_us, struct why *why)
{
    const enum err err = tick(lease, now_us, why);
    if (err != OK) { lease->seen_us = 0; } /* what was not read was not silent */
    return err;
}

enum err lease_release(struct lease *lease, struct why *why)
{
    lease->held_until_us = 0;
    statement_bind_text(lease->release, ":name", lease->name);
    statement_bind_text(lease->release, ":holder", lease->holder);
    return statement_run(lease->release, NULL, why);
}
