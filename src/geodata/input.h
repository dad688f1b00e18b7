/*
 * geodata/input - a file seen through a window that slides and, for one huge feature, grows.
 *
 * A parser tries a whole feature on what the window shows; if it starves, it asks for more and
 * tries again from the feature's start. So memory is bounded by the largest feature, and a pipe is
 * as good as a file. Owned by one thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* The largest single feature (or block, or row) that is read. */
#define INPUT_WINDOW_MAX ((size_t)512 << 20)

struct input {
    const char *name; /* borrowed, for sentences */
    int fd;           /* owned; -1: the window is all there is */
    uint8_t *window;  /* owned, unless fd was -1 from the start */
    size_t begin, end, capacity;
    bool ended;      /* nothing comes behind the window */
    uint64_t passed; /* bytes of the file before the window */
};

MUST_USE enum err input_open(struct input *input, const char *path, struct why *why);

/* An input over bytes in memory; they must outlive it. */
struct input input_over(struct span bytes, const char *name);
void input_close(struct input *input);

/* What the window shows from `begin` on. */
static inline struct span input_rest(const struct input *input)
{
    const size_t size = input->end - input->begin;
    return span_of(size ? input->window + input->begin : NULL, size);
}

/* Where `begin` is in the file, for sentences. */
static inline uint64_t input_place(const struct input *input)
{
    return input->passed + input->begin;
}

/*
 * Shows at least one more byte, or sets `ended`. What lies before `begin` leaves the window.
 * ERR_LIMIT when that would need more than INPUT_WINDOW_MAX.
 */
MUST_USE enum err input_more(struct input *input, struct why *why);
