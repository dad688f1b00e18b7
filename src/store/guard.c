#include "store/guard.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "queries/store_guard.h"
#include "store/postgres.h"

enum { GRANTS_SIZE = 1024, ROLE_SIZE = 200 };

static bool guarded(const struct database *database)
{
    return database->backend == &POSTGRES_BACKEND;
}

/* The setting's text: "*", or names with commas between and none outside. */
void guard_scope(struct database *database, const char *zones)
{
    if (!guarded(database)) { return; }
    struct postgres *postgres = (struct postgres *)database;
    const char *begin = zones && *zones == ',' ? zones + 1 : zones;
    size_t size = begin ? strlen(begin) : 0;
    if (size > 0 && begin[size - 1] == ',') { size--; }
    free(postgres->scope);
    if (zones && !*zones) {
        postgres->scope = mem_text("*");
    } else {
        postgres->scope = size > 0 ? mem_text_of(begin, size) : mem_text("");
    }
}

/* ---- the owner ---- */

/* The role of an address, quoted as a name. */
static enum err role_of(const char *address, PGconn *link, char quoted[static ROLE_SIZE],
                        struct why *why)
{
    PQconninfoOption *list = PQconninfoParse(address, NULL);
    enum err err = why_set(why, ERR_MALFORMED, "database.address names no role (user)");
    for (const PQconninfoOption *at = list; at && at->keyword; at++) {
        if (strcmp(at->keyword, "user") != 0 || !at->val) { continue; }
        char *name = PQescapeIdentifier(link, at->val, strlen(at->val));
        err = name && text_copy(quoted, ROLE_SIZE, name)
                  ? OK
                  : why_set(why, ERR_LIMIT, "the role of database.address has too long a name");
        PQfreemem(name);
    }
    PQconninfoFree(list);
    return err;
}

enum err guard_share(struct database *owner, const char *address, struct why *why)
{
    if (!guarded(owner)) { return OK; }
    char role[ROLE_SIZE];
    char sql[GRANTS_SIZE];
    enum err err = role_of(address, ((struct postgres *)owner)->link, role, why);
    if (err == OK) { err = database_begin(owner, why); }
    if (err != OK) { return err; }
    (void)snprintf(sql, sizeof sql,
                   "DO $$ BEGIN"
                   " EXECUTE format('GRANT USAGE ON SCHEMA %%I TO %s', current_schema());"
                   " EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"
                   " IN SCHEMA %%I TO %s', current_schema());"
                   " EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %%I.migrations FROM %s',"
                   " current_schema()); END $$",
                   role, role, role);
    err = strpbrk(role, "'$%") ? why_set(why, ERR_MALFORMED, "the role's name has a quote or a $")
                               : database_execute(owner, sql, why);
    database_end(owner, &err, why);
    return err;
}

/* ---- the server's own connection ---- */

static enum err first_row(struct database *database, const char *sql, struct statement **row,
                          bool *any, struct why *why)
{
    enum step step = STEP_DONE;
    enum err err = database_prepare(row, database, sql, why);
    if (err == OK) { err = statement_step(*row, &step, why); }
    *any = err == OK && step == STEP_ROW;
    return err;
}

enum err guard_check(struct database *database, struct why *why)
{
    if (!guarded(database)) { return OK; }
    CLEANUP(statement_reset_p) struct statement *role = NULL;
    CLEANUP(statement_reset_p) struct statement *owner = NULL;
    CLEANUP(statement_reset_p) struct statement *gap = NULL;
    bool any = false;
    enum err err = first_row(database, SQL_GUARD_ROLE, &role, &any, why);
    if (err == OK && (!any || column_integer(role, 0) != 0)) {
        return why_set(
            why, ERR_DENIED,
            "%s: role %.60s is a superuser or has BYPASSRLS, and policies would not hold "
            "it; use one as in docs/operations/postgresql.md",
            database->name, any ? column_text(role, 1) : "?");
    }
    if (err == OK) { err = first_row(database, SQL_GUARD_OWNER, &owner, &any, why); }
    if (err == OK && column_integer(owner, 0) != 0) {
        return why_set(why, ERR_DENIED,
                       "%s: role %.60s owns the tables; serve as another one and name this one in "
                       "database.owner",
                       database->name, column_text(role, 1));
    }
    if (err == OK) { err = first_row(database, SQL_GUARD_GAP, &gap, &any, why); }
    if (err == OK && any) {
        return why_set(why, ERR_DENIED,
                       "%s: %.60s leads around row-level security; see "
                       "docs/operations/postgresql.md",
                       database->name, column_text(gap, 0));
    }
    return err;
}
