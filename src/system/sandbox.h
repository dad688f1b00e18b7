/*
 * system/sandbox - gives up what a program does not need, once it has started.
 *
 * Three fences, each inherited by every later thread: no_new_privs and rlimits (no core dump, which
 * could hold frames), Landlock (only the named folders, by the kernel's ABI), seccomp (a list of
 * system calls; others fail with EPERM, so that a library that merely tries goes on). The folders
 * of the libraries that are loaded already stay readable. Landlock and seccomp are set for every
 * thread that exists already where the kernel can (seccomp TSYNC); call it before starting threads
 * all the same, because Landlock covers the calling thread only. It cannot be undone.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum { SANDBOX_PATHS_MAX = 64 };

enum sandbox_use {
    SANDBOX_USE_READ,  /* read files and list folders below */
    SANDBOX_USE_WRITE, /* also make, write, truncate, rename and delete below */
};

struct sandbox_path {
    const char *path; /* a path that does not exist is left out */
    enum sandbox_use use;
};

struct sandbox_plan {
    const struct sandbox_path *paths;
    size_t path_count;
    bool network; /* may open sockets other than unix ones */
    bool serving; /* may listen, on TCP too, and take connections */
};

/* What holds now: a kernel without Landlock leaves `landlock_abi` 0, and the caller warns. */
struct sandbox_state {
    int landlock_abi;
    bool seccomp;
};

/*
 * Enters the sandbox. ERR_UNAVAILABLE names the fence that the kernel refused although it has it;
 * a kernel without Landlock is not an error. Some fences may hold even after a failure.
 */
MUST_USE enum err sandbox_enter(const struct sandbox_plan *plan, struct sandbox_state *state,
                                struct why *why);

/*
 * Only the fence around memory, for programs that hold keys and cannot give up the rest: no core
 * dump, now or later, and no other process of the same user may read or trace this one (its files
 * in /proc belong to root). Call it before the first secret is read.
 */
MUST_USE enum err sandbox_keep_memory(struct why *why);
