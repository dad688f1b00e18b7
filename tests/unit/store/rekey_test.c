#include "store/rekey.h"

#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "system/file.h"

enum { ROWS = 2000, KILLS = 25 };

static char folder[] = "/tmp/tocsin-rekey-XXXXXX";
static char path[128];

static struct secret *filled(uint8_t filling)
{
    uint8_t bytes[DATABASE_KEY_SIZE];
    struct secret *key = NULL;
    memset(bytes, filling, sizeof bytes);
    if (secret_new(&key, span_of(bytes, sizeof bytes), NULL)) { abort(); }
    return key;
}

static enum err open_with(struct database **out, const struct secret *key, struct why *why)
{
    const struct database_config config = {.path = path, .key = key};
    return database_open(out, &config, why);
}

static int64_t count(struct database *database, const char *sql)
{
    struct statement *row = NULL;
    enum step step = STEP_DONE;
    if (database_prepare(&row, database, sql, NULL) || statement_step(row, &step, NULL)) {
        return -1;
    }
    return column_integer(row, 0);
}

/* Rows that were deleted leave their words behind, unless the copy is written afresh. */
static void fill(const struct secret *key)
{
    struct database *database = NULL;
    char sql[640];
    if (open_with(&database, key, NULL)) { abort(); }
    CHECK(database_execute(database,
                           "CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT); "
                           "BEGIN",
                           NULL) == OK);
    for (int i = 0; i < ROWS; i++) {
        (void)snprintf(sql, sizeof sql, "INSERT INTO words VALUES (%d, 'marker %0500d')", i, i);
        if (database_execute(database, sql, NULL)) { abort(); }
    }
    CHECK(database_execute(database, "COMMIT", NULL) == OK);
    database_close(database);
}

static enum err rekey(const struct secret *old, const struct secret *new, struct why *why)
{
    const struct database_config config = {.path = path, .key = old};
    const struct rekey_config wish = {.database = &config, .key = new};
    return rekey_file(&wish, why);
}

/* Whether the file opens with this key, and is whole. */
static bool whole(const struct secret *key)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    return open_with(&database, key, NULL) == OK &&
           count(database, "SELECT count(*) FROM words WHERE word LIKE 'marker%'") == ROWS &&
           count(database, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
                           "'ok'") == 0;
}

static int files(void)
{
    static const char *const suffixes[] = {"",       "-wal",           "-shm",       "-journal",
                                           ".rekey", ".rekey-journal", ".rekey-wal", ".rekey-shm"};
    char name[160];
    int found = 0;
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        found += file_exists(name);
    }
    return found;
}

static void test_change(const struct secret *old, const struct secret *new)
{
    struct why why = {""};
    CHECK(rekey(old, new, &why) == OK);
    if (*why.text) { printf("# %s\n", why.text); }
    CHECK(files() == 1); /* no copy, no log, no journal */
    CHECK(!whole(old));
    CHECK(whole(new));
    CHECK(rekey(old, new, &why) == ERR_DENIED);
    CHECK(rekey(new, old, &why) == OK && whole(old));
}

/* Whoever has it open keeps it: a program that runs, even one that is doing nothing. */
static void test_in_use(const struct secret *old, const struct secret *new)
{
    CLEANUP(database_close_p) struct database *other = NULL;
    struct why why = {""};
    CHECK(open_with(&other, old, NULL) == OK && count(other, "SELECT count(*) FROM words") == ROWS);
    CHECK(rekey(old, new, &why) == ERR_TIMEOUT && strstr(why.text, "in use"));
    CHECK(count(other, "SELECT count(*) FROM words") == ROWS);
}

/* Refused by whoever prepares the copy: the file stays as it was. */
static enum err refuse(void *context, struct database *copy, struct why *why)
{
    *(int64_t *)context = count(copy, "SELECT count(*) FROM words");
    return why_set(why, ERR_CONFLICT, "not now");
}

static void test_refused(const struct secret *old, const struct secret *new)
{
    int64_t seen = 0;
    const struct database_config config = {.path = path, .key = old};
    const struct rekey_config wish = {
        .database = &config, .key = new, .context = &seen, .prepare = refuse};
    CHECK(rekey_file(&wish, NULL) == ERR_CONFLICT && seen == ROWS);
    CHECK(whole(old) && files() <= 3);
}

/* Killed at any moment: one of the two keys opens it, and everything is there. */
static void test_kills(struct secret *keys[2])
{
    const int64_t begun_us = clock_monotonic_us();
    CHECK(rekey(keys[0], keys[1], NULL) == OK && rekey(keys[1], keys[0], NULL) == OK);
    const int64_t duration_us = (clock_monotonic_us() - begun_us) / 2;
    int now = 0;
    int changes = 0;
    bool good = true;
    /* Later and later; on, where a busy machine lets none of them come to its end. */
    const int most = 8 * KILLS;
    int round = 0;
    for (; good && (round < KILLS || (changes == 0 && round < most)); round++) {
        const pid_t child = fork();
        if (child == 0) { _exit(rekey(keys[now], keys[!now], NULL) == OK ? 0 : 1); }
        /* the last ones mostly come too late */
        (void)usleep((useconds_t)(duration_us * (round + 1) * 5 / (4 * KILLS)));
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        const bool changed = whole(keys[!now]);
        good = changed || whole(keys[now]);
        changes += changed;
        if (changed) { now = !now; }
    }
    printf("# %d of %d changed the key before they were killed\n", changes, round);
    CHECK(good && changes > 0 && changes < round);
    CHECK(rekey(keys[now], keys[!now], NULL) == OK && whole(keys[!now]) && files() <= 3);
}

int main(void)
{
    if (sodium_init() < 0 || !mkdtemp(folder)) { return 1; }
    (void)snprintf(path, sizeof path, "%s/test.db", folder);
    CLEANUP(secret_free_p) struct secret *old = filled(1);
    CLEANUP(secret_free_p) struct secret *new = filled(2);
    struct why why = {""};
    CHECK(rekey(old, new, &why) == ERR_NOT_FOUND && !file_exists(path));
    fill(old);
    test_change(old, new);
    test_in_use(old, new);
    test_refused(old, new);
    test_kills((struct secret *[]){old, new});
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char name[160];
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
    CHECK(rmdir(folder) == 0);
    return CHECK_DONE();
}
