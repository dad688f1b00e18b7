#include "programs/control/relay.h"

#include <stdio.h>

#include "base/log.h"
#include "base/metric.h"
#include "wire/fetch.h"

enum {
    RELAY_URL_SIZE = 512,
    RELAY_TOKEN_SIZE = 4096,
    RELAY_CONNECT_TIMEOUT_MS = 4000,
    RELAY_IDLE_TIMEOUT_MS = 20000,
    RELAY_ENDLESS_MAX = HTTP_STREAM_MAX / 2, /* views of signs must leave room for clips */
};

struct relay {
    const struct control_options *options; /* borrowed: lives as long as the program */
    char url[RELAY_URL_SIZE];
    char identity[HTTP_IDENTITY_SIZE];
    char device[IDENTITY_NAME_SIZE];
    char token[RELAY_TOKEN_SIZE + 32]; /* the whole header line, "" = none */
    bool endless;                      /* silence is no fault: a sign that does not change */
    struct http_sink *sink;
    struct live *live; /* borrowed likewise */
    struct live_stream stream;
    bool begun, refused;
};

static bool on_head(void *context, int status, const char *type)
{
    struct relay *relay = context;
    if (status == 200) {
        relay->begun = true;
        http_sink_begin(relay->sink, 200, type);
        return true;
    }
    relay->refused = true;
    char number[24];
    log_event(LOG_LEVEL_WARNING, "relay.refused", "device", relay->device, "status",
              log_number(number, status), NULL);
    if (status == 404) {
        http_sink_refuse(relay->sink, 404, "Not Found", "The device no longer has it.");
    } else if (status == 403) {
        http_sink_refuse(relay->sink, 403, "Forbidden", "The device refused. Ask again.");
    } else {
        http_sink_refuse(relay->sink, 502, "Bad Gateway", "The device could not answer.");
    }
    return false;
}

static bool on_bytes(void *context, struct span bytes)
{
    struct relay *relay = context;
    return !live_stream_ended(relay->live, &relay->stream) && http_sink_send(relay->sink, bytes);
}

static void finish(struct relay *relay, enum err err, const struct why *why)
{
    if (!err || relay->refused || (relay->begun && err == ERR_CLOSED)) { return; }
    log_event(LOG_LEVEL_WARNING, "relay.failed", "device", relay->device, "error", err_name(err),
              "reason", why->text, NULL);
    if (relay->begun) {
        http_sink_break(relay->sink);
    } else if (err == ERR_TIMEOUT) {
        http_sink_refuse(relay->sink, 504, "Gateway Timeout", "The device did not answer in time.");
    } else {
        http_sink_refuse(relay->sink, 502, "Bad Gateway", "The device cannot be reached.");
    }
}

static struct metric *endless_open(void)
{
    return metric_gauge("tocsin_sign_views_open", "Signs that are being looked at", NULL);
}

static void relay_done(void *context)
{
    struct relay *relay = context;
    live_stream_end(relay->live, &relay->stream);
    if (relay->endless) { metric_add(endless_open(), -1); }
    free(relay);
}

static void relay_write(void *context, struct http_sink *sink)
{
    struct relay *relay = context;
    relay->sink = sink;
    const char *const headers[] = {*relay->token ? relay->token : NULL, NULL};
    const struct fetch fetch = {.url = relay->url,
                                .ca_path = relay->options->ca,
                                .certificate_path = relay->options->certificate,
                                .key_path = relay->options->key,
                                .peer_identity = relay->identity,
                                .headers = headers,
                                .connect_timeout_ms = RELAY_CONNECT_TIMEOUT_MS,
                                .idle_timeout_ms = relay->endless ? 0 : RELAY_IDLE_TIMEOUT_MS,
                                .context = relay,
                                .on_head = on_head,
                                .on_bytes = on_bytes};
    struct why why = {""};
    struct metric *open =
        metric_gauge("tocsin_relays_open", "Streams that are being relayed", NULL);
    metric_add(open, 1);
    finish(relay, fetch_get(&fetch, &why), &why);
    if (relay->begun && live_stream_ended(relay->live, &relay->stream)) {
        http_sink_break(relay->sink); /* who signed out has not seen the end */
    }
    metric_add(open, -1);
}

static bool fill(struct relay *relay, const struct relay_source *source)
{
    const int url =
        snprintf(relay->url, sizeof relay->url, "%s%s", source->media_url, source->path);
    const int identity = snprintf(relay->identity, sizeof relay->identity, "spiffe://%s/edge/%s",
                                  relay->options->site, source->device);
    const int token = !source->token ? 0
                                     : snprintf(relay->token, sizeof relay->token,
                                                "Tocsin-Stream-Token: %s", source->token);
    return url < (int)sizeof relay->url && identity < (int)sizeof relay->identity &&
           token < (int)sizeof relay->token &&
           text_copy(relay->device, sizeof relay->device, source->device);
}

void relay_answer(struct call *call, const struct relay_source *source)
{
    struct relay *relay = MEM_NEW(struct relay);
    relay->options = call->desk->control->options;
    relay->live = call->desk->control->live;
    relay->endless = source->token == NULL;
    if (!fill(relay, source)) {
        free(relay);
        call_refuse(call, 502, "Bad Gateway", "The device's address is too long.");
        return;
    }
    if (relay->endless && metric_value(endless_open()) >= RELAY_ENDLESS_MAX) {
        free(relay);
        call_refuse(call, 503, "Service Unavailable",
                    "Too many signs are being looked at. Close a page that shows one.");
        return;
    }
    if (relay->endless) { metric_add(endless_open(), 1); }
    live_stream_begin(relay->live, &relay->stream, &call->session);
    const struct http_writer writer = {.context = relay, .write = relay_write, .done = relay_done};
    http_answer_stream(call->request, 0, NULL, &writer);
}
