/*
 * What only PostgreSQL does: a connection that breaks and comes back, addresses without secrets,
 * names of errors. Skipped without TOCSIN_TEST_DATABASE (tests/scenario/postgres/suite_test.py).
 */
#include "store/postgres.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "check.h"
#include "place.h"

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

/* Ends the server's side of a connection, and waits until it is gone. */
static void end_backend(struct database *database)
{
    const int64_t backend = number_of(database, "SELECT pg_backend_pid()");
    CLEANUP(database_close_p) struct database *other = place_connect(&place);
    char sql[96];
    (void)snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 5000)", (int)backend);
    CHECK(backend > 0 && number_of(other, sql) == 1);
}

static void a_reader_does_not_notice(void)
{
    CLEANUP(database_close_p) struct database *database = place_connect(&place);
    struct statement *read = NULL;
    enum step step = STEP_DONE;
    CHECK(database_prepare(&read, database, "SELECT n FROM t WHERE n = :n", NULL) == OK);
    end_backend(database);
    statement_bind_integer(read, ":n", 1);
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_ROW);
    CHECK(column_integer(read, 0) == 1);
    statement_reset(read);
}

static void a_writer_sees_before_it_asks(void)
{
    CLEANUP(database_close_p) struct database *database = place_connect(&place);
    struct statement *insert = NULL;
    CHECK(database_prepare(&insert, database, "INSERT INTO t VALUES (:n)", NULL) == OK);
    end_backend(database);
    statement_bind_integer(insert, ":n", 2);
    CHECK(statement_run(insert, NULL, NULL) == OK);
    end_backend(database);
    enum err err = database_begin(database, NULL);
    CHECK(err == OK);
    statement_bind_integer(insert, ":n", 3);
    if (err == OK) { err = statement_run(insert, NULL, NULL); }
    database_end(database, &err, NULL);
    CHECK(err == OK && number_of(database, "SELECT count(*) FROM t") == 3);
}

static void a_transaction_that_broke_is_refused_to_its_end(void)
{
    CLEANUP(database_close_p) struct database *database = place_connect(&place);
    struct statement *insert = NULL;
    struct why why = {0};
    CHECK(database_prepare(&insert, database, "INSERT INTO t VALUES (:n)", NULL) == OK);
    enum err err = database_begin(database, NULL);
    statement_bind_integer(insert, ":n", 4);
    if (err == OK) { err = statement_run(insert, NULL, NULL); }
    CHECK(err == OK);
    end_backend(database);
    statement_bind_integer(insert, ":n", 5);
    CHECK(statement_run(insert, NULL, &why) == ERR_UNAVAILABLE);
    CHECK(strstr(why.text, "lost") != NULL && database_in_transaction(database));
    CHECK(number_of(database, "SELECT count(*) FROM t") == -1); /* not on a new connection */
    database_end(database, &err, &why); /* even if nobody looked at the errors */
    CHECK(err == ERR_UNAVAILABLE && !database_in_transaction(database));
    CHECK(number_of(database, "SELECT count(*) FROM t WHERE n > 3") == 0);
    statement_bind_integer(insert, ":n", 6);
    CHECK(statement_run(insert, NULL, NULL) == OK);
    CHECK(database_execute(database, "DELETE FROM t WHERE n > 3", NULL) == OK);
}

static void a_failed_statement_spoils_its_transaction(void)
{
    CLEANUP(database_close_p) struct database *database = place_connect(&place);
    struct why why = {0};
    enum err err = database_begin(database, NULL);
    CHECK(err == OK && database_execute(database, "INSERT INTO t VALUES (7)", NULL) == OK);
    CHECK(database_execute(database, "INSERT INTO t VALUES (7)", NULL) == ERR_CONFLICT);
    database_end(database, &err, &why); /* the caller forgot it: nothing is committed in silence */
    CHECK(err == ERR_IO && strstr(why.text, "commit") != NULL);
    CHECK(number_of(database, "SELECT count(*) FROM t WHERE n = 7") == 0);
}

static void addresses_hold_no_secrets(void)
{
    static const char *const addresses[] = {
        "postgresql://ada:hunter2@localhost/x", "host=localhost password=hunter2",
        "postgresql://ada@localhost/x?password=hunter2", "postgresql://ada@localhost/x?hunter2=yes",
        "host=localhost hunter2"};
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        struct why why = {0};
        struct database *database = NULL;
        const enum err err =
            database_open(&database, &(struct database_config){.address = addresses[i]}, &why);
        CHECK(err == (i < 3 ? ERR_DENIED : ERR_MALFORMED) && database == NULL);
        CHECK(why.text[0] != '\0' && strstr(why.text, "hunter2") == NULL);
    }
}

static void servers_that_are_not_there_are_named(void)
{
    struct why why = {0};
    struct database *database = NULL;
    struct database_config config = {.address = "host=/nonexistent dbname=x user=ada"};
    CHECK(database_open(&database, &config, &why) == ERR_UNAVAILABLE);
    CHECK(strstr(why.text, "/nonexistent/x") != NULL);
    char address[600];
    (void)snprintf(address, sizeof address, "%s dbname=nowhere", place_server());
    config.address = address;
    CHECK(database_open(&database, &config, &why) == ERR_UNAVAILABLE && database == NULL);
    CHECK(strstr(why.text, "nowhere") != NULL);
}

/* A server without TLS, for one caller: good when the caller asked for TLS and then hung up. */
static void *refuse_tls(void *context)
{
    const int listener = *(int *)context;
    static const uint8_t request[8] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
    uint8_t bytes[64];
    const int caller = accept(listener, NULL, NULL);
    bool good = recv(caller, bytes, sizeof request, MSG_WAITALL) == sizeof request &&
                memcmp(bytes, request, sizeof request) == 0 && send(caller, "N", 1, 0) == 1;
    good = good && recv(caller, bytes, sizeof bytes, 0) == 0; /* no user name, no password */
    (void)close(caller);
    return good ? context : NULL;
}

static void other_machines_must_prove_themselves(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t size = sizeof here;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&here, sizeof here) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&here, &size) == 0);
    pthread_t thread;
    if (pthread_create(&thread, NULL, refuse_tls, &listener) != 0) { abort(); }
    /* 0.0.0.0 leads back here, and is none of the names of this machine that are trusted */
    char address[96];
    (void)snprintf(address, sizeof address, "host=0.0.0.0 port=%d user=ada dbname=x",
                   ntohs(here.sin_port));
    struct why why = {0};
    struct database *database = NULL;
    CHECK(database_open(&database, &(struct database_config){.address = address}, &why) ==
          ERR_UNAVAILABLE);
    CHECK(strstr(why.text, "SSL") != NULL);
    void *good = NULL;
    CHECK(pthread_join(thread, &good) == 0 && good == &listener);
    (void)close(listener);
}

static void errors_have_their_names(void)
{
    static const struct {
        const char *sql;
        enum err err;
    } cases[] = {{"SELECT nothing", ERR_MALFORMED},
                 {"SELECT 1/0", ERR_MALFORMED},
                 {"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$", ERR_TIMEOUT},
                 {"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$", ERR_TIMEOUT},
                 {"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57014'; END $$", ERR_TIMEOUT},
                 {"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53300'; END $$", ERR_UNAVAILABLE},
                 {"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$", ERR_IO},
                 {"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '25006'; END $$", ERR_UNAVAILABLE},
                 {"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '42501'; END $$", ERR_DENIED},
                 {"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'XX001'; END $$", ERR_DAMAGED},
                 {"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '58030'; END $$", ERR_IO}};
    CLEANUP(database_close_p) struct database *database = place_connect(&place);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct why why = {0};
        CHECK(database_execute(database, cases[i].sql, &why) == cases[i].err);
    }
    struct why why = {0};
    CHECK(database_execute(database, "INSERT INTO t VALUES (1)", &why) == ERR_CONFLICT);
    CHECK(strstr(why.text, "(1)") == NULL); /* no row's values in a sentence */
}

int main(void)
{
    if (!place_server()) { return CHECK_SKIP_ALL("TOCSIN_TEST_DATABASE names no server"); }
    place_make(&place);
    {
        CLEANUP(database_close_p) struct database *database = place_connect(&place);
        CHECK(database_execute(database,
                               "CREATE TABLE t (n INTEGER NOT NULL UNIQUE);"
                               "INSERT INTO t VALUES (1)",
                               NULL) == OK);
    }
    a_reader_does_not_notice();
    a_writer_sees_before_it_asks();
    a_transaction_that_broke_is_refused_to_its_end();
    a_failed_statement_spoils_its_transaction();
    addresses_hold_no_secrets();
    servers_that_are_not_there_are_named();
    other_machines_must_prove_themselves();
    errors_have_their_names();
    place_remove(&place);
    return CHECK_DONE();
}
