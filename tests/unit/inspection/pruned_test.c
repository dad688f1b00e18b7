/* A log whose oldest entries have gone: what is left is checked as before, and nothing else may be
 * missing. */
#include <unistd.h>

#include "inspection/inspect.h"
#include "ledger/book.h"
#include "ledger/keep.h"
#include "ledger_yard.h"
#include "mutation.h"

enum { MUTATIONS = 10000, YEARS = 7 };
#define KEEP_US (YEARS * 365 * CLOCK_DAY_US)

static struct inspect_report report;

static bool inspect(struct yard *yard)
{
    char text[3 * NOTE_VKEY_SIZE];
    char vkey[NOTE_VKEY_SIZE];
    char witness[NOTE_VKEY_SIZE];
    CLEANUP(mem_free_p) struct policy *policy = MEM_NEW(struct policy);
    note_key_write(recorder_key(yard->recorder), vkey);
    note_key_write(&yard->witness_key.note.key, witness);
    (void)snprintf(text, sizeof text, "log %s\nwitness w %s\nquorum w\n", vkey, witness);
    yard_must(policy_parse(policy, span_text(text), &yard->why), yard);
    const struct inspect_config config = {
        .folder = yard->log, .policy = policy, .now_s = yard->now_us / CLOCK_SECOND_US};
    yard_must(inspect_folder(&config, &report, &yard->why), yard);
    return report.good;
}

static uint64_t keep_house(struct yard *yard)
{
    uint64_t pruned = 99;
    yard_must(recorder_keep_house(yard->recorder, yard->now_us, &pruned, &yard->why), yard);
    return pruned;
}

static void pass_days(struct yard *yard, int64_t days)
{
    yard->now_us += days * CLOCK_DAY_US;
}

/* `count` entries, signed and cosigned. */
static void fill(struct yard *yard, int count)
{
    for (int i = 0; i < count; i++) {
        yard_enter(yard, "an alert");
    }
    CHECK(yard_run(yard));
    CHECK(yard_ask(yard) == RECORDER_OUTCOME_COSIGNED);
}

/* The witness's coming is an entry too: until all is below a cosigned checkpoint. */
static void settle(struct yard *yard)
{
    while (yard_run(yard) || !yard_cosigned(yard)) {
        CHECK(yard_ask(yard) == RECORDER_OUTCOME_COSIGNED);
    }
}

static int64_t rows(struct yard *yard)
{
    return tables_number(&yard->control, "SELECT count(*) FROM audit");
}

static size_t epochs(struct yard *yard)
{
    uint64_t sizes[KEEP_COUNT_MAX];
    size_t count = 0;
    yard_must(keep_list(yard->log, KEEP_EPOCH, sizes, &count, &yard->why), yard);
    return count;
}

/* Seven years: epochs close, and nothing goes before its time. */
static void test_course(struct yard *yard)
{
    fill(yard, 300);
    settle(yard);
    CHECK(keep_house(yard) == 0 && epochs(yard) == 0);
    pass_days(yard, 31);
    CHECK(keep_house(yard) == 0 && epochs(yard) == 1);
    CHECK(keep_house(yard) == 0 && epochs(yard) == 1);
    fill(yard, 300);
    pass_days(yard, 31);
    CHECK(keep_house(yard) == 0 && epochs(yard) == 2);
    CHECK(inspect(yard) && report.pruned == 0);
    pass_days(yard, YEARS * 365 - 32); /* the first epoch's entries are old enough, barely */
    fill(yard, 1);
    CHECK(keep_house(yard) == 256 && rows(yard) == 602 + 1 - 256);
    CHECK(keep_house(yard) == 0);
    settle(yard);
    CHECK(inspect(yard));
    if (!report.good) { printf("# %s\n", report.what); }
    CHECK(report.pruned == 256 && report.pruned_epoch == 301);
    CHECK(report.pruned_sealed_s == YARD_NOW_US / CLOCK_SECOND_US);
    CHECK(tables_number(&yard->control, "SELECT count(*) FROM audit WHERE action = 'log_pruned' "
                                        "AND resource = '256'") == 1);
}

/* Killed after the word and before the deed, and in the midst of it. */
static void test_killed(struct yard *yard)
{
    pass_days(yard, 31);
    CHECK(keep_house(yard) == 256); /* the second epoch: entries up to 512 */
    yard->keep_us = 0;              /* what was begun is not begun again */
    yard_restart(yard);
    CHECK(keep_house(yard) == 0);
    yard->keep_us = KEEP_US;
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder) && keep_house(yard) == 0);
    fill(yard, 300);
    settle(yard);
    pass_days(yard, 31);
    CHECK(keep_house(yard) == 0 && epochs(yard) == 4);
    pass_days(yard, YEARS * 365);
    fill(yard, 1);
    yard_must(database_execute(yard->control.database,
                               "CREATE TRIGGER held BEFORE DELETE ON audit WHEN old.number > 600 "
                               "BEGIN SELECT RAISE(ABORT, 'no'); END",
                               &yard->why),
              yard);
    uint64_t pruned = 0;
    CHECK(recorder_keep_house(yard->recorder, yard->now_us, &pruned, NULL) != OK);
    settle(yard);
    CHECK(inspect(yard) && report.pruned == 768);
    yard_must(database_execute(yard->control.database, "DROP TRIGGER held", &yard->why), yard);
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder));
    CHECK(keep_house(yard) > 0 && keep_house(yard) == 0);
    CHECK(tables_number(&yard->control, "SELECT min(number) - 1 FROM audit") == 768);
    CHECK(tables_number(&yard->control, "SELECT count(*) FROM audit WHERE action = 'log_pruned' "
                                        "AND resource = '768'") == 1);
    settle(yard);
    CHECK(inspect(yard));
}

/* The key was changed in what has gone: who knows the old one only still follows. */
static void test_rotation(struct yard *yard)
{
    struct note_key old = *recorder_key(yard->recorder);
    char vkey[NOTE_VKEY_SIZE];
    yard_must(log_key_prepare(yard->folder, "site/audit", vkey, &yard->why), yard);
    yard_restart(yard);
    settle(yard);
    yard_must(log_key_forget_old(yard->folder, &yard->why), yard);
    yard_restart(yard);
    fill(yard, 300);
    settle(yard);
    pass_days(yard, 31);
    CHECK(keep_house(yard) == 0);
    pass_days(yard, YEARS * 365);
    fill(yard, 1);
    CHECK(keep_house(yard) > 0);
    settle(yard);
    CHECK(inspect(yard) && report.rotations == 1 && report.pruned == 1024);
    CLEANUP(mem_free_p) struct policy *policy = MEM_NEW(struct policy);
    policy->logs[0] = old;
    policy->log_count = 1;
    policy->no_quorum = true;
    const struct inspect_config config = {
        .folder = yard->log, .policy = policy, .now_s = yard->now_us / CLOCK_SECOND_US};
    yard_must(inspect_folder(&config, &report, &yard->why), yard);
    if (!report.good) { printf("# %s\n", report.what); }
    CHECK(report.good && report.rotations == 1);
}

/* The database is lost: what the files still have comes back, at its places. */
static void test_lost_database(struct yard *yard)
{
    const int64_t before = tables_number(&yard->control, "SELECT min(number) FROM audit");
    yard_must(database_execute(yard->control.database,
                               "DELETE FROM audit; DELETE FROM audit_signed", &yard->why),
              yard);
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder));
    CHECK(tables_number(&yard->control, "SELECT min(number) FROM audit") == before);
    CHECK(tables_number(&yard->control, "SELECT count(*) FROM audit WHERE action = "
                                        "'entries_recovered'") == 1);
    fill(yard, 300);
    settle(yard);
    CHECK(inspect(yard));
}

/* ---- what else may be missing: nothing ---- */

static void path_in(const struct yard *yard, const char *name, char path[static FILE_PATH_SIZE])
{
    if (file_join(path, yard->log, name, NULL)) { abort(); }
}

/* Takes a file away, looks, and puts it back. */
static void attack_missing(struct yard *yard, const char *name, uint64_t entry)
{
    char path[FILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text bytes = text_limited(1024 * 1024);
    path_in(yard, name, path);
    yard_must(file_read(&bytes, path, &yard->why), yard);
    CHECK(unlink(path) == 0);
    CHECK(!inspect(yard));
    printf("# without %s: entry %lld: %s\n", name, (long long)report.entry, report.what);
    CHECK(report.entry == entry);
    yard_must(file_write(path, text_span(&bytes), 0600, &yard->why), yard);
    CHECK(inspect(yard));
}

/* The name of the file that ends the newest tile or bundle. */
static void newest(const struct yard *yard, const char *kind, char name[static 64])
{
    const uint64_t size = recorder_size(yard->recorder);
    (void)snprintf(name, 64, "tile/%s/%03llu.p/%llu", kind, (unsigned long long)(size / 256),
                   (unsigned long long)(size % 256));
}

static void test_missing(struct yard *yard)
{
    char name[64];
    attack_missing(yard, "tile/0/000", 0);
    attack_missing(yard, "tile/0/002", 512);
    newest(yard, "entries", name);
    attack_missing(yard, name, recorder_size(yard->recorder) / 256 * 256);
    (void)snprintf(name, sizeof name, "epoch/%020llu", (unsigned long long)report.pruned_epoch);
    attack_missing(yard, name, 0);
}

static int spoil(struct yard *yard, const char *name, int times)
{
    char path[FILE_PATH_SIZE];
    int noticed = 0;
    CLEANUP(text_deinit) struct text good = text_limited(1024 * 1024);
    CLEANUP(text_deinit) struct text bad = text_limited(1024 * 1024);
    path_in(yard, name, path);
    yard_must(file_read(&good, path, &yard->why), yard);
    for (int i = 0; i < times;) {
        text_clear(&bad);
        text_add_bytes(&bad, text_span(&good));
        mutate(&bad);
        if (span_equal(text_span(&bad), text_span(&good))) { continue; }
        FILE *file = fopen(path, "we");
        if (!file || fwrite(bad.data, 1, bad.size, file) != bad.size || fclose(file)) { abort(); }
        i++;
        if (inspect(yard)) {
            printf("# not noticed: %s\n", path);
        } else {
            noticed++;
        }
    }
    yard_must(file_write(path, text_span(&good), 0600, &yard->why), yard);
    return noticed;
}

/* A small log, for time's sake: one bundle has gone, a few entries are left. */
static void make_small(struct yard *yard)
{
    yard_open(yard);
    yard->keep_us = KEEP_US;
    yard_restart(yard);
    fill(yard, 257);
    settle(yard);
    pass_days(yard, 31);
    CHECK(keep_house(yard) == 0);
    pass_days(yard, YEARS * 365);
    CHECK(keep_house(yard) == 256);
    settle(yard);
    CHECK(inspect(yard) && report.pruned == 256);
}

static void test_mutations(void)
{
    struct yard small;
    struct yard *yard = &small;
    make_small(yard);
    char entries[64];
    char leaves[64];
    char epoch[64];
    newest(yard, "entries", entries);
    newest(yard, "0", leaves);
    (void)snprintf(epoch, sizeof epoch, "epoch/%020llu", (unsigned long long)report.pruned_epoch);
    const char *const names[] = {"checkpoint", "tile/0/000", leaves, entries, epoch};
    int noticed = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        noticed += spoil(yard, names[i], MUTATIONS / (int)ARRAY_LEN(names));
    }
    printf("# %d of %d mutations of a pruned log noticed\n", noticed, MUTATIONS);
    CHECK(noticed == MUTATIONS && inspect(yard));
    yard_close(yard);
}

int main(void)
{
    struct yard yard;
    yard_open(&yard);
    yard.keep_us = KEEP_US;
    yard_restart(&yard);
    test_course(&yard);
    attack_missing(&yard, "tile/entries/001", 256);
    test_killed(&yard);
    test_rotation(&yard);
    test_lost_database(&yard);
    test_missing(&yard);
    yard_close(&yard);
    test_mutations();
    return CHECK_DONE();
}
