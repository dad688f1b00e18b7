/* Migrations: once, in order, whole, and never changed afterwards. */
#include <pthread.h>

#include "check.h"
#include "place.h"

enum { STARTERS = 4 };

static struct place place;

static const struct migration steps[] = {
    {1, "people", .sql = "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"},
    {2, "alerts", .sql = "CREATE TABLE b (x INTEGER); -- a comment\n"},
    {3, "broken", .sql = "CREATE TABLE c (x INTEGER); INSERT INTO nowhere VALUES (1);"},
};

static bool runs(struct database *database, const char *sql)
{
    return database_execute(database, sql, NULL) == OK;
}

static void *start(void *context)
{
    struct why why = {0};
    struct database *database = place_connect(&place);
    const enum err err = database_migrate(database, steps, 2, &why);
    if (err != OK) { printf("# %s\n", why.text); }
    database_close(database);
    return err == OK ? context : NULL;
}

static void several_programs_start_at_once(void)
{
    place_make(&place);
    database_close(place_connect(&place)); /* the journal's mode is not what they compete for */
    pthread_t threads[STARTERS];
    for (int i = 0; i < STARTERS; i++) {
        if (pthread_create(&threads[i], NULL, start, &place) != 0) { abort(); }
    }
    for (int i = 0; i < STARTERS; i++) {
        void *done = NULL;
        CHECK(pthread_join(threads[i], &done) == 0 && done == &place);
    }
    struct database *database = place_connect(&place);
    CHECK(runs(database, "INSERT INTO a SELECT 3 WHERE (SELECT count(*) FROM a) = 1"));
    database_close(database);
    place_remove(&place);
}

static void each_backend_has_its_text(void)
{
    static const struct migration both[] = {
        {1, "both", .sql = "CREATE TABLE e (x INTEGER)", .postgres = "CREATE TABLE p (x bigint)"}};
    struct why why = {0};
    place_make(&place);
    struct database *database = place_connect(&place);
    CHECK(database_migrate(database, both, 1, &why) == OK);
    CHECK(runs(database, "INSERT INTO p VALUES (1)") == (place_server() != NULL));
    CHECK(runs(database, "INSERT INTO e VALUES (1)") == (place_server() == NULL));
    CHECK(database_migrate(database, both, 1, &why) == OK);
    database_close(database);
    place_remove(&place);
}

int main(void)
{
    struct why why = {0};
    place_make(&place);
    struct database *database = place_connect(&place);

    CHECK(database_migrate(database, steps, 1, &why) == OK);
    CHECK(database_migrate(database, steps, 2, &why) == OK);
    CHECK(database_migrate(database, steps, 2, &why) == OK);
    CHECK(runs(database, "INSERT INTO a SELECT 2 WHERE (SELECT count(*) FROM a) = 1"));
    CHECK(runs(database, "INSERT INTO b VALUES (1)"));

    /* a migration that fails halfway leaves nothing of itself */
    CHECK(database_migrate(database, steps, 3, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "broken") != NULL);
    CHECK(!runs(database, "INSERT INTO c VALUES (1)"));

    /* a text changed after it was applied */
    struct migration edited[2] = {steps[0], steps[1]};
    edited[1].sql = "CREATE TABLE b (x TEXT);";
    CHECK(database_migrate(database, edited, 2, &why) == ERR_CONFLICT);
    CHECK(strstr(why.text, "0002-alerts was changed") != NULL);

    /* a database newer than the program */
    CHECK(database_migrate(database, steps, 1, &why) == ERR_CONFLICT);
    CHECK(strstr(why.text, "newer than the program") != NULL);

    database_close(database);
    place_remove(&place);
    several_programs_start_at_once();
    each_backend_has_its_text();
    return CHECK_DONE();
}
