/*
 * control/live - every browser that watches, and the messages to them: {"kind","at","data"}.
 *
 * A message is made once and handed to each socket's own bounded queue; one that reads too slowly
 * is closed by wire/http. A socket ends with its session. Any thread.
 */
#pragma once

#include "base/value.h"
#include "people/session.h"
#include "wire/http.h"

struct live;
struct live *live_new(void);
void live_free(struct live *live); /* after the HTTP server has ended; NULL is allowed */
CLEANUP_FOR(struct live, live_free)

/*
 * A message reaches whom its zone does: "zone", of alerts and drafts also one of "zones", or
 * everybody ("targets"); drafts only those who may send alerts.
 */
/* Makes the request a watcher's WebSocket, which begins with "hello". */
void live_answer(struct live *live, struct http_request *request, const struct session *session);

/*
 * Other servers have browsers too: `tell` is called with each message, and with the end of
 * sessions; they give it to live_hear. Before any thread begins. `tell` must not block.
 */
struct live_share {
    void *context;
    void (*tell)(void *context, const char *kind, const struct value *data);
};
void live_share_with(struct live *live, struct live_share share);
void live_hear(void *context, const char *kind, struct value *data); /* takes `data` */

/* A live_port: `context` is the live; takes `data`. */
void live_send(void *context, const char *kind, struct value *data);

/* A relayed stream, which ends with its session as a socket does. Owned by the caller. */
struct live_stream {
    struct live_stream *next;
    char session[ID_TEXT_SIZE];
    char user_id[ID_TEXT_SIZE];
    bool ended;
};
void live_stream_begin(struct live *live, struct live_stream *stream,
                       const struct session *session);
bool live_stream_ended(struct live *live, const struct live_stream *stream);
void live_stream_end(struct live *live, struct live_stream *stream); /* it is over */

/* Closes the sockets and streams of a session, or all of a user but the session's own. */
void live_end_session(struct live *live, const struct session *session);
void live_end_others(struct live *live, const struct session *session);
void live_end_user(struct live *live, const char *user_id); /* whose rights have changed */

/*
 * Closes the sockets whose session, as it was when the link was asked for, `keep` knows no longer.
 * Every few seconds: rights may change between the request and the open socket.
 */
void live_sweep(struct live *live, bool (*keep)(void *context, const struct session *session),
                void *context);
