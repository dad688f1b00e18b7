/*
 * fleet/zone - the parts of a site: a zone has a broker, a gateway, and the devices that stand in
 * it.
 *
 * A zone exists while a device says that it stands there. Control, reading only; belongs to the
 * thread of its database connection.
 */
#pragma once

#include "base/value.h"
#include "store/database.h"

/* Whether `name` may name a zone: as in certificates and topics, [a-z0-9.-], 1..63 letters. */
bool zone_name_valid(const char *name);

struct zone_store;

MUST_USE enum err zone_store_open(struct zone_store **out, struct database *database,
                                  struct why *why);
void zone_store_close(struct zone_store *store); /* NULL is allowed */
CLEANUP_FOR(struct zone_store, zone_store_close)

/* `[{"name","devices","signs","online"},...]` by name, as in api.md. The caller owns `*out`. */
MUST_USE enum err zone_store_list(struct zone_store *store, struct value **out, struct why *why);
