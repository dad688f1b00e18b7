/*
 * fleet/tally - how many devices, cameras and events there are in each zone, without counting them.
 *
 * One row for each zone, kept in the transaction of what changes it: a request reads as many rows
 * as the site has zones, however long its timeline is. The row of the zone "*" counts what belongs
 * to the whole site (alerts; alert/dispatch adds them). Belongs to the thread of its database
 * connection.
 */
#pragma once

#include "store/database.h"

struct tally_store;

MUST_USE enum err tally_store_open(struct tally_store **out, struct database *database,
                                   struct why *why);
void tally_store_close(struct tally_store *store); /* NULL is allowed */
CLEANUP_FOR(struct tally_store, tally_store_close)

/* `more` events in a zone; negative: fewer. */
MUST_USE enum err tally_events(struct tally_store *store, const char *zone, int64_t more,
                               struct why *why);
/* Counts the devices and cameras of a zone again, after one of them came, moved or went. */
MUST_USE enum err tally_devices(struct tally_store *store, const char *zone, struct why *why);

struct tally {
    const char *zone; /* valid during the call */
    int64_t devices, cameras, events, alerts;
};
/* Calls `each` for every zone in their order, and for "*". */
MUST_USE enum err tally_each(struct tally_store *store,
                             void (*each)(void *context, const struct tally *tally), void *context,
                             struct why *why);
