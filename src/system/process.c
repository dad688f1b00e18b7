#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "system/file.h"

enum { FIRST_OTHER_DESCRIPTOR = 3 };

struct process {
    pid_t pid;
    int pidfd;     /* owned */
    int output_fd; /* owned; -1 without a pipe */
    bool reaped;
    struct process_end end; /* once reaped */
};

/* What the child needs, made before fork: between fork and exec nothing may allocate. */
struct launch {
    const struct process_plan *plan;
    const char *arguments[PROCESS_ARGUMENTS_MAX + 1];
    int null_fd, output_fd, error_fd; /* output_fd and error_fd are -1 to inherit */
    int report_fd;                    /* close-on-exec: tells the parent errno of a failed exec */
    pid_t parent;
};

/* The errors that a child can meet, told to the parent with the step that failed. */
struct launch_failure {
    int error;
    char step;
};

static _Noreturn void child_fail(const struct launch *launch, char step)
{
    const struct launch_failure failure = {.error = errno, .step = step};
    const ssize_t written = write(launch->report_fd, &failure, sizeof failure);
    (void)written; /* the parent then sees a child that ended with 127 */
    _exit(127);
}

/* Moves a descriptor above the standard ones, so that dup2 below cannot overwrite it. */
static int lifted(int fd)
{
    return fd >= 0 && fd < FIRST_OTHER_DESCRIPTOR
               ? fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OTHER_DESCRIPTOR)
               : fd;
}

static void child_descriptors(const struct launch *launch)
{
    if (dup2(launch->null_fd, STDIN_FILENO) < 0 ||
        (launch->output_fd >= 0 && dup2(launch->output_fd, STDOUT_FILENO) < 0) ||
        (launch->error_fd >= 0 && dup2(launch->error_fd, STDERR_FILENO) < 0)) {
        child_fail(launch, 'd');
    }
    /* CLOEXEC, not close: report_fd must live until execve has succeeded. */
    (void)close_range(FIRST_OTHER_DESCRIPTOR, ~0U, CLOSE_RANGE_CLOEXEC);
}

static void child_signals(void)
{
    for (int number = 1; number < NSIG; number++) {
        const struct sigaction usual = {.sa_handler = SIG_DFL};
        (void)sigaction(number, &usual, NULL); /* SIGKILL and SIGSTOP refuse, rightly */
    }
    sigset_t none;
    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void child_run(const struct launch *launch)
{
    const struct process_plan *plan = launch->plan;
    if (plan->die_with_parent) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* The parent may have died before the line above. */
        if (getppid() != launch->parent) { _exit(127); }
    }
    if (plan->own_group) { (void)setpgid(0, 0); }
    child_signals();
    child_descriptors(launch);
    if (plan->folder && chdir(plan->folder) != 0) { child_fail(launch, 'f'); }
    union {
        const char *const *constant;
        char *const *writable;
    } arguments = {.constant = launch->arguments}, environment = {.constant = plan->environment};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this process has one thread
    (void)execvpe(arguments.writable[0], arguments.writable,
                  plan->environment ? environment.writable : environ);
    child_fail(launch, 'x');
}

static enum err open_output(const struct process_plan *plan, int pipe_fds[2], struct why *why)
{
    if (plan->output == PROCESS_OUTPUT_INHERIT) { return OK; }
    if (plan->output == PROCESS_OUTPUT_FILE) {
        pipe_fds[1] = lifted(
            open(plan->output_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
        return pipe_fds[1] >= 0 ? OK
                                : why_set(why, ERR_IO, "cannot open %.150s for output: error %d",
                                          plan->output_path, errno);
    }
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return why_set(why, ERR_IO, "cannot make a pipe: error %d", errno);
    }
    /* Only our end: the child expects a blocking descriptor. */
    (void)fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    pipe_fds[1] = lifted(pipe_fds[1]);
    return OK;
}

/* Waits until execve has closed the descriptor (nothing read), or reads what went wrong. */
static enum err await_exec(int report_fd, const struct process_plan *plan, struct why *why)
{
    struct launch_failure failure = {0};
    ssize_t got = 0;
    do {
        got = read(report_fd, &failure, sizeof failure);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof failure) { return OK; }
    const char *subject = failure.step == 'f' ? plan->folder : plan->arguments[0];
    const char *verb = failure.step == 'f' ? "enter the folder" : "run";
    enum err err = ERR_IO;
    if (failure.error == ENOENT) { err = ERR_NOT_FOUND; }
    if (failure.error == EACCES || failure.error == EPERM) { err = ERR_DENIED; }
    char words[96];
    return why_set(why, err, "cannot %s %.120s: %s", verb, subject,
                   strerror_r(failure.error, words, sizeof words));
}

static enum err copy_arguments(struct launch *launch, struct why *why)
{
    size_t count = 0;
    for (; launch->plan->arguments[count]; count++) {
        if (count == PROCESS_ARGUMENTS_MAX) {
            return why_set(why, ERR_LIMIT, "more than %d arguments for %.100s",
                           PROCESS_ARGUMENTS_MAX, launch->plan->arguments[0]);
        }
        launch->arguments[count] = launch->plan->arguments[count];
    }
    return count > 0 ? OK : why_set(why, ERR_RANGE, "a process needs at least its own name");
}

/* Forks. The parent gets the child in `process`; report_fds[0] tells whether execve succeeded. */
static enum err fork_child(struct process *process, struct launch *launch, struct why *why)
{
    int report_fds[2] = {-1, -1};
    if (pipe2(report_fds, O_CLOEXEC) != 0) {
        return why_set(why, ERR_IO, "cannot make a pipe: error %d", errno);
    }
    launch->report_fd = report_fds[1] = lifted(report_fds[1]);
    process->pid = fork();
    if (process->pid == 0) { child_run(launch); }
    (void)close(report_fds[1]);
    enum err err = OK;
    if (process->pid < 0) {
        process->reaped = true;
        err = why_set(why, ERR_IO, "cannot fork: error %d", errno);
    } else {
        process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
        err = await_exec(report_fds[0], launch->plan, why);
        if (!err && process->pidfd < 0) {
            err = why_set(why, ERR_IO, "pidfd_open: error %d", errno);
        }
    }
    (void)close(report_fds[0]);
    return err;
}

enum err process_start(struct process **out, const struct process_plan *plan, struct why *why)
{
    CLEANUP(process_free_p) struct process *process = MEM_NEW(struct process);
    *process = (struct process){.pidfd = -1, .output_fd = -1, .reaped = true};
    struct launch launch = {.plan = plan, .output_fd = -1, .error_fd = -1, .parent = getpid()};
    enum err err = copy_arguments(&launch, why);
    if (err) { return err; }

    int fds[2] = {-1, -1};
    err = open_output(plan, fds, why);
    if (err) { return err; }
    process->output_fd = fds[0];
    CLEANUP(file_close_p) const int write_end = fds[1];
    CLEANUP(file_close_p) const int null_fd = lifted(open("/dev/null", O_RDONLY | O_CLOEXEC));
    launch.null_fd = null_fd;
    launch.output_fd = write_end;
    launch.error_fd = plan->output == PROCESS_OUTPUT_STDOUT ? -1 : write_end;
    process->reaped = false;
    err = fork_child(process, &launch, why);
    if (err) { return err; }
    *out = TAKE(process);
    return OK;
}

void process_free(struct process *process)
{
    if (!process) { return; }
    if (!process->reaped) {
        process_signal(process, SIGKILL);
        struct process_end end;
        (void)!process_wait(process, -1, &end);
    }
    if (process->pidfd >= 0) { (void)close(process->pidfd); }
    if (process->output_fd >= 0) { (void)close(process->output_fd); }
    free(process);
}

pid_t process_pid(const struct process *process)
{
    return process->pid;
}

int process_descriptor(const struct process *process)
{
    return process->pidfd;
}

int process_output(const struct process *process)
{
    return process->output_fd;
}

void process_signal(struct process *process, int signal)
{
    if (!process->reaped) { (void)kill(process->pid, signal); }
}

static bool ended_within(const struct process *process, int64_t wait_us)
{
    if (process->pidfd < 0) { return true; } /* then waitpid itself waits */
    const int64_t deadline_us = clock_monotonic_us() + wait_us;
    for (;;) {
        struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
        const int64_t left_us = deadline_us - clock_monotonic_us();
        const int64_t left_ms = left_us > 0 ? (left_us + 999) / 1000 : 0;
        const int timeout = left_ms > 3600000 ? 3600000 : (int)left_ms;
        const int count = poll(&ended, 1, wait_us < 0 ? -1 : timeout);
        if (count > 0) { return true; }
        if (count == 0 && left_us <= 0) { return false; }
    }
}

enum err process_wait(struct process *process, int64_t wait_us, struct process_end *end)
{
    if (!process->reaped) {
        if (!ended_within(process, wait_us)) { return ERR_TIMEOUT; }
        int status = 0;
        pid_t got = 0;
        do {
            got = waitpid(process->pid, &status, 0);
        } while (got < 0 && errno == EINTR);
        process->reaped = true;
        const bool signalled = got > 0 && WIFSIGNALED(status);
        process->end = (struct process_end){
            .status = got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .signal = signalled ? WTERMSIG(status) : 0,
        };
    }
    *end = process->end;
    return OK;
}

struct process_end process_stop(struct process *process, int64_t grace_us)
{
    struct process_end end = {0};
    process_signal(process, SIGTERM);
    if (process_wait(process, grace_us, &end) == OK) { return end; }
    process_signal(process, SIGKILL);
    (void)!process_wait(process, -1, &end);
    return end;
}
