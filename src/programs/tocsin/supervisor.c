#include "supervisor.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "system/file.h"
#include "system/process.h"

enum {
    STRINGS_MAX = 32,
    WORDS_MAX = STRINGS_MAX - 1 - SUPERVISOR_ONCE_MAX,
    GRACE_US = 3000000,
    BACKOFF_FIRST_US = 200000,
    BACKOFF_LAST_US = 5000000,
    EARLY_END_US = 10000000,
};

struct child {
    struct supervisor *supervisor;
    char *name;
    char *arguments[STRINGS_MAX];
    char *environment[STRINGS_MAX]; /* secrets are among them: wiped on release */
    struct process *process;        /* owned; NULL while it waits to be started again */
    struct loop_watch *watch;
    int64_t started_us, backoff_us;
};

struct supervisor {
    struct loop *loop;
    char *log_folder, *run_folder;
    void (*said)(const char *name, const char *sentence);
    struct child *children[SUPERVISOR_CHILDREN_MAX];
    size_t count;
};

struct supervisor *supervisor_new(struct loop *loop, const char *log_folder, const char *run_folder,
                                  void (*said)(const char *name, const char *sentence))
{
    struct supervisor *supervisor = MEM_NEW(struct supervisor);
    supervisor->loop = loop;
    supervisor->log_folder = mem_text(log_folder);
    supervisor->run_folder = mem_text(run_folder);
    supervisor->said = said;
    return supervisor;
}

static void wipe(char *text)
{
    if (text) { sodium_memzero(text, strlen(text)); }
    free(text);
}

static void child_free(struct child *child)
{
    if (!child) { return; }
    loop_unwatch(child->watch);
    if (child->process) { (void)process_stop(child->process, GRACE_US); }
    process_free(child->process);
    char path[FILE_PATH_SIZE];
    if (snprintf(path, sizeof path, "%s/%s.pid", child->supervisor->run_folder, child->name) > 0) {
        (void)unlink(path);
    }
    for (int i = 0; i < STRINGS_MAX; i++) {
        free(child->arguments[i]);
        wipe(child->environment[i]);
    }
    free(child->name);
    free(child);
}
CLEANUP_FOR(struct child, child_free)

void supervisor_free(struct supervisor *supervisor)
{
    if (!supervisor) { return; }
    while (supervisor->count > 0) {
        child_free(supervisor->children[--supervisor->count]);
    }
    free(supervisor->log_folder);
    free(supervisor->run_folder);
    free(supervisor);
}

static void on_end(void *context, int events);

static enum err write_pid(const struct child *child, struct why *why)
{
    char path[FILE_PATH_SIZE];
    char name[80];
    char number[24];
    (void)snprintf(name, sizeof name, "%s.pid", child->name);
    (void)snprintf(number, sizeof number, "%d\n", (int)process_pid(child->process));
    const enum err err = file_join(path, child->supervisor->run_folder, name, why);
    return err ? err : file_write(path, span_text(number), 0644, why);
}

static enum err start(struct child *child, struct why *why)
{
    char log[FILE_PATH_SIZE];
    char name[80];
    (void)snprintf(name, sizeof name, "%s.log", child->name);
    enum err err = file_join(log, child->supervisor->log_folder, name, why);
    if (err) { return err; }
    const struct process_plan plan = {
        .arguments = (const char *const *)child->arguments,
        .environment = (const char *const *)child->environment,
        .output = PROCESS_OUTPUT_FILE,
        .output_path = log,
        .die_with_parent = true,
        .own_group = true,
    };
    err = process_start(&child->process, &plan, why);
    if (err) { return why_prefix(why, err, child->name); }
    child->started_us = clock_monotonic_us();
    child->watch = loop_watch(child->supervisor->loop, process_descriptor(child->process),
                              LOOP_READABLE, on_end, child);
    return child->watch ? write_pid(child, why)
                        : why_set(why, ERR_IO, "cannot watch %s", child->name);
}

static void start_again(void *context)
{
    struct child *child = context;
    struct why why = {.text = ""};
    const bool failed = start(child, &why) != OK;
    child->supervisor->said(child->name, failed ? why.text : "started again");
    if (failed) {
        (void)loop_timer_start(child->supervisor->loop, child->backoff_us, 0, start_again, child);
    }
}

static void on_end(void *context, int events)
{
    struct child *child = context;
    (void)events;
    struct process_end end;
    if (process_wait(child->process, 0, &end)) { return; }
    loop_unwatch(TAKE(child->watch));
    process_free(TAKE(child->process));

    const bool early = clock_monotonic_us() - child->started_us < EARLY_END_US;
    child->backoff_us = early && child->backoff_us ? child->backoff_us * 2 : BACKOFF_FIRST_US;
    if (child->backoff_us > BACKOFF_LAST_US) { child->backoff_us = BACKOFF_LAST_US; }
    char sentence[96];
    (void)snprintf(sentence, sizeof sentence, "ended (%s %d); its log says why",
                   end.signal ? "signal" : "status", end.signal ? end.signal : end.status);
    child->supervisor->said(child->name, sentence);
    (void)loop_timer_start(child->supervisor->loop, child->backoff_us, 0, start_again, child);
}

static enum err copy_strings(char *to[STRINGS_MAX], const char *const *from, struct why *why)
{
    for (size_t i = 0; from[i]; i++) {
        if (i == WORDS_MAX) {
            return why_set(why, ERR_LIMIT, "more than %d words for a child", WORDS_MAX);
        }
        to[i] = mem_text(from[i]);
    }
    return OK;
}

enum err supervisor_start(struct supervisor *supervisor, const struct supervisor_child *plan,
                          struct why *why)
{
    assert(supervisor->count < SUPERVISOR_CHILDREN_MAX);
    CLEANUP(child_free_p) struct child *child = MEM_NEW(struct child);
    child->supervisor = supervisor;
    child->name = mem_text(plan->name);
    enum err err = copy_strings(child->arguments, plan->arguments, why);
    if (!err) { err = copy_strings(child->environment, plan->environment, why); }
    if (err) { return err; }

    size_t last = 0;
    while (child->environment[last]) {
        last++;
    }
    for (size_t i = 0; i < SUPERVISOR_ONCE_MAX && *plan->once[i]; i++) {
        child->environment[last + i] = mem_text(plan->once[i]);
    }
    err = start(child, why);
    for (size_t i = 0; i < SUPERVISOR_ONCE_MAX; i++) {
        wipe(TAKE(child->environment[last + i]));
    }
    if (err) { return err; }
    supervisor->children[supervisor->count++] = TAKE(child);
    return OK;
}
