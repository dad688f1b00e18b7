#include "store/database.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
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

enum err connection_error(struct database *database, int code, const char *doing, struct why *why)
{
    const enum err err = error_kind(code);
    if (err == ERR_DAMAGED || err == ERR_DENIED) { database->damaged = true; }
    const int cause = err == ERR_IO ? sqlite3_system_errno(database->handle) : 0;
    char words[CAUSE_SIZE] = "";
    if (err == ERR_DENIED) {
        return why_set(why, err, "%s: %s: wrong key, or not a database; check TOCSIN_DATABASE_KEY",
                       database->path, doing);
    }
    return why_set(why, err, "%s: %s: %s%s%s", database->path, doing,
                   sqlite3_errmsg(database->handle), cause ? ": " : "",
                   cause ? strerror_r(cause, words, sizeof words) : "");
}

/*
 * Another connection holds the write lock. SQLite's own handler sleeps up to 100 ms at a time,
 * which an operator would feel; the transactions here last well under a millisecond.
 */
static int wait_for_lock(void *context, int attempt)
{
    struct database *database = context;
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
static enum err unlock(struct database *database, const struct secret *key, struct why *why)
{
    const struct span bytes = secret_bytes(key);
    if (bytes.size != DATABASE_KEY_SIZE) {
        return why_set(why, ERR_RANGE, "database key has %zu bytes, expected %d", bytes.size,
                       DATABASE_KEY_SIZE);
    }
    enum err err = database_execute(database, "PRAGMA cipher='sqlcipher'; PRAGMA legacy=4", why);
    if (err != OK) { return err; }
    char quoted[2 + 2 * DATABASE_KEY_SIZE + 2] = "x'";
    (void)sodium_bin2hex(quoted + 2, 2 * DATABASE_KEY_SIZE + 1, bytes.data, bytes.size);
    quoted[2 + 2 * DATABASE_KEY_SIZE] = '\'';
    const int code = sqlite3_key(database->handle, quoted, 3 + 2 * DATABASE_KEY_SIZE);
    sodium_memzero(quoted, sizeof quoted);
    return code == SQLITE_OK ? OK : connection_error(database, code, "key", why);
}

/* Derived, so that a site without a column key has sealed columns all the same. */
static enum err take_column_key(struct database *database, const struct database_config *config,
                                struct why *why)
{
    uint8_t bytes[DATABASE_KEY_SIZE] = {0};
    const struct span given =
        config->column_key ? secret_bytes(config->column_key) : span_of(bytes, sizeof bytes);
    if (given.size != sizeof bytes) {
        return why_set(why, ERR_RANGE, "column key has %zu bytes, expected %d", given.size,
                       DATABASE_KEY_SIZE);
    }
    if (!config->column_key && config->key) {
        (void)crypto_kdf_derive_from_key(bytes, sizeof bytes, 1, "tsccolmn",
                                         secret_bytes(config->key).data);
    }
    const enum err err = secret_new(&database->column_key, given, why);
    sodium_memzero(bytes, sizeof bytes);
    return err;
}

const struct secret *database_column_key(const struct database *database)
{
    return database->column_key;
}

/* The first read: it fails when the key is wrong. */
static enum err look_inside(struct database *database, struct why *why)
{
    const int code =
        sqlite3_exec(database->handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : connection_error(database, code, "open", why);
}

static enum err configure(struct database *database, const struct database_config *config,
                          struct why *why)
{
    (void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    (void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    char pragmas[PRAGMA_SIZE];
    (void)snprintf(pragmas, sizeof pragmas,
                   "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                   "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=%d;"
                   "PRAGMA journal_size_limit=8388608; PRAGMA cell_size_check=ON;"
                   "PRAGMA cache_size=-%lld",
                   config->checkpoint_elsewhere ? 0 : CHECKPOINT_PAGES,
                   (long long)(config->cache_kib ? config->cache_kib : CACHE_KIB));
    return database_execute(database, pragmas, why);
}

enum err database_open(struct database **out, const struct database_config *config, struct why *why)
{
    enum err err = make_private(config->path, why);
    if (err != OK) { return err; }
    CLEANUP(database_close_p) struct database *database = MEM_NEW(struct database);
    database->path = mem_text(config->path);
    database->busy_wait_us =
        (config->busy_wait_ms ? config->busy_wait_ms : BUSY_WAIT_MS) * INT64_C(1000);
    const int code =
        sqlite3_open_v2(config->path, &database->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) { return connection_error(database, code, "open", why); }
    (void)sqlite3_busy_handler(database->handle, wait_for_lock, database);
    if (config->key) { err = unlock(database, config->key, why); }
    if (err == OK) { err = take_column_key(database, config, why); }
    if (err == OK) { err = look_inside(database, why); }
    if (err == OK) { err = configure(database, config, why); }
    if (err == OK) { *out = TAKE(database); }
    return err;
}

void database_close(struct database *database)
{
    if (!database) { return; }
    while (database->statements) {
        struct statement *gone = database->statements;
        database->statements = gone->next;
        (void)sqlite3_finalize(gone->handle);
        free(gone);
    }
    (void)sqlite3_close_v2(database->handle);
    free(database->path);
    secret_free(database->column_key);
    free(database);
}

enum err database_execute(struct database *database, const char *sql, struct why *why)
{
    const int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : connection_error(database, code, "execute", why);
}

enum err database_begin(struct database *database, struct why *why)
{
    assert(sqlite3_get_autocommit(database->handle)); /* transactions do not nest */
    const int code = sqlite3_exec(database->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : connection_error(database, code, "begin", why);
}

void database_end(struct database *database, enum err *err, struct why *why)
{
    if (*err == OK) {
        const int code = sqlite3_exec(database->handle, "COMMIT", NULL, NULL, NULL);
        if (code != SQLITE_OK) { *err = connection_error(database, code, "commit", why); }
    }
    /* A full disk makes SQLite roll back by itself; a second ROLLBACK would be an error. */
    if (*err != OK && !sqlite3_get_autocommit(database->handle)) {
        (void)sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

enum err database_checkpoint(struct database *database, struct why *why)
{
    const int code =
        sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code == SQLITE_OK || code == SQLITE_BUSY) { return OK; } /* another one is at it */
    return connection_error(database, code, "checkpoint", why);
}

bool database_in_transaction(const struct database *database)
{
    return !sqlite3_get_autocommit(database->handle);
}

bool database_damaged(const struct database *database)
{
    return database->damaged;
}
