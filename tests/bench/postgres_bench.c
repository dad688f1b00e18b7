/*
 * postgres_bench - what a statement on PostgreSQL costs us: lines `name<TAB>value<TAB>unit`, each
 * the mean of many. Needs TOCSIN_TEST_DATABASE (tests/lib/postgres_rig.py); without fsync it
 * measures the way there and back, and no disk.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "migrations/control.h"
#include "place.h"
#include "store/guard.h"

enum { ROUNDS = 5000 };

static struct place place;

static int64_t own_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * CLOCK_SECOND_US +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void must(enum err err, const struct why *why)
{
    if (err != OK) { place_bail(why->text); }
}

static struct database *open_as(const char *role)
{
    struct why why = {0};
    struct database *database = NULL;
    char address[600];
    (void)snprintf(address, sizeof address, "%s user=%s", place.address, role);
    must(database_open(&database, &(struct database_config){.address = address}, &why), &why);
    return database;
}

static void measure(const char *name, struct database *database, struct statement *statement,
                    bool transaction)
{
    struct why why = {0};
    const int64_t begin_us = clock_monotonic_us();
    const int64_t own_begin_us = own_us();
    for (int i = 0; i < ROUNDS; i++) {
        enum step step = STEP_DONE;
        statement_bind_text(statement, ":name", "sign-7");
        enum err err = transaction ? database_begin(database, &why) : OK;
        if (err == OK) { err = statement_step(statement, &step, &why); }
        statement_reset(statement);
        if (transaction) { database_end(database, &err, &why); }
        must(err, &why);
    }
    printf("%s\t%.1f\tus\n", name, (double)(clock_monotonic_us() - begin_us) / ROUNDS);
    printf("%s_own_cpu\t%.1f\tus\n", name, (double)(own_us() - own_begin_us) / ROUNDS);
    (void)fflush(stdout);
}

int main(void)
{
    struct why why = {0};
    char sql[160];
    if (!place_server()) {
        (void)fprintf(stderr, "postgres_bench: TOCSIN_TEST_DATABASE names no server\n");
        return 1;
    }
    place_make(&place);
    (void)snprintf(sql, sizeof sql, "ALTER SCHEMA %s OWNER TO tocsin_owner", place.schema);
    place_tell_server(sql);
    struct database *owner = open_as("tocsin_owner");
    must(database_migrate(owner, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL), &why), &why);
    char address[600];
    (void)snprintf(address, sizeof address, "%s user=tocsin", place.address);
    must(guard_share(owner, address, &why), &why);
    struct database *app = open_as("tocsin");
    struct statement *fill = NULL;
    struct statement *read = NULL;
    struct statement *plain = NULL;
    struct statement *write = NULL;
    guard_scope(app, "");
    must(
        database_prepare(&fill, app,
                         "INSERT INTO devices SELECT 'sign-' || n, 0, 'zone-' || (n % 10), 1, '1', "
                         "'', 64, 32, 1, 1, 1, '', '', 1, '', 0, 0 FROM generate_series(1, 1000) n",
                         &why),
        &why);
    must(statement_run(fill, NULL, &why), &why);
    must(database_prepare(&read, app, "SELECT zone, words FROM devices WHERE name = :name", &why),
         &why);
    must(database_prepare(&plain, app, "SELECT title FROM migrations WHERE title = :name", &why),
         &why);
    must(
        database_prepare(&write, app, "UPDATE devices SET contact_us = 2 WHERE name = :name", &why),
        &why);
    guard_scope(app, NULL);
    measure("postgres_read_unguarded", app, plain, false);
    guard_scope(app, "");
    measure("postgres_read_whole_site", app, read, false);
    guard_scope(app, ",zone-7,");
    measure("postgres_read_one_zone", app, read, false);
    measure("postgres_write", app, write, false);
    measure("postgres_transaction", app, write, true);
    database_close(app);
    database_close(owner);
    place_remove(&place);
    return 0;
}
