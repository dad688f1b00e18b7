#include "programs/control/live.h"

#include <pthread.h>
#include <string.h>

#include "base/metric.h"

enum { LIVE_MESSAGE_SIZE_MAX = 512 * 1024 };

struct watcher {
    struct watcher *next; /* in live->watchers, once it has opened */
    struct live *live;
    struct websocket *socket;
    uint8_t session[SESSION_KEY_SIZE];
    char user_id[ID_TEXT_SIZE];
};

struct live {
    pthread_mutex_t lock;
    struct watcher *watchers;
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
static void write_message(struct text *out, const char *kind, struct value *data)
{
    CLEANUP(value_free_p) struct value *message = value_object();
    value_set_text(message, "kind", kind);
    value_set_time(message, "at", clock_wall_us());
    value_set(message, "data", data);
    value_write(message, out);
}

static void on_opened(void *context, struct websocket *socket)
{
    struct watcher *watcher = context;
    struct live *live = watcher->live;
    struct value *hello = value_object();
    value_set_time(hello, "server_time", clock_wall_us());
    value_set_text(hello, "version", TOCSIN_VERSION);
    CLEANUP(text_deinit) struct text text = text_limited(LIVE_MESSAGE_SIZE_MAX);
    write_message(&text, "hello", hello);
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
    memcpy(watcher->session, session->key, sizeof watcher->session);
    memcpy(watcher->user_id, session->user_id, sizeof watcher->user_id);
    const struct websocket_handler handler = {
        .context = watcher, .opened = on_opened, .closed = on_closed};
    http_answer_websocket(request, &handler);
}

void live_send(void *context, const char *kind, struct value *data)
{
    struct live *live = context;
    CLEANUP(text_deinit) struct text text = text_limited(LIVE_MESSAGE_SIZE_MAX);
    write_message(&text, kind, data);
    if (text.overflow) { return; } /* cannot be: every object has bounds far below */
    metric_add(live->sent, 1);
    (void)pthread_mutex_lock(&live->lock);
    for (const struct watcher *watcher = live->watchers; watcher; watcher = watcher->next) {
        if (websocket_send(watcher->socket, text_span(&text)) == ERR_LIMIT) {
            metric_add(live->slow, 1);
        }
    }
    (void)pthread_mutex_unlock(&live->lock);
}

static void end_where(struct live *live, const struct session *session, bool others)
{
    (void)pthread_mutex_lock(&live->lock);
    for (const struct watcher *watcher = live->watchers; watcher; watcher = watcher->next) {
        const bool same = memcmp(watcher->session, session->key, SESSION_KEY_SIZE) == 0;
        const bool same_user = strcmp(watcher->user_id, session->user_id) == 0;
        if (others ? same_user && !same : same) { websocket_close(watcher->socket); }
    }
    (void)pthread_mutex_unlock(&live->lock);
}

void live_end_session(struct live *live, const struct session *session)
{
    end_where(live, session, false);
}

void live_end_others(struct live *live, const struct session *session)
{
    end_where(live, session, true);
}

/* The sessions of all watchers; at most WEBSOCKET_MAX. Returns how many. */
static size_t copy_sessions(struct live *live, uint8_t keys[][SESSION_KEY_SIZE])
{
    size_t count = 0;
    (void)pthread_mutex_lock(&live->lock);
    for (const struct watcher *watcher = live->watchers; watcher && count < WEBSOCKET_MAX;
         watcher = watcher->next) {
        memcpy(keys[count++], watcher->session, SESSION_KEY_SIZE);
    }
    (void)pthread_mutex_unlock(&live->lock);
    return count;
}

void live_sweep(struct live *live, bool (*keep)(void *context, const uint8_t *session_key),
                void *context)
{
    uint8_t keys[WEBSOCKET_MAX][SESSION_KEY_SIZE];
    const size_t count = copy_sessions(live, keys); /* `keep` may wait for the database */
    for (size_t i = 0; i < count; i++) {
        if (keep(context, keys[i])) { continue; }
        struct session ended = {.used_us = 0};
        memcpy(ended.key, keys[i], SESSION_KEY_SIZE);
        live_end_session(live, &ended);
    }
}
