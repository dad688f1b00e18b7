/*
 * store/connection - the inside of a database connection, shared by database.c, statement.c and
 * migrate.c and by nobody else: SQLite's types do not leave this folder.
 */
#pragma once

#include <sqlite3.h>

#include "store/database.h"

struct statement {
    struct database *database; /* borrowed */
    sqlite3_stmt *handle;      /* owned */
    struct statement *next;    /* the connection's list */
};

struct database {
    sqlite3 *handle;
    struct statement *statements; /* every one ever prepared, newest first */
    char *path;
    struct secret *column_key; /* owned */
    int64_t busy_wait_us;
    int64_t busy_since_us; /* when the present wait for a lock began */
    bool damaged;          /* a page was found broken */
};

/*
 * Turns SQLite's result code into an error: `doing` says what was tried ("begin", "step"). The
 * sentence names the file and, for disk errors, the cause from the operating system.
 */
enum err connection_error(struct database *database, int code, const char *doing, struct why *why);
