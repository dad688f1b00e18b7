/*
 * system/worker - a named thread that is always joined.
 */
#pragma once

#include "base/err.h"

struct worker;

/*
 * Starts `run(context)` on a new thread named `name` (at most 15 letters, seen in ps and gdb), with
 * all signals blocked: signals belong to the main loop. ERR_IO when the system has no thread left.
 */
MUST_USE enum err worker_start(struct worker **out, const char *name, void (*run)(void *context),
                               void *context, struct why *why);

/* Waits until `run` has returned. Tell it to stop first. NULL is allowed. */
void worker_join(struct worker *worker);
CLEANUP_FOR(struct worker, worker_join)
