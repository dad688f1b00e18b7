#include "store/rekey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "queries/store_rekey.h"
#include "store/connection.h"

enum { PATH_SIZE = 4096, BUSY_WAIT_MS = 500 };

/* The copy, and what SQLite lays beside it; from a run that was killed too. */
static void remove_copy(const char *copy)
{
    static const char *const suffixes[] = {"-journal", "-wal", "-shm", ""};
    char path[PATH_SIZE + 16];
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        (void)snprintf(path, sizeof path, "%s%s", copy, suffixes[i]);
        (void)unlink(path);
    }
}

/* Alone with the file, its log moved into it and gone; nobody gets in until it is closed. */
static enum err open_alone(struct database **out, const struct rekey_config *config,
                           struct why *why)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    struct database_config old = *config->database;
    old.busy_wait_ms = BUSY_WAIT_MS;
    if (access(old.path, F_OK) != 0) { /* opening would make it */
        return why_set(why, ERR_NOT_FOUND, "there is no database %.180s", old.path);
    }
    enum err err = database_open(&database, &old, why);
    if (!err) { err = database_execute(database, SQL_REKEY_ALONE, why); }
    if (err == ERR_TIMEOUT) {
        return why_set(why, ERR_TIMEOUT, "%.160s is in use: stop the program that runs on it first",
                       old.path);
    }
    if (!err) { *out = TAKE(database); }
    return err;
}

static enum err copy_into(struct database *database, const char *copy, struct why *why)
{
    struct statement *vacuum = NULL;
    const enum err err = database_prepare(&vacuum, database, SQL_REKEY_COPY, why);
    if (err) { return err; }
    statement_bind_text(vacuum, ":path", copy);
    return statement_run(vacuum, NULL, why);
}

/* The copy under its new key, with what the caller changes in it. */
static enum err turn(const struct rekey_config *config, const char *copy, struct why *why)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    CLEANUP(secret_free_p) struct secret *column_key = NULL;
    struct database_config facts = *config->database;
    facts.path = copy;
    enum err err = database_open(&database, &facts, why);
    if (!err) { err = database_execute(database, SQL_REKEY_LOOSE, why); }
    if (!err) { err = sqlite_rekey(database, config->key, why); }
    if (!err) { err = secret_new(&column_key, secret_bytes(database_column_key(database)), why); }
    if (err) { return err; }
    database_close(TAKE(database));
    facts.key = config->key;
    facts.column_key = column_key;
    err = database_open(&database, &facts, why);
    if (!err && config->prepare) { err = config->prepare(config->context, database, why); }
    if (!err) { err = database_execute(database, SQL_REKEY_ALONE, why); } /* no log is left */
    return err;
}

static enum err sync_path(const char *path, int flags, struct why *why)
{
    const int file = open(path, flags | O_CLOEXEC);
    const bool synced = file >= 0 && fsync(file) == 0;
    const int cause = errno;
    if (file >= 0) { (void)close(file); }
    return synced ? OK
                  : why_set(why, ERR_IO, "%.160s cannot be kept: %s", path, strerrordesc_np(cause));
}

/* From here on the new key counts. */
static enum err take_place(const char *copy, const char *path, struct why *why)
{
    char folder[PATH_SIZE];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) { slash[slash == folder] = '\0'; }
    enum err err = sync_path(copy, O_RDONLY, why);
    if (err) { return err; }
    if (rename(copy, path) != 0) {
        return why_set(why, ERR_IO, "%.160s cannot take its place: %s", copy,
                       strerrordesc_np(errno));
    }
    err = sync_path(slash ? folder : ".", O_RDONLY | O_DIRECTORY, why);
    return err;
}

enum err rekey_file(const struct rekey_config *config, struct why *why)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    char copy[PATH_SIZE];
    if (snprintf(copy, sizeof copy, "%s.rekey", config->database->path) >= (int)sizeof copy) {
        return why_set(why, ERR_LIMIT, "the path of the database is too long");
    }
    enum err err = open_alone(&database, config, why);
    if (err) { return err; }
    remove_copy(copy);
    err = copy_into(database, copy, why);
    if (!err) { err = turn(config, copy, why); }
    if (!err) { err = take_place(copy, config->database->path, why); }
    if (err) { remove_copy(copy); }
    return err;
}
