/*
 * What the audit log adds to an alert: the order and its transaction as control runs them, alone,
 * and with its entry while a thread carries entries to the log's files. In turns, on one database,
 * 250 orders a second. Prints `name<TAB>value<TAB>unit`.
 */
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <unistd.h>

#include "control_desk.h"
#include "ledger/recorder.h"
#include "lib/scratch.h"

enum {
    ROUNDS = 40,
    ROUND_SIZE = 50,
    PAUSE_US = 4000,
    CARRY_US = 100 * 1000,
    CHORES = 50,
    COUNT = ROUNDS * ROUND_SIZE
};

static int64_t without_us[COUNT], with_us[COUNT];
static atomic_bool carrying, ends;
static struct desk desk;
static struct database *other; /* the carrying thread's */

static int by_size(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a;
    const int64_t two = *(const int64_t *)b;
    return (one > two) - (one < two);
}

/* As control/audit/scribe does: whatever is there, 100 ms later. */
static void *carry(void *context)
{
    struct recorder *recorder = context;
    struct why why = {""};
    for (int turn = 1; !atomic_load(&ends); turn++) {
        bool fresh = false;
        if (atomic_load(&carrying) && recorder_run(recorder, &fresh, &why)) {
            printf("Bail out! %s\n", why.text);
            exit(1);
        }
        (void)usleep(CARRY_US);
        if (turn % CHORES == 0 && database_checkpoint(other, &why)) { exit(1); }
    }
    return NULL;
}

static int64_t order(struct journal *journal, const struct value *body, bool audited)
{
    const struct dispatch_order order = {.body = body, .actor = "ada"};
    struct id alert_id = {""};
    struct why *why = &desk.why;
    const int64_t now_us = clock_wall_us();
    const int64_t begin_us = clock_monotonic_us();
    enum err err = database_begin(desk.tables.database, why);
    if (!err) { err = dispatch_create(desk.dispatch, &order, now_us, &alert_id, why); }
    if (!err && audited) {
        const struct entry_fact fact = {.at_us = now_us,
                                        .user = "ada",
                                        .action = "alert_sent",
                                        .resource = alert_id.text,
                                        .authorisation = "session",
                                        .address = "192.0.2.7",
                                        .agent = "Mozilla/5.0 (X11; Linux x86_64)"};
        err = journal_enter(journal, &fact, why);
    }
    database_end(desk.tables.database, &err, why);
    test_must(err, why);
    return clock_monotonic_us() - begin_us;
}

static void print_times(const char *name, int64_t *took_us)
{
    qsort(took_us, COUNT, sizeof *took_us, by_size);
    printf("%s\t%lld\tus\n", name, (long long)took_us[COUNT / 2]);
    printf("%s_p99\t%lld\tus\n", name, (long long)took_us[COUNT * 99 / 100]);
}

int main(void)
{
    char folder[] = "/tmp/tocsin-audit-bench-XXXXXX";
    char log[64];
    if (!mkdtemp(folder) || sodium_init() < 0) { return 1; }
    (void)snprintf(log, sizeof log, "%s/audit", folder);
    desk_open(&desk);
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    CLEANUP(recorder_close_p) struct recorder *recorder = NULL;
    other = tables_connect(&desk.tables);
    /* As in control: who waits for a commit never waits for the disk. */
    static const char elsewhere[] = "PRAGMA wal_autocheckpoint = 0";
    test_must(database_execute(desk.tables.database, elsewhere, &desk.why), &desk.why);
    test_must(database_execute(other, elsewhere, &desk.why), &desk.why);
    const struct recorder_config config = {
        .database = other, .state_folder = folder, .log_folder = log, .origin = "site/audit"};
    test_must(journal_open(&journal, desk.tables.database, &desk.why), &desk.why);
    test_must(recorder_open(&recorder, &config, &desk.why), &desk.why);
    CLEANUP(value_free_p) struct value *body = json(DESK_NORTH);
    pthread_t thread;
    if (pthread_create(&thread, NULL, carry, recorder)) { return 1; }
    for (int round = 0; round < ROUNDS; round++) {
        atomic_store(&carrying, false);
        (void)usleep(CARRY_US + CARRY_US / 2);
        for (int i = 0; i < ROUND_SIZE; i++) {
            (void)usleep(PAUSE_US);
            without_us[round * ROUND_SIZE + i] = order(journal, body, false);
        }
        atomic_store(&carrying, true);
        for (int i = 0; i < ROUND_SIZE; i++) {
            (void)usleep(PAUSE_US);
            with_us[round * ROUND_SIZE + i] = order(journal, body, true);
        }
    }
    atomic_store(&ends, true);
    (void)pthread_join(thread, NULL);
    print_times("alert_order", without_us);
    print_times("alert_order_audited", with_us);
    const int64_t added_us = with_us[COUNT * 99 / 100] - without_us[COUNT * 99 / 100];
    printf("alert_order_audit_adds_p99\t%lld\tus\n", (long long)added_us);
    recorder_close(TAKE(recorder));
    database_close(other);
    desk_close(&desk);
    scratch_remove(folder);
    return 0;
}
