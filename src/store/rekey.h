/*
 * store/rekey - gives a database file another key: by a copy under the new key that takes its place
 * in one step.
 *
 * A page cannot be half in one key and half in another, and the log (WAL) knows one key only: so
 * nobody else may have the file open (ERR_TIMEOUT: somebody has), and whoever runs on it stands
 * still meanwhile. Killed at any moment, the file opens with the old key or with the new one, with
 * all that it had. The copy is written afresh (VACUUM), so that nothing deleted comes along; the
 * disk needs room for two more of it. Embedded databases only. File I/O; one thread.
 */
#pragma once

#include "store/database.h"

struct rekey_config {
    const struct database_config *database; /* with the old key */
    const struct secret *key;               /* the new one */
    void *context;
    /* Called with the copy under its new key and the old column key; NULL: nothing to do. */
    enum err (*prepare)(void *context, struct database *copy, struct why *why);
};

MUST_USE enum err rekey_file(const struct rekey_config *config, struct why *why);
