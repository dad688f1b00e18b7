#include "geodata/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW_FIRST = 1 << 20 };

static enum err failed(struct why *why, const char *what, const char *path)
{
    const int error = errno;
    char words[96];
    return why_set(why, error == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot %s %.140s: %s", what,
                   path, strerror_r(error, words, sizeof words));
}

enum err input_open(struct input *input, const char *path, struct why *why)
{
    const int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) { return failed(why, "open", path); }
    *input = (struct input){.name = path, .fd = fd};
    return OK;
}

struct input input_over(struct span bytes, const char *name)
{
    return (struct input){
        .name = name,
        .fd = -1,
        .window = (uint8_t *)(uintptr_t)bytes.data, /* never written to: fd is -1 */
        .end = bytes.size,
        .ended = true,
    };
}

void input_close(struct input *input)
{
    if (input->fd < 0) { return; }
    (void)close(input->fd);
    free(input->window);
    *input = (struct input){.fd = -1};
}

static enum err make_room(struct input *input, struct why *why)
{
    if (input->begin > 0) {
        memmove(input->window, input->window + input->begin, input->end - input->begin);
        input->passed += input->begin;
        input->end -= input->begin;
        input->begin = 0;
    }
    if (input->end < input->capacity / 2) { return OK; }
    const size_t capacity = input->capacity ? input->capacity * 2 : WINDOW_FIRST;
    if (capacity > INPUT_WINDOW_MAX) {
        return why_set(why, ERR_LIMIT, "at byte %llu: a single feature is larger than %zu MiB",
                       (unsigned long long)input_place(input), INPUT_WINDOW_MAX >> 20);
    }
    input->window = mem_resized(input->window, capacity);
    input->capacity = capacity;
    return OK;
}

enum err input_more(struct input *input, struct why *why)
{
    if (input->ended) { return OK; }
    const enum err err = make_room(input, why);
    if (err) { return err; }
    ssize_t got = 0;
    do {
        got = read(input->fd, input->window + input->end, input->capacity - input->end);
    } while (got < 0 && errno == EINTR);
    if (got < 0) { return failed(why, "read", input->name); }
    input->end += (size_t)got;
    input->ended = got == 0;
    return OK;
}
