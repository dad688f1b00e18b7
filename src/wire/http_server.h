/*
 * wire/http_server - what the files of the HTTP server share; nobody else includes this.
 *
 * A request is owned by one thread at a time: by an epoll thread of libmicrohttpd while it is read
 * and answered, by a worker while its connection is suspended. The hand-over (queue, then
 * MHD_resume_connection) orders the memory.
 */
#pragma once

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>

#include "system/queue.h"
#include "system/worker.h"
#include "wire/http.h"
#include "wire/http_parse.h"

enum {
    HTTP_ADDED_HEADER_MAX = 24,
    HTTP_HEADERS_SIZE_MAX = 16 * 1024, /* request line and headers together */
    HTTP_POOL_THREADS = 2,
    HTTP_WORKER_MAX = 64,
    HTTP_IDLE_TIMEOUT_S = 60,     /* between requests, and to send a request */
    HTTP_CLOSE_TIMEOUT_MS = 5000, /* how long http_server_close waits for answers to leave */
    HTTP_FAREWELL_MS = 300,       /* and then for the last words of WebSockets, through TLS */
};

/* One TCP connection. */
struct http_peer {
    struct http_peer *next, *before; /* in server->peers */
    int fd;                          /* borrowed from libmicrohttpd */
    int64_t deadline_us;             /* when the request must have come whole; 0 = it has */
    bool verified;                   /* identity was looked for, once per connection */
    char address[INET6_ADDRSTRLEN];
    char identity[HTTP_IDENTITY_SIZE]; /* "" = none */
    struct text certificate;           /* DER, of that identity */
};

struct http_added_header {
    char *name, *value; /* owned */
};

struct http_stream;
struct http_streams; /* all streams of a server */
struct websockets;   /* all WebSockets of a server, and their thread */

/* What the handler of the direct lane has on one epoll thread. */
struct http_direct {
    struct http_server *server;
    void *state;
};

struct http_server {
    struct http_config config;
    struct MHD_Daemon *daemon;
    struct queue *waiting, *slow_waiting;    /* of struct http_request, borrowed */
    struct worker *workers[HTTP_WORKER_MAX]; /* those of the slow lane come last */
    pthread_key_t direct;                    /* an epoll thread's struct http_direct */
    struct http_streams *streams;
    struct websockets *websockets;
    int port;
    pthread_mutex_t lock;  /* for what follows */
    pthread_cond_t served; /* open_requests has fallen */
    struct http_peer *peers;
    size_t open_requests;
    size_t upgraded; /* of them: answered, and WebSockets now */
    bool closing;
};

enum http_phase { HTTP_PHASE_HEAD, HTTP_PHASE_BODY, HTTP_PHASE_WAITING, HTTP_PHASE_SENDING };

struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct http_peer *peer;
    enum http_phase phase;
    char *target; /* owned; as it came */
    char method[16];
    char path[HTTP_PATH_SIZE];
    struct http_pairs query, cookies;
    struct text body;
    size_t body_dropped; /* bytes beyond the limit of a body of unknown length */
    struct http_added_header added[HTTP_ADDED_HEADER_MAX];
    size_t added_count;
    int status;                              /* of the answer; 0 = none yet */
    struct MHD_Response *response;           /* owned until queued */
    struct http_stream *stream;              /* to be started when the handler has returned */
    struct websocket_handler socket_handler; /* of an upgrade that has not come about yet */
    bool upgraded;                           /* counted in the server's */
};

/* http_request.c */
struct http_request *http_request_new(struct http_server *server, const char *target);
void http_request_free(struct http_request *request);
void http_request_drop_socket(struct http_request *request); /* the upgrade does not come about */
/* Judges the head; on a refusal the answer is in the request and the result is false. */
bool http_request_read_head(struct http_request *request, const char *method, const char *version);

/* http_answer.c */
/* Makes `response` (owned, may be NULL: out of memory) the answer, with all headers. */
void http_answer_take(struct http_request *request, int status, const char *type,
                      struct MHD_Response *response);
/* As http_answer_problem, and the connection is closed after it. */
void http_answer_refusal(struct http_request *request, int status, const char *title,
                         const char *detail);
const char *http_status_title(int status);

/* http_peer.c */
void http_peer_notify(void *context, struct MHD_Connection *connection, void **socket_context,
                      enum MHD_ConnectionNotificationCode code);
/* The verified SPIFFE ID of the peer's certificate; once per connection. False: it has none. */
bool http_peer_verify(struct http_peer *peer, struct MHD_Connection *connection);
void http_peers_expect(struct http_peer *peer, struct http_server *server, bool request);
void http_peers_expire(struct http_server *server, int64_t now_us);  /* hangs up on the slow */
void http_peers_hang_up(struct http_server *server, int64_t now_us); /* the same, under lock */

/* http_stream.c */
struct http_streams *http_streams_new(void);
void http_streams_close(struct http_streams *streams); /* stops writers, joins them */
void http_streams_free(struct http_streams *streams);  /* after the daemon has ended */
void http_stream_start(struct http_stream *stream);
bool http_stream_deferred(const struct http_stream *stream); /* the writer will answer */

/* websocket.c */
MUST_USE enum err websockets_open(struct websockets **out, struct http_server *server,
                                  struct why *why);
void websockets_stop(struct websockets *owner); /* closes every socket, ends the thread */
void websockets_free(struct websockets *owner);
bool websockets_full(struct websockets *owner);
struct websocket_arrival {
    struct websocket_handler handler;
    int fd;
    struct MHD_UpgradeResponseHandle *upgrade;
    struct span early; /* bytes that came behind the request, borrowed */
};
/* Takes the upgraded connection and its handler. False: there is no room, the caller keeps them. */
bool websockets_adopt(struct websockets *owner, const struct websocket_arrival *arrival);
