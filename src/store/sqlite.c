/*
 * The embedded database. WAL mode, synchronous=NORMAL, AES-256 by SQLite3 Multiple Ciphers.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"
#include "store/connection.h"

enum {
    BUSY_WAIT_MS = 5000,
    BUSY_STEP_LEAST_US = 200,
    BUSY_STEP_MOST_US = 5000,
    CACHE_KIB = 2048,
    CHECKPOINT_PAGES = 1000,
    PRAGMA_SIZE = 512,
    CAUSE_SIZE = 128
};

struct sqlite {
    struct database database;
    sqlite3 *handle;
    int64_t busy_wait_us;
    int64_t busy_since_us; /* when the present wait for a lock began */
    bool damaged;          /* a page was found broken */
};

struct sqlite_statement {
    struct statement statement;
    sqlite3_stmt *handle;
};

static struct sqlite *own(struct database *database)
{
    return (struct sqlite *)database;
}

static sqlite3 *handle_of(const struct database *database)
{
    return ((const struct sqlite *)database)->handle;
}

static sqlite3_stmt *row_of(const struct statement *statement)
{
    return ((const struct sqlite_statement *)statement)->handle;
}

/* ---- errors ---- */

static enum err error_kind(int code)
{
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT: return ERR_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERR_TIMEOUT;
    case SQLITE_NOTADB:
    case SQLITE_AUTH:
    case SQLITE_PERM: return ERR_DENIED;
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM: return ERR_LIMIT;
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH: return ERR_MALFORMED;
    case SQLITE_CORRUPT: return ERR_DAMAGED;
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL: return ERR_UNAVAILABLE;
    default: return ERR_IO; /* IOERR, FULL, CANTOPEN, READONLY */
    }
}

/*
 * Turns SQLite's result code into an error: `doing` says what was tried ("begin", "step"). The
 * sentence names the file and, for disk errors, the cause from the operating system.
 */
static enum err failure(struct database *database, int code, const char *doing, struct why *why)
{
    const enum err err = error_kind(code);
    if (err == ERR_DAMAGED || err == ERR_DENIED) { own(database)->damaged = true; }
    const int cause = err == ERR_IO ? sqlite3_system_errno(handle_of(database)) : 0;
    char words[CAUSE_SIZE] = "";
    if (err == ERR_DENIED) {
        return why_set(why, err, "%s: %s: wrong key, or not a database; check TOCSIN_DATABASE_KEY",
                       database->name, doing);
    }
    return why_set(why, err, "%s: %s: %s%s%s", database->name, doing,
                   sqlite3_errmsg(handle_of(database)), cause ? ": " : "",
                   cause ? strerror_r(cause, words, sizeof words) : "");
}

static enum err execute(struct database *database, const char *sql, struct why *why)
{
    const int code = sqlite3_exec(handle_of(database), sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : failure(database, code, "execute", why);
}

/*
 * Another connection holds the write lock. SQLite's own handler sleeps up to 100 ms at a time,
 * which an operator would feel; the transactions here last well under a millisecond.
 */
static int wait_for_lock(void *context, int attempt)
{
    struct sqlite *database = context;
    const int64_t now_us = clock_monotonic_us();
    if (attempt == 0) { database->busy_since_us = now_us; }
    if (now_us - database->busy_since_us >= database->busy_wait_us) { return 0; }
    int64_t step_us = (int64_t)BUSY_STEP_LEAST_US << (attempt < 5 ? attempt : 5);
    if (step_us > BUSY_STEP_MOST_US) { step_us = BUSY_STEP_MOST_US; }
    const struct timespec pause = {.tv_nsec = step_us * 1000};
    (void)nanosleep(&pause, NULL);
    return 1;
}

/*
 * Makes the file with mode 0600 before SQLite would make it with the umask's. By mknod, because
 * closing any descriptor of the file would drop the locks that other connections of this process
 * hold (POSIX). The -wal and -shm files get the mode of the main file from SQLite.
 */
static enum err make_private(const char *path, struct why *why)
{
    char words[CAUSE_SIZE];
    if (mknod(path, S_IFREG | 0600, 0) != 0 && errno != EEXIST) {
        return why_set(why, ERR_IO, "database %s cannot be made: %s", path,
                       strerror_r(errno, words, sizeof words));
    }
    struct stat facts;
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return why_set(why, ERR_IO, "database %s is not a regular file", path);
    }
    if ((facts.st_mode & 077) != 0 && chmod(path, 0600) != 0) {
        return why_set(why, ERR_IO, "database %s: others may read it, and chmod failed: %s", path,
                       strerror_r(errno, words, sizeof words));
    }
    return OK;
}

/* The raw key as SQLite3 Multiple Ciphers reads it, x'64 hex digits': no slow derivation at open.
 */
enum { QUOTED_SIZE = 2 + 2 * DATABASE_KEY_SIZE + 2, QUOTED_LENGTH = QUOTED_SIZE - 1 };

static enum err quote(char quoted[static QUOTED_SIZE], const struct secret *key, struct why *why)
{
    const struct span bytes = secret_bytes(key);
    if (bytes.size != DATABASE_KEY_SIZE) {
        return why_set(why, ERR_RANGE, "database key has %zu bytes, expected %d", bytes.size,
                       DATABASE_KEY_SIZE);
    }
    quoted[0] = 'x';
    quoted[1] = '\'';
    (void)sodium_bin2hex(quoted + 2, 2 * DATABASE_KEY_SIZE + 1, bytes.data, bytes.size);
    quoted[QUOTED_LENGTH - 1] = '\'';
    quoted[QUOTED_LENGTH] = '\0';
    return OK;
}

static enum err unlock(struct database *database, const struct secret *key, struct why *why)
{
    char quoted[QUOTED_SIZE];
    enum err err = quote(quoted, key, why);
    if (err == OK) { err = execute(database, "PRAGMA cipher='sqlcipher'; PRAGMA legacy=4", why); }
    if (err != OK) { return err; }
    const int code = sqlite3_key(handle_of(database), quoted, QUOTED_LENGTH);
    sodium_memzero(quoted, sizeof quoted);
    return code == SQLITE_OK ? OK : failure(database, code, "key", why);
}

enum err sqlite_rekey(struct database *database, const struct secret *key, struct why *why)
{
    char quoted[QUOTED_SIZE];
    const enum err err = quote(quoted, key, why);
    if (err != OK) { return err; }
    const int code = sqlite3_rekey(handle_of(database), quoted, QUOTED_LENGTH);
    sodium_memzero(quoted, sizeof quoted);
    return code == SQLITE_OK ? OK : failure(database, code, "rekey", why);
}

/* The first read: it fails when the key is wrong. */
static enum err look_inside(struct database *database, struct why *why)
{
    const int code =
        sqlite3_exec(handle_of(database), "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : failure(database, code, "open", why);
}

static enum err configure(struct database *database, const struct database_config *config,
                          struct why *why)
{
    (void)sqlite3_db_config(handle_of(database), SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    (void)sqlite3_db_config(handle_of(database), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    char pragmas[PRAGMA_SIZE];
    (void)snprintf(pragmas, sizeof pragmas,
                   "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                   "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=%d;"
                   "PRAGMA journal_size_limit=8388608; PRAGMA cell_size_check=ON;"
                   "PRAGMA cache_size=-%lld",
                   config->checkpoint_elsewhere ? 0 : CHECKPOINT_PAGES,
                   (long long)(config->cache_kib ? config->cache_kib : CACHE_KIB));
    return execute(database, pragmas, why);
}

static enum err sqlite_open(struct database **out, const struct database_config *config,
                            struct why *why)
{
    enum err err = make_private(config->path, why);
    if (err != OK) { return err; }
    struct sqlite *sqlite = MEM_NEW(struct sqlite);
    CLEANUP(database_close_p) struct database *database = &sqlite->database;
    database->backend = &SQLITE_BACKEND;
    database->name = mem_text(config->path);
    sqlite->busy_wait_us =
        (config->busy_wait_ms ? config->busy_wait_ms : BUSY_WAIT_MS) * INT64_C(1000);
    const int code =
        sqlite3_open_v2(config->path, &sqlite->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) { return failure(database, code, "open", why); }
    (void)sqlite3_busy_handler(sqlite->handle, wait_for_lock, sqlite);
    if (config->key) { err = unlock(database, config->key, why); }
    if (err == OK) { err = look_inside(database, why); }
    if (err == OK) { err = configure(database, config, why); }
    if (err == OK) { *out = TAKE(database); }
    return err;
}

static void sqlite_close_connection(struct database *database)
{
    (void)sqlite3_close_v2(handle_of(database));
}

static enum err begin(struct database *database, struct why *why)
{
    assert(sqlite3_get_autocommit(handle_of(database))); /* transactions do not nest */
    const int code = sqlite3_exec(handle_of(database), "BEGIN IMMEDIATE", NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : failure(database, code, "begin", why);
}

static void end(struct database *database, enum err *err, struct why *why)
{
    if (*err == OK) {
        const int code = sqlite3_exec(handle_of(database), "COMMIT", NULL, NULL, NULL);
        if (code != SQLITE_OK) { *err = failure(database, code, "commit", why); }
    }
    /* A full disk makes SQLite roll back by itself; a second ROLLBACK would be an error. */
    if (*err != OK && !sqlite3_get_autocommit(handle_of(database))) {
        (void)sqlite3_exec(handle_of(database), "ROLLBACK", NULL, NULL, NULL);
    }
}

static enum err checkpoint(struct database *database, struct why *why)
{
    const int code =
        sqlite3_wal_checkpoint_v2(handle_of(database), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code == SQLITE_OK || code == SQLITE_BUSY) { return OK; } /* another one is at it */
    return failure(database, code, "checkpoint", why);
}

static bool in_transaction(const struct database *database)
{
    return !sqlite3_get_autocommit(handle_of(database));
}

static bool damaged(const struct database *database)
{
    return ((const struct sqlite *)database)->damaged;
}

/* ---- statements ---- */

static enum err prepare(struct statement **out, struct database *database, const char *sql,
                        struct why *why)
{
    sqlite3_stmt *handle = NULL;
    const int code =
        sqlite3_prepare_v3(handle_of(database), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
    if (code != SQLITE_OK) { return failure(database, code, "prepare", why); }
    assert(handle); /* SQL without a statement is a bug */
    struct sqlite_statement *statement = MEM_NEW(struct sqlite_statement);
    statement->handle = handle;
    *out = &statement->statement;
    return OK;
}

static void finalise(struct statement *statement)
{
    (void)sqlite3_finalize(row_of(statement));
    free(statement);
}

static int bind_bytes(sqlite3_stmt *row, int index, struct span bytes)
{
    assert(bytes.size <= INT_MAX);
    return bytes.size == 0
               ? sqlite3_bind_zeroblob(row, index, 0)
               : sqlite3_bind_blob(row, index, bytes.data, (int)bytes.size, SQLITE_STATIC);
}

static void bind(struct statement *statement, const char *name, const struct bound *value)
{
    sqlite3_stmt *row = row_of(statement);
    const int index = sqlite3_bind_parameter_index(row, name);
    assert(index > 0); /* the SQL has no parameter of this name */
    int code = SQLITE_OK;
    switch (value->kind) {
    case BOUND_KIND_NULL: code = sqlite3_bind_null(row, index); break;
    case BOUND_KIND_TEXT:
        code = sqlite3_bind_text(row, index, (const char *)value->bytes.data,
                                 (int)value->bytes.size, SQLITE_STATIC);
        break;
    case BOUND_KIND_BYTES: code = bind_bytes(row, index, value->bytes); break;
    case BOUND_KIND_INTEGER: code = sqlite3_bind_int64(row, index, value->integer); break;
    case BOUND_KIND_REAL: code = sqlite3_bind_double(row, index, value->real); break;
    }
    assert(code == SQLITE_OK); /* fails on misuse and beyond a gigabyte: both are bugs here */
    (void)code;
}

static enum err step_row(struct statement *statement, enum step *step, struct why *why)
{
    const int code = sqlite3_step(row_of(statement));
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return failure(statement->database, code, "step", why);
    }
    *step = code == SQLITE_ROW ? STEP_ROW : STEP_DONE;
    return OK;
}

static int64_t changed(const struct statement *statement)
{
    return sqlite3_changes64(handle_of(statement->database));
}

static void reset(struct statement *statement)
{
    (void)sqlite3_reset(row_of(statement)); /* repeats the code that step has told already */
    (void)sqlite3_clear_bindings(row_of(statement));
}

static struct span row_bytes(const struct statement *statement, int index)
{
    sqlite3_stmt *row = row_of(statement);
    const void *data = sqlite3_column_type(row, index) == SQLITE_BLOB
                           ? sqlite3_column_blob(row, index)
                           : (const void *)sqlite3_column_text(row, index);
    return span_of(data, (size_t)sqlite3_column_bytes(row, index));
}

static int64_t row_integer(const struct statement *statement, int index)
{
    return sqlite3_column_int64(row_of(statement), index);
}

static double row_real(const struct statement *statement, int index)
{
    return sqlite3_column_double(row_of(statement), index);
}

static bool row_is_null(const struct statement *statement, int index)
{
    return sqlite3_column_type(row_of(statement), index) == SQLITE_NULL;
}

const struct backend SQLITE_BACKEND = {
    .open = sqlite_open,
    .close = sqlite_close_connection,
    .execute = execute,
    .begin = begin,
    .end = end,
    .in_transaction = in_transaction,
    .checkpoint = checkpoint,
    .damaged = damaged,
    .prepare = prepare,
    .finalise = finalise,
    .bind = bind,
    .step = step_row,
    .changed = changed,
    .reset = reset,
    .bytes = row_bytes,
    .integer = row_integer,
    .real = row_real,
    .is_null = row_is_null,
};
