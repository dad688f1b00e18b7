#include "programs/edge/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "system/file.h"
#include "wire/frame.h"

enum { READ_SIZE = 64 * 1024, UNSENT_SIZE_MAX = 1024 * 1024, BACKLOG = 4 };

struct link {
    struct link_config config;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    int listener;
    struct loop_watch *listening;
    int peer; /* -1 while watch is away */
    struct loop_watch *talking;
    struct frame_reader reader;
    struct text unsent;
    bool writable_asked;
    uint8_t bytes[READ_SIZE];
};

void link_drop(struct link *link, const char *reason)
{
    if (link->peer < 0) { return; }
    loop_unwatch(link->talking);
    link->talking = NULL;
    (void)close(link->peer);
    link->peer = -1;
    frame_reader_deinit(&link->reader);
    text_clear(&link->unsent);
    link->writable_asked = false;
    log_event(LOG_LEVEL_WARNING, "watch.disconnected", "why", reason, NULL);
    link->config.connection(link->config.context, false);
}

/* ---- from watch ---- */

/* False when the peer must go. */
static bool take_frame(struct link *link, struct span body, struct why *why)
{
    CLEANUP(value_free_p) struct value *message = NULL;
    if (value_parse(&message, body, FRAME_SIZE_MAX, why)) { return false; }
    const char *type = value_text_or(value_get(message, "type"), NULL);
    if (!type) {
        (void)why_set(why, ERR_MALFORMED, "a message without a type");
        return false;
    }
    link->config.received(link->config.context, type, message);
    return true;
}

/* `link->peer` may be gone afterwards: a callback may have dropped it. */
static void take_frames(struct link *link)
{
    struct why why = {0};
    struct span body = {0};
    do {
        if (frame_reader_next(&link->reader, &body, &why) ||
            (body.size > 0 && !take_frame(link, body, &why))) {
            link_drop(link, why.text);
            return;
        }
    } while (link->peer >= 0 && body.size > 0);
}

static void read_peer(struct link *link)
{
    const ssize_t got = read(link->peer, link->bytes, sizeof link->bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) { return; }
    struct why why = {0};
    if (got <= 0) {
        link_drop(link, got == 0 ? "closed by watch" : strerrordesc_np(errno));
    } else if (frame_reader_add(&link->reader, span_of(link->bytes, (size_t)got), &why)) {
        link_drop(link, why.text);
    } else {
        take_frames(link);
    }
}

/* ---- to watch ---- */

static void write_peer(struct link *link)
{
    const struct span rest = text_span(&link->unsent);
    const ssize_t put = send(link->peer, rest.data, rest.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
        link_drop(link, strerrordesc_np(errno));
        return;
    }
    if (put > 0) {
        memmove(link->unsent.data, link->unsent.data + put, rest.size - (size_t)put);
        link->unsent.size -= (size_t)put;
    }
    const bool ask = link->unsent.size > 0;
    if (ask != link->writable_asked) {
        loop_watch_change(link->talking, LOOP_READABLE | (ask ? LOOP_WRITABLE : 0));
        link->writable_asked = ask;
    }
}

enum err link_send(struct link *link, struct value *message)
{
    CLEANUP(value_free_p) struct value *held = message;
    if (link->peer < 0) { return ERR_UNAVAILABLE; }
    CLEANUP(text_deinit) struct text json = text_limited(FRAME_SIZE_MAX);
    value_write(held, &json);
    const enum err err = frame_write(&link->unsent, text_span(&json), NULL);
    if (err) {
        link_drop(link, "it does not read its answers");
        return err;
    }
    write_peer(link);
    return OK;
}

/* ---- coming and going ---- */

static void on_peer(void *context, int events)
{
    struct link *link = context;
    if (events & LOOP_READABLE) { read_peer(link); }
    if (link->peer >= 0 && (events & LOOP_WRITABLE) && link->unsent.size > 0) { write_peer(link); }
}

/*
 * Whether the process at the other end is ours: on a real site watch is another user, so that it
 * cannot read edge's keys, and of the same group, for which the media and this socket are.
 */
static bool may_talk(int peer)
{
    struct ucred who = {0};
    socklen_t size = sizeof who;
    if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size)) { return false; }
    return who.uid == geteuid() || who.uid == 0 || who.gid == getegid();
}

static void on_listener(void *context, int events)
{
    struct link *link = context;
    (void)events;
    const int peer = accept4(link->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer < 0) { return; }
    if (!may_talk(peer)) {
        (void)close(peer);
        log_event(LOG_LEVEL_WARNING, "watch.refused", "why", "another user's process", NULL);
        return;
    }
    link_drop(link, "another watch came");
    link->reader = frame_reader_new();
    link->peer = peer;
    link->talking = loop_watch(link->config.loop, peer, LOOP_READABLE, on_peer, link);
    if (!link->talking) {
        (void)close(peer);
        link->peer = -1;
        return;
    }
    log_event(LOG_LEVEL_INFO, "watch.connected", NULL);
    link->config.connection(link->config.context, true);
}

static enum err listen_at(struct link *link, struct why *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, link->path, sizeof address.sun_path);
    link->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (link->listener < 0) {
        return why_set(why, ERR_IO, "no socket: %s", strerrordesc_np(errno));
    }
    (void)unlink(link->path); /* left over by one that was killed */
    const mode_t before = umask(0117);
    const int bound = bind(link->listener, (const struct sockaddr *)&address, sizeof address);
    (void)umask(before);
    if (bound || listen(link->listener, BACKLOG)) {
        return why_set(why, ERR_IO, "watch.socket %s: %s", link->path, strerrordesc_np(errno));
    }
    link->listening =
        loop_watch(link->config.loop, link->listener, LOOP_READABLE, on_listener, link);
    return link->listening
               ? OK
               : why_set(why, ERR_IO, "watch.socket %s: %s", link->path, strerrordesc_np(errno));
}

enum err link_open(struct link **out, const struct link_config *config, struct why *why)
{
    CLEANUP(link_close_p) struct link *link = MEM_NEW(struct link);
    link->config = *config;
    link->listener = link->peer = -1;
    link->unsent = text_limited(UNSENT_SIZE_MAX);
    if (!text_copy(link->path, sizeof link->path, config->path)) {
        return why_set(why, ERR_LIMIT, "watch.socket has more than %zu letters",
                       sizeof link->path - 1);
    }
    const enum err err = listen_at(link, why);
    if (!err) { *out = TAKE(link); }
    return err;
}

void link_close(struct link *link)
{
    if (!link) { return; }
    loop_unwatch(link->talking);
    loop_unwatch(link->listening);
    file_close_p(&link->peer);
    if (link->listener >= 0) {
        (void)close(link->listener);
        (void)unlink(link->path);
    }
    frame_reader_deinit(&link->reader);
    text_deinit(&link->unsent);
    free(link);
}
