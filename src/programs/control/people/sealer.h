/*
 * control/people/sealer - seals what a database of an earlier version holds unsealed.
 *
 * The secrets of people before anybody can sign in: they are few. The sensitive details of the
 * audit log, which may be millions, beside everything else: a small batch at a time on the main
 * loop, whose database connection it borrows. Killed at any moment, the next start goes on.
 */
#pragma once

#include "store/database.h"
#include "system/loop.h"

MUST_USE enum err sealer_people(struct database *database, struct why *why);

struct sealer;
MUST_USE enum err sealer_open(struct sealer **out, struct loop *loop, struct database *database,
                              struct why *why);
void sealer_close(struct sealer *sealer); /* NULL is allowed */
