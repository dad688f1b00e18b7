/*
 * system/process - child processes: started without a shell, watched through a descriptor, never
 * left behind.
 *
 * A child gets exactly the arguments and the environment that its maker names, standard input from
 * /dev/null, its output where the maker says, no other descriptor, all signals at their default.
 * With `die_with_parent` the kernel kills it when the thread that started it ends, so a supervisor
 * that is itself killed leaves nothing running (PR_SET_PDEATHSIG; start from the main thread).
 * Thread rule: a struct process belongs to one thread; process_start may run on any.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum process_output {
    PROCESS_OUTPUT_INHERIT, /* where the parent's goes */
    PROCESS_OUTPUT_FILE,    /* appended to `output_path`, created with mode 0600 */
    PROCESS_OUTPUT_PIPE,    /* to process_output: standard output and error together */
    PROCESS_OUTPUT_STDOUT,  /* standard output to process_output, standard error inherited */
};

/* What to start. Everything is borrowed for the call. */
struct process_plan {
    const char *const *arguments;   /* NULL-terminated; the first is an absolute path or a PATH
                                       name; at most PROCESS_ARGUMENTS_MAX */
    const char *const *environment; /* NULL-terminated "KEY=value"; NULL: that of the parent */
    const char *folder;             /* working folder; NULL: that of the parent */
    enum process_output output;
    const char *output_path; /* for PROCESS_OUTPUT_FILE */
    bool die_with_parent;
    bool own_group; /* its own process group: Ctrl-C at the terminal reaches only the parent */
};

enum { PROCESS_ARGUMENTS_MAX = 256 };

/* How a child ended: `signal` is 0 unless a signal ended it; then `status` is -1. */
struct process_end {
    int status;
    int signal;
};

struct process;

/*
 * Starts a child. ERR_NOT_FOUND when the program is not there, ERR_DENIED when it may not be run,
 * ERR_IO otherwise: a failed execve is reported here, not as a child that ends at once.
 */
MUST_USE enum err process_start(struct process **out, const struct process_plan *plan,
                                struct why *why);

/* Kills the child unless it has been reaped, reaps it, and releases. NULL is allowed. */
void process_free(struct process *process);
CLEANUP_FOR(struct process, process_free)

pid_t process_pid(const struct process *process);

/* Becomes readable when the child has ended (a pidfd): for loop_watch. Borrowed. */
int process_descriptor(const struct process *process);

/* The reading end of the pipe (non-blocking), or -1. Borrowed; lives as long as `process`. */
int process_output(const struct process *process);

/* Sends `signal` to the child. Nothing happens when it was reaped already. */
void process_signal(struct process *process, int signal);

/* Reaps the child when it has ended within `wait_us` (negative: for ever), else ERR_TIMEOUT. */
MUST_USE enum err process_wait(struct process *process, int64_t wait_us, struct process_end *end);

/* SIGTERM, `grace_us` to end by itself, then SIGKILL; always reaps. */
struct process_end process_stop(struct process *process, int64_t grace_us);
