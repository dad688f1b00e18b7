/*
 * Every WebSocket of a server lives on one thread. A sender on another thread appends to the
 * socket's own queue and wakes that thread; only that thread touches wslay and the descriptor.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <wslay/wslay.h>

#include "base/clock.h"
#include "system/loop.h"
#include "wire/http_server.h"

enum {
    QUEUE_COUNT_MAX = 256,
    QUEUE_SIZE_MAX = 1 << 20,
    CLOSE_GOING_AWAY = 1001, /* RFC 6455, 7.4.1 */
    CLOSE_TRY_AGAIN = 1013,
};
static const int64_t PING_EVERY_US = 20 * CLOCK_SECOND_US;
static const int64_t SILENCE_MAX_US = 65 * CLOCK_SECOND_US;
static const int64_t CLOSING_MAX_US = 2 * CLOCK_SECOND_US;

struct message {
    struct message *next;
    size_t size;
    uint8_t bytes[];
};

struct websocket {
    struct websockets *owner;
    struct websocket *next; /* in owner->arrivals, then owner->open */
    struct websocket_handler handler;
    int fd; /* borrowed from libmicrohttpd until MHD_upgrade_action */
    struct MHD_UpgradeResponseHandle *upgrade;
    struct text early; /* bytes that came behind the request */
    size_t early_read;
    wslay_event_context_ptr wslay; /* owned */
    struct loop_watch *watch;
    int64_t heard_us, pinged_us, closing_us;

    pthread_mutex_t lock; /* for what follows */
    struct message *first, **last;
    size_t count, size;
    int close_code; /* 0 = stay open */
};

struct websockets {
    struct http_server *server;
    struct loop *loop;
    struct worker *thread;
    struct loop_timer *timer;
    struct websocket *open; /* of the loop's thread */
    pthread_mutex_t lock;   /* for what follows */
    struct websocket *arrivals;
    size_t count; /* arrivals and open ones */
    bool posted, stopping;
};

/* ---- messages ---- */

static struct message *pop_message(struct websocket *socket)
{
    (void)pthread_mutex_lock(&socket->lock);
    struct message *message = socket->first;
    if (message) {
        socket->first = message->next;
        if (!socket->first) { socket->last = &socket->first; }
        socket->count--;
        socket->size -= message->size;
    }
    (void)pthread_mutex_unlock(&socket->lock);
    return message;
}

static void drop_messages(struct websocket *socket)
{
    struct message *message = NULL;
    while ((message = pop_message(socket))) {
        free(message);
    }
}

static int close_code(struct websocket *socket)
{
    (void)pthread_mutex_lock(&socket->lock);
    const int code = socket->close_code;
    (void)pthread_mutex_unlock(&socket->lock);
    return code;
}

/* ---- wslay's callbacks ---- */

static ssize_t failed_with(wslay_event_context_ptr wslay, ssize_t got)
{
    const bool later = got < 0 && (errno == EAGAIN || errno == EINTR);
    wslay_event_set_error(wslay, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t on_recv(wslay_event_context_ptr wslay, uint8_t *buffer, size_t size, int flags,
                       void *context)
{
    (void)flags;
    struct websocket *socket = context;
    const size_t early = socket->early.size - socket->early_read;
    if (early > 0) {
        const size_t part = early < size ? early : size;
        memcpy(buffer, socket->early.data + socket->early_read, part);
        socket->early_read += part;
        return (ssize_t)part;
    }
    const ssize_t got = recv(socket->fd, buffer, size, MSG_DONTWAIT);
    if (got <= 0) { return failed_with(wslay, got); }
    socket->heard_us = clock_monotonic_us();
    return got;
}

static ssize_t on_send(wslay_event_context_ptr wslay, const uint8_t *data, size_t size, int flags,
                       void *context)
{
    const struct websocket *socket = context;
    const int more = flags & WSLAY_MSG_MORE ? MSG_MORE : 0;
    const ssize_t sent = send(socket->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL | more);
    return sent < 0 ? failed_with(wslay, sent) : sent;
}

static void on_message(wslay_event_context_ptr wslay,
                       const struct wslay_event_on_msg_recv_arg *message, void *context)
{
    (void)wslay;
    struct websocket *socket = context;
    if (wslay_is_ctrl_frame(message->opcode) || !socket->handler.received) { return; }
    socket->handler.received(socket->handler.context, socket,
                             span_of(message->msg, message->msg_length));
}

/* ---- on the thread of the sockets ---- */

static void give_back(struct websocket *socket)
{
    struct websockets *owner = socket->owner;
    drop_messages(socket);
    wslay_event_context_free(socket->wslay);
    text_deinit(&socket->early);
    (void)MHD_upgrade_action(socket->upgrade, MHD_UPGRADE_ACTION_CLOSE);
    (void)pthread_mutex_destroy(&socket->lock);
    free(socket);
    (void)pthread_mutex_lock(&owner->lock);
    owner->count--;
    (void)pthread_mutex_unlock(&owner->lock);
}

static void drop(struct websocket *socket)
{
    struct websocket **at = &socket->owner->open;
    while (*at != socket) {
        at = &(*at)->next;
    }
    *at = socket->next;
    loop_unwatch(socket->watch);
    if (socket->handler.closed) { socket->handler.closed(socket->handler.context, socket); }
    give_back(socket);
}

/* Moves messages to wslay one at a time, so that the bound of our own queue holds. */
static bool write_messages(struct websocket *socket)
{
    if (wslay_event_send(socket->wslay)) { return false; }
    struct message *message = NULL;
    while (!wslay_event_want_write(socket->wslay) && (message = pop_message(socket))) {
        const struct wslay_event_msg text = {WSLAY_TEXT_FRAME, message->bytes, message->size};
        const int failed = wslay_event_queue_msg(socket->wslay, &text);
        free(message);
        if (failed || wslay_event_send(socket->wslay)) { return false; }
    }
    return true;
}

/* Does what can be done without waiting. False: the socket has ended and is gone. */
static bool serve(struct websocket *socket)
{
    const int code = close_code(socket);
    if (code && !socket->closing_us) {
        socket->closing_us = clock_monotonic_us();
        drop_messages(socket);
        (void)wslay_event_queue_close(socket->wslay, (uint16_t)code, NULL, 0);
    }
    bool alive = write_messages(socket);
    const bool reads = wslay_event_want_read(socket->wslay);
    const bool writes = wslay_event_want_write(socket->wslay);
    alive = alive && (reads || writes);
    if (alive) {
        loop_watch_change(socket->watch,
                          (reads ? LOOP_READABLE : 0) | (writes ? LOOP_WRITABLE : 0));
    } else {
        drop(socket);
    }
    return alive;
}

static void on_ready(void *context, int events)
{
    (void)events;
    struct websocket *socket = context;
    const bool failed = wslay_event_want_read(socket->wslay) && wslay_event_recv(socket->wslay);
    if (failed) {
        drop(socket);
    } else {
        (void)serve(socket);
    }
}

static void adopt(struct websocket *socket)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_recv, .send_callback = on_send, .on_msg_recv_callback = on_message};
    struct websockets *owner = socket->owner;
    if (wslay_event_context_server_init(&socket->wslay, &callbacks, socket)) { abort(); }
    wslay_event_config_set_max_recv_msg_length(socket->wslay, WEBSOCKET_MESSAGE_MAX);
    socket->heard_us = socket->pinged_us = clock_monotonic_us();
    socket->watch = loop_watch(owner->loop, socket->fd, LOOP_READABLE, on_ready, socket);
    if (!socket->watch) {
        if (socket->handler.closed) { socket->handler.closed(socket->handler.context, NULL); }
        give_back(socket);
        return;
    }
    socket->next = owner->open;
    owner->open = socket;
    if (socket->handler.opened) { socket->handler.opened(socket->handler.context, socket); }
    on_ready(socket, LOOP_READABLE); /* the early bytes */
}

static void serve_all(void *context)
{
    struct websockets *owner = context;
    (void)pthread_mutex_lock(&owner->lock);
    owner->posted = false;
    struct websocket *arrival = TAKE(owner->arrivals);
    (void)pthread_mutex_unlock(&owner->lock);
    while (arrival) {
        struct websocket *next = arrival->next;
        adopt(arrival);
        arrival = next;
    }
    for (struct websocket *socket = owner->open, *next = NULL; socket; socket = next) {
        next = socket->next;
        (void)serve(socket);
    }
}

static void keep_alive(struct websocket *socket, int64_t now_us)
{
    const bool dead = now_us - socket->heard_us > SILENCE_MAX_US;
    const bool lingers = socket->closing_us && now_us - socket->closing_us > CLOSING_MAX_US;
    if (dead || lingers) {
        drop(socket);
        return;
    }
    if (now_us - socket->pinged_us >= PING_EVERY_US) {
        const struct wslay_event_msg ping = {WSLAY_PING, NULL, 0};
        socket->pinged_us = now_us;
        (void)wslay_event_queue_msg(socket->wslay, &ping);
    }
    (void)serve(socket);
}

static void on_tick(void *context)
{
    struct websockets *owner = context;
    const int64_t now_us = clock_monotonic_us();
    for (struct websocket *socket = owner->open, *next = NULL; socket; socket = next) {
        next = socket->next;
        keep_alive(socket, now_us);
    }
    http_peers_expire(owner->server, now_us);
}

static void end_all(void *context)
{
    struct websockets *owner = context;
    serve_all(owner); /* adopts the last arrivals */
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): drop unlinks what it frees */
    while (owner->open) {
        struct websocket *socket = owner->open;
        websocket_close(socket);
        if (serve(socket)) { drop(socket); }
    }
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    loop_stop(owner->loop);
}

static void run_sockets(void *context)
{
    struct websockets *owner = context;
    if (loop_run(owner->loop, NULL)) { abort(); } /* epoll itself is broken */
}

/* Has the thread look at every socket soon. */
static void wake(struct websockets *owner)
{
    (void)pthread_mutex_lock(&owner->lock);
    if (!owner->posted) { owner->posted = loop_post(owner->loop, serve_all, owner) == OK; }
    (void)pthread_mutex_unlock(&owner->lock);
}

/* ---- on any thread ---- */

enum err websocket_send(struct websocket *socket, struct span text)
{
    struct message *message = mem_zeroed(sizeof *message + text.size);
    message->size = text.size;
    memcpy(message->bytes, text.data, text.size);
    enum err err = OK;
    (void)pthread_mutex_lock(&socket->lock);
    if (socket->close_code) {
        err = ERR_CLOSED;
    } else if (socket->count == QUEUE_COUNT_MAX || socket->size + text.size > QUEUE_SIZE_MAX) {
        socket->close_code = CLOSE_TRY_AGAIN;
        err = ERR_LIMIT;
    } else {
        *socket->last = message;
        socket->last = &message->next;
        socket->count++;
        socket->size += text.size;
    }
    (void)pthread_mutex_unlock(&socket->lock);
    if (err) { free(message); }
    wake(socket->owner);
    return err;
}

void websocket_close(struct websocket *socket)
{
    (void)pthread_mutex_lock(&socket->lock);
    if (!socket->close_code) { socket->close_code = CLOSE_GOING_AWAY; }
    (void)pthread_mutex_unlock(&socket->lock);
    wake(socket->owner);
}

enum err websockets_open(struct websockets **out, struct http_server *server, struct why *why)
{
    struct websockets *owner = MEM_NEW(struct websockets);
    if (pthread_mutex_init(&owner->lock, NULL)) { abort(); }
    owner->server = server;
    enum err err = loop_open(&owner->loop, why);
    if (!err) {
        owner->timer =
            loop_timer_start(owner->loop, CLOCK_SECOND_US, CLOCK_SECOND_US, on_tick, owner);
        err = worker_start(&owner->thread, "http.sockets", run_sockets, owner, why);
    }
    if (err) {
        websockets_free(owner);
        return err;
    }
    *out = owner;
    return OK;
}

void websockets_stop(struct websockets *owner)
{
    if (!owner) { return; }
    (void)pthread_mutex_lock(&owner->lock);
    owner->stopping = true; /* no more arrivals */
    (void)pthread_mutex_unlock(&owner->lock);
    if (loop_post(owner->loop, end_all, owner)) { loop_stop(owner->loop); }
    worker_join(TAKE(owner->thread));
}

void websockets_free(struct websockets *owner)
{
    if (!owner) { return; }
    loop_close(owner->loop);
    (void)pthread_mutex_destroy(&owner->lock);
    free(owner);
}

bool websockets_full(struct websockets *owner)
{
    (void)pthread_mutex_lock(&owner->lock);
    const bool full = owner->count >= WEBSOCKET_MAX || owner->stopping;
    (void)pthread_mutex_unlock(&owner->lock);
    return full;
}

bool websockets_adopt(struct websockets *owner, const struct websocket_arrival *arrival)
{
    struct websocket *socket = MEM_NEW(struct websocket);
    if (pthread_mutex_init(&socket->lock, NULL)) { abort(); }
    socket->owner = owner;
    socket->handler = arrival->handler;
    socket->fd = arrival->fd;
    socket->upgrade = arrival->upgrade;
    socket->last = &socket->first;
    socket->early = text_limited(WEBSOCKET_MESSAGE_MAX);
    text_add_bytes(&socket->early, arrival->early);
    (void)pthread_mutex_lock(&owner->lock);
    const bool room = owner->count < WEBSOCKET_MAX && !owner->stopping;
    if (room) {
        owner->count++;
        socket->next = owner->arrivals;
        owner->arrivals = socket;
    }
    (void)pthread_mutex_unlock(&owner->lock);
    if (room) {
        wake(owner);
        return true;
    }
    text_deinit(&socket->early);
    (void)pthread_mutex_destroy(&socket->lock);
    free(socket);
    return false;
}
