#include "programs/gateway/web.h"

#include <string.h>

enum { BODY_MAX = 1024, CONNECTION_MAX = 16, QUEUE_MAX = 16, METRICS_SIZE_MAX = 256 * 1024 };

static void answer_health(const struct count *count, struct http_request *request)
{
    const bool database_ok = metric_value(count->database_ok) == 1;
    const bool connected = metric_value(count->connected) == 1;
    struct value *body = value_object();
    struct value *checks = value_object();
    value_set_text(body, "status", database_ok && connected ? "ok" : "failing");
    value_set_text(body, "version", TOCSIN_VERSION);
    value_set_text(checks, "database", database_ok ? "ok" : "failing");
    value_set_text(checks, "bus", connected ? "ok" : "disconnected");
    value_set(body, "checks", checks);
    CLEANUP(text_deinit) struct text json = text_limited(METRICS_SIZE_MAX);
    value_write(body, &json);
    value_free(body);
    http_answer_bytes(request, database_ok && connected ? 200 : 503, "application/json",
                      text_span(&json));
}

static void handle(void *context, void *worker_state, struct http_request *request)
{
    (void)worker_state;
    const struct count *count = context;
    if (strcmp(http_method(request), "GET") != 0) {
        http_answer_problem(request, 405, "Method Not Allowed", "Only GET is answered here.");
        return;
    }
    if (strcmp(http_path(request), "/health") == 0) {
        answer_health(count, request);
        return;
    }
    if (strcmp(http_path(request), "/metrics") == 0) {
        CLEANUP(text_deinit) struct text lines = text_limited(METRICS_SIZE_MAX);
        metric_write(&lines);
        http_answer_bytes(request, 200, "text/plain; version=0.0.4", text_span(&lines));
        return;
    }
    http_answer_problem(request, 404, "Not Found", "There are only /health and /metrics here.");
}

enum err web_open(struct http_server **out, const struct options *options,
                  const struct count *count, struct why *why)
{
    union {
        const struct count *constant;
        void *writable;
    } context = {.constant = count}; /* the handler takes it back as constant */
    const struct http_config config = {
        .address = options->http_address,
        .port = (int)options->http_port,
        .body_size_max = BODY_MAX,
        .connection_max = CONNECTION_MAX,
        .worker_count = 1,
        .queue_max = QUEUE_MAX,
        .context = context.writable,
        .handle = handle,
    };
    return http_server_open(out, &config, why);
}
