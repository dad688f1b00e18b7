/*
 * store/guard - row-level security of PostgreSQL: zones are kept apart by the database itself, so
 * that a mistake in a query, or an injected one, does not show a person another zone's rows.
 *
 * Policies (sql/migrations/control/postgres/0110-zone-guard.sql) compare a row's zone with the
 * setting tocsin.zones. It is sent with every statement or transaction, in the same round trip, and
 * ends with it: nothing of it stays on the connection, so that a pooler in between leaks nothing.
 * Whoever sets nothing sees nothing. The embedded database has no such guard; there, as here, the
 * queries ask for the person's zones themselves. Threads as store/database.h.
 */
#pragma once

#include "store/database.h"

/*
 * What the connection's statements reach from now on: NULL = no zone, "" = the whole site,
 * ",north,south," = two zones (as people/reach.h writes them). Copied. Not inside a transaction.
 */
void guard_scope(struct database *database, const char *zones);

/*
 * Gives the role that `address` names what it needs to work with the tables of `owner`'s
 * connection, and no more: rows, not tables. ERR_MALFORMED when the address names no role.
 */
MUST_USE enum err guard_share(struct database *owner, const char *address, struct why *why);

/*
 * Refuses (ERR_DENIED, in words that say what to do) a connection that policies would not hold: of
 * a superuser, of a role with BYPASSRLS, of the tables' owner; and a schema with a way around them:
 * a table with zones or a partition without forced policies, a view with its owner's rights, a
 * SECURITY DEFINER function. OK on the embedded database.
 */
MUST_USE enum err guard_check(struct database *database, struct why *why);
