/* A database that must not keep its program from starting. */
#include "store/salvage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

enum { PAGE_SIZE = 4096 };

static char folder[] = "/tmp/tocsin-salvage-XXXXXX";
static char path[64];
static const struct migration steps[] = {
    {1, "notes", .sql = "CREATE TABLE notes (word TEXT); CREATE INDEX notes_word ON notes (word)"}};

static struct secret *key_of(uint8_t first)
{
    uint8_t bytes[DATABASE_KEY_SIZE] = {first, 2, 3};
    struct secret *key = NULL;
    if (secret_new(&key, span_of(bytes, sizeof bytes), NULL) != OK) { exit(1); }
    return key;
}

/* Opens with the key of `first`; the number of notes, or -1. */
static int64_t open_and_count(uint8_t first, bool *renewed, struct why *why)
{
    CLEANUP(secret_free_p) struct secret *key = key_of(first);
    CLEANUP(database_close_p) struct database *database = NULL;
    const struct salvage_config config = {.database = {.path = path, .key = key},
                                          .migrations = steps,
                                          .migration_count = ARRAY_LEN(steps)};
    struct statement *count = NULL;
    enum step step = STEP_DONE;
    if (salvage_open(&database, &config, renewed, why) != OK ||
        database_prepare(&count, database, "SELECT count(*) FROM notes", NULL) != OK ||
        statement_step(count, &step, NULL) != OK) {
        return -1;
    }
    return column_integer(count, 0);
}

static void fill(void)
{
    CLEANUP(secret_free_p) struct secret *key = key_of(1);
    CLEANUP(database_close_p) struct database *database = NULL;
    const struct database_config config = {.path = path, .key = key};
    CHECK(database_open(&database, &config, NULL) == OK);
    CHECK(
        database_execute(database,
                         "DELETE FROM notes;"
                         "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE "
                         "i < 2000) INSERT INTO notes SELECT 'a word of some length ' || i FROM n",
                         NULL) == OK);
}

static void break_page(int page)
{
    uint8_t rubbish[PAGE_SIZE];
    memset(rubbish, 0x5a, sizeof rubbish);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && pwrite(fd, rubbish, sizeof rubbish, (off_t)page * PAGE_SIZE) == PAGE_SIZE);
    (void)close(fd);
}

static bool exists(const char *suffix)
{
    char name[96];
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    return access(name, F_OK) == 0;
}

static void what_is_whole_stays(void)
{
    bool renewed = true;
    CHECK(open_and_count(1, &renewed, NULL) == 0);
    CHECK(!renewed);
    fill();
    CHECK(open_and_count(1, &renewed, NULL) == 2000);
    CHECK(!renewed && !exists(".damaged"));
}

static void what_is_damaged_is_set_aside(int page)
{
    bool renewed = false;
    struct why why = {0};
    fill();
    break_page(page);
    CHECK(open_and_count(1, &renewed, &why) == 0);
    CHECK(renewed && exists(".damaged") && strstr(why.text, "set aside as ") != NULL);
    CHECK(open_and_count(1, &renewed, NULL) == 0);
    CHECK(!renewed);
}

/* The right key comes back: what was whole is still there under its first name. */
static void a_key_that_does_not_fit_sets_aside(void)
{
    bool renewed = false;
    struct why why = {0};
    fill();
    CHECK(open_and_count(9, &renewed, &why) == 0);
    CHECK(renewed && exists(".damaged-3") && strstr(why.text, ".damaged-3: ") != NULL);
    CHECK(open_and_count(1, &renewed, NULL) == 0);
    CHECK(renewed && exists(".damaged-4"));
    char aside[96];
    (void)snprintf(aside, sizeof aside, "%s.damaged-3", path);
    CHECK(rename(aside, path) == 0);
    CHECK(open_and_count(1, &renewed, NULL) == 2000 && !renewed);
}

static void what_a_new_file_would_not_mend_is_told(void)
{
    bool renewed = true;
    struct why why = {0};
    CHECK(mkdir("/tmp/tocsin-salvage-folder", 0700) == 0);
    (void)snprintf(path, sizeof path, "/tmp/tocsin-salvage-folder");
    CHECK(open_and_count(1, &renewed, &why) == -1);
    CHECK(!renewed && strstr(why.text, "not a regular file") != NULL);
    CHECK(rmdir("/tmp/tocsin-salvage-folder") == 0);
}

int main(void)
{
    if (!mkdtemp(folder)) { return 1; }
    (void)snprintf(path, sizeof path, "%s/memory.db", folder);
    what_is_whole_stays();
    what_is_damaged_is_set_aside(0);
    what_is_damaged_is_set_aside(5);
    a_key_that_does_not_fit_sets_aside();
    static const char *const names[] = {"", ".damaged", ".damaged-2", ".damaged-3", ".damaged-4"};
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(suffixes); i++) {
        char name[96];
        (void)snprintf(name, sizeof name, "%s%s%s", path, names[i / 3], suffixes[i % 3]);
        (void)unlink(name);
    }
    what_a_new_file_would_not_mend_is_told();
    (void)rmdir(folder);
    return CHECK_DONE();
}
