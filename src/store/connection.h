/*
 * store/connection - the inside of a database connection, shared by the files of this folder and by
 * nobody else: the types of SQLite and libpq do not leave it.
 *
 * `struct backend` is what a kind of database can do; sqlite.c and postgres.c are the two. What the
 * functions must do stands in store/database.h.
 */
#pragma once

#include "store/database.h"

/* A backend's own connection and statement begin with these. */
struct database {
    const struct backend *backend;
    struct statement *statements; /* every one ever prepared, newest first */
    struct secret *column_key;    /* owned */
    char *name;                   /* for sentences: the file, or server and database */
};

struct statement {
    struct database *database; /* borrowed */
    struct statement *next;    /* the connection's list */
};

enum bound_kind {
    BOUND_KIND_NULL,
    BOUND_KIND_TEXT,
    BOUND_KIND_BYTES,
    BOUND_KIND_INTEGER,
    BOUND_KIND_REAL
};

/* What is bound to a parameter. */
struct bound {
    enum bound_kind kind;
    struct span bytes; /* of text too; borrowed until the reset */
    int64_t integer;
    double real;
};

struct backend {
    enum err (*open)(struct database **out, const struct database_config *config, struct why *why);
    void (*close)(struct database *database); /* its statements are gone already */
    enum err (*execute)(struct database *database, const char *sql, struct why *why);
    enum err (*begin)(struct database *database, struct why *why);
    void (*end)(struct database *database, enum err *err, struct why *why);
    bool (*in_transaction)(const struct database *database);
    enum err (*checkpoint)(struct database *database, struct why *why);
    bool (*damaged)(const struct database *database);

    enum err (*prepare)(struct statement **out, struct database *database, const char *sql,
                        struct why *why);
    void (*finalise)(struct statement *statement); /* and frees */
    void (*bind)(struct statement *statement, const char *name, const struct bound *value);
    enum err (*step)(struct statement *statement, enum step *step, struct why *why);
    int64_t (*changed)(const struct statement *statement); /* rows, by the run just done */
    void (*reset)(struct statement *statement);
    struct span (*bytes)(const struct statement *statement, int index); /* NUL follows a text */
    int64_t (*integer)(const struct statement *statement, int index);
    double (*real)(const struct statement *statement, int index);
    bool (*is_null)(const struct statement *statement, int index);
};

/* sqlite.c: another key for a file that is not in WAL mode and that nobody else has open. */
enum err sqlite_rekey(struct database *database, const struct secret *key, struct why *why);

extern const struct backend SQLITE_BACKEND;
extern const struct backend POSTGRES_BACKEND;
