/*
 * store/database - one connection to the database: the embedded one (SQLite in WAL mode with
 * synchronous=NORMAL, encrypted with AES-256 by SQLite3 Multiple Ciphers, sqlcipher 4 format, raw
 * key) or, when the configuration has an `address`, PostgreSQL 15 or newer.
 *
 * Named parameters, one text of SQL for both (store/dialect.h), statements prepared at start. A
 * connection belongs to one thread; open one per thread. One connection writes at a time, on both:
 * a transaction takes the write lock at its begin and waits up to `busy_wait_ms` for it. On
 * PostgreSQL a failed statement spoils its transaction: pass the error to database_end.
 */
#pragma once

#include "base/err.h"
#include "base/secret.h"
#include "base/span.h"

struct database;
struct statement;
struct value;

enum { DATABASE_KEY_SIZE = 32 };

struct database_config {
    const char *path; /* created with mode 0600 when it is missing */
    /*
     * PostgreSQL instead of a file: postgresql://USER@HOST/NAME or "host=... dbname=...". Never
     * with a password, which libpq takes from PGPASSWORD or the file named by PGPASSFILE.
     */
    const char *address;
    const struct secret
        *key; /* DATABASE_KEY_SIZE bytes, borrowed during open; NULL only in tests: no encryption */
    const struct secret
        *column_key;           /* DATABASE_KEY_SIZE too, borrowed during open; NULL: of `key` */
    int busy_wait_ms;          /* 0 means 5000 */
    int64_t cache_kib;         /* page cache; 0 means 2048 */
    bool checkpoint_elsewhere; /* this connection never waits for a checkpoint's fsync */
    bool every_zone; /* on PostgreSQL: sees the whole site from its start (store/guard.h) */
};

/* A numbered step of the schema: sql/migrations/NAME/NNNN-title.sql, embedded by the build. */
struct migration {
    int64_t number;
    const char *title;
    const char *sql;
    const char *postgres; /* what PostgreSQL runs instead; NULL: the same, its types translated */
};

/*
 * Opens and keys. ERR_DENIED: wrong key or not a database; wrong password, or one in the address.
 * ERR_IO: the file or folder. ERR_UNAVAILABLE: the server.
 */
MUST_USE enum err database_open(struct database **out, const struct database_config *config,
                                struct why *why);
void database_close(struct database *database); /* finalises its statements; NULL is allowed */
CLEANUP_FOR(struct database, database_close)

/*
 * Applies the migrations that are not yet in the table `migrations`, in order, each in its own
 * transaction; several programs may do so at once. On PostgreSQL the connection reaches every zone
 * from then on (store/guard.h). ERR_CONFLICT: the database is newer than the program, or a text
 * changed.
 */
MUST_USE enum err database_migrate(struct database *database, const struct migration *list,
                                   size_t count, struct why *why);

/* Transactions. database_end commits when `*err` is OK, else rolls back; a failed commit sets it.
 */
MUST_USE enum err database_begin(struct database *database, struct why *why);
void database_end(struct database *database, enum err *err, struct why *why);

/*
 * Moves what the log holds into the main file, without keeping anybody from reading or writing. A
 * commit does it by itself once the log has grown to 1000 pages, and then waits for the disk; where
 * people wait for commits, their connections leave it to one that calls this every few seconds.
 */
MUST_USE enum err database_checkpoint(struct database *database, struct why *why);

/*
 * What the keys of sealed columns are sealed under (src/vault): the configured one, else one
 * derived from `key` (then whoever has that has both), else, in tests, zeros.
 */
const struct secret *database_column_key(const struct database *database);
MUST_USE enum err database_derive_column_key(struct secret **out, const struct secret *key,
                                             struct why *why);

/* Whether a broken page was met since the connection was opened: only another file can help. */
bool database_damaged(const struct database *database);

/* For modules that join a transaction if there is one, and else make their own. */
bool database_in_transaction(const struct database *database);

/* A statement for the life of the connection; freed by database_close. */
MUST_USE enum err database_prepare(struct statement **out, struct database *database,
                                   const char *sql, struct why *why);

/* A whole module's statements at once, at its start. */
struct statement_text {
    struct statement **out;
    const char *sql;
};
MUST_USE enum err database_prepare_all(struct database *database, const struct statement_text *list,
                                       size_t count, struct why *why);

/*
 * Binding by parameter name, ":name" in SQL. An unknown name is a bug (assertion). Text and bytes
 * are borrowed until statement_reset; NULL text binds NULL. Integers carry times too
 * (microseconds).
 */
void statement_bind_text(struct statement *statement, const char *name, const char *text);
void statement_bind_bytes(struct statement *statement, const char *name, struct span bytes);
void statement_bind_integer(struct statement *statement, const char *name, int64_t number);
void statement_bind_real(struct statement *statement, const char *name, double number);
void statement_bind_null(struct statement *statement, const char *name);

enum step { STEP_ROW, STEP_DONE };

/*
 * Moves to the next row. ERR_CONFLICT: a constraint; ERR_TIMEOUT: locked; ERR_IO: disk, full too;
 * ERR_DAMAGED: a broken page; ERR_DENIED: row-level security; ERR_UNAVAILABLE: the connection was
 * lost, and a write may or may not have been done.
 */
MUST_USE enum err statement_step(struct statement *statement, enum step *step, struct why *why);

/* Binds nothing more and lets go of the row; required before the next use. */
void statement_reset(struct statement *statement);
static inline void statement_reset_p(struct statement **held)
{
    if (*held) { statement_reset(*held); }
}

/* For statements without rows: step, reset. `*changed` (may be NULL) = number of rows changed. */
MUST_USE enum err statement_run(struct statement *statement, int64_t *changed, struct why *why);

/* Columns of the current row, by index from 0; text and bytes are valid until the next step. */
const char *column_text(const struct statement *statement, int index); /* NULL for NULL */
struct span column_bytes(const struct statement *statement, int index);
int64_t column_integer(const struct statement *statement, int index);
double column_real(const struct statement *statement, int index);
bool column_is_null(const struct statement *statement, int index);

/* All rows of what is bound, each as `read` makes of it, in an array for the caller; resets. */
MUST_USE enum err statement_list(struct statement *rows,
                                 struct value *(*read)(const struct statement *row),
                                 struct value **out, struct why *why);

/* Runs SQL without parameters or rows, several statements at once: migrations and tests. */
MUST_USE enum err database_execute(struct database *database, const char *sql, struct why *why);
