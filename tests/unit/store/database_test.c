/* What a connection promises on both databases: transactions, the one writer, what a kill leaves.
 */
#include "store/database.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "check.h"
#include "place.h"

enum { WRITERS = 4, ROUNDS = 50 };

static struct place place;

static int64_t number_of(struct database *database, const char *sql)
{
    struct statement *statement = NULL;
    enum step step = STEP_DONE;
    int64_t number = -1;
    if (database_prepare(&statement, database, sql, NULL) == OK &&
        statement_step(statement, &step, NULL) == OK && step == STEP_ROW) {
        number = column_integer(statement, 0);
    }
    if (statement) { statement_reset(statement); }
    return number;
}

static void transactions_commit_or_vanish(void)
{
    CLEANUP(database_close_p) struct database *database = place_connect(&place);
    CHECK(database_execute(database, "CREATE TABLE t (word TEXT NOT NULL)", NULL) == OK);
    CHECK(!database_in_transaction(database));
    enum err err = database_begin(database, NULL);
    CHECK(err == OK && database_in_transaction(database));
    err = database_execute(database, "INSERT INTO t VALUES ('a')", NULL);
    database_end(database, &err, NULL);
    CHECK(err == OK && !database_in_transaction(database));
    CHECK(number_of(database, "SELECT count(*) FROM t") == 1);
    CHECK(database_begin(database, NULL) == OK);
    CHECK(database_execute(database, "INSERT INTO t VALUES ('b')", NULL) == OK);
    err = ERR_RANGE;
    database_end(database, &err, NULL);
    CHECK(err == ERR_RANGE && number_of(database, "SELECT count(*) FROM t") == 1);
    CHECK(database_begin(database, NULL) == OK);
    struct why why = {0};
    err = database_execute(database, "INSERT INTO t VALUES (NULL)", &why);
    CHECK(err == ERR_CONFLICT && why.text[0] != '\0');
    database_end(database, &err, NULL);
    CHECK(err == ERR_CONFLICT && !database_in_transaction(database));
    CHECK(database_execute(database, "DELETE FROM t", NULL) == OK);
    CHECK(database_checkpoint(database, NULL) == OK && !database_damaged(database));
}

static void a_held_lock_times_out(void)
{
    struct database_config config = place_config(&place);
    config.busy_wait_ms = 30;
    CLEANUP(database_close_p) struct database *one = place_connect(&place);
    CLEANUP(database_close_p) struct database *two = NULL;
    CHECK(database_open(&two, &config, NULL) == OK);
    struct statement *insert = NULL;
    CHECK(database_prepare(&insert, two, "INSERT INTO t VALUES (:word)", NULL) == OK);
    CHECK(database_begin(one, NULL) == OK);
    CHECK(database_begin(two, NULL) == ERR_TIMEOUT && !database_in_transaction(two));
    statement_bind_text(insert, ":word", "alone"); /* a single statement is a writer too */
    CHECK(statement_run(insert, NULL, NULL) == ERR_TIMEOUT);
    CHECK(number_of(two, "SELECT count(*) FROM t") == 0); /* and readers wait for nobody */
    enum err err = OK;
    database_end(one, &err, NULL);
    CHECK(database_begin(two, NULL) == OK);
    database_end(two, &err, NULL);
    CHECK(err == OK);
    statement_bind_text(insert, ":word", "alone");
    CHECK(statement_run(insert, NULL, NULL) == OK);
}

/* Reads, then writes what it has read plus one: only right when nobody writes in between. */
static void *count_up(void *context)
{
    struct database *database = place_connect(&place);
    struct statement *read = NULL;
    struct statement *write = NULL;
    bool good = database_prepare(&read, database, "SELECT max(n) FROM c", NULL) == OK &&
                database_prepare(&write, database, "INSERT INTO c (n) VALUES (:n)", NULL) == OK;
    for (int i = 0; good && i < ROUNDS; i++) {
        enum step step = STEP_DONE;
        enum err err = database_begin(database, NULL);
        if (err == OK) { err = statement_step(read, &step, NULL); }
        const int64_t next = err == OK ? column_integer(read, 0) + 1 : 0;
        statement_reset(read);
        statement_bind_integer(write, ":n", next);
        if (err == OK) { err = statement_run(write, NULL, NULL); }
        database_end(database, &err, NULL);
        good = err == OK;
    }
    database_close(database);
    return good ? context : NULL;
}

static void writers_come_one_by_one(void)
{
    CLEANUP(database_close_p) struct database *database = place_connect(&place);
    CHECK(database_execute(database,
                           "CREATE TABLE c (n INTEGER NOT NULL UNIQUE);"
                           "INSERT INTO c VALUES (0)",
                           NULL) == OK);
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        if (pthread_create(&threads[i], NULL, count_up, &place) != 0) { abort(); }
    }
    for (int i = 0; i < WRITERS; i++) {
        void *done = NULL;
        CHECK(pthread_join(threads[i], &done) == 0 && done == &place);
    }
    CHECK(number_of(database, "SELECT max(n) FROM c") == WRITERS * ROUNDS);
}

/* A child commits row after row, tells each through a pipe, and is killed in the middle of one. */
static _Noreturn void write_until_killed(int out)
{
    struct database *database = place_connect(&place);
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
    {
        CLEANUP(database_close_p) struct database *database = place_connect(&place);
        CHECK(database_execute(database, "CREATE TABLE k (n INTEGER)", NULL) == OK);
    }
    int ends[2];
    if (pipe(ends) != 0) { exit(1); }
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) { write_until_killed(ends[1]); }
    uint8_t told = 0;
    while (told < 20 && read(ends[0], &told, 1) == 1) {}
    CHECK(told == 20);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    (void)close(ends[0]);
    (void)close(ends[1]);
    CLEANUP(database_close_p) struct database *database = place_connect(&place);
    CHECK(number_of(database, "SELECT count(*) FROM k") == 190);
    CHECK(database_begin(database, NULL) == OK); /* its lock went with it */
    enum err err = OK;
    database_end(database, &err, NULL);
    CHECK(err == OK);
}

int main(void)
{
    place_make(&place);
    transactions_commit_or_vanish();
    a_held_lock_times_out();
    writers_come_one_by_one();
    a_killed_writer_leaves_whole_transactions();
    place_remove(&place);
    return CHECK_DONE();
}
