/*
 * Every statement of sql/queries must be accepted by the schema that it is for: `-- database: a, b`
 * in the file names them; without that line, one database must accept the whole file. On PostgreSQL
 * (tests/place.h) those of control and of the site CA; edges and gateways are always embedded.
 */
#include <dirent.h>

#include "check.h"
#include "migrations/control.h"
#include "migrations/edge.h"
#include "migrations/enrol.h"
#include "migrations/gateway.h"
#include "place.h"
#include "system/file.h"

enum { DATABASE_COUNT = 4 };
static const char *const names[DATABASE_COUNT] = {"control", "edge", "gateway", "enrol"};
static struct database *databases[DATABASE_COUNT];
static struct place places[DATABASE_COUNT];

static void open_migrated(int index, const struct migration *list, size_t count)
{
    struct why why = {0};
    place_make(&places[index]);
    databases[index] = place_connect(&places[index]);
    const enum err err = database_migrate(databases[index], list, count, &why);
    if (err != OK) { printf("# %s: %s\n", names[index], why.text); }
    CHECK(err == OK);
}

/* Prepares one block; the sentence of a refusal goes to the test's output when `loud`. */
static bool accepted(struct database *database, char *block, bool loud)
{
    char *sql = strchr(block, '\n');
    struct statement *statement = NULL;
    struct why why = {0};
    if (!sql) { return false; }
    if (database_prepare(&statement, database, sql, &why) == OK) { return true; }
    if (loud) { printf("# %.*s: %s\n", (int)(sql - block), block, why.text); }
    return false;
}

static bool accepts_all(struct database *database, const char *text, bool loud)
{
    CLEANUP(mem_free_p) char *copy = mem_text(text);
    static const char head[] = "-- name: ";
    bool all = true;
    char *block = strstr(copy, head);
    while (block) {
        char *next = strstr(block + 1, head);
        if (next) { next[-1] = '\0'; }
        all = accepted(database, block + sizeof head - 1, loud) && all;
        block = next;
    }
    return all;
}

static void check_file(const char *path)
{
    CLEANUP(text_deinit) struct text text = text_limited(1 << 20);
    CHECK(file_read(&text, path, NULL) == OK);
    const char *line = strstr(text_c(&text), "-- database: ");
    if (!place_server() && strstr(text_c(&text), "-- database: control on PostgreSQL")) { return; }
    char listed[128] = "";
    if (line) { (void)snprintf(listed, sizeof listed, "%.*s", (int)strcspn(line, "\n"), line); }
    bool any = place_server() && (!line || !strstr(listed, names[0])); /* an edge's own file */
    for (int i = 0; i < DATABASE_COUNT; i++) {
        if (!databases[i] || (line && !strstr(listed, names[i]))) { continue; }
        const bool all = accepts_all(databases[i], text_c(&text), line != NULL);
        any = any || all;
        if (line && !all) { printf("# %s does not fit %s\n", path, names[i]); }
        if (line) { CHECK(all); }
    }
    if (!any) { printf("# %s fits no database\n", path); }
    CHECK(any);
}

static int check_folder(const char *path)
{
    DIR *open = opendir(path);
    int files = 0;
    for (struct dirent *entry; open && (entry = readdir(open));) {
        char inner[512];
        (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        const size_t size = strlen(entry->d_name);
        if (size > 4 && strcmp(entry->d_name + size - 4, ".sql") == 0) {
            check_file(inner);
            files++;
        } else if (entry->d_name[0] != '.') {
            files += check_folder(inner);
        }
    }
    if (open) { (void)closedir(open); }
    return files;
}

int main(void)
{
    open_migrated(0, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    open_migrated(3, MIGRATIONS_ENROL, ARRAY_LEN(MIGRATIONS_ENROL));
    if (!place_server()) {
        open_migrated(1, MIGRATIONS_EDGE, ARRAY_LEN(MIGRATIONS_EDGE));
        open_migrated(2, MIGRATIONS_GATEWAY, ARRAY_LEN(MIGRATIONS_GATEWAY));
    }
    CHECK(check_folder(TESTS_DIR "/../sql/queries") > 5);
    for (int i = 0; i < DATABASE_COUNT; i++) {
        if (!databases[i]) { continue; }
        database_close(databases[i]);
        place_remove(&places[i]);
    }
    return CHECK_DONE();
}
