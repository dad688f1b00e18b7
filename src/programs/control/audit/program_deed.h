/*
 * control/audit/program_deed - what the program does by itself, into the audit log.
 *
 * Joins the transaction that the database is in, if it is in one.
 */
#pragma once

#include "base/value.h"
#include "store/database.h"

MUST_USE enum err program_deed_enter(struct database *database, const char *action,
                                     const char *resource, const struct value *details,
                                     struct why *why);
