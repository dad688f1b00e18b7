#include "programs/map/monitor.h"

#include <string.h>

#include "base/metric.h"
#include "wire/http.h"

enum { METRICS_SIZE_MAX = 512 * 1024 };

struct monitor {
    struct http_server *http; /* owned */
};

static void answer_health(struct http_request *request)
{
    CLEANUP(value_free_p) struct value *health = value_object();
    value_set_text(health, "status", "ok");
    value_set_text(health, "version", TOCSIN_VERSION);
    http_answer_json(request, 200, health);
}

static void answer_metrics(struct http_request *request)
{
    CLEANUP(text_deinit) struct text metrics = text_limited(METRICS_SIZE_MAX);
    metric_write(&metrics);
    http_answer_bytes(request, 200, "text/plain; version=0.0.4", text_span(&metrics));
}

static void handle(void *context, void *worker_state, struct http_request *request)
{
    (void)context;
    (void)worker_state;
    const char *path = http_path(request);
    if (strcmp(http_method(request), "GET") != 0) {
        http_answer_problem(request, 405, "Method Not Allowed", "Only GET is answered here.");
    } else if (strcmp(path, "/health") == 0) {
        answer_health(request);
    } else if (strcmp(path, "/metrics") == 0) {
        answer_metrics(request);
    } else {
        http_answer_problem(request, 404, "Not Found", "Ask for /health or /metrics.");
    }
}

enum err monitor_open(struct monitor **out, int port, struct why *why)
{
    CLEANUP(monitor_close_p) struct monitor *monitor = MEM_NEW(struct monitor);
    const struct http_config http = {.address = "127.0.0.1",
                                     .port = port,
                                     .body_size_max = 1024,
                                     .connection_max = 16,
                                     .worker_count = 1,
                                     .queue_max = 16,
                                     .handle = handle};
    const enum err err = http_server_open(&monitor->http, &http, why);
    if (!err) { *out = TAKE(monitor); }
    return err;
}

void monitor_close(struct monitor *monitor)
{
    if (!monitor) { return; }
    http_server_close(monitor->http);
    free(monitor);
}

int monitor_port(const struct monitor *monitor)
{
    return http_server_port(monitor->http);
}
