/*
 * tocsin-enrol - holds the site CA's key, and does nothing else: certifies by one-time token (EST,
 * RFC 7030), renews, withdraws, and tells the bus what is withdrawn.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "programs/enrol/herald.h"
#include "programs/enrol/routes.h"
#include "system/sandbox.h"
#include "trust/revocation.h"
#include "wire/est.h"

enum { CONNECTION_MAX = 256, QUEUE_MAX = 128, LOOK_EVERY_S = 60 };

struct program {
    struct options options;
    struct loop *loop; /* all owned */
    struct desk *desk;
    struct herald *herald;
    struct http_server *http;
};

struct certificate *routes_peer(const struct http_request *request)
{
    struct certificate *certificate = NULL;
    const struct span der = http_peer_certificate(request);
    if (der.size == 0 || certificate_from_der(&certificate, der, NULL)) { return NULL; }
    if (certificate_identity(certificate)) { return certificate; }
    certificate_free(certificate);
    return NULL;
}

struct asker routes_asker(const struct http_request *request)
{
    return (struct asker){.identity = http_peer_identity(request),
                          .address = http_peer_address(request),
                          .agent = http_header(request, "User-Agent")};
}

void routes_fail(struct http_request *request, const struct why *why)
{
    log_event(LOG_LEVEL_ERROR, "enrol.failed", "path", http_path(request), "why", why->text, NULL);
    http_answer_problem(request, 503, "Service Unavailable", "The register cannot be used now.");
}

static void answer_list(struct desk *desk, struct http_request *request)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    if (desk_list(desk, &der, &why)) {
        routes_fail(request, &why);
    } else {
        http_answer_bytes(request, 200, "application/pkix-crl", text_span(&der));
    }
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
    (void)worker_state;
    const struct program *program = context;
    const char *path = http_path(request);
    const bool get = strcmp(http_method(request), "GET") == 0;
    if (strncmp(path, EST_PATH "/", strlen(EST_PATH) + 1) == 0) {
        est_handle(program->desk, path + strlen(EST_PATH), request);
    } else if (strcmp(path, "/members") == 0 || strncmp(path, "/members/", 9) == 0 ||
               strcmp(path, "/deeds") == 0) {
        office_handle(program->desk, path, request);
    } else if (get && strcmp(path, "/crl") == 0) {
        answer_list(program->desk, request);
    } else if (get && strcmp(path, "/health") == 0) {
        answer_health(request);
    } else {
        http_answer_problem(request, 404, "Not Found", "There is nothing at this address.");
    }
}

/* A new list is there. */
static void on_withdrawn(void *context)
{
    const struct program *program = context;
    if (program->herald) { herald_tell(program->herald); }
}

/* The own certificate is made at each start: near its end, a new start is all it takes. */
static void look_around(void *context)
{
    struct program *program = context;
    struct why why = {0};
    if (desk_renew_list(program->desk, &why)) {
        log_event(LOG_LEVEL_ERROR, "enrol.failed", "why", why.text, NULL);
    }
    if (clock_wall_us() > desk_until_us(program->desk) - 90 * CLOCK_DAY_US) {
        log_event(LOG_LEVEL_INFO, "enrol.renews_itself", NULL);
        loop_stop(program->loop);
    }
}

static enum err open_http(struct program *program, struct why *why)
{
    const struct options *options = &program->options;
    const struct http_config config = {.address = options->http_address,
                                       .port = (int)options->http_port,
                                       .certificate_path = desk_certificate_path(program->desk),
                                       .key_path = desk_key_path(program->desk),
                                       .client_ca_path = desk_anchors_path(program->desk),
                                       .client_certificate_optional = true,
                                       .body_size_max = EST_BODY_SIZE_MAX,
                                       .connection_max = CONNECTION_MAX,
                                       .worker_count = 1,
                                       .queue_max = QUEUE_MAX,
                                       .context = program,
                                       .handle = handle};
    return http_server_open(&program->http, &config, why);
}

static enum err start(struct program *program, struct why *why)
{
    const struct desk_config desk = {
        .options = &program->options, .context = program, .withdrawn = on_withdrawn};
    enum err err = loop_open(&program->loop, why);
    if (!err) { err = loop_handle_signals(program->loop, NULL, NULL, why); }
    if (!err) { err = desk_open(&program->desk, &desk, why); }
    if (!err) {
        err = herald_open(&program->herald, program->loop, program->desk, &program->options, why);
    }
    if (!err) { err = open_http(program, why); }
    if (err) { return err; }
    (void)loop_timer_start(program->loop, LOOK_EVERY_S * CLOCK_SECOND_US,
                           LOOK_EVERY_S * CLOCK_SECOND_US, look_around, program);
    return OK;
}

static void stop(struct program *program)
{
    http_server_close(program->http);
    herald_close(program->herald);
    desk_close(program->desk);
    loop_close(program->loop);
}

static enum err run(struct program *program, struct why *why)
{
    const enum err err = start(program, why);
    if (err) { return err; }
    log_event(LOG_LEVEL_INFO, "enrol.ready", "version", TOCSIN_VERSION, "site",
              desk_site(program->desk), "port", LOG_NUMBER(http_server_port(program->http)), NULL);
    return loop_run(program->loop, why);
}

int main(int argc, char *argv[])
{
    static struct program program;
    struct why why = {0};
    const enum option_outcome outcome =
        option_command_line(&program.options, &options_table, argc, argv, &why);
    if (outcome == OPTION_OUTCOME_DONE) { return 0; }
    enum log_level level = LOG_LEVEL_INFO;
    if (outcome == OPTION_OUTCOME_REFUSED ||
        log_level_parse(&level, program.options.log_level, &why)) {
        (void)fprintf(stderr, "tocsin-enrol: %s\n", why.text);
        return 2;
    }
    log_open("enrol", level);
    enum err err = sandbox_keep_memory(&why);
    if (!err) { err = run(&program, &why); }
    stop(&program);
    if (err) { log_event(LOG_LEVEL_ERROR, "enrol.failed", "why", why.text, NULL); }
    log_event(LOG_LEVEL_INFO, "enrol.stopped", NULL);
    return err ? 1 : 0;
}
