#include "system/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "check.h"
#include "system/file.h"

static const int64_t long_us = 20 * CLOCK_SECOND_US;

/* Everything that the child writes until it closes its end. */
static void drain(const struct process *process, struct text *out)
{
    for (;;) {
        struct pollfd readable = {.fd = process_output(process), .events = POLLIN};
        if (poll(&readable, 1, 20000) <= 0) { return; }
        char block[256];
        const ssize_t got = read(readable.fd, block, sizeof block);
        if (got == 0) { return; }
        if (got > 0) { text_add_bytes(out, span_of(block, (size_t)got)); }
    }
}

static void test_output_and_status(void)
{
    const char *const arguments[] = {"sh", "-c", "echo $WORD; echo again >&2; exit 7", NULL};
    const char *const environment[] = {"WORD=tocsin", "PATH=/usr/bin:/bin", NULL};
    const struct process_plan plan = {
        .arguments = arguments, .environment = environment, .output = PROCESS_OUTPUT_PIPE};
    CLEANUP(process_free_p) struct process *process = NULL;
    struct why why = {0};
    CHECK(process_start(&process, &plan, &why) == OK);
    CLEANUP(text_deinit) struct text out = text_limited(1000);
    drain(process, &out);
    CHECK_TEXT(text_c(&out), "tocsin\nagain\n");
    struct process_end end = {0};
    CHECK(process_wait(process, long_us, &end) == OK);
    CHECK(end.status == 7);
    CHECK(end.signal == 0);
    CHECK(process_wait(process, 0, &end) == OK); /* asked again, the same answer */
    CHECK(end.status == 7);
}

static void test_failures(void)
{
    struct why why = {0};
    struct process *process = NULL;
    const char *const missing[] = {"/nowhere/at/all", NULL};
    struct process_plan plan = {.arguments = missing};
    CHECK(process_start(&process, &plan, &why) == ERR_NOT_FOUND);
    CHECK(strstr(why.text, "/nowhere/at/all") != NULL);
    const char *const folder[] = {"/usr", NULL};
    plan.arguments = folder;
    CHECK(process_start(&process, &plan, &why) == ERR_DENIED);
    const char *const good[] = {"true", NULL};
    plan = (struct process_plan){.arguments = good, .folder = "/nowhere"};
    CHECK(process_start(&process, &plan, &why) == ERR_NOT_FOUND);
    const char *const empty[] = {NULL};
    plan = (struct process_plan){.arguments = empty};
    CHECK(process_start(&process, &plan, &why) == ERR_RANGE);
    CHECK(process == NULL);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD); /* nothing is left unreaped */
}

static void test_stop(void)
{
    struct why why = {0};
    const char *const polite[] = {"sleep", "100", NULL};
    struct process_plan plan = {.arguments = polite, .die_with_parent = true, .own_group = true};
    CLEANUP(process_free_p) struct process *process = NULL;
    CHECK(process_start(&process, &plan, &why) == OK);
    CHECK(getpgid(process_pid(process)) == process_pid(process));
    struct process_end end = {0};
    CHECK(process_wait(process, 1000, &end) == ERR_TIMEOUT);
    end = process_stop(process, long_us);
    CHECK(end.signal == SIGTERM);
    CHECK(kill(process_pid(process), 0) != 0);

    /* The trap must stand before SIGTERM comes: the child says so. */
    const char *const stubborn[] = {"sh", "-c",
                                    "trap '' TERM; echo ready; while :; do sleep 1; done", NULL};
    plan = (struct process_plan){.arguments = stubborn, .output = PROCESS_OUTPUT_STDOUT};
    CLEANUP(process_free_p) struct process *other = NULL;
    CHECK(process_start(&other, &plan, &why) == OK);
    struct pollfd readable = {.fd = process_output(other), .events = POLLIN};
    CHECK(poll(&readable, 1, 20000) == 1);
    end = process_stop(other, 50000);
    CHECK(end.signal == SIGKILL);
}

static void test_file(void)
{
    char folder[] = "/tmp/tocsin-process-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    char path[FILE_PATH_SIZE];
    struct why why = {0};
    CHECK(file_join(path, folder, "log", &why) == OK);
    const char *const arguments[] = {"pwd", NULL};
    const struct process_plan plan = {.arguments = arguments,
                                      .folder = folder,
                                      .output = PROCESS_OUTPUT_FILE,
                                      .output_path = path};
    for (int i = 0; i < 2; i++) {
        CLEANUP(process_free_p) struct process *process = NULL;
        CHECK(process_start(&process, &plan, &why) == OK);
        struct process_end end = {0};
        CHECK(process_wait(process, long_us, &end) == OK && end.status == 0);
    }
    CLEANUP(text_deinit) struct text out = text_limited(1000);
    CLEANUP(text_deinit) struct text expected = text_limited(1000);
    text_format(&expected, "%s\n%s\n", folder, folder);
    CHECK(file_read(&out, path, &why) == OK);
    CHECK_TEXT(text_c(&out), text_c(&expected));
    (void)unlink(path);
    (void)rmdir(folder);
}

/* A supervisor that is killed takes its children along. */
static void test_dies_with_parent(void)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    const pid_t supervisor = fork();
    if (supervisor == 0) {
        const char *const arguments[] = {"sleep", "100", NULL};
        const struct process_plan plan = {.arguments = arguments, .die_with_parent = true};
        struct process *process = NULL;
        const enum err err = process_start(&process, &plan, NULL);
        const pid_t pid = err ? -1 : process_pid(process);
        (void)!write(fds[1], &pid, sizeof pid);
        for (;;) {
            (void)pause();
        }
    }
    pid_t child = -1;
    CHECK(read(fds[0], &child, sizeof child) == (ssize_t)sizeof child);
    CHECK(child > 0 && kill(child, 0) == 0);
    CHECK(kill(supervisor, SIGKILL) == 0);
    CHECK(waitpid(supervisor, NULL, 0) == supervisor);
    /* The orphan is killed at once, but reaped by whoever is init here: a zombie counts as gone. */
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    bool gone = false;
    const int64_t deadline_us = clock_monotonic_us() + long_us;
    while (!gone && clock_monotonic_us() < deadline_us) {
        CLEANUP(text_deinit) struct text stat = text_limited(4096);
        gone = file_read(&stat, path, NULL) != OK || strstr(text_c(&stat), ") Z ") != NULL;
        (void)usleep(1000);
    }
    CHECK(gone);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int main(void)
{
    test_output_and_status();
    test_failures();
    test_stop();
    test_file();
    test_dies_with_parent();
    return CHECK_DONE();
}
