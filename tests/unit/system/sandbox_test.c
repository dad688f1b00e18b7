#include "system/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "system/file.h"
#include "system/worker.h"

static char folder[] = "/tmp/tocsin-sandbox-XXXXXX";
static char inside[FILE_PATH_SIZE], readable[FILE_PATH_SIZE], outside[FILE_PATH_SIZE];

/* Each question is asked by a child of its own in the sandbox: exit status 1 is yes. */

static bool serving; /* of the next child */

static struct sandbox_state state_of_child(bool network)
{
    const struct sandbox_path paths[] = {
        {.path = inside, .use = SANDBOX_USE_WRITE},
        {.path = readable, .use = SANDBOX_USE_READ},
        {.path = "/nowhere", .use = SANDBOX_USE_READ},
    };
    const struct sandbox_plan plan = {
        .paths = paths, .path_count = ARRAY_LEN(paths), .network = network, .serving = serving};
    struct sandbox_state state = {0};
    struct why why = {0};
    if (sandbox_enter(&plan, &state, &why)) {
        (void)fprintf(stderr, "sandbox: %s\n", why.text);
        _exit(99);
    }
    return state;
}

static bool answer(bool (*ask)(void), bool network)
{
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        (void)state_of_child(network);
        _exit(ask() ? 1 : 0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static bool can_open(const char *path, int flags)
{
    CLEANUP(file_close_p) const int fd = open(path, flags | O_CLOEXEC, 0600);
    return fd >= 0;
}

static bool reads_shadow(void)
{
    return can_open("/etc/shadow", O_RDONLY);
}

static bool reads_home(void)
{
    return can_open("/etc/passwd", O_RDONLY) || can_open("/root", O_RDONLY | O_DIRECTORY);
}

static bool writes_outside(void)
{
    return file_write(outside, span_text("x"), 0600, NULL) == OK;
}

static bool changes_readable(void)
{
    char path[FILE_PATH_SIZE];
    return file_join(path, readable, "file", NULL) == OK &&
           (can_open(path, O_WRONLY) || truncate(path, 0) == 0 || unlink(path) == 0);
}

static bool executes(void)
{
    char *const arguments[] = {(char[]){"/bin/true"}, NULL};
    (void)execv(arguments[0], arguments);
    pid_t child = 0;
    return posix_spawn(&child, arguments[0], NULL, NULL, arguments, NULL) == 0;
}

static bool forks(void)
{
    const pid_t child = fork();
    if (child == 0) { _exit(0); }
    return child > 0;
}

static bool traces(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool kills_parent(void)
{
    return kill(getppid(), 0) == 0;
}

static bool opens_packet_socket(void)
{
    CLEANUP(file_close_p) const int fd = socket(AF_PACKET, SOCK_RAW, 0);
    return fd >= 0;
}

static bool opens_internet_socket(void)
{
    CLEANUP(file_close_p) const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    return fd >= 0;
}

/* Listens, takes a connection of its own, sends a file. */
static bool serves(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr *where = (struct sockaddr *)(void *)&address;
    socklen_t size = sizeof address;
    CLEANUP(file_close_p) const int listening = socket(AF_INET, SOCK_STREAM, 0);
    CLEANUP(file_close_p) const int client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listening, where, size) || listen(listening, 4) ||
        getsockname(listening, where, &size) || connect(client, where, size)) {
        return false;
    }
    CLEANUP(file_close_p) const int taken = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    CLEANUP(file_close_p) const int file = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    off_t at = 0;
    return taken >= 0 && (sendfile(taken, file, &at, 1) >= 0 || errno == EINVAL);
}

static bool leaves_core(void)
{
    struct rlimit core;
    return getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0;
}

static void set_flag(void *context)
{
    *(bool *)context = true;
}

/* What the program is for still works: threads, its files, reading its model. */
static bool works(void)
{
    bool ran = false;
    CLEANUP(worker_join_p) struct worker *worker = NULL;
    if (worker_start(&worker, "inside", set_flag, &ran, NULL)) { return false; }
    worker_join(TAKE(worker));
    char path[FILE_PATH_SIZE];
    char sub[FILE_PATH_SIZE];
    char model[FILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text text = text_limited(100);
    return ran && file_join(sub, inside, "gate/20261122", NULL) == OK &&
           file_make_folder(sub, 0700, NULL) == OK && file_join(path, sub, "a.mp4", NULL) == OK &&
           file_write(path, span_text("x"), 0600, NULL) == OK && truncate(path, 0) == 0 &&
           unlink(path) == 0 && rmdir(sub) == 0 && file_join(model, readable, "file", NULL) == OK &&
           file_read(&text, model, NULL) == OK && strcmp(text_c(&text), "model") == 0;
}

/* A program that only keeps its memory to itself: it may do all else, and dies without a core. */
static void test_memory(void)
{
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
        if (sandbox_keep_memory(NULL) || leaves_core() || prctl(PR_GET_DUMPABLE) != 0) { _exit(1); }
        if (getuid() != 0 && setrlimit(RLIMIT_CORE, &all) == 0) { _exit(2); }
        (void)signal(SIGABRT, SIG_DFL);
        abort();
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && !WCOREDUMP(status));
}

int main(void)
{
    struct why why = {0};
    char model[FILE_PATH_SIZE];
    CHECK(mkdtemp(folder) != NULL);
    CHECK(file_join(inside, folder, "media", &why) == OK);
    CHECK(file_join(readable, folder, "model", &why) == OK);
    CHECK(file_join(outside, folder, "elsewhere", &why) == OK);
    CHECK(file_join(model, readable, "file", &why) == OK);
    CHECK(mkdir(inside, 0700) == 0 && mkdir(readable, 0700) == 0);
    CHECK(file_write(model, span_text("model"), 0600, &why) == OK);

    test_memory();
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) { _exit(state_of_child(true).landlock_abi); }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    const bool landlock = WEXITSTATUS(status) > 0;

    CHECK(answer(works, true));
    CHECK(!answer(executes, true));
    CHECK(!answer(forks, true));
    CHECK(!answer(traces, true));
    CHECK(!answer(kills_parent, true));
    CHECK(!answer(opens_packet_socket, true));
    CHECK(!answer(serves, true));
    serving = true;
    CHECK(answer(serves, true));
    CHECK(!answer(executes, true) && !answer(reads_home, true));
    serving = false;
    CHECK(answer(opens_internet_socket, true));
    CHECK(!answer(opens_internet_socket, false));
    CHECK(!answer(leaves_core, true));
    if (landlock) {
        CHECK(!answer(reads_shadow, true));
        CHECK(!answer(reads_home, true));
        CHECK(!answer(writes_outside, true));
        CHECK(!answer(changes_readable, true));
    } else {
        printf("ok %d - files # SKIP this kernel has no Landlock\n", ++check_count);
    }
    const struct sandbox_plan many = {.path_count = SANDBOX_PATHS_MAX + 1};
    struct sandbox_state state = {0};
    CHECK(sandbox_enter(&many, &state, &why) == ERR_LIMIT);
    (void)unlink(model);
    (void)rmdir(readable);
    char left[FILE_PATH_SIZE];
    CHECK(file_join(left, inside, "gate", &why) == OK && rmdir(left) == 0);
    CHECK(rmdir(inside) == 0);
    CHECK(rmdir(folder) == 0);
    return CHECK_DONE();
}
