/* The embedded database: its key, its file, its transactions, and what a fault leaves behind. */
#include "store/connection.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "system/file.h"

static const char MARKER[] = "MARKER-path-closed-at-the-north-gate";
static char folder[] = "/tmp/tocsin-database-XXXXXX";
static char path[64];

static struct database *must_open(const struct secret *key)
{
    struct database *database = NULL;
    struct why why = {0};
    const struct database_config config = {.path = path, .key = key};
    if (database_open(&database, &config, &why) != OK) {
        printf("# %s\n", why.text);
        exit(1);
    }
    return database;
}

static struct secret *key_of(uint8_t first)
{
    uint8_t bytes[32] = {first, 2, 3};
    struct secret *key = NULL;
    if (secret_new(&key, span_of(bytes, sizeof bytes), NULL) != OK) { exit(1); }
    return key;
}

static int64_t number_of(struct database *database, const char *sql)
{
    struct statement *statement = NULL;
    enum step step;
    int64_t number = -1;
    if (database_prepare(&statement, database, sql, NULL) == OK &&
        statement_step(statement, &step, NULL) == OK && step == STEP_ROW) {
        number = column_integer(statement, 0);
    }
    if (statement) { statement_reset(statement); }
    return number;
}

static bool contains_marker(const char *suffix)
{
    char whole[128];
    (void)snprintf(whole, sizeof whole, "%s%s", path, suffix);
    CLEANUP(text_deinit) struct text bytes = text_limited(64 << 20);
    if (file_read(&bytes, whole, NULL) != OK) { return false; }
    return memmem(bytes.data, bytes.size, MARKER, strlen(MARKER)) != NULL;
}

static void a_stolen_file_shows_nothing(void)
{
    CLEANUP(secret_free_p) struct secret *key = key_of(1);
    CLEANUP(database_close_p) struct database *database = must_open(key);
    CHECK(database_execute(database, "CREATE TABLE t (word TEXT)", NULL) == OK);
    struct statement *insert = NULL;
    CHECK(database_prepare(&insert, database, "INSERT INTO t VALUES (:word)", NULL) == OK);
    for (int i = 0; i < 50; i++) {
        statement_bind_text(insert, ":word", MARKER);
        CHECK(statement_run(insert, NULL, NULL) == OK);
    }
    CHECK(!contains_marker("-wal"));
    CHECK(database_execute(database, "PRAGMA wal_checkpoint(TRUNCATE)", NULL) == OK);
    CHECK(!contains_marker(""));
    struct stat facts;
    CHECK(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0600);
    CHECK(database_execute(database, "INSERT INTO t VALUES ('x')", NULL) == OK);
    char wal[80];
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    CHECK(stat(wal, &facts) == 0 && (facts.st_mode & 0777) == 0600);
}

static void a_plain_file_would_have_shown_it(void)
{
    /* The search above proves nothing unless it finds the marker where there is no key. */
    char kept[64];
    memcpy(kept, path, sizeof kept);
    (void)snprintf(path, sizeof path, "%s/plain.db", folder);
    CLEANUP(database_close_p) struct database *database = must_open(NULL);
    CHECK(database_execute(database,
                           "CREATE TABLE t (word TEXT);"
                           "INSERT INTO t VALUES ('MARKER-path-closed-at-the-north-gate');"
                           "PRAGMA wal_checkpoint(TRUNCATE)",
                           NULL) == OK);
    CHECK(contains_marker(""));
    memcpy(path, kept, sizeof kept);
}

static void a_wrong_key_is_denied(void)
{
    CLEANUP(secret_free_p) struct secret *wrong = key_of(9);
    struct database *database = NULL;
    struct why why = {0};
    struct database_config config = {.path = path, .key = wrong};
    CHECK(database_open(&database, &config, &why) == ERR_DENIED);
    CHECK(strstr(why.text, "TOCSIN_DATABASE_KEY") != NULL);
    config.key = NULL;
    CHECK(database_open(&database, &config, &why) == ERR_DENIED);
    CLEANUP(secret_free_p) struct secret *brief = NULL;
    CHECK(secret_new(&brief, span_text("short"), NULL) == OK);
    config.key = brief;
    CHECK(database_open(&database, &config, &why) == ERR_RANGE);
    CHECK(database == NULL);
    config.path = "/nonexistent/folder/x.db";
    CHECK(database_open(&database, &config, &why) == ERR_IO);
    config.path = folder;
    CHECK(database_open(&database, &config, &why) == ERR_IO);
}

/* A child commits row after row, tells each through a pipe, and is killed in the middle of one. */
static _Noreturn void write_until_killed(int out)
{
    CLEANUP(secret_free_p) struct secret *key = key_of(1);
    struct database *database = must_open(key);
    for (uint8_t i = 1;; i++) {
        enum err err = database_begin(database, NULL);
        for (int j = 0; err == OK && j < 10; j++) {
            err = database_execute(database, "INSERT INTO k VALUES (1)", NULL);
            if (i == 20 && j == 5) {
                (void)!write(out, &i, 1);
                (void)pause();
            }
        }
        database_end(database, &err, NULL);
        if (err != OK || write(out, &i, 1) != 1) { _exit(1); }
    }
}

static void a_killed_writer_leaves_whole_transactions(void)
{
    CLEANUP(secret_free_p) struct secret *key = key_of(1);
    {
        CLEANUP(database_close_p) struct database *database = must_open(key);
        CHECK(database_execute(database, "CREATE TABLE k (n INTEGER)", NULL) == OK);
    }
    int ends[2];
    if (pipe(ends) != 0) { exit(1); }
    const pid_t child = fork();
    if (child == 0) { write_until_killed(ends[1]); }
    uint8_t told = 0;
    while (told < 20 && read(ends[0], &told, 1) == 1) {}
    CHECK(told == 20);
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, NULL, 0) == child);
    (void)close(ends[0]);
    (void)close(ends[1]);
    CLEANUP(database_close_p) struct database *database = must_open(key);
    CHECK(number_of(database, "SELECT count(*) FROM k") == 190);
    CHECK(number_of(database, "SELECT count(*) FROM pragma_integrity_check WHERE "
                              "integrity_check = 'ok'") == 1);
}

/* A file that may not grow is what a full disk looks like; the old rows must stay readable. */
static int fill_the_disk(void)
{
    CLEANUP(secret_free_p) struct secret *key = key_of(1);
    CLEANUP(database_close_p) struct database *database = must_open(key);
    (void)signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {.rlim_cur = 256 << 10, .rlim_max = 256 << 10};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) { return 2; }
    enum err err = OK;
    struct why why = {0};
    int64_t committed = 0;
    for (int i = 0; err == OK && i < 1000; i++) {
        err = database_begin(database, &why);
        if (err != OK) { break; }
        err = database_execute(database, "INSERT INTO d VALUES (zeroblob(8000))", &why);
        database_end(database, &err, &why);
        if (err == OK) { committed++; }
    }
    printf("# full after %lld rows: %s\n", (long long)committed, why.text);
    if (err != ERR_IO || committed == 0 || why.text[0] == '\0') { return 3; }
    if (number_of(database, "SELECT count(*) FROM d") != committed) { return 4; }
    (void)fflush(stdout);
    return committed > 100 ? 5 : 100 + (int)committed;
}

static void a_full_disk_is_an_error_and_no_damage(void)
{
    CLEANUP(secret_free_p) struct secret *key = key_of(1);
    {
        CLEANUP(database_close_p) struct database *database = must_open(key);
        CHECK(database_execute(database, "CREATE TABLE d (b BLOB)", NULL) == OK);
    }
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) { _exit(fill_the_disk()); }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK(WEXITSTATUS(status) > 100);
    CLEANUP(database_close_p) struct database *database = must_open(key);
    CHECK(number_of(database, "SELECT count(*) FROM d") == WEXITSTATUS(status) - 100);
    CHECK(database_execute(database, "INSERT INTO d VALUES (x'00')", NULL) == OK);
    CHECK(number_of(database, "SELECT count(*) FROM pragma_integrity_check WHERE "
                              "integrity_check = 'ok'") == 1);
}

static void the_log_stays_small(void)
{
    CLEANUP(secret_free_p) struct secret *key = key_of(1);
    CLEANUP(database_close_p) struct database *database = must_open(key);
    for (int i = 0; i < 3000; i++) {
        if (database_execute(database, "INSERT INTO d VALUES (zeroblob(4000))", NULL) != OK) {
            CHECK(false);
        }
    }
    char wal[80];
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    struct stat facts;
    CHECK(stat(wal, &facts) == 0 && facts.st_size <= 8 << 20);
}

int main(void)
{
    if (!mkdtemp(folder)) { return 1; }
    (void)snprintf(path, sizeof path, "%s/test.db", folder);
    a_stolen_file_shows_nothing();
    a_plain_file_would_have_shown_it();
    a_wrong_key_is_denied();
    a_killed_writer_leaves_whole_transactions();
    a_full_disk_is_an_error_and_no_damage();
    the_log_stays_small();
    for (const char *const *name =
             (const char *const[]){"test.db", "test.db-wal", "test.db-shm", "plain.db",
                                   "plain.db-wal", "plain.db-shm", NULL};
         *name; name++) {
        char whole[96];
        (void)snprintf(whole, sizeof whole, "%s/%s", folder, *name);
        (void)unlink(whole);
    }
    CHECK(rmdir(folder) == 0);
    return CHECK_DONE();
}
