#include "system/file_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/file.h"

struct waiting {
    int fd;
    char path[FILE_PATH_SIZE];
    char temporary[FILE_PATH_SIZE];
};

struct file_batch {
    size_t count;
    unsigned turn;
    struct waiting files[FILE_BATCH_MAX];
};

static enum err failed(struct why *why, const char *what, const char *path)
{
    char words[96];
    return why_set(why, ERR_IO, "cannot %s %.140s: %s", what, path,
                   strerror_r(errno, words, sizeof words));
}

struct file_batch *file_batch_new(void)
{
    return MEM_NEW(struct file_batch);
}

void file_batch_free(struct file_batch *batch)
{
    if (!batch) { return; }
    for (size_t i = 0; i < batch->count; i++) {
        (void)close(batch->files[i].fd);
        (void)unlink(batch->files[i].temporary);
    }
    free(batch);
}

static bool write_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        const ssize_t put = write(fd, bytes.data, bytes.size);
        if (put < 0 && errno == EINTR) { continue; }
        if (put < 0) { return false; }
        bytes = span_of(bytes.data + put, bytes.size - (size_t)put);
    }
    return true;
}

enum err file_batch_add(struct file_batch *batch, const char *path, struct span bytes, mode_t mode,
                        struct why *why)
{
    if (batch->count == FILE_BATCH_MAX) {
        const enum err err = file_batch_settle(batch, why);
        if (err != OK) { return err; }
    }
    struct waiting *file = &batch->files[batch->count];
    if (!text_copy(file->path, sizeof file->path, path) ||
        snprintf(file->temporary, sizeof file->temporary, "%s.%d-b%u.tmp", path, (int)getpid(),
                 batch->turn++) >= (int)sizeof file->temporary) {
        return why_set(why, ERR_LIMIT, "path %.100s... is too long", path);
    }
    (void)unlink(file->temporary); /* of a process of that number that was killed */
    file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file->fd < 0) { return failed(why, "create", file->temporary); }
    batch->count++;
    if (fchmod(file->fd, mode) != 0 || !write_all(file->fd, bytes)) {
        return failed(why, "write", file->temporary);
    }
    (void)sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* begin; settle waits */
    return OK;
}

/* The folder's name, with its slash, into `folder`. */
static void folder_of(const char *path, char folder[static FILE_PATH_SIZE])
{
    (void)!text_copy(folder, FILE_PATH_SIZE, path);
    char *slash = strrchr(folder, '/');
    if (slash) {
        slash[1] = '\0';
    } else {
        (void)!text_copy(folder, FILE_PATH_SIZE, ".");
    }
}

static enum err sync_folder(const char *folder, struct why *why)
{
    CLEANUP(file_close_p) const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? OK : failed(why, "sync", folder);
}

/* Each folder once, at the place of its first file. */
static enum err sync_folders(const struct file_batch *batch, struct why *why)
{
    for (size_t i = 0; i < batch->count; i++) {
        char folder[FILE_PATH_SIZE];
        char other[FILE_PATH_SIZE];
        folder_of(batch->files[i].path, folder);
        bool first = true;
        for (size_t j = 0; j < i && first; j++) {
            folder_of(batch->files[j].path, other);
            first = strcmp(folder, other) != 0;
        }
        const enum err err = first ? sync_folder(folder, why) : OK;
        if (err != OK) { return err; }
    }
    return OK;
}

enum err file_batch_settle(struct file_batch *batch, struct why *why)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (fsync(batch->files[i].fd) != 0) {
            return failed(why, "sync", batch->files[i].temporary);
        }
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (rename(batch->files[i].temporary, batch->files[i].path) != 0) {
            return failed(why, "name", batch->files[i].path);
        }
    }
    const enum err err = sync_folders(batch, why);
    for (size_t i = 0; err == OK && i < batch->count; i++) {
        (void)close(batch->files[i].fd);
    }
    if (err == OK) { batch->count = 0; }
    return err;
}
