#include "system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void file_close_p(const int *fd)
{
    if (*fd >= 0) { (void)close(*fd); }
}

static enum err failed(struct why *why, const char *what, const char *path)
{
    const int error = errno;
    char words[96];
    const char *sentence = strerror_r(error, words, sizeof words);
    enum err err = error == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    if (error == ENOSPC || error == EDQUOT) { err = ERR_LIMIT; }
    return why_set(why, err, "cannot %s %.140s: %s", what, path, sentence);
}

enum err file_read(struct text *out, const char *path, struct why *why)
{
    CLEANUP(file_close_p) const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) { return failed(why, "open", path); }
    char block[8192];
    ssize_t got = 0;
    while ((got = read(fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0) { continue; }
        text_add_bytes(out, span_of(block, (size_t)got));
        if (out->overflow) {
            return why_set(why, ERR_LIMIT, "%.140s is larger than %zu bytes", path, out->size_max);
        }
    }
    return got < 0 ? failed(why, "read", path) : OK;
}

static enum err write_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        const ssize_t put = write(fd, bytes.data, bytes.size);
        if (put < 0 && errno == EINTR) { continue; }
        if (put < 0) { return ERR_IO; }
        bytes = span_of(bytes.data + put, bytes.size - (size_t)put);
    }
    return OK;
}

/* Opens the folder that `path` lies in, with further flags. */
static int open_folder_of(const char *path, int flags, mode_t mode)
{
    char folder[FILE_PATH_SIZE];
    if (!text_copy(folder, sizeof folder, path)) { return -1; }
    char *slash = strrchr(folder, '/');
    if (slash) { slash[1] = '\0'; }
    return open(slash ? folder : ".", flags | O_CLOEXEC, mode);
}

static enum err sync_folder_of(const char *path)
{
    CLEANUP(file_close_p) const int fd = open_folder_of(path, O_RDONLY | O_DIRECTORY, 0);
    return fd >= 0 && fsync(fd) == 0 ? OK : ERR_IO;
}

/* fchmod: the mode is what was asked for, whatever the umask. */
static bool fill(int fd, struct span bytes, mode_t mode)
{
    return fchmod(fd, mode) == 0 && !write_all(fd, bytes) && fsync(fd) == 0;
}

/*
 * Writes a file that has no name until it is whole, so that a kill -9 leaves nothing behind, and
 * then gives it one. False where the file system or a sandbox knows no such files, or on an error.
 */
static bool write_nameless(const char *name, struct span bytes, mode_t mode)
{
    char self[32];
    CLEANUP(file_close_p) const int fd = open_folder_of(name, O_WRONLY | O_TMPFILE, mode);
    if (fd < 0 || !fill(fd, bytes, mode)) { return false; }
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    (void)unlink(name); /* a leftover must not stand in the way */
    return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

/* A file that nobody else has or had open: a link or a leftover at that name must not get a key. */
static int create_fresh(const char *path, mode_t mode)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    const int fd = open(path, flags, mode);
    if (fd >= 0 || errno != EEXIST || unlink(path) != 0) { return fd; }
    return open(path, flags, mode);
}

enum err file_write(const char *path, struct span bytes, mode_t mode, struct why *why)
{
    static atomic_uint turn; /* so that two threads may write the same file */
    char temporary[FILE_PATH_SIZE];
    if (snprintf(temporary, sizeof temporary, "%s.%d-%u.tmp", path, (int)getpid(),
                 atomic_fetch_add(&turn, 1U)) >= (int)sizeof temporary) {
        return why_set(why, ERR_LIMIT, "path %.100s... is too long", path);
    }
    bool whole = write_nameless(temporary, bytes, mode);
    if (!whole) {
        CLEANUP(file_close_p) const int fd = create_fresh(temporary, mode);
        if (fd < 0) { return failed(why, "create", temporary); }
        whole = fill(fd, bytes, mode);
    }
    if (!whole || rename(temporary, path) != 0 || sync_folder_of(path)) {
        const enum err err = failed(why, "write", path);
        (void)unlink(temporary);
        return err;
    }
    return OK;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum err file_make_folder(const char *path, mode_t mode, struct why *why)
{
    char partial[FILE_PATH_SIZE];
    if (!text_copy(partial, sizeof partial, path)) {
        return why_set(why, ERR_LIMIT, "path %.100s... is too long", path);
    }
    if (!*path) { return why_set(why, ERR_MALFORMED, "the name of a folder is empty"); }
    for (char *at = partial + 1;; at++) {
        const char letter = *at;
        if (letter != '/' && letter != '\0') { continue; }
        *at = '\0';
        if (mkdir(partial, mode) != 0 && !(errno == EEXIST && is_folder(partial))) {
            return failed(why, "make folder", partial);
        }
        if (letter == '\0') { return OK; }
        *at = '/';
    }
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

enum err file_join(char path[static FILE_PATH_SIZE], const char *folder, const char *name,
                   struct why *why)
{
    if (snprintf(path, FILE_PATH_SIZE, "%s/%s", folder, name) >= FILE_PATH_SIZE) {
        return why_set(why, ERR_LIMIT, "path %.60s.../%.60s is too long", folder, name);
    }
    return OK;
}
