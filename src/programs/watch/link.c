#include "programs/watch/link.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "system/backoff.h"
#include "wire/frame.h"

enum { READ_SIZE = 64 * 1024, UNSENT_SIZE_MAX = 1024 * 1024, UNSENT_LOW = 256 * 1024 };

struct link {
    struct link_config config;
    struct sockaddr_un address;
    struct backoff backoff;
    struct loop_timer *retry;
    int fd; /* -1 while edge is away */
    struct loop_watch *watch;
    bool writable_asked;
    bool away_told; /* one line for each absence, not for each attempt */
    struct frame_reader reader;
    struct text unsent;
    struct outbox *outbox; /* owned */
    uint8_t bytes[READ_SIZE];
};

static void try_connect(void *context);

static void go_away(struct link *link, const char *reason)
{
    if (link->fd >= 0) {
        loop_unwatch(TAKE(link->watch));
        (void)close(link->fd);
        link->fd = -1;
        frame_reader_deinit(&link->reader);
        text_clear(&link->unsent);
    }
    if (!link->away_told) {
        log_event(LOG_LEVEL_WARNING, "edge.disconnected", "why", reason, NULL);
        link->away_told = true;
    }
    const int64_t wait_us = backoff_fail(&link->backoff, randombytes_random());
    link->retry = loop_timer_start(link->config.loop, wait_us, 0, try_connect, link);
}

/* Frames of the outbox, as far as the socket's share of memory goes. */
static void fill(struct link *link)
{
    while (link->unsent.size < UNSENT_LOW) {
        const struct span body = outbox_send(link->outbox);
        if (body.size == 0) { return; }
        struct why why = {0};
        if (frame_write(&link->unsent, body, &why)) {
            log_event(LOG_LEVEL_ERROR, "edge.unsendable", "why", why.text, NULL);
            return;
        }
    }
}

static void write_some(struct link *link)
{
    fill(link);
    const struct span rest = text_span(&link->unsent);
    if (rest.size > 0) {
        const ssize_t put = send(link->fd, rest.data, rest.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno != EAGAIN && errno != EINTR) {
            go_away(link, strerrordesc_np(errno));
            return;
        }
        if (put > 0) {
            link->unsent.size -= (size_t)put;
            memmove(link->unsent.data, link->unsent.data + put, link->unsent.size + 1);
            fill(link);
        }
    }
    const bool ask = link->unsent.size > 0;
    if (ask != link->writable_asked) {
        loop_watch_change(link->watch, LOOP_READABLE | (ask ? LOOP_WRITABLE : 0));
        link->writable_asked = ask;
    }
}

/* Only acknowledgements come this way; anything else is of a newer edge, and not for us. */
static enum err take_frame(struct link *link, struct span body, struct why *why)
{
    CLEANUP(value_free_p) struct value *message = NULL;
    const enum err err = value_parse(&message, body, FRAME_SIZE_MAX, why);
    if (err) { return err; }
    if (strcmp(value_text_or(value_get(message, "type"), ""), "ack") != 0) { return OK; }
    outbox_acknowledge(link->outbox, value_text_or(value_get(message, "event_id"), ""),
                       value_integer_or(value_get(message, "sequence"), 0));
    return OK;
}

static enum err take_frames(struct link *link, struct why *why)
{
    for (;;) {
        struct span body = {0};
        enum err err = frame_reader_next(&link->reader, &body, why);
        if (err || body.size == 0) { return err; }
        err = take_frame(link, body, why);
        if (err) { return err; }
    }
}

/* False when edge has gone. */
static bool read_some(struct link *link)
{
    const ssize_t got = recv(link->fd, link->bytes, sizeof link->bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) { return true; }
    if (got <= 0) {
        go_away(link, got == 0 ? "edge closed the connection" : strerrordesc_np(errno));
        return false;
    }
    struct why why = {0};
    enum err err = frame_reader_add(&link->reader, span_of(link->bytes, (size_t)got), &why);
    if (!err) { err = take_frames(link, &why); }
    if (err) { go_away(link, why.text); }
    return !err;
}

static void on_ready(void *context, int events)
{
    struct link *link = context;
    if (events & LOOP_READABLE && !read_some(link)) { return; }
    write_some(link);
}

static void say_hello(struct link *link)
{
    struct value *hello = value_object();
    value_set_text(hello, "type", "hello");
    value_set_integer(hello, "version", 1);
    value_set_text(hello, "run", link->config.run);
    value_set_text(hello, "model", link->config.model);
    value_set_text(hello, "media", link->config.media);
    (void)!link_send(link, hello);
}

static void try_connect(void *context)
{
    struct link *link = context;
    link->retry = NULL;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const struct sockaddr *address = (const struct sockaddr *)&link->address;
    if (fd >= 0 && connect(fd, address, sizeof link->address) == 0) {
        link->watch = loop_watch(link->config.loop, fd, LOOP_READABLE, on_ready, link);
    }
    if (!link->watch) {
        const char *reason = strerrordesc_np(errno);
        if (fd >= 0) { (void)close(fd); }
        go_away(link, reason);
        return;
    }
    link->fd = fd;
    link->reader = frame_reader_new();
    link->writable_asked = false;
    link->away_told = false;
    backoff_succeed(&link->backoff);
    outbox_rewind(link->outbox);
    log_event(LOG_LEVEL_INFO, "edge.connected", "waiting", LOG_NUMBER(outbox_count(link->outbox)),
              NULL);
    say_hello(link);
    if (link->fd >= 0) { link->config.connected(link->config.context); }
    if (link->fd >= 0) { write_some(link); }
}

enum err link_open(struct link **out, const struct link_config *config, struct why *why)
{
    CLEANUP(link_close_p) struct link *link = MEM_NEW(struct link);
    link->config = *config;
    link->fd = -1;
    link->backoff = backoff_between(CLOCK_SECOND_US / 10, 2 * CLOCK_SECOND_US);
    link->unsent = text_limited(UNSENT_SIZE_MAX);
    link->outbox = outbox_new();
    link->address.sun_family = AF_UNIX;
    if (!text_copy(link->address.sun_path, sizeof link->address.sun_path, config->path)) {
        return why_set(why, ERR_LIMIT, "edge.socket has more than %zu letters",
                       sizeof link->address.sun_path - 1);
    }
    link->retry = loop_timer_start(config->loop, 0, 0, try_connect, link);
    *out = TAKE(link);
    return OK;
}

void link_close(struct link *link)
{
    if (!link) { return; }
    loop_timer_stop(link->retry);
    if (link->fd >= 0) {
        write_some(link);
        loop_timer_stop(link->retry);
    }
    if (link->fd >= 0) {
        loop_unwatch(link->watch);
        (void)close(link->fd);
        frame_reader_deinit(&link->reader);
    }
    text_deinit(&link->unsent);
    outbox_free(link->outbox);
    free(link);
}

void link_send_event(struct link *link, const struct outbox_letter *letter, struct value *message)
{
    CLEANUP(value_free_p) struct value *held = message;
    CLEANUP(text_deinit) struct text json = text_limited(FRAME_SIZE_MAX);
    value_write(held, &json);
    if (json.overflow) {
        log_event(LOG_LEVEL_ERROR, "event.too_large", "event", letter->event.text, NULL);
        return;
    }
    const uint64_t lost = outbox_lost(link->outbox);
    outbox_add(link->outbox, letter, text_span(&json));
    if (outbox_lost(link->outbox) > lost) {
        log_event(LOG_LEVEL_ERROR, "event.lost", "why", "edge has been away for too long", NULL);
    }
    if (link->fd >= 0) { write_some(link); }
}

enum err link_send(struct link *link, struct value *message)
{
    CLEANUP(value_free_p) struct value *held = message;
    if (link->fd < 0) { return ERR_UNAVAILABLE; }
    CLEANUP(text_deinit) struct text json = text_limited(FRAME_SIZE_MAX);
    value_write(held, &json);
    const enum err err = frame_write(&link->unsent, text_span(&json), NULL);
    if (err) {
        go_away(link, "edge does not read");
        return err;
    }
    write_some(link);
    return OK;
}
