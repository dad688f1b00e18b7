/*
 * tests/place - where a test's database is: a file in a folder of its own or, when
 * TOCSIN_TEST_DATABASE holds the address of a PostgreSQL server ("host=... dbname=..."), a schema
 * of its own there. tests/scenario/postgres/suite_test.py runs the tests a second time so.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/database.h"

struct place {
    char folder[64];
    char path[96];
    char schema[64];
    char address[512]; /* "" = the file */
};

/* NULL when tests run on SQLite. */
static inline const char *place_server(void)
{
    const char *server = getenv("TOCSIN_TEST_DATABASE");
    return server && *server ? server : NULL;
}

static inline void place_bail(const char *words)
{
    printf("Bail out! %s\n", words);
    exit(1);
}

static inline void place_tell_server(const char *sql)
{
    struct why why = {0};
    struct database *database = NULL;
    const struct database_config config = {.address = place_server()};
    if (database_open(&database, &config, &why) != OK ||
        database_execute(database, sql, &why) != OK) {
        place_bail(why.text);
    }
    database_close(database);
}

static inline void place_make(struct place *place)
{
    static int count;
    char folder[] = "/tmp/tocsin-tables-XXXXXX";
    if (!mkdtemp(folder)) { abort(); }
    *place = (struct place){0};
    (void)snprintf(place->folder, sizeof place->folder, "%s", folder);
    (void)snprintf(place->path, sizeof place->path, "%s/test.db", folder);
    if (!place_server()) { return; }
    char schema[sizeof place->schema], sql[128];
    (void)snprintf(schema, sizeof schema, "test_%d_%d", (int)getpid(), ++count);
    (void)snprintf(sql, sizeof sql, "CREATE SCHEMA %s", schema);
    place_tell_server(sql);
    (void)snprintf(place->schema, sizeof place->schema, "%s", schema);
    (void)snprintf(place->address, sizeof place->address, "%s options=-csearch_path=%s",
                   place_server(), schema);
}

/* Borrows from `place`. */
static inline struct database_config place_config(const struct place *place)
{
    return (struct database_config){.path = place->path,
                                    .address = *place->address ? place->address : NULL};
}

static inline struct database *place_connect(const struct place *place)
{
    struct why why = {0};
    struct database *database = NULL;
    const struct database_config config = place_config(place);
    if (database_open(&database, &config, &why) != OK) { place_bail(why.text); }
    return database;
}

static inline void place_remove(struct place *place)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char path[112];
        (void)snprintf(path, sizeof path, "%s%s", place->path, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(place->folder);
    if (!*place->address) { return; }
    char sql[128];
    (void)snprintf(sql, sizeof sql, "DROP SCHEMA %s CASCADE", place->schema);
    place_tell_server(sql);
}
