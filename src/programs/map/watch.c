/*
 * `tocsin-map watch`: builds and publishes when inputs or the day (UTC) change, one run at a time.
 *
 * Steps and the publisher are processes of their own: what reads a city's files has no credentials,
 * and a crash of one is a failed run, tried again.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "command.h"
#include "programs/map/inputs.h"
#include "programs/map/publish_options.h"
#include "system/file.h"
#include "system/loop.h"
#include "system/process.h"
#include "system/sandbox.h"

enum { WORDS_MAX = 60, INPUTS_MAX = 64, GRACE_US = 2000000, RETRY_MOST_S = 3600, DAY_SIZE = 11 };

struct watch {
    struct publish_options options;
    char *const *own_arguments; /* for the publisher: ours */
    char program[FILE_PATH_SIZE];
    char *inputs[INPUTS_MAX]; /* owned */
    size_t input_count;
    const char *clean[WORDS_MAX * 4]; /* the environment without our secrets */
    struct loop *loop;
    struct loop_timer *timer;
    /* What was seen, and what was made. A state is a mark and a day. */
    char seen[INPUTS_MARK_SIZE + DAY_SIZE], made[INPUTS_MARK_SIZE + DAY_SIZE];
    char making[INPUTS_MARK_SIZE + DAY_SIZE];
    int64_t seen_us;       /* monotonic: since when it looks so */
    int64_t not_before_us; /* monotonic: after a failure */
    int64_t retry_us;      /* the pause after the next failure */
    /* The run under way. */
    struct process *process;
    struct loop_watch *ended;
    size_t step; /* that runs; step_count: the publisher */
};

static void watch_close(struct watch *watch)
{
    loop_unwatch(watch->ended);
    if (watch->process) { (void)process_stop(watch->process, GRACE_US); }
    process_free(watch->process);
    loop_timer_stop(watch->timer);
    loop_close(watch->loop);
    for (size_t i = 0; i < watch->input_count; i++) {
        free(watch->inputs[i]);
    }
}

/* ---- a run ---- */

static void start_step(struct watch *watch);

static const char *step_name(const struct watch *watch)
{
    const bool publishing = watch->step == watch->options.step_count;
    return publishing ? "publish" : watch->options.steps[watch->step].name;
}

static void fail(struct watch *watch, const char *sentence)
{
    log_event(LOG_LEVEL_ERROR, "step.failed", "step", step_name(watch), "why", sentence,
              "again_after_s", LOG_NUMBER(watch->retry_us / CLOCK_SECOND_US), NULL);
    watch->not_before_us = clock_monotonic_us() + watch->retry_us;
    watch->retry_us *= 2;
    if (watch->retry_us > RETRY_MOST_S * CLOCK_SECOND_US) {
        watch->retry_us = RETRY_MOST_S * CLOCK_SECOND_US;
    }
}

static void succeed(struct watch *watch)
{
    memcpy(watch->made, watch->making, sizeof watch->made);
    watch->retry_us = watch->options.watch_retry_s * CLOCK_SECOND_US;
    log_event(LOG_LEVEL_INFO, "watch.done", NULL);
}

static void on_ended(void *context, int events)
{
    (void)events;
    struct watch *watch = context;
    struct process_end end;
    if (process_wait(watch->process, 0, &end)) { return; }
    loop_unwatch(TAKE(watch->ended));
    process_free(TAKE(watch->process));
    if (end.status != 0) {
        char sentence[64];
        (void)snprintf(sentence, sizeof sentence, "it ended with status %d, signal %d", end.status,
                       end.signal);
        fail(watch, sentence);
    } else if (watch->step < watch->options.step_count) {
        watch->step++;
        start_step(watch);
    } else {
        succeed(watch);
    }
}

/* The words of the step: our own program, then the command and its arguments. */
static bool list_words(const struct watch *watch, char text[static OPTION_TEXT_SIZE],
                       const char *words[static WORDS_MAX + 2])
{
    words[0] = watch->program;
    if (watch->step == watch->options.step_count) {
        size_t count = 1;
        words[count++] = "publish";
        for (char *const *own = watch->own_arguments; *own && count < WORDS_MAX; own++) {
            words[count++] = *own;
        }
        words[count] = NULL;
        return true;
    }
    memcpy(text, watch->options.steps[watch->step].arguments, OPTION_TEXT_SIZE);
    words[1 + publish_options_split(text, " ", words + 1, WORDS_MAX)] = NULL;
    return words[1] && (strcmp(words[1], "build") == 0 || strcmp(words[1], "anonymise") == 0);
}

static void start_step(struct watch *watch)
{
    char text[OPTION_TEXT_SIZE];
    const char *words[WORDS_MAX + 2];
    struct why why = {""};
    if (!list_words(watch, text, words)) {
        fail(watch, "its arguments begin with neither build nor anonymise");
        return;
    }
    const bool publishing = watch->step == watch->options.step_count;
    const struct process_plan plan = {.arguments = words,
                                      .environment = publishing ? NULL : watch->clean,
                                      .folder = publishing ? NULL : watch->options.watch_folder,
                                      .die_with_parent = true,
                                      .own_group = true};
    if (process_start(&watch->process, &plan, &why)) {
        fail(watch, why.text);
        return;
    }
    watch->ended =
        loop_watch(watch->loop, process_descriptor(watch->process), LOOP_READABLE, on_ended, watch);
    if (!watch->ended) { abort(); }
}

/* ---- when ---- */

/* What there is now: the inputs' mark and the day. */
static enum err look(struct watch *watch, char state[static INPUTS_MARK_SIZE + DAY_SIZE],
                     struct why *why)
{
    char now[CLOCK_TEXT_SIZE];
    const enum err err =
        inputs_mark(state, (const char *const *)watch->inputs, watch->input_count, why);
    if (err) { return err; }
    (void)snprintf(state + strlen(state), DAY_SIZE, "%.10s", clock_text(now, clock_wall_us()));
    return OK;
}

static void on_time(void *context)
{
    struct watch *watch = context;
    const int64_t now_us = clock_monotonic_us();
    char state[sizeof watch->seen];
    struct why why = {""};
    if (look(watch, state, &why)) {
        log_event(LOG_LEVEL_ERROR, "inputs.unread", "why", why.text, NULL);
        return;
    }
    if (strcmp(state, watch->seen) != 0) { /* still being changed: wait until it is at rest */
        memcpy(watch->seen, state, sizeof watch->seen);
        watch->seen_us = now_us;
        watch->not_before_us = 0; /* what failed may be well now */
    }
    const bool at_rest = now_us - watch->seen_us >= watch->options.watch_settle_ms * 1000;
    if (watch->process || !at_rest || now_us < watch->not_before_us ||
        strcmp(watch->seen, watch->made) == 0) {
        return;
    }
    memcpy(watch->making, watch->seen, sizeof watch->making);
    log_event(LOG_LEVEL_INFO, "watch.building", "day", state + INPUTS_MARK_SIZE - 1, NULL);
    watch->step = 0;
    start_step(watch);
}

/* ---- opening ---- */

static void clean_environment(struct watch *watch)
{
    size_t count = 0;
    for (char **at = environ; *at && count + 1 < ARRAY_LEN(watch->clean); at++) {
        if (strncmp(*at, "TOCSIN_", 7) != 0) { watch->clean[count++] = *at; }
    }
    watch->clean[count] = NULL;
}

static enum err list_inputs(struct watch *watch, struct why *why)
{
    const char *names[INPUTS_MAX];
    const size_t count =
        publish_options_split(watch->options.watch_inputs, ", ", names, INPUTS_MAX);
    for (size_t i = 0; i < count; i++) {
        char path[FILE_PATH_SIZE];
        const bool absolute = names[i][0] == '/';
        const enum err err =
            absolute ? OK : file_join(path, watch->options.watch_folder, names[i], why);
        if (err) { return err; }
        watch->inputs[watch->input_count++] = mem_text(absolute ? names[i] : path);
    }
    return OK;
}

static enum err watch_open(struct watch *watch, struct why *why)
{
    enum err err = sandbox_keep_memory(why); /* credentials stand in our environment */
    if (err) { return err; }
    const ssize_t size = readlink("/proc/self/exe", watch->program, sizeof watch->program - 1);
    if (size <= 0) { return why_set(why, ERR_IO, "cannot find our own program"); }
    watch->program[size] = '\0';
    watch->retry_us = watch->options.watch_retry_s * CLOCK_SECOND_US;
    clean_environment(watch);
    err = list_inputs(watch, why);
    if (!err) { err = loop_open(&watch->loop, why); }
    if (!err) { err = loop_handle_signals(watch->loop, NULL, NULL, why); }
    if (err) { return err; }
    watch->timer =
        loop_timer_start(watch->loop, 0, watch->options.watch_every_ms * 1000, on_time, watch);
    return OK;
}

int watch_command(int argc, char *argv[])
{
    static struct watch watch; /* tens of kilobytes of options */
    struct why why = {""};
    enum log_level level = LOG_LEVEL_INFO;
    watch.own_arguments = argv + 1;
    const enum option_outcome outcome =
        option_command_line(&watch.options, &publish_options_table, argc, argv, &why);
    if (outcome == OPTION_OUTCOME_DONE) { return COMMAND_DONE; }
    if (outcome == OPTION_OUTCOME_REFUSED ||
        log_level_parse(&level, watch.options.log_level, &why)) {
        return command_failed("watch", ERR_RANGE, &why);
    }
    log_open("map", level);
    enum err err = watch_open(&watch, &why);
    if (!err) {
        log_event(LOG_LEVEL_INFO, "watch.ready", "version", TOCSIN_VERSION, NULL);
        err = loop_run(watch.loop, &why);
    }
    if (err) { log_event(LOG_LEVEL_ERROR, "map.failed", "why", why.text, NULL); }
    watch_close(&watch);
    log_event(LOG_LEVEL_INFO, "map.stopped", NULL);
    return err ? COMMAND_FAILED : COMMAND_DONE;
}
