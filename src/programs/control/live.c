#include "programs/control/live.h"

#include <pthread.h>
#include <string.h>

#include "base/metric.h"
#include "people/permission.h"

enum { LIVE_MESSAGE_SIZE_MAX = 512 * 1024 };
#define SESSION_END "session_end" /* to other servers, never to browsers */

struct watcher {
    struct watcher *next; /* in live->watchers, once it has opened */
    struct live *live;
    struct websocket *socket;
    struct session session; /* as it was when the link was asked for: a change closes the link */
};

struct live {
    pthread_mutex_t lock;
    struct watcher *watchers;
    struct live_stream *streams;
    struct live_share share; /* with other servers; `tell` NULL: there is none */
    struct metric *watching, *sent, *slow;
};

struct live *live_new(void)
{
    struct live *live = MEM_NEW(struct live);
    if (pthread_mutex_init(&live->lock, NULL)) { abort(); }
    live->watching = metric_gauge("tocsin_live_watchers", "Browsers with a live link", NULL);
    live->sent = metric_counter("tocsin_live_messages_total", "Live messages made", NULL);
    live->slow = metric_counter("tocsin_live_dropped_total",
                                "Live links closed because they read too slowly", NULL);
    return live;
}

void live_free(struct live *live)
{
    if (!live) { return; }
    (void)pthread_mutex_destroy(&live->lock);
    free(live);
}

/* {"kind","at","data"}; takes `data`. */
static struct value *make_message(const char *kind, struct value *data)
{
    struct value *message = value_object();
    value_set_text(message, "kind", kind);
    value_set_time(message, "at", clock_wall_us());
    value_set(message, "data", data);
    return message;
}

static void on_opened(void *context, struct websocket *socket)
{
    struct watcher *watcher = context;
    struct live *live = watcher->live;
    struct value *hello = value_object();
    value_set_time(hello, "server_time", clock_wall_us());
    value_set_text(hello, "version", TOCSIN_VERSION);
    CLEANUP(text_deinit) struct text text = text_limited(LIVE_MESSAGE_SIZE_MAX);
    CLEANUP(value_free_p) struct value *message = make_message("hello", hello);
    value_write(message, &text);
    (void)pthread_mutex_lock(&live->lock);
    watcher->socket = socket;
    watcher->next = live->watchers;
    live->watchers = watcher;
    /* First in its queue: live_send waits for the lock. A refusal closes the socket by itself. */
    const enum err err = websocket_send(socket, text_span(&text));
    (void)err;
    (void)pthread_mutex_unlock(&live->lock);
    metric_add(live->watching, 1);
}

static void on_closed(void *context, struct websocket *socket)
{
    struct watcher *watcher = context;
    struct live *live = watcher->live;
    (void)pthread_mutex_lock(&live->lock);
    for (struct watcher **at = &live->watchers; *at; at = &(*at)->next) {
        if (*at != watcher) { continue; }
        *at = watcher->next;
        break;
    }
    (void)pthread_mutex_unlock(&live->lock);
    if (socket) { metric_add(live->watching, -1); }
    free(watcher);
}

void live_answer(struct live *live, struct http_request *request, const struct session *session)
{
    struct watcher *watcher = MEM_NEW(struct watcher);
    watcher->live = live;
    watcher->session = *session;
    const struct websocket_handler handler = {
        .context = watcher, .opened = on_opened, .closed = on_closed};
    http_answer_websocket(request, &handler);
}

/* Whether a message about `data` is for people of these zones. What names no zone is not. */
static bool within(const struct reach *reach, const char *kind, const struct value *data)
{
    if (reach_whole(reach)) { return true; }
    if (reach_includes(reach, value_text_or(value_get(data, "zone"), ""))) { return true; }
    /* Of an event, `zones` are parts of its picture: an edge names them as it likes. */
    if (strcmp(kind, "alert") != 0 && strcmp(kind, "draft") != 0) { return false; }
    if (value_boolean_or(value_get(value_get(data, "targets"), "broadcast"), false)) {
        return true;
    }
    const struct value *zones = value_get(data, "zones");
    for (size_t i = 0; i < value_count(zones); i++) {
        if (reach_includes(reach, value_text_or(value_at(zones, i), ""))) { return true; }
    }
    return false;
}

/* The same question as a route asks: what is being drafted is for those who may send it. */
static bool concerns(const struct session *session, const char *kind, const struct value *data)
{
    const enum permission needed =
        strcmp(kind, "draft") == 0 ? PERMISSION_SEND_ALERT : PERMISSION_SEE;
    return permission_judge(needed, session) == PERMISSION_ANSWER_YES &&
           within(&session->reach, kind, data);
}

static void send_here(struct live *live, const char *kind, struct value *data)
{
    CLEANUP(value_free_p) struct value *message = make_message(kind, data);
    CLEANUP(text_deinit) struct text text = text_limited(LIVE_MESSAGE_SIZE_MAX);
    value_write(message, &text);
    if (text.overflow) { return; } /* cannot be: every object has bounds far below */
    metric_add(live->sent, 1);
    (void)pthread_mutex_lock(&live->lock);
    for (const struct watcher *watcher = live->watchers; watcher; watcher = watcher->next) {
        if (!concerns(&watcher->session, kind, data)) { continue; }
        if (websocket_send(watcher->socket, text_span(&text)) == ERR_LIMIT) {
            metric_add(live->slow, 1);
        }
    }
    (void)pthread_mutex_unlock(&live->lock);
}

void live_share_with(struct live *live, struct live_share share)
{
    live->share = share;
}

static void tell(struct live *live, const char *kind, const struct value *data)
{
    if (live->share.tell) { live->share.tell(live->share.context, kind, data); }
}

void live_send(void *context, const char *kind, struct value *data)
{
    struct live *live = context;
    tell(live, kind, data);
    send_here(live, kind, data);
}

void live_stream_begin(struct live *live, struct live_stream *stream, const struct session *session)
{
    *stream = (struct live_stream){.ended = false};
    memcpy(stream->session, session->id, sizeof stream->session);
    memcpy(stream->user_id, session->user_id, sizeof stream->user_id);
    (void)pthread_mutex_lock(&live->lock);
    stream->next = live->streams;
    live->streams = stream;
    (void)pthread_mutex_unlock(&live->lock);
}

bool live_stream_ended(struct live *live, const struct live_stream *stream)
{
    (void)pthread_mutex_lock(&live->lock);
    const bool ended = stream->ended;
    (void)pthread_mutex_unlock(&live->lock);
    return ended;
}

void live_stream_end(struct live *live, struct live_stream *stream)
{
    (void)pthread_mutex_lock(&live->lock);
    for (struct live_stream **at = &live->streams; *at; at = &(*at)->next) {
        if (*at != stream) { continue; }
        *at = stream->next;
        break;
    }
    (void)pthread_mutex_unlock(&live->lock);
}

/* Whether what belongs to `id` of `user_id` is meant: the session, or all others of its user. */
static bool meant(const struct session *session, bool others, const char *id, const char *user_id)
{
    const bool same = strcmp(id, session->id) == 0;
    return others ? strcmp(user_id, session->user_id) == 0 && !same : same;
}

static void end_here(struct live *live, const struct session *session, bool others)
{
    (void)pthread_mutex_lock(&live->lock);
    for (const struct watcher *watcher = live->watchers; watcher; watcher = watcher->next) {
        if (meant(session, others, watcher->session.id, watcher->session.user_id)) {
            websocket_close(watcher->socket);
        }
    }
    for (struct live_stream *stream = live->streams; stream; stream = stream->next) {
        stream->ended |= meant(session, others, stream->session, stream->user_id);
    }
    (void)pthread_mutex_unlock(&live->lock);
}

static void end_where(struct live *live, const struct session *session, bool others)
{
    CLEANUP(value_free_p) struct value *data = value_object();
    value_set_text(data, "session", session->id);
    value_set_text(data, "user", session->user_id);
    value_set_boolean(data, "others", others);
    tell(live, SESSION_END, data);
    end_here(live, session, others);
}

/* What another server tells. */
void live_hear(void *context, const char *kind, struct value *data)
{
    struct live *live = context;
    if (strcmp(kind, SESSION_END) != 0) {
        send_here(live, kind, data);
        return;
    }
    struct session session = {.used_us = 0};
    if (text_copy(session.id, sizeof session.id, value_text_or(value_get(data, "session"), "")) &&
        text_copy(session.user_id, sizeof session.user_id,
                  value_text_or(value_get(data, "user"), ""))) {
        end_here(live, &session, value_boolean_or(value_get(data, "others"), false));
    }
    value_free(data);
}

void live_end_session(struct live *live, const struct session *session)
{
    end_where(live, session, false);
}

void live_end_user(struct live *live, const char *user_id)
{
    struct session nobody = {.used_us = 0};
    memcpy(nobody.user_id, user_id, ID_TEXT_SIZE);
    end_where(live, &nobody, true);
}

void live_end_others(struct live *live, const struct session *session)
{
    end_where(live, session, true);
}

/* The sessions of all watchers; at most WEBSOCKET_MAX. Returns how many. */
static size_t copy_sessions(struct live *live, struct session *sessions)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&live->lock);
    for (const struct watcher *watcher = live->watchers; watcher && count < WEBSOCKET_MAX;
         watcher = watcher->next) {
        sessions[count++] = watcher->session;
    }
    (void)pthread_mutex_unlock(&live->lock);
    return count;
}

void live_sweep(struct live *live, bool (*keep)(void *context, const struct session *session),
                void *context)
{
    /* A copy: `keep` may wait for the database. */
    CLEANUP(mem_free_p) struct session *sessions = MEM_ARRAY(struct session, WEBSOCKET_MAX);
    const size_t count = copy_sessions(live, sessions);
    for (size_t i = 0; i < count; i++) {
        if (!keep(context, &sessions[i])) { live_end_session(live, &sessions[i]); }
    }
}
