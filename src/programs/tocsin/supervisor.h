/*
 * programs/tocsin/supervisor - keeps the programs of a demo running on one machine.
 *
 * What systemd does on a real site, in small: starts each child with its own environment and log
 * file, writes its process id to a file, starts it again when it ends (after 0.2 s, doubling to 5 s
 * while it keeps ending early), and stops all in the reverse order. Belongs to the loop's thread.
 */
#pragma once

#include "base/err.h"
#include "system/loop.h"

struct supervisor;

enum { SUPERVISOR_CHILDREN_MAX = 16, SUPERVISOR_ONCE_MAX = 2 };

struct supervisor_child {
    const char *name;               /* also of its .pid and .log file */
    const char *const *arguments;   /* NULL-terminated, copied */
    const char *const *environment; /* NULL-terminated "KEY=value", copied; nothing is inherited */
    /* More "KEY=value", for the first start only, the last ones empty. */
    const char *once[SUPERVISOR_ONCE_MAX];
};

/* `log_folder` and `run_folder` exist. `said` is told of every end and every new start. */
struct supervisor *supervisor_new(struct loop *loop, const char *log_folder, const char *run_folder,
                                  void (*said)(const char *name, const char *sentence));

/* Stops what runs, the last started first, each with 3 s to end by itself. NULL is allowed. */
void supervisor_free(struct supervisor *supervisor);
CLEANUP_FOR(struct supervisor, supervisor_free)

/* Starts a child and keeps it running. */
MUST_USE enum err supervisor_start(struct supervisor *supervisor,
                                   const struct supervisor_child *child, struct why *why);
