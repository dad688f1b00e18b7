/*
 * store/postgres_types - which types the parameters of a statement have, as one connection has
 * learnt it for all others to the same database.
 *
 * Control has a dozen connections with the same hundred statements: what the first has prepared and
 * had described, the others prepare when they first need it. Holds at most TYPES_KEPT_MAX
 * statements for the life of the process; guarded by a lock, any thread; no I/O.
 */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>

enum { TYPES_KEPT_MAX = 2048 };

/* Fills `types` and returns true when this text of `count` parameters is known at this address. */
bool postgres_types_find(const char *address, const char *sql, int count, Oid types[]);

/* Remembers it, if there is room. */
void postgres_types_keep(const char *address, const char *sql, int count, const Oid types[]);
