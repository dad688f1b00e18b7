/*
 * wire/http - the HTTP server: requests in, answers out, on libmicrohttpd.
 *
 * A small pool of epoll threads reads requests within limits and hands each whole request to a
 * bounded queue; worker threads of this module call the handler and the answer goes back when it
 * returns (the connection is suspended meanwhile). A full queue answers 503 at once. What is
 * answered faster than it is handed over may run on the epoll threads themselves, and what computes
 * for long has workers of its own, which no other request waits for. Limits: request line and
 * headers 16 KiB, body `body_size_max`, 60 s to send a request, connections bounded. TLS 1.3 only;
 * with `client_ca_path` a client certificate of the site is required and its identity is in the
 * request. Errors are RFC 9457 problem documents. Requests that two readers could understand
 * differently (RFC 9112: conflicting lengths, unclean paths) are refused.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"
#include "base/value.h"

#include <stdbool.h>

struct http_server;
struct http_request;

enum { HTTP_PATH_SIZE = 1024, HTTP_HEADER_VALUE_SIZE = 4096, HTTP_IDENTITY_SIZE = 256 };

/* Who runs the handler of a request. */
enum http_lane {
    HTTP_LANE_COMMON, /* the workers */
    HTTP_LANE_DIRECT, /* the epoll thread that read it: it must not wait, stream or upgrade */
    HTTP_LANE_SLOW,   /* workers of lower priority, for what keeps a processor busy */
};

struct http_config {
    const char *address;                     /* "127.0.0.1", "::1", "0.0.0.0" */
    int port;                                /* 0 = any free one; http_server_port tells */
    const char *certificate_path, *key_path; /* PEM; NULL = plain HTTP (allowed on loopback only) */
    const char *client_ca_path;              /* PEM; NULL = clients need no certificate */
    bool client_certificate_optional;        /* with client_ca_path: who has none has no identity */
    size_t body_size_max;
    size_t connection_max;
    /* Memory of one connection; 0 = enough for headers of 16 KiB. Longer headers are answered 431.
     */
    size_t connection_size;
    size_t worker_count; /* threads that run the handler; 0 = the epoll threads: it never blocks */
    size_t queue_max;
    /* By method and path of a request that is whole, on the epoll thread; NULL = common. */
    enum http_lane (*lane)(const struct http_request *request);
    size_t slow_worker_count; /* 0 = the slow lane is the common one */
    /* "Name", "value", ..., NULL: in every answer that does not set the same name itself. */
    const char *const *common_headers; /* borrowed for the life of the server; may be NULL */
    void *context;
    /* Per-thread state such as a database: made at the thread's first request, and again at each
     * next one while it is NULL; ended with the thread. */
    void *(*worker_begin)(void *context);
    void (*worker_end)(void *context, void *worker_state);
    void (*handle)(void *context, void *worker_state, struct http_request *request);
};

MUST_USE enum err http_server_open(struct http_server **out, const struct http_config *config,
                                   struct why *why);
void http_server_close(struct http_server *server); /* answers what it has, then ends */
CLEANUP_FOR(struct http_server, http_server_close)
int http_server_port(const struct http_server *server);

/* ---- a request; everything is borrowed until the handler returns ---- */
const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request);                    /* decoded once */
const char *http_query(const struct http_request *request, const char *name); /* NULL when absent */
const char *http_header(const struct http_request *request,
                        const char *name); /* NULL when absent */
/* Every value of a header that may stand on several lines, joined with commas. */
void http_header_lines(const struct http_request *request, const char *name, struct text *out);
const char *http_cookie(const struct http_request *request,
                        const char *name); /* NULL when absent */
struct span http_body(const struct http_request *request);
const char *http_peer_address(const struct http_request *request); /* "192.0.2.7" */
/* The SPIFFE ID of the verified client certificate, or NULL. */
const char *http_peer_identity(const struct http_request *request);
/* That certificate in DER; empty when http_peer_identity is NULL. */
struct span http_peer_certificate(const struct http_request *request);

/* ---- the answer; exactly one of these per request ---- */
void http_add_header(struct http_request *request, const char *name, const char *value);
int http_status(const struct http_request *request); /* of the answer given so far, 0 = none */
/* A status of 400 and more is sent as application/problem+json. */
void http_answer_json(struct http_request *request, int status, const struct value *body);
void http_answer_bytes(struct http_request *request, int status, const char *type,
                       struct span body);
/* RFC 9457: {"type":"about:blank","title","status","detail"}. */
void http_answer_problem(struct http_request *request, int status, const char *title,
                         const char *detail);
/*
 * A file or a part of one: If-Match (412), If-None-Match (304), Range and If-Range (206, 416) of
 * RFC 9110 are honoured; several ranges at once are answered with the whole. Takes the descriptor;
 * etag may be NULL.
 */
void http_answer_file(struct http_request *request, const char *type, int fd, const char *etag);
/* The same for a file that stays open and never changes. */
struct http_file {
    int fd; /* borrowed */
    uint64_t size;
    const char *type, *etag; /* a strong one, with its quotes */
};
void http_answer_open_file(struct http_request *request, const struct http_file *file);
/* Whether If-Match or If-None-Match forbid to answer with the content `etag`: then 412 or 304 was
 * answered, with the headers added so far. */
MUST_USE bool http_answer_unmet(struct http_request *request, const char *etag);
/* Bytes on the heap, handed over: free() releases them. */
void http_answer_owned(struct http_request *request, int status, const char *type, void *bytes,
                       size_t size);
/*
 * A body made piece by piece on a thread of its own: `write` sends bytes with http_sink_send, which
 * blocks while the client is slow (false: the client is gone, stop). Bounded memory. No bytes at
 * all only asks whether the client is still there: a writer with nothing to say does so every
 * second. With status 0 `write` decides the answer: it calls http_sink_begin before the first byte,
 * or http_sink_refuse instead. `done` is called once in any case, at last. At most HTTP_STREAM_MAX
 * at once; beyond that the client gets 503.
 */
enum { HTTP_STREAM_MAX = 32 };
struct http_sink;
bool http_sink_send(struct http_sink *sink, struct span bytes);
void http_sink_begin(struct http_sink *sink, int status, const char *type);
void http_sink_refuse(struct http_sink *sink, int status, const char *title, const char *detail);
void http_sink_break(struct http_sink *sink); /* after `write`, end as cut off, not as whole */
struct http_writer {
    void *context;
    void (*write)(void *context, struct http_sink *sink);
    void (*done)(void *context); /* may be NULL */
};
void http_answer_stream(struct http_request *request, int status, const char *type,
                        const struct http_writer *writer);

/* ---- WebSocket (RFC 6455), after the handler has checked session and origin ---- */
enum { WEBSOCKET_MAX = 256, WEBSOCKET_MESSAGE_MAX = 64 * 1024 }; /* sockets per server; bytes */
struct websocket;
struct websocket_handler {
    void *context;
    void (*opened)(void *context,
                   struct websocket *socket); /* may send from any thread until closed */
    void (*received)(void *context, struct websocket *socket, struct span message);
    /* Once in any case and at last; `socket` is NULL when it never opened. */
    void (*closed)(void *context, struct websocket *socket);
};
/* All sockets live on one thread of the server; the callbacks run there and must not block. */
void http_answer_websocket(struct http_request *request, const struct websocket_handler *handler);
/* Queues a text message. ERR_LIMIT: the client reads too slowly (it is closed); ERR_CLOSED. */
MUST_USE enum err websocket_send(struct websocket *socket, struct span text);
void websocket_close(struct websocket *socket);
