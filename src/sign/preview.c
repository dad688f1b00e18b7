#include "sign/preview.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"

struct sign_preview {
    pthread_mutex_t lock;
    pthread_cond_t swapped;
    bool closed; /* guarded by lock, as is the view */
    struct sign_view view;
};

enum err sign_preview_open(struct sign_preview **out, int width, int height, struct why *why)
{
    if (width < 1 || width > SIGN_WIDTH_MAX || height < 1 || height > SIGN_HEIGHT_MAX) {
        return why_set(why, ERR_RANGE, "a sign of %d x %d lamps; at most %d x %d", width, height,
                       SIGN_WIDTH_MAX, SIGN_HEIGHT_MAX);
    }
    struct sign_preview *preview = MEM_NEW(struct sign_preview);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&preview->lock, NULL);
    pthread_cond_init(&preview->swapped, &attributes);
    pthread_condattr_destroy(&attributes);
    sign_frame_clear(&preview->view.frame, width, height);
    *out = preview;
    return OK;
}

void sign_preview_release(struct sign_preview *preview)
{
    if (!preview) { return; }
    pthread_cond_destroy(&preview->swapped);
    pthread_mutex_destroy(&preview->lock);
    free(preview);
}

static enum err swap(void *state, const struct sign_frame *frame, int64_t wall_us, struct why *why)
{
    (void)why;
    struct sign_preview *preview = state;
    pthread_mutex_lock(&preview->lock);
    preview->view.frame = *frame;
    preview->view.wall_us = wall_us;
    preview->view.sequence++;
    pthread_cond_broadcast(&preview->swapped);
    pthread_mutex_unlock(&preview->lock);
    return OK;
}

static void close_preview(void *state)
{
    struct sign_preview *preview = state;
    pthread_mutex_lock(&preview->lock);
    preview->closed = true;
    pthread_cond_broadcast(&preview->swapped);
    pthread_mutex_unlock(&preview->lock);
}

struct sign_driver sign_preview_driver(struct sign_preview *preview)
{
    return (struct sign_driver){.state = preview, .swap = swap, .close = close_preview};
}

void sign_preview_look(struct sign_preview *preview, struct sign_view *view)
{
    pthread_mutex_lock(&preview->lock);
    *view = preview->view;
    pthread_mutex_unlock(&preview->lock);
}

enum err sign_preview_wait(struct sign_preview *preview, uint32_t seen, int64_t wait_us,
                           struct sign_view *view)
{
    const int64_t until_us = clock_monotonic_us() + wait_us;
    const struct timespec until = {.tv_sec = until_us / CLOCK_SECOND_US,
                                   .tv_nsec = until_us % CLOCK_SECOND_US * 1000};
    int waited = 0;
    pthread_mutex_lock(&preview->lock);
    while (preview->view.sequence == seen && !preview->closed && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&preview->swapped, &preview->lock, &until);
    }
    const bool closed = preview->closed;
    const bool changed = preview->view.sequence != seen;
    if (!closed && changed) { *view = preview->view; }
    pthread_mutex_unlock(&preview->lock);
    if (closed) { return ERR_CLOSED; }
    return changed ? OK : ERR_TIMEOUT;
}

static void add_big_endian(struct text *out, uint64_t number, int size_bytes)
{
    for (int shift = (size_bytes - 1) * 8; shift >= 0; shift -= 8) {
        text_add_char(out, (char)(uint8_t)(number >> shift));
    }
}

void sign_view_write(const struct sign_view *view, struct text *out)
{
    text_add(out, "TSGN");
    add_big_endian(out, view->sequence, 4);
    add_big_endian(out, (uint64_t)view->wall_us, 8);
    add_big_endian(out, (uint64_t)view->frame.width, 2);
    add_big_endian(out, (uint64_t)view->frame.height, 2);
    text_add_bytes(out, sign_frame_bytes(&view->frame));
}
