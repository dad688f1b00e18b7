/* Migrations: once, in order, whole, and never changed afterwards. */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "store/database.h"

static char folder[] = "/tmp/tocsin-migrate-XXXXXX";

static const struct migration steps[] = {
    {1, "people", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"},
    {2, "alerts", "CREATE TABLE b (x INTEGER); -- a comment\n"},
    {3, "broken", "CREATE TABLE c (x INTEGER); INSERT INTO nowhere VALUES (1);"},
};

static bool runs(struct database *database, const char *sql)
{
    return database_execute(database, sql, NULL) == OK;
}

int main(void)
{
    if (!mkdtemp(folder)) { return 1; }
    char path[64];
    (void)snprintf(path, sizeof path, "%s/m.db", folder);
    struct database *database = NULL;
    struct why why = {0};
    const struct database_config config = {.path = path};
    if (database_open(&database, &config, NULL) != OK) { return 1; }

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
    (void)unlink(path);
    CHECK(rmdir(folder) == 0);
    return CHECK_DONE();
}
