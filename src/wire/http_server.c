#include "wire/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "system/file.h"

enum {
    CONNECTION_MEMORY_SIZE = 2 * HTTP_HEADERS_SIZE_MAX + 4096,
    /* A body of unknown length may run over the limit by this much before we hang up. */
    BODY_DROP_MAX = 1 << 20,
    LISTEN_BACKLOG = 512,
    PEM_SIZE_MAX = 64 * 1024,
    SLOW_NICENESS = 5,
};

/* ---- on the threads of libmicrohttpd ---- */

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http_server *server = context;
    struct http_request *request = http_request_new(server, target);
    request->connection = connection;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->peer = info->socket_context;
    (void)pthread_mutex_lock(&server->lock);
    server->open_requests++;
    (void)pthread_mutex_unlock(&server->lock);
    return request;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection, (void)code;
    struct http_server *server = context;
    struct http_request *request = *request_context;
    if (!request) { return; }
    *request_context = NULL;
    http_peers_expect(request->peer, server, true);
    const bool upgraded = request->upgraded;
    http_request_free(request);
    (void)pthread_mutex_lock(&server->lock);
    server->open_requests--;
    server->upgraded -= upgraded;
    (void)pthread_cond_broadcast(&server->served);
    (void)pthread_mutex_unlock(&server->lock);
}

static enum MHD_Result queue_answer(struct http_request *request)
{
    struct MHD_Response *response = TAKE(request->response);
    request->phase = HTTP_PHASE_SENDING;
    if (!response) { return MHD_NO; }
    const enum MHD_Result queued =
        MHD_queue_response(request->connection, (unsigned int)request->status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result take_body(struct http_request *request, const char *data, size_t *size)
{
    const size_t room = request->body.size_max - request->body.size;
    if (request->body_dropped || *size > room) {
        request->body_dropped += *size;
    } else {
        text_add_bytes(&request->body, span_of(data, *size));
    }
    *size = 0;
    return request->body_dropped > BODY_DROP_MAX ? MHD_NO : MHD_YES;
}

static enum http_lane lane_of(const struct http_server *server, const struct http_request *request)
{
    const struct http_config *config = &server->config;
    if (config->worker_count == 0) { return HTTP_LANE_DIRECT; }
    const enum http_lane lane = config->lane ? config->lane(request) : HTTP_LANE_COMMON;
    return lane == HTTP_LANE_SLOW && config->slow_worker_count == 0 ? HTTP_LANE_COMMON : lane;
}

/* What worker_begin makes for this epoll thread, once; it ends with the thread. */
static void *direct_state(struct http_server *server)
{
    const struct http_config *config = &server->config;
    struct http_direct *direct = pthread_getspecific(server->direct);
    if (config->worker_count == 0 || !config->worker_begin) { return NULL; }
    if (!direct) {
        direct = MEM_NEW(struct http_direct);
        direct->server = server;
        if (pthread_setspecific(server->direct, direct)) { abort(); }
    }
    if (!direct->state) { direct->state = config->worker_begin(config->context); }
    return direct->state;
}

static void end_direct(void *specific)
{
    struct http_direct *direct = specific;
    const struct http_config *config = &direct->server->config;
    if (config->worker_end && direct->state) { config->worker_end(config->context, direct->state); }
    free(direct);
}

static enum MHD_Result answer_directly(struct http_request *request)
{
    struct http_server *server = request->server;
    server->config.handle(server->config.context, direct_state(server), request);
    if (!request->status) {
        http_answer_problem(request, 500, http_status_title(500), "The request has no answer.");
    }
    return queue_answer(request);
}

/* The request is whole: to the workers, or refused at once. */
static enum MHD_Result dispatch(struct http_request *request)
{
    struct http_server *server = request->server;
    http_peers_expect(request->peer, server, false);
    if (request->body_dropped) {
        http_answer_refusal(request, 413, http_status_title(413),
                            "The body is larger than this server takes.");
        return queue_answer(request);
    }
    const enum http_lane lane = lane_of(server, request);
    if (lane == HTTP_LANE_DIRECT) { return answer_directly(request); }
    request->phase = HTTP_PHASE_WAITING;
    MHD_suspend_connection(request->connection);
    if (queue_push(lane == HTTP_LANE_SLOW ? server->slow_waiting : server->waiting, request)) {
        http_add_header(request, MHD_HTTP_HEADER_RETRY_AFTER, "1");
        http_answer_refusal(request, 503, http_status_title(503),
                            "The server has more requests than it can answer. Try again.");
        MHD_resume_connection(request->connection);
    }
    return MHD_YES;
}

/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd's own signature */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **request_context)
{
    (void)context, (void)connection, (void)url;
    struct http_request *request = *request_context;
    switch (request->phase) {
    case HTTP_PHASE_HEAD:
        request->phase = HTTP_PHASE_BODY;
        return http_request_read_head(request, method, version) ? MHD_YES : queue_answer(request);
    case HTTP_PHASE_BODY:
        if (*data_size > 0) { return take_body(request, data, data_size); }
        return dispatch(request);
    case HTTP_PHASE_WAITING: /* resumed: the answer is there */ return queue_answer(request);
    case HTTP_PHASE_SENDING: return MHD_NO;
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

/* Leaves the target as it came: http_parse decodes it, once. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text);
}

/* ---- on the workers ---- */

static void serve(struct http_server *server, struct queue *waiting)
{
    const struct http_config *config = &server->config;
    void *state = NULL;
    struct http_request *request = NULL;
    while ((request = queue_pop(waiting, -1))) {
        if (!state && config->worker_begin) { state = config->worker_begin(config->context); }
        config->handle(config->context, state, request);
        struct http_stream *stream = TAKE(request->stream);
        const bool deferred = stream && http_stream_deferred(stream);
        if (!request->status && !deferred) {
            http_answer_problem(request, 500, http_status_title(500), "The request has no answer.");
        }
        /* From here the request is the epoll thread's, or the stream's: not to be touched. */
        if (!deferred) { MHD_resume_connection(request->connection); }
        if (stream) { http_stream_start(stream); }
    }
    if (config->worker_end && state) { config->worker_end(config->context, state); }
}

static void serve_common(void *context)
{
    struct http_server *server = context;
    serve(server, server->waiting);
}

static void serve_slow(void *context)
{
    struct http_server *server = context;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), SLOW_NICENESS); /* of this thread alone */
    serve(server, server->slow_waiting);
}

/* ---- opening ---- */

static enum err listen_on(const struct http_config *config, int *out, int *port, struct why *why)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(struct sockaddr_in);
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&address;
    if (inet_pton(AF_INET, config->address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)config->port);
    } else if (inet_pton(AF_INET6, config->address, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)config->port);
        size = sizeof *six;
    } else {
        return why_set(why, ERR_RANGE, "HTTP address is \"%.60s\", expected an IP address",
                       config->address);
    }
    const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    if (fd >= 0) { (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); }
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, LISTEN_BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&address, &size)) {
        char reason[128];
        const char *text = strerror_r(errno, reason, sizeof reason);
        file_close_p(&fd);
        return why_set(why, ERR_IO, "cannot listen on %.60s port %d: %s", config->address,
                       config->port, text);
    }
    *port = ntohs(address.ss_family == AF_INET ? four->sin_port : six->sin6_port);
    *out = fd;
    return OK;
}

static bool loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* PEM texts that libmicrohttpd reads at start; it keeps what it needs. */
struct tls_files {
    struct text certificate, key, ca;
};

static void free_tls(struct tls_files *files)
{
    text_deinit(&files->certificate);
    if (files->key.data) { explicit_bzero(files->key.data, files->key.capacity); }
    text_deinit(&files->key);
    text_deinit(&files->ca);
}

static enum err read_tls(struct tls_files *files, const struct http_config *config, struct why *why)
{
    if (!config->certificate_path && !loopback(config->address)) {
        return why_set(why, ERR_RANGE,
                       "plain HTTP is for loopback addresses only: %.60s needs a certificate",
                       config->address);
    }
    if (!config->certificate_path) { return OK; }
    enum err err = file_read(&files->certificate, config->certificate_path, why);
    if (!err) { err = file_read(&files->key, config->key_path, why); }
    if (!err && config->client_ca_path) {
        err = file_read(&files->ca, config->client_ca_path, why);
    }
    return err;
}

static enum err start_daemon(struct http_server *server, int listen_fd, struct why *why)
{
    const struct http_config *config = &server->config;
    CLEANUP(free_tls)
    struct tls_files files = {text_limited(PEM_SIZE_MAX), text_limited(PEM_SIZE_MAX),
                              text_limited(PEM_SIZE_MAX)};
    const enum err err = read_tls(&files, config, why);
    if (err) { return err; }
    struct MHD_OptionItem tls[5] = {{MHD_OPTION_END, 0, NULL}};
    size_t count = 0;
    unsigned int flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ITC;
    if (config->certificate_path) {
        static char priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3";
        flags |= MHD_USE_TLS;
        tls[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, priorities};
        tls[count++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, files.certificate.data};
        tls[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, files.key.data};
        if (config->client_ca_path) {
            tls[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, files.ca.data};
        }
        tls[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    }
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned int)HTTP_POOL_THREADS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned int)config->connection_max, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned int)HTTP_IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        config->connection_size ? config->connection_size : (size_t)CONNECTION_MEMORY_SIZE,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, http_peer_notify, server, MHD_OPTION_ARRAY, tls,
        MHD_OPTION_END);
    if (!server->daemon) {
        return why_set(why, ERR_IO, "cannot start the HTTP server with certificate %.120s",
                       config->certificate_path ? config->certificate_path : "(none)");
    }
    return OK;
}

static enum err start_threads(struct http_server *server, struct why *why)
{
    enum err err = websockets_open(&server->websockets, server, why);
    const size_t common = server->config.worker_count;
    for (size_t i = 0; !err && i < common + server->config.slow_worker_count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "http.%u", (unsigned int)i % 100);
        err = worker_start(&server->workers[i], name, i < common ? serve_common : serve_slow,
                           server, why);
    }
    return err;
}

enum err http_server_open(struct http_server **out, const struct http_config *config,
                          struct why *why)
{
    if (config->worker_count > HTTP_WORKER_MAX ||
        config->slow_worker_count > HTTP_WORKER_MAX - config->worker_count ||
        config->connection_max < HTTP_POOL_THREADS || config->queue_max == 0 || !config->handle) {
        return why_set(
            why, ERR_RANGE,
            "an HTTP server needs at most %d workers, a queue and %d connections or more",
            HTTP_WORKER_MAX, HTTP_POOL_THREADS);
    }
    CLEANUP(http_server_close_p) struct http_server *server = MEM_NEW(struct http_server);
    server->config = *config;
    pthread_condattr_t monotonic;
    if (pthread_mutex_init(&server->lock, NULL) || pthread_condattr_init(&monotonic) ||
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) ||
        pthread_cond_init(&server->served, &monotonic)) {
        abort();
    }
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_key_create(&server->direct, end_direct)) { abort(); }
    server->waiting = queue_new(config->queue_max, NULL);
    server->slow_waiting = queue_new(config->queue_max, NULL);
    server->streams = http_streams_new();
    int fd = -1;
    enum err err = listen_on(config, &fd, &server->port, why);
    if (err) { return err; }
    err = start_threads(server, why);
    if (!err) { err = start_daemon(server, fd, why); } /* which owns fd once it runs */
    if (err) {
        file_close_p(&fd);
        return err;
    }
    *out = TAKE(server);
    return OK;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

/* ---- closing ---- */

/*
 * Waits until every answer has left, and unless `socketless` every WebSocket too, or the time is
 * over. libmicrohttpd may take its time with a WebSocket through TLS whose peer says nothing.
 */
static void wait_served(struct http_server *server, bool socketless, int64_t wait_ms)
{
    struct timespec deadline;
    (void)clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += wait_ms / 1000;
    deadline.tv_nsec += wait_ms % 1000 * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    int waited = 0;
    (void)pthread_mutex_lock(&server->lock);
    while (server->open_requests > (socketless ? server->upgraded : 0) && waited == 0) {
        http_peers_hang_up(server, INT64_MAX); /* half a request gets no more time */
        waited = pthread_cond_timedwait(&server->served, &server->lock, &deadline);
    }
    (void)pthread_mutex_unlock(&server->lock);
}

void http_server_close(struct http_server *server)
{
    if (!server) { return; }
    int listen_fd = server->daemon ? MHD_quiesce_daemon(server->daemon) : -1;
    queue_close(server->waiting); /* workers answer what is left; newcomers get 503 */
    queue_close(server->slow_waiting);
    for (size_t i = 0; i < ARRAY_LEN(server->workers); i++) {
        worker_join(server->workers[i]);
    }
    http_streams_close(server->streams);
    websockets_stop(server->websockets);
    if (server->daemon) {
        wait_served(server, true, HTTP_CLOSE_TIMEOUT_MS);
        wait_served(server, false, HTTP_FAREWELL_MS);
        MHD_stop_daemon(server->daemon);
    }
    file_close_p(&listen_fd);
    websockets_free(server->websockets);
    http_streams_free(server->streams);
    queue_free(server->waiting);
    queue_free(server->slow_waiting);
    (void)pthread_key_delete(server->direct);
    (void)pthread_cond_destroy(&server->served);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}
