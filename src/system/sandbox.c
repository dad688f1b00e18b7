#include "system/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/file.h"

/*
 * The parts of Landlock that came after Debian 12's headers (linux 6.1): rights of ABI 3 (truncate)
 * and 5 (device ioctl), TCP of ABI 4, scopes of ABI 6.
 */
#define ACCESS_FS_TRUNCATE (1ULL << 14)
#define ACCESS_FS_IOCTL_DEV (1ULL << 15)
#define ACCESS_NET_BIND_TCP (1ULL << 0)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)

enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NET = 4, ABI_IOCTL = 5, ABI_SCOPE = 6 };

struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

/* What any dynamically linked program may look at: libraries, time zone, the shape of the machine.
 */
static const char *const common_paths[] = {
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/dev/null",
    "/dev/urandom",
    "/proc/sys/vm",
    "/proc/sys/kernel",
    "/proc/filesystems",
};

static const char *const network_paths[] = {
    "/etc/resolv.conf", "/etc/hosts",     "/etc/nsswitch.conf",
    "/etc/host.conf",   "/etc/gai.conf",  "/etc/services",
    "/etc/protocols",   "/etc/ssl/certs", "/run/systemd/resolve",
};

static const uint64_t one_file_read = LANDLOCK_ACCESS_FS_READ_FILE;
static const uint64_t folder_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t one_file_write =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_FS_TRUNCATE;
static const uint64_t folder_write =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
    ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REFER;

/* Every right that this kernel knows is handled: what no rule grants is refused. */
static struct ruleset ruleset_of(int abi, bool serving)
{
    struct ruleset rules = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    if (abi >= ABI_REFER) { rules.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER; }
    if (abi >= ABI_TRUNCATE) { rules.handled_access_fs |= ACCESS_FS_TRUNCATE; }
    if (abi >= ABI_IOCTL) { rules.handled_access_fs |= ACCESS_FS_IOCTL_DEV; }
    if (abi >= ABI_NET && !serving) { rules.handled_access_net = ACCESS_NET_BIND_TCP; }
    if (abi >= ABI_SCOPE) { rules.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL; }
    return rules;
}

static size_t ruleset_size(int abi)
{
    if (abi >= ABI_SCOPE) { return sizeof(struct ruleset); }
    return abi >= ABI_NET ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static enum err allow_path(int ruleset_fd, uint64_t handled, const struct sandbox_path *path,
                           struct why *why)
{
    CLEANUP(file_close_p) const int fd = open(path->path, O_PATH | O_CLOEXEC);
    struct stat facts;
    if (fd < 0 || fstat(fd, &facts) != 0) { return OK; } /* what is not there needs no rule */
    const bool folder = S_ISDIR(facts.st_mode);
    const uint64_t reading = folder ? folder_read : one_file_read;
    const uint64_t writing = folder ? folder_write : one_file_write;
    const struct landlock_path_beneath_attr rule = {
        .allowed_access = (path->use == SANDBOX_USE_WRITE ? writing : reading) & handled,
        .parent_fd = fd,
    };
    if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        return why_set(why, ERR_UNAVAILABLE, "Landlock refuses a rule for %.150s: error %d",
                       path->path, errno);
    }
    return OK;
}

static enum err allow_list(int ruleset_fd, uint64_t handled, const char *const *paths, size_t count,
                           struct why *why)
{
    for (size_t i = 0; i < count; i++) {
        const struct sandbox_path path = {.path = paths[i], .use = SANDBOX_USE_READ};
        const enum err err = allow_path(ruleset_fd, handled, &path, why);
        if (err) { return err; }
    }
    return OK;
}

struct libraries {
    int ruleset_fd;
    uint64_t handled;
    struct why *why;
    enum err err;
};

/* Libraries load others from where they lie: engines, plugins, their tables. */
static int allow_library(struct dl_phdr_info *library, size_t size, void *context)
{
    struct libraries *libraries = context;
    char folder[FILE_PATH_SIZE];
    (void)size;
    if (library->dlpi_name[0] != '/' || !text_copy(folder, sizeof folder, library->dlpi_name)) {
        return 0;
    }
    *strrchr(folder, '/') = '\0';
    const struct sandbox_path path = {.path = folder, .use = SANDBOX_USE_READ};
    libraries->err = allow_path(libraries->ruleset_fd, libraries->handled, &path, libraries->why);
    return libraries->err != OK;
}

static enum err allow_libraries(int ruleset_fd, uint64_t handled, struct why *why)
{
    struct libraries libraries = {.ruleset_fd = ruleset_fd, .handled = handled, .why = why};
    (void)dl_iterate_phdr(allow_library, &libraries);
    return libraries.err;
}

static enum err enter_landlock(const struct sandbox_plan *plan, int abi, struct why *why)
{
    const struct ruleset rules = ruleset_of(abi, plan->serving);
    CLEANUP(file_close_p)
    const int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, ruleset_size(abi), 0);
    if (fd < 0) {
        return why_set(why, ERR_UNAVAILABLE, "Landlock refuses its rules: error %d", errno);
    }
    const uint64_t handled = rules.handled_access_fs;
    enum err err = allow_list(fd, handled, common_paths, ARRAY_LEN(common_paths), why);
    if (!err) { err = allow_libraries(fd, handled, why); }
    if (!err && plan->network) {
        err = allow_list(fd, handled, network_paths, ARRAY_LEN(network_paths), why);
    }
    for (size_t i = 0; !err && i < plan->path_count; i++) {
        err = allow_path(fd, handled, &plan->paths[i], why);
    }
    if (err) { return err; }
    if (syscall(SYS_landlock_restrict_self, fd, 0) != 0) {
        return why_set(why, ERR_UNAVAILABLE, "Landlock cannot be entered: error %d", errno);
    }
    return OK;
}

/*
 * What libc, libav, OpenCV and OpenVINO call while they work. Not here, among others: execve, fork
 * (clone without CLONE_THREAD), ptrace, process_vm_*, kill, mount, bpf, io_uring, keyctl, unshare.
 */
static const int calls[] = {
    /* files, within what Landlock leaves */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(stat),
    SCMP_SYS(fstat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(lseek),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(truncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(flock),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(fcntl),
    SCMP_SYS(umask),
    SCMP_SYS(fchmod),
    /* memory; PROT_EXEC too, as OpenVINO writes its own kernels */
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mincore),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(msync),
    SCMP_SYS(memfd_create),
    SCMP_SYS(get_mempolicy),
    SCMP_SYS(mbind),
    SCMP_SYS(membarrier),
    /* threads and time */
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(tgkill),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_get_priority_max),
    SCMP_SYS(sched_get_priority_min),
    SCMP_SYS(getcpu),
    SCMP_SYS(getpriority),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime),
    /* signals to itself */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(signalfd4),
    SCMP_SYS(restart_syscall),
    /* waiting */
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(eventfd2),
    /* sockets; which families is asked of socket() */
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(shutdown),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockopt),
    SCMP_SYS(socketpair),
    /* who and where am I */
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrlimit),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrusage),
    SCMP_SYS(getrandom),
    SCMP_SYS(arch_prctl),
};

/* What a server needs besides. */
static const int serving_calls[] = {
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(sendfile),
};

static int allow_families(scmp_filter_ctx filter, bool network)
{
    /* AF_NETLINK: getaddrinfo asks the kernel which kinds of addresses this machine has. */
    const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    const size_t count = network ? ARRAY_LEN(families) : 1;
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
    }
    return failed;
}

static int allow_narrowly(scmp_filter_ctx filter)
{
    const scmp_datum_t requests[] = {FIONREAD, FIONBIO, FIOCLEX, TCGETS};
    const scmp_datum_t controls[] = {PR_SET_NAME, PR_GET_NAME, 0x53564d41 /* PR_SET_VMA */,
                                     PR_GET_DUMPABLE, PR_CAPBSET_READ};
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                   SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffU, requests[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(controls); i++) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                                   SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffffU, controls[i]));
    }
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    /* Its flags stand in memory, where a filter cannot look: libc then goes back to clone. */
    failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    return failed;
}

static enum err enter_seccomp(const struct sandbox_plan *plan, struct why *why)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter) { return why_set(why, ERR_UNAVAILABLE, "seccomp filters cannot be made"); }
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) |
                 allow_families(filter, plan->network) | allow_narrowly(filter);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    }
    for (size_t i = 0; plan->serving && i < ARRAY_LEN(serving_calls); i++) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, serving_calls[i], 0);
    }
    if (!failed) { failed = seccomp_load(filter); }
    seccomp_release(filter);
    return failed ? why_set(why, ERR_UNAVAILABLE, "seccomp refuses the filter: error %d", -failed)
                  : OK;
}

enum err sandbox_keep_memory(struct why *why)
{
    const struct rlimit none = {0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0) {
        return why_set(why, ERR_UNAVAILABLE, "cannot forbid cores: error %d", errno);
    }
    return OK;
}

enum err sandbox_enter(const struct sandbox_plan *plan, struct sandbox_state *state,
                       struct why *why)
{
    if (plan->path_count > SANDBOX_PATHS_MAX) {
        return why_set(why, ERR_LIMIT, "more than %d sandbox paths", SANDBOX_PATHS_MAX);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return why_set(why, ERR_UNAVAILABLE, "cannot give up privileges: error %d", errno);
    }
    enum err err = sandbox_keep_memory(why);
    if (err) { return err; }
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct sandbox_state now = {.landlock_abi = abi > 0 ? (int)abi : 0};
    err = abi > 0 ? enter_landlock(plan, (int)abi, why) : OK;
    if (!err) { err = enter_seccomp(plan, why); }
    if (err) { return err; }
    now.seccomp = true;
    *state = now;
    return OK;
}
