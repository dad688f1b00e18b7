/*
 * store/postgres - the connection to PostgreSQL (15 or newer) behind store/database.h: postgres.c
 * makes and mends it, postgres_statement.c runs statements on it. For this folder only.
 *
 * A connection that was lost (the server restarted, a backend was ended) is made again by the next
 * use outside a transaction; inside one everything is refused until database_end. What only reads
 * is then asked a second time; a single write is not, because it may have been done: it fails with
 * ERR_UNAVAILABLE. Blocking I/O on one socket, one thread.
 */
#pragma once

#include <libpq-fe.h>

#include "store/connection.h"

struct postgres {
    struct database database;
    PGconn *link; /* owned; never NULL once it is open, but its server may be gone */
    char *address;
    char *scope; /* the setting tocsin.zones, see store/guard.h; "" = none */
    int busy_wait_ms;
    int64_t generation;    /* of the link: statements prepared on an older one are gone */
    int64_t prepared;      /* statements so far, for their names */
    bool in_transaction;   /* between begin and end */
    bool lost_transaction; /* the link broke in between */
};

struct postgres_statement;

/* What goes to the server in one round trip. */
struct postgres_call {
    const char *statement; /* name of a prepared one */
    int count;
    const char *const *values;
    const int *lengths;
    const int *formats;
};

/* Makes sure that there is a link; ERR_UNAVAILABLE when there is none, or inside a lost
 * transaction. */
MUST_USE enum err postgres_ready(struct postgres *postgres, struct why *why);

/* Before what cannot be asked twice: notices that the server has gone, and mends that. */
MUST_USE enum err postgres_fresh(struct postgres *postgres, struct why *why);

/*
 * Runs one prepared statement, binary in and out. Outside a transaction it is one of its own, which
 * takes the write lock first when it `writes`. The caller clears `*out`.
 */
MUST_USE enum err postgres_run(struct postgres *postgres, const struct postgres_call *call,
                               bool writes, PGresult **out, struct why *why);

/* The error that a result (NULL: the link) stands for, in words without anybody's data. */
enum err postgres_failure(struct postgres *postgres, const PGresult *result, const char *doing,
                          struct why *why);

/* Whether the link broke, so that ERR_UNAVAILABLE may be mended by asking again. */
bool postgres_lost(const struct postgres *postgres);

/* ---- postgres_statement.c ---- */

MUST_USE enum err postgres_prepare(struct statement **out, struct database *database,
                                   const char *sql, struct why *why);
void postgres_finalise(struct statement *held);
void postgres_bind(struct statement *held, const char *name, const struct bound *value);
MUST_USE enum err postgres_step(struct statement *held, enum step *step, struct why *why);
int64_t postgres_changed(const struct statement *held);
void postgres_reset(struct statement *held);
struct span postgres_bytes(const struct statement *held, int index);
int64_t postgres_integer(const struct statement *held, int index);
double postgres_real(const struct statement *held, int index);
bool postgres_is_null(const struct statement *held, int index);
