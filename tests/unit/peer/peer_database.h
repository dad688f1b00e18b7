/* A migrated control database, and a second connection to it: another server. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "lib/scratch.h"
#include "migrations/control.h"
#include "store/database.h"

struct peer_database {
    char folder[32];
    struct database *here, *there;
};

static inline struct database *peer_database_connect(const struct peer_database *peer)
{
    char path[64];
    struct why why = {""};
    struct database *database = NULL;
    (void)snprintf(path, sizeof path, "%s/control.db", peer->folder);
    enum err err = database_open(&database, &(struct database_config){.path = path}, &why);
    if (err == OK) {
        err = database_migrate(database, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL), &why);
    }
    if (err != OK) {
        printf("# %s\n", why.text);
        abort();
    }
    return database;
}

static inline void peer_database_open(struct peer_database *peer)
{
    (void)snprintf(peer->folder, sizeof peer->folder, "/tmp/tocsin-peer-XXXXXX");
    if (!mkdtemp(peer->folder)) { abort(); }
    peer->here = peer_database_connect(peer);
    peer->there = peer_database_connect(peer);
}

static inline void peer_database_close(struct peer_database *peer)
{
    database_close(peer->here);
    database_close(peer->there);
    scratch_remove(peer->folder);
}
