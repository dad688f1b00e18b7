/* A migrated control database in a folder of its own, without encryption. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "migrations/control.h"
#include "store/database.h"

struct people_database {
    char folder[32];
    char path[64];
    struct database *database;
};

static inline void people_database_open(struct people_database *people)
{
    (void)snprintf(people->folder, sizeof people->folder, "/tmp/tocsin-people-XXXXXX");
    if (!mkdtemp(people->folder)) { abort(); }
    (void)snprintf(people->path, sizeof people->path, "%s/control.db", people->folder);
    const struct database_config config = {.path = people->path};
    struct why why = {""};
    enum err err = database_open(&people->database, &config, &why);
    if (!err) {
        err = database_migrate(people->database, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL),
                               &why);
    }
    if (err) {
        printf("# %s\n", why.text);
        abort();
    }
}

static inline void people_database_close(struct people_database *people)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    database_close(people->database);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char path[80];
        (void)snprintf(path, sizeof path, "%s%s", people->path, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(people->folder);
}
