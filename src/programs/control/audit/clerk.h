/*
 * control/audit/clerk - the thread that takes over what tocsin-enrol has done (tokens,
 * certificates, withdrawals) into the audit log.
 *
 * It asks every 10 s, over mutual TLS, for what follows the newest deed that is entered, and enters
 * the answer in one transaction (ledger/deed). It has its own connection. While tocsin-enrol cannot
 * be reached its deeds wait there.
 */
#pragma once

#include "store/database.h"

struct clerk;

struct clerk_config {
    struct database_config database; /* migrated already */
    const char *url;                 /* of tocsin-enrol; these are borrowed for the clerk's life */
    const char *site, *ca_path, *certificate_path, *key_path;
    void *context;
    void (*entered)(void *context); /* from its thread: there are new entries */
};

/* Starts the thread; with an empty url there is none, and `*out` is NULL. */
MUST_USE enum err clerk_open(struct clerk **out, const struct clerk_config *config,
                             struct why *why);
void clerk_close(struct clerk *clerk); /* NULL is allowed */
CLEANUP_FOR(struct clerk, clerk_close)
