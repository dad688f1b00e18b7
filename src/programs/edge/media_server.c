#include "programs/edge/media_server.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "evidence/stream.h"
#include "wire/http.h"

enum { CONNECTION_MAX = 64, QUEUE_MAX = 64, BODY_SIZE_MAX = 1024 };

static const char media_prefix[] = "/media/";

struct media_server {
    struct media_server_config config;
    struct http_server *http; /* owned */
    int port;
};

/* Of the one worker thread. */
struct desk {
    struct database *database; /* owned, NULL when it could not be opened */
    struct stream *stream;     /* owned, the same */
};

static void *desk_begin(void *context)
{
    const struct media_server *server = context;
    const struct options *options = server->config.options;
    struct desk *desk = MEM_NEW(struct desk);
    const struct database_config file = {
        .path = server->config.database_path, .key = server->config.database_key, .cache_kib = 256};
    const struct stream_config config = {.site = options->site_name,
                                         .device = server->config.device,
                                         .ca_path = options->site_ca,
                                         .revocations = server->config.revocations,
                                         .media_folder = options->media_folder};
    struct why why = {0};
    enum err err = database_open(&desk->database, &file, &why);
    if (!err) { err = stream_new(&desk->stream, desk->database, &config, &why); }
    if (err) { log_event(LOG_LEVEL_ERROR, "media.begin_failed", "why", why.text, NULL); }
    return desk;
}

static void desk_end(void *context, void *worker_state)
{
    (void)context;
    struct desk *desk = worker_state;
    stream_free(desk->stream);
    database_close(desk->database);
    free(desk);
}

/* ---- clips and snapshots ---- */

static void count(enum stream_answer answer)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "answer=\"%s\"", stream_answer_name(answer));
    metric_add(metric_counter("tocsin_media_requests_total", "Media asked for, by answer.", labels),
               1);
}

static void answer_refusal(struct http_request *request, enum stream_answer answer,
                           const char *detail)
{
    CLEANUP(value_free_p) struct value *problem = value_object();
    value_set_text(problem, "type", "about:blank");
    value_set_text(problem, "title", "Forbidden");
    value_set_integer(problem, "status", 403);
    value_set_text(problem, "detail", detail);
    value_set_text(problem, "reason", stream_answer_name(answer));
    http_answer_json(request, 403, problem);
}

/* Takes "/media/<event id>/<kind>" apart; false when it is anything else. */
static bool split_path(const char *path, char event_id[static ID_TEXT_SIZE], enum media_kind *kind)
{
    const char *rest = path + strlen(media_prefix);
    if (strlen(rest) < ID_TEXT_SIZE || rest[ID_TEXT_SIZE - 1] != '/') { return false; }
    memcpy(event_id, rest, ID_TEXT_SIZE - 1);
    event_id[ID_TEXT_SIZE - 1] = '\0';
    return id_valid(event_id) && media_kind_parse(kind, rest + ID_TEXT_SIZE, NULL) == OK;
}

static void serve_media(const struct media_server *server, struct desk *desk,
                        struct http_request *request)
{
    char event_id[ID_TEXT_SIZE];
    enum media_kind kind = MEDIA_KIND_CLIP;
    if (!split_path(http_path(request), event_id, &kind)) {
        http_answer_problem(request, 404, "Not Found", "There is nothing at this address.");
        return;
    }
    const struct stream_request asked = {.principal = http_peer_identity(request),
                                         .token = http_header(request, "Tocsin-Stream-Token"),
                                         .event_id = event_id,
                                         .kind = kind,
                                         .now_us = sane_clock_now_us(server->config.clock)};
    enum stream_answer answer = STREAM_ANSWER_MALFORMED;
    struct stream_media media = {.fd = -1};
    struct why why = {0};
    if (!desk->stream || stream_open(desk->stream, &asked, &answer, &media, &why)) {
        log_event(LOG_LEVEL_ERROR, "media.failed", "event", event_id, "why", why.text, NULL);
        http_answer_problem(request, 503, "Service Unavailable", "The index cannot be read now.");
        return;
    }
    count(answer);
    log_event(answer == STREAM_ANSWER_OPENED ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "media.asked",
              "answer", stream_answer_name(answer), "event", event_id, "kind",
              media_kind_name(kind), "subject", media.subject, "peer", asked.principal, "why",
              why.text, NULL);
    if (answer == STREAM_ANSWER_OPENED) {
        http_add_header(request, "Cache-Control", "no-store");
        http_answer_file(request, media.type, media.fd, NULL);
    } else if (answer == STREAM_ANSWER_ABSENT) {
        http_answer_problem(request, 404, "Not Found", why.text);
    } else {
        answer_refusal(request, answer, why.text);
    }
}

/* ---- the sign ---- */

static void write_frames(void *context, struct http_sink *sink)
{
    struct sign_preview *preview = context;
    CLEANUP(mem_free_p) struct sign_view *view = MEM_NEW(struct sign_view);
    CLEANUP(text_deinit)
    struct text bytes = text_limited(SIGN_STREAM_HEAD_SIZE + sizeof view->frame);
    sign_preview_look(preview, view);
    enum err err = OK;
    while (err != ERR_CLOSED) {
        text_clear(&bytes);
        if (err == OK) { sign_view_write(view, &bytes); }
        if (!http_sink_send(sink, text_span(&bytes))) { return; } /* without bytes: are you there */
        err = sign_preview_wait(preview, view->sequence, CLOCK_SECOND_US, view);
    }
}

static void serve_picture(const struct media_server *server, struct http_request *request)
{
    CLEANUP(mem_free_p) struct sign_view *view = MEM_NEW(struct sign_view);
    CLEANUP(text_deinit) struct text png = text_limited(SIGN_PNG_SIZE_MAX);
    struct why why = {0};
    sign_preview_look(server->config.preview, view);
    if (sign_frame_png(&view->frame, 1, &png, &why)) {
        http_answer_problem(request, 500, "Internal Server Error", why.text);
        return;
    }
    http_add_header(request, "Cache-Control", "no-store");
    http_answer_bytes(request, 200, "image/png", text_span(&png));
}

/* ---- requests ---- */

static bool is_withdrawn(const struct media_server *server, const struct http_request *request)
{
    struct certificate *certificate = NULL;
    struct certificate_serial serial;
    if (certificate_from_der(&certificate, http_peer_certificate(request), NULL)) { return true; }
    certificate_serial(certificate, &serial);
    certificate_free(certificate);
    return revocations_hold(server->config.revocations, &serial);
}

static bool is_control(const struct media_server *server, const struct http_request *request)
{
    const char *uri = http_peer_identity(request);
    struct identity peer;
    return uri && identity_parse(&peer, uri, NULL) == OK && peer.role == ROLE_CONTROL &&
           strcmp(peer.site, server->config.options->site_name) == 0 &&
           !is_withdrawn(server, request);
}

static void answer_health(struct http_request *request)
{
    CLEANUP(value_free_p) struct value *health = value_object();
    value_set_text(health, "status", "ok");
    value_set_text(health, "version", TOCSIN_VERSION);
    http_answer_json(request, 200, health);
}

static void handle(void *context, void *worker_state, struct http_request *request)
{
    const struct media_server *server = context;
    const char *path = http_path(request);
    if (strcmp(http_method(request), "GET") != 0) {
        http_answer_problem(request, 405, "Method Not Allowed", "Only GET is answered here.");
    } else if (!is_control(server, request)) {
        count(STREAM_ANSWER_UNTRUSTED);
        log_event(LOG_LEVEL_WARNING, "media.peer_refused", "peer", http_peer_identity(request),
                  "address", http_peer_address(request), NULL);
        answer_refusal(request, STREAM_ANSWER_UNTRUSTED, "only this site's control is served");
    } else if (strncmp(path, media_prefix, strlen(media_prefix)) == 0) {
        serve_media(server, worker_state, request);
    } else if (strcmp(path, "/sign/frames") == 0) {
        const struct http_writer writer = {.context = server->config.preview,
                                           .write = write_frames};
        http_answer_stream(request, 200, "application/octet-stream", &writer);
    } else if (strcmp(path, "/sign/frame.png") == 0) {
        serve_picture(server, request);
    } else if (strcmp(path, "/health") == 0) {
        answer_health(request);
    } else {
        http_answer_problem(request, 404, "Not Found", "There is nothing at this address.");
    }
}

static enum err listen_at(struct media_server *server, int port, struct why *why)
{
    const struct options *options = server->config.options;
    const struct http_config http = {.address = options->http_address,
                                     .port = port,
                                     .certificate_path = options->certificate,
                                     .key_path = options->key,
                                     .client_ca_path = options->site_ca,
                                     .body_size_max = BODY_SIZE_MAX,
                                     .connection_max = CONNECTION_MAX,
                                     .worker_count = 1,
                                     .queue_max = QUEUE_MAX,
                                     .context = server,
                                     .worker_begin = desk_begin,
                                     .worker_end = desk_end,
                                     .handle = handle};
    return http_server_open(&server->http, &http, why);
}

enum err media_server_open(struct media_server **out, const struct media_server_config *config,
                           struct why *why)
{
    CLEANUP(media_server_close_p) struct media_server *server = MEM_NEW(struct media_server);
    server->config = *config;
    const enum err err = listen_at(server, (int)config->options->http_port, why);
    if (err) { return err; }
    server->port = http_server_port(server->http);
    *out = TAKE(server);
    return OK;
}

enum err media_server_renew(struct media_server *server, struct why *why)
{
    http_server_close(TAKE(server->http));
    return listen_at(server, server->port, why);
}

void media_server_close(struct media_server *server)
{
    if (!server) { return; }
    http_server_close(server->http);
    free(server);
}

int media_server_port(const struct media_server *server)
{
    return server->port;
}
