/*
 * edge/memory - small facts that must survive a restart, by name.
 *
 * Belongs to the thread of its database connection.
 */
#pragma once

#include "store/database.h"

enum { MEMORY_FACT_SIZE = 64 };

struct memory;

MUST_USE enum err memory_open(struct memory **out, struct database *database, struct why *why);
void memory_close(struct memory *memory); /* NULL is allowed */
CLEANUP_FOR(struct memory, memory_close)

MUST_USE enum err memory_keep(struct memory *memory, const char *name, const char *fact,
                              struct why *why);

/* "" when nothing was kept under this name. */
MUST_USE enum err memory_recall(struct memory *memory, const char *name,
                                char fact[static MEMORY_FACT_SIZE], struct why *why);
