#include <stdio.h>
#include <unistd.h>

#include "base/metric.h"
#include "programs/control/audit/scribe.h"
#include "programs/control/openapi.h"
#include "programs/control/route.h"

enum { METRICS_SIZE_MAX = 1 << 20 };

void state_live(struct call *call)
{
    live_answer(call->desk->control->live, call->request, &call->session);
}

void state_openapi(struct call *call)
{
    http_add_header(call->request, "Cache-Control", "no-cache");
    http_answer_bytes(call->request, 200, "application/vnd.oai.openapi+json;version=3.1",
                      openapi_document());
}

void state_health(struct call *call)
{
    struct control *control = call->desk->control;
    int64_t count = 0;
    const bool database = device_store_count(call->desk->devices, &count, NULL) == OK &&
                          ingest_healthy(control->ingest) && outbox_healthy(control->outbox) &&
                          peers_healthy(control->peers);
    const bool leads = peers_leading(control->peers);
    const bool bus = !leads || bus_connected(control->bus);
    const bool audit = scribe_healthy(control->scribe); /* alerts go on without it */
    CLEANUP(value_free_p) struct value *checks = value_object();
    value_set_text(checks, "database", database ? "ok" : "failing");
    value_set_text(checks, "bus", !leads ? "of another server" : bus ? "ok" : "not connected");
    value_set_text(checks, "audit", audit ? "ok" : "failing");
    CLEANUP(value_free_p) struct value *body = value_object();
    value_set_text(body, "status", database && bus ? "ok" : "degraded");
    value_set_text(body, "version", TOCSIN_VERSION);
    value_set(body, "checks", TAKE(checks));
    CLEANUP(text_deinit) struct text json = text_limited(1024);
    value_write(body, &json);
    http_answer_bytes(call->request, database && bus ? 200 : 503, "application/json",
                      text_span(&json));
}

/* Resident memory and processor time, which Prometheus' own clients name so. */
static void measure_process(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    const bool read = file && fscanf(file, "%*s %ld", &pages) == 1; /* NOLINT(cert-err34-c) */
    if (file) { (void)fclose(file); }
    if (!read) { return; }
    metric_set(metric_gauge("process_resident_memory_bytes", "Resident memory", NULL),
               (int64_t)pages * sysconf(_SC_PAGESIZE));
}

void state_metrics(struct call *call)
{
    measure_process();
    CLEANUP(text_deinit) struct text page = text_limited(METRICS_SIZE_MAX);
    metric_write(&page);
    http_answer_bytes(call->request, 200, "text/plain; version=0.0.4; charset=utf-8",
                      text_span(&page));
}
