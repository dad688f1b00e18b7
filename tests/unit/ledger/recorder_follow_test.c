/* One log and two servers: each with files and a copy of the key, one database between them. */
#include "base/clock.h"
#include "check.h"
#include "ledger/keep.h"
#include "ledger/log_key.h"
#include "ledger/recorder.h"
#include "lib/scratch.h"
#include "migrations/control.h"
#include "system/file.h"
#include "tables.h"

static const int64_t now_us = INT64_C(1795312229000000);

struct server {
    char folder[40], log[FILE_PATH_SIZE];
    struct recorder *recorder;
    struct why why;
};

static struct tables control;
static struct server here, there;

static void must(enum err err, const struct why *why)
{
    if (err == OK) { return; }
    printf("Bail out! %s\n", why->text);
    exit(1);
}

static void start(struct server *server, bool follows)
{
    const struct recorder_config config = {.database = control.database,
                                           .state_folder = server->folder,
                                           .log_folder = server->log,
                                           .origin = "site/audit",
                                           .now_us = now_us,
                                           .follows = follows,
                                           .keep_us = 7 * 365 * CLOCK_DAY_US};
    recorder_close(TAKE(server->recorder));
    must(recorder_open(&server->recorder, &config, &server->why), &server->why);
}

static void make_folder(struct server *server)
{
    (void)snprintf(server->folder, sizeof server->folder, "/tmp/tocsin-recorder-XXXXXX");
    if (!mkdtemp(server->folder)) { abort(); }
    must(file_join(server->log, server->folder, "audit", &server->why), &server->why);
}

static void enter(int count)
{
    struct why why = {""};
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    const struct entry_fact fact = {
        .at_us = now_us, .user = "ana", .action = "alert_sent", .resource = "a"};
    must(journal_open(&journal, control.database, &why), &why);
    for (int i = 0; i < count; i++) {
        must(journal_enter(journal, &fact, &why), &why);
    }
}

static bool run(struct server *server)
{
    bool fresh = false;
    must(recorder_run(server->recorder, &fresh, &server->why), &server->why);
    return fresh;
}

static bool follow(struct server *server)
{
    bool fresh = false;
    must(recorder_follow(server->recorder, &fresh, &server->why), &server->why);
    return fresh;
}

static bool same_note(void)
{
    return span_equal(recorder_note(here.recorder), recorder_note(there.recorder));
}

static void copy_key(void)
{
    char from[FILE_PATH_SIZE];
    char to[FILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text key = text_limited(4096);
    struct why why = {""};
    must(file_join(from, here.folder, "audit.key", &why), &why);
    must(file_join(to, there.folder, "audit.key", &why), &why);
    must(file_read(&key, from, &why), &why);
    must(file_write(to, text_span(&key), 0600, &why), &why);
}

/* The lead goes there and back; the log stays one. */
static void test_turns(void)
{
    start(&here, true);
    start(&there, true);
    CHECK(!follow(&there) && !recorder_halted(there.recorder)); /* nothing signed, no key yet */
    CHECK(recorder_lead(here.recorder, now_us, &here.why) == OK);
    copy_key();
    enter(700);
    CHECK(run(&here) && recorder_size(here.recorder) == 700);
    CHECK(follow(&there) && recorder_size(there.recorder) == 700 && same_note());
    CHECK(!follow(&there));
    enter(5); /* not signed: nobody else carries it */
    CHECK(!follow(&there) && recorder_size(there.recorder) == 700);

    /* "here" is gone. */
    CHECK(recorder_lead(there.recorder, now_us, &there.why) == OK && run(&there));
    CHECK(recorder_size(there.recorder) == 705 && !recorder_halted(there.recorder));
    start(&here, true);
    CHECK(follow(&here) && recorder_size(here.recorder) == 705 && same_note());
    enter(300);
    CHECK(run(&there) && follow(&here) && same_note());
    CHECK(recorder_lead(here.recorder, now_us, &here.why) == OK);
    enter(1);
    CHECK(run(&here) && follow(&there) && same_note() && recorder_size(there.recorder) == 1006);
}

/* The former leader is slow: what it signs of less does not take the place of more. */
static void test_slow_leader(void)
{
    CHECK(recorder_lead(there.recorder, now_us, &there.why) == OK);
    enter(2);
    CHECK(run(&there));
    CHECK(recorder_lead(here.recorder, now_us, &here.why) == OK);
    enter(2);
    CHECK(run(&here) && run(&there) && recorder_size(there.recorder) == 1010);
    start(&here, true);
    CHECK(!follow(&here) && !recorder_halted(here.recorder));
}

/* The one that leads closes an epoch and lets entries go; the other does the same after it. */
static void test_house(void)
{
    uint64_t pruned = 0;
    struct why why = {""};
    char bundle[FILE_PATH_SIZE];
    const int64_t month_us = now_us + 32 * CLOCK_DAY_US;
    must(file_join(bundle, here.log, "tile/entries/000", &why), &why);
    must(recorder_keep_house(there.recorder, month_us, &pruned, &why), &why);
    must(recorder_follow_house(here.recorder, &why), &why);
    CHECK(pruned == 0 && file_exists(bundle) && keep_there(here.log, KEEP_EPOCH, 1010));
    must(recorder_keep_house(there.recorder, month_us + 7 * 365 * CLOCK_DAY_US, &pruned, &why),
         &why);
    CHECK(pruned == 768 && file_exists(bundle));
    CHECK(follow(&here) && recorder_size(here.recorder) == 1011);
    must(recorder_follow_house(here.recorder, &why), &why);
    CHECK(!file_exists(bundle));
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(here.log, 1011);
    CHECK(shelf_first(shelf) == 768);
    start(&here, true);
    CHECK(!follow(&here) && !recorder_halted(here.recorder) && same_note());
}

/* Without the key it neither follows nor leads, and says so; alerts go on all the same. */
static void test_no_key(void)
{
    char path[FILE_PATH_SIZE];
    struct why why = {""};
    must(file_join(path, there.folder, "audit.key", &why), &why);
    CHECK(remove(path) == 0);
    start(&there, true);
    CHECK(!follow(&there) && recorder_halted(there.recorder));
    CHECK(recorder_lead(there.recorder, now_us, &there.why) == OK);
    CHECK(recorder_halted(there.recorder) && !file_exists(path));
}

/* A database whose entries are not those that were signed. */
static void test_forged(void)
{
    copy_key();
    start(&there, true);
    CHECK(!follow(&there) && !recorder_halted(there.recorder));
    enter(3);
    CHECK(recorder_lead(here.recorder, now_us, &here.why) == OK && run(&here));
    start(&there, true);
    CHECK(database_execute(control.database,
                           "UPDATE audit SET entry = entry || ' ' WHERE number = 1013;",
                           NULL) == OK);
    (void)follow(&there);
    CHECK(recorder_halted(there.recorder));
}

int main(void)
{
    tables_open(&control, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    make_folder(&here);
    make_folder(&there);
    test_turns();
    test_slow_leader();
    test_house();
    test_no_key();
    test_forged();
    recorder_close(here.recorder);
    recorder_close(there.recorder);
    tables_close(&control);
    scratch_remove(here.folder);
    scratch_remove(there.folder);
    return CHECK_DONE();
}
