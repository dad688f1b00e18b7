#include "system/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "system/queue.h"

enum { EVENTS_PER_WAIT = 64 };

struct loop_watch {
    struct loop *loop;
    int fd;
    void (*ready)(void *context, int events);
    void *context;
    bool removed;            /* released at the end of the round, as epoll may still name it */
    struct loop_watch *next; /* in loop->watches */
};

struct loop_timer {
    struct loop *loop;
    int64_t due_us, every_us;
    void (*due)(void *context);
    void *context;
    bool removed;
    struct loop_timer *next; /* in loop->timers */
};

struct post {
    void (*call)(void *context);
    void *context;
};

struct loop {
    int epoll_fd, wake_fd, signal_fd; /* owned; signal_fd is -1 unless signals are handled */
    atomic_bool stopped;
    struct queue *posts; /* owned; of struct post */
    struct loop_watch *watches;
    struct loop_timer *timers;
    void (*reload)(void *context);
    void *reload_context;
};

static void run_posts(struct loop *loop)
{
    struct post *post = NULL;
    while ((post = queue_pop(loop->posts, 0))) {
        post->call(post->context);
        free(post);
    }
}

static void drain_wake(void *context, int events)
{
    struct loop *loop = context;
    (void)events;
    uint64_t count = 0;
    const ssize_t got = read(loop->wake_fd, &count, sizeof count);
    (void)got; /* EAGAIN means another round has drained it */
    run_posts(loop);
}

static void wake(struct loop *loop)
{
    const uint64_t one = 1;
    const ssize_t written = write(loop->wake_fd, &one, sizeof one);
    (void)written; /* EAGAIN means that it is awake anyway */
}

enum err loop_open(struct loop **out, struct why *why)
{
    CLEANUP(loop_close_p) struct loop *loop = MEM_NEW(struct loop);
    loop->signal_fd = -1;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->posts = queue_new(LOOP_POSTS_MAX, free);
    if (loop->epoll_fd < 0 || loop->wake_fd < 0 ||
        !loop_watch(loop, loop->wake_fd, LOOP_READABLE, drain_wake, loop)) {
        return why_set(why, ERR_IO, "cannot make an event loop: error %d", errno);
    }
    *out = TAKE(loop);
    return OK;
}

/* Releases what was removed during the round; with `all`, everything. */
static void sweep(struct loop *loop, bool all)
{
    for (struct loop_watch **at = &loop->watches; *at;) {
        struct loop_watch *watch = *at;
        if (!all && !watch->removed) {
            at = &watch->next;
            continue;
        }
        *at = watch->next;
        free(watch);
    }
    for (struct loop_timer **at = &loop->timers; *at;) {
        struct loop_timer *timer = *at;
        if (!all && !timer->removed) {
            at = &timer->next;
            continue;
        }
        *at = timer->next;
        free(timer);
    }
}

void loop_close(struct loop *loop)
{
    if (!loop) { return; }
    sweep(loop, true);
    queue_free(loop->posts);
    if (loop->signal_fd >= 0) { (void)close(loop->signal_fd); }
    if (loop->wake_fd >= 0) { (void)close(loop->wake_fd); }
    if (loop->epoll_fd >= 0) { (void)close(loop->epoll_fd); }
    free(loop);
}

static uint32_t epoll_events(int events)
{
    return (events & LOOP_READABLE ? (uint32_t)EPOLLIN : 0U) |
           (events & LOOP_WRITABLE ? (uint32_t)EPOLLOUT : 0U);
}

struct loop_watch *loop_watch(struct loop *loop, int fd, int events,
                              void (*ready)(void *context, int events), void *context)
{
    struct loop_watch *watch = MEM_NEW(struct loop_watch);
    *watch = (struct loop_watch){
        .loop = loop, .fd = fd, .ready = ready, .context = context, .next = loop->watches};
    struct epoll_event event = {.events = epoll_events(events), .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(watch);
        return NULL;
    }
    loop->watches = watch;
    return watch;
}

void loop_watch_change(struct loop_watch *watch, int events)
{
    struct epoll_event event = {.events = epoll_events(events), .data.ptr = watch};
    (void)epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
}

void loop_unwatch(struct loop_watch *watch)
{
    if (!watch || watch->removed) { return; }
    (void)epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->removed = true;
}

struct loop_timer *loop_timer_start(struct loop *loop, int64_t after_us, int64_t every_us,
                                    void (*due)(void *context), void *context)
{
    struct loop_timer *timer = MEM_NEW(struct loop_timer);
    *timer = (struct loop_timer){.loop = loop,
                                 .due_us = clock_monotonic_us() + after_us,
                                 .every_us = every_us,
                                 .due = due,
                                 .context = context,
                                 .next = loop->timers};
    loop->timers = timer;
    return timer;
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (timer) { timer->removed = true; }
}

static void run_timers(struct loop *loop)
{
    const int64_t now_us = clock_monotonic_us();
    for (struct loop_timer *timer = loop->timers; timer; timer = timer->next) {
        if (timer->removed || timer->due_us > now_us) { continue; }
        if (timer->every_us > 0) {
            timer->due_us = now_us + timer->every_us;
        } else {
            timer->removed = true;
        }
        timer->due(timer->context);
    }
}

static int wait_ms(const struct loop *loop)
{
    int64_t next_us = INT64_MAX;
    for (const struct loop_timer *timer = loop->timers; timer; timer = timer->next) {
        if (!timer->removed && timer->due_us < next_us) { next_us = timer->due_us; }
    }
    if (next_us == INT64_MAX) { return -1; }
    const int64_t left_us = next_us - clock_monotonic_us();
    if (left_us <= 0) { return 0; }
    return left_us > 3600 * CLOCK_SECOND_US ? 3600 * 1000 : (int)((left_us + 999) / 1000);
}

static void tell(const struct epoll_event *event)
{
    const struct loop_watch *watch = event->data.ptr;
    const bool failed = event->events & (EPOLLERR | EPOLLHUP);
    const int ready = (failed || event->events & EPOLLIN ? LOOP_READABLE : 0) |
                      (failed || event->events & EPOLLOUT ? LOOP_WRITABLE : 0);
    if (!watch->removed) { watch->ready(watch->context, ready); }
}

enum err loop_run(struct loop *loop, struct why *why)
{
    while (!atomic_load(&loop->stopped)) {
        struct epoll_event events[EVENTS_PER_WAIT];
        const int count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_WAIT, wait_ms(loop));
        if (count < 0 && errno != EINTR) {
            return why_set(why, ERR_IO, "epoll_wait: error %d", errno);
        }
        for (int i = 0; i < count; i++) {
            tell(&events[i]);
        }
        run_timers(loop);
        sweep(loop, false);
    }
    run_posts(loop); /* what was taken before the stop; the queue is closed */
    return OK;
}

void loop_stop(struct loop *loop)
{
    queue_close(loop->posts); /* first: no post is taken that would never be called */
    atomic_store(&loop->stopped, true);
    wake(loop);
}

enum err loop_post(struct loop *loop, void (*call)(void *context), void *context)
{
    struct post *post = MEM_NEW(struct post);
    *post = (struct post){.call = call, .context = context};
    const enum err err = queue_push(loop->posts, post);
    if (err) {
        free(post);
        return err;
    }
    wake(loop);
    return OK;
}

static void on_signal(void *context, int events)
{
    struct loop *loop = context;
    (void)events;
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGHUP) {
            loop_stop(loop);
        } else if (loop->reload) {
            loop->reload(loop->reload_context);
        }
    }
}

enum err loop_handle_signals(struct loop *loop, void (*reload)(void *context), void *context,
                             struct why *why)
{
    sigset_t handled;
    (void)sigemptyset(&handled);
    (void)sigaddset(&handled, SIGINT);
    (void)sigaddset(&handled, SIGTERM);
    (void)sigaddset(&handled, SIGHUP);
    loop->reload = reload;
    loop->reload_context = context;
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || pthread_sigmask(SIG_BLOCK, &handled, NULL) != 0 ||
        (loop->signal_fd = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK)) < 0 ||
        !loop_watch(loop, loop->signal_fd, LOOP_READABLE, on_signal, loop)) {
        return why_set(why, ERR_IO, "cannot handle signals: error %d", errno);
    }
    return OK;
}
