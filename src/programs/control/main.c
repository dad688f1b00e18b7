#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "migrations/control.h"
#include "people/jws.h"
#include "people/password.h"
#include "people/session_cache.h"
#include "programs/control/audit/clerk.h"
#include "programs/control/audit/program_deed.h"
#include "programs/control/audit/scribe.h"
#include "programs/control/control.h"
#include "programs/control/peer/several.h"
#include "programs/control/people/first_people.h"
#include "programs/control/people/outside.h"
#include "programs/control/people/sealer.h"
#include "programs/control/people/sweep.h"
#include "programs/control/route.h"
#include "sign/studio.h"
#include "store/guard.h"
#include "system/file.h"
#include "system/loop.h"
#include "system/sandbox.h"
#include "vault/source.h"
#include "vault/vault.h"

/* A new tier asks for every language at once; after that five a second are as fast as one types. */
enum { PREVIEW_BURST = 48, PREVIEW_EVERY_US = 200000 };
enum { REFUSAL_BURST = 60, REFUSAL_EVERY_US = 1000000 };

/* No more than may wait for their turn at a password (people/password): the rest waits in line. */
enum { QUEUE_MAX = 256, SLOW_WORKERS = PASSWORD_WAIT_MAX };

/* What main owns, in the order in which it is made. */
struct site {
    struct control_options options;
    struct control control;
    struct source_keys keys;
    struct secret *map_token; /* NULL: there is no exact map */
    struct loop *loop;
    struct http_server *http;
    struct desk *desk; /* of the main thread: sessions are swept on it */
    struct sealer *sealer;
    char database_path[FILE_PATH_SIZE];
};

/* ---- the database ---- */

/* As the owner of the tables, who then lets `address` use them. */
static enum err migrate(const struct database_config *config, const char *address, struct why *why)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    enum err err = database_open(&database, config, why);
    if (!err) {
        err = database_migrate(database, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL), why);
    }
    return !err && config->address != address ? guard_share(database, address, why) : err;
}

static enum err prepare_database(struct site *site, struct why *why)
{
    const struct control_options *options = &site->options;
    const char *address = *options->database_address ? options->database_address : NULL;
    const char *owner = *options->database_owner ? options->database_owner : address;
    enum err err = file_make_folder(options->state_folder, 0700, why);
    if (!err) { err = file_join(site->database_path, options->state_folder, "control.db", why); }
    if (!err) { err = source_take(&site->keys, why); }
    if (err) { return err; }
    site->control.database =
        (struct database_config){.path = site->database_path,
                                 .address = address,
                                 .key = site->keys.database,
                                 .column_key = site->keys.column,
                                 .checkpoint_elsewhere = true, /* ingest and outbox do it */
                                 .every_zone = true}; /* requests are narrowed in route.c */
    struct database_config owned = site->control.database;
    owned.address = owner;
    err = migrate(&owned, address, why);
    CLEANUP(database_close_p) struct database *database = NULL;
    if (!err) { err = database_open(&database, &site->control.database, why); }
    if (!err) { err = guard_check(database, why); }
    if (!err) { err = sealer_people(database, why); }
    return err ? err : first_people_open(database, why);
}

/* ---- the parts ---- */

static void wake_outbox(void *context)
{
    struct control *control = context;
    if (control->outbox) { outbox_wake(control->outbox); }
}

/* The program's own first entry: what it runs with, but for secrets, which no option is. */
static enum err enter_start(const struct site *site, struct why *why)
{
    const struct control_options *options = &site->options;
    CLEANUP(database_close_p) struct database *database = NULL;
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_text(details, "version", TOCSIN_VERSION);
    value_set_text(details, "broker", options->broker_host);
    value_set_text(details, "http_address", options->http_address);
    value_set_integer(details, "http_port", options->http_port);
    value_set_boolean(details, "behind_proxy", options->http_behind_proxy);
    const enum err err = database_open(&database, &site->control.database, why);
    return err ? err : program_deed_enter(database, "control_started", options->site, details, why);
}

static enum err start_scribe(struct site *site, struct bus_port bus, struct why *why)
{
    const struct control_options *options = &site->options;
    char origin[OPTION_TEXT_SIZE + 8];
    const bool named = *options->audit_origin;
    (void)snprintf(origin, sizeof origin, "%s%s", named ? options->audit_origin : options->site,
                   named ? "" : "/audit");
    struct scribe_config config = {
        .database = site->control.database,
        .state_folder = options->state_folder,
        .origin = origin,
        .epoch_us = options->audit_epoch_days * CLOCK_DAY_US,
        .keep_us = options->audit_keep_days * CLOCK_DAY_US,
        .trust = {.site = options->site,
                  .ca_path = options->ca,
                  .revocations = ingest_revocations(site->control.ingest)},
        .ca_news = own_news(site->control.own),
        .signer = site->control.signer,
        .prefix = options->broker_prefix,
        .bus = bus,
        .follows = options->several};
    for (size_t i = 0; i < options->witness_count; i++) {
        const struct control_witness *witness = &options->witnesses[i];
        config.outside[i] = (struct abroad_witness){.name = witness->name,
                                                    .url = witness->url,
                                                    .vkey = witness->key,
                                                    .ca_path = *witness->ca ? witness->ca : NULL};
    }
    config.outside_count = options->witness_count;
    const enum err err = enter_start(site, why);
    return err ? err : scribe_open(&site->control.scribe, &config, why);
}

static void wake_scribe(void *context)
{
    const struct control *control = context;
    scribe_wake(control->scribe);
}

static enum err start_clerk(struct site *site, struct why *why)
{
    const struct control_options *options = &site->options;
    const struct clerk_config config = {.database = site->control.database,
                                        .url = options->enrol_url,
                                        .site = options->site,
                                        .ca_path = options->ca,
                                        .certificate_path = options->certificate,
                                        .key_path = options->key,
                                        .context = &site->control,
                                        .entered = wake_scribe};
    return clerk_open(&site->control.clerk, &config, why);
}

static enum err start_bus(struct site *site, struct why *why)
{
    struct control *control = &site->control;
    const struct live_port live = {.context = control->live, .send = live_send};
    const struct bus_port bus = {.context = control->bus, .publish = bus_publish};
    const struct outbox_config outbox = {.database = control->database,
                                         .prefix = site->options.broker_prefix,
                                         .follows = site->options.several,
                                         .live = live,
                                         .bus = bus};
    char withdrawn[FILE_PATH_SIZE];
    enum err err = file_join(withdrawn, site->options.state_folder, "withdrawn.crl", why);
    if (!err) { err = outbox_open(&control->outbox, &outbox, why); }
    if (err) { return err; }
    const struct ingest_config ingest = {
        .database = control->database,
        .trust = {.site = site->options.site, .ca_path = site->options.ca},
        .withdrawn_path = withdrawn,
        .ca_news = own_news(control->own),
        .signer = control->signer,
        .prefix = site->options.broker_prefix,
        .events_keep_us = site->options.events_days * CLOCK_DAY_US,
        .live = live,
        .bus = bus,
        .overdue = wake_outbox,
        .overdue_context = control};
    err = ingest_open(&control->ingest, &ingest, why);
    if (!err) { err = start_scribe(site, bus, why); } /* it borrows who is withdrawn */
    if (!err) { err = start_clerk(site, why); }
    if (!err) { err = several_start(control, why); }
    return err ? err : own_begin(control->own, control->bus, why);
}

static void *begin_worker(void *context)
{
    return desk_open(context);
}

static void end_worker(void *context, void *desk)
{
    (void)context;
    desk_close(desk);
}

static enum err start_http(struct site *site, struct why *why)
{
    static const char *const headers[] = {"X-Content-Type-Options",
                                          "nosniff",
                                          "Referrer-Policy",
                                          "no-referrer",
                                          "Cross-Origin-Opener-Policy",
                                          "same-origin",
                                          "Cross-Origin-Resource-Policy",
                                          "same-origin",
                                          "X-Frame-Options",
                                          "DENY",
                                          "Permissions-Policy",
                                          "camera=(), microphone=(), geolocation=()",
                                          "Content-Security-Policy",
                                          "default-src 'none'; frame-ancestors 'none'",
                                          "Cache-Control",
                                          "no-store",
                                          NULL,
                                          NULL,
                                          NULL};
    static const char *secured[ARRAY_LEN(headers)];
    const struct control_options *options = &site->options;
    const bool tls = *options->http_certificate != '\0';
    memcpy(secured, headers, sizeof headers);
    if (tls || options->http_behind_proxy) {
        secured[ARRAY_LEN(headers) - 3] = "Strict-Transport-Security";
        secured[ARRAY_LEN(headers) - 2] = "max-age=31536000";
    }
    const struct http_config config = {.address = options->http_address,
                                       .port = (int)options->http_port,
                                       .certificate_path = tls ? options->http_certificate : NULL,
                                       .key_path = options->http_key,
                                       .body_size_max = CALL_BODY_SIZE_MAX,
                                       .connection_max = (size_t)options->http_connections,
                                       .worker_count = (size_t)options->http_workers,
                                       .queue_max = QUEUE_MAX,
                                       .common_headers = secured,
                                       .context = &site->control,
                                       .worker_begin = begin_worker,
                                       .worker_end = end_worker,
                                       .lane = site->control.database.address ? route_lane_waiting
                                                                              : route_lane,
                                       .slow_worker_count = SLOW_WORKERS,
                                       .handle = route_answer};
    const enum err err = http_server_open(&site->http, &config, why);
    if (err) { return err; }
    log_event(LOG_LEVEL_INFO, "http.listening", "address", options->http_address, "port",
              LOG_NUMBER(http_server_port(site->http)), "tls", tls ? "yes" : "no", NULL);
    return OK;
}

/* ---- the whole ---- */

static struct rate_limit *request_limit(int64_t a_second)
{
    return rate_limit_new(4 * a_second, CLOCK_SECOND_US / a_second);
}

/* Passes for the exact map are made with the token of its server. */
static enum err take_map_token(struct site *site, struct why *why)
{
    const enum err err = secret_from_environment(&site->map_token, "TOCSIN_MAP_TOKEN", why);
    if (err && *site->options.map_exact_url) { return why_prefix(why, err, "map.exact_url"); }
    site->control.map_token = site->map_token;
    return err == ERR_NOT_FOUND ? OK : err;
}

/* Of a secret of its own in the database, sealed: another database key ends no session. */
static enum err start_tokens(struct site *site, struct why *why)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    CLEANUP(vault_close_p) struct vault *vault = NULL;
    CLEANUP(secret_free_p) struct secret *secret = NULL;
    enum err err = jws_begin(why);
    if (!err) { err = database_open(&database, &site->control.database, why); }
    if (!err) { err = vault_open(&vault, database, why); }
    if (!err) { err = vault_secret(vault, "tokens", &secret, why); }
    if (err) { return err; }
    const struct token_config config = {.secret = secret,
                                        .site = site->options.site,
                                        .period_us = site->options.token_key_s * CLOCK_SECOND_US};
    return tokens_new(&site->control.tokens, &config, why);
}

static enum err open_own(struct control *control, const struct control_options *options,
                         struct why *why)
{
    const enum err err = own_open(&control->own, options, why);
    if (err) { return err; }
    control->signer = own_signer(control->own);
    control->exercises = own_exercises(control->own);
    return OK;
}

static enum err start(struct site *site, struct why *why)
{
    struct control *control = &site->control;
    enum err err = prepare_database(site, why);
    if (!err) { err = open_own(control, &site->options, why); }
    if (!err) { err = loop_open(&site->loop, why); }
    if (!err) { err = loop_handle_signals(site->loop, NULL, NULL, why); }
    if (err) { return err; }
    control->options = &site->options;
    err = user_roles_parse(&control->factor_roles, site->options.second_factor_roles, why);
    if (err) { return err; }
    err = start_tokens(site, why);
    if (!err) { err = take_map_token(site, why); }
    if (err) { return err; }
    err = client_networks_parse(&control->proxies, site->options.http_proxies, why);
    if (!err) { err = outside_open(&control->outside, &site->options, why); }
    if (err) { return err; }
    control->limits = sign_in_limits_new();
    control->sessions = session_cache_new();
    control->accounts = request_limit(site->options.http_rate_account);
    control->strangers = request_limit(site->options.http_rate_stranger);
    control->forgers = request_limit(site->options.http_rate_stranger);
    control->refusals = rate_limit_new(REFUSAL_BURST, REFUSAL_EVERY_US);
    control->live = live_new();
    control->bus = bus_new();
    control->studio = sign_studio_new();
    control->previews = rate_limit_new(PREVIEW_BURST, PREVIEW_EVERY_US);
    err = several_prepare(control, why);
    if (err) { return err; }
    err = start_bus(site, why);
    if (err) { return err; }
    site->desk = desk_open(control);
    if (!site->desk) { return why_set(why, ERR_IO, "the database cannot be opened again"); }
    err = sealer_open(&site->sealer, site->loop, site->desk->database, why);
    if (err) { return err; }
    sweep_begin(site->loop, site->desk);
    return start_http(site, why);
}

/* Against the way of the data: first nobody asks, then nothing comes, then nothing is sent. */
static void stop(struct site *site)
{
    struct control *control = &site->control;
    http_server_close(site->http);
    sealer_close(site->sealer);
    desk_close(site->desk);
    peers_close(control->peers);
    own_end(control->own);
    if (control->bus) { bus_stop(control->bus); }
    clerk_close(control->clerk);
    scribe_close(control->scribe);
    ingest_close(control->ingest);
    outbox_close(control->outbox);
    bus_free(control->bus);
    rate_limit_free(control->previews);
    sign_studio_free(control->studio);
    live_free(control->live);
    sign_in_limits_free(control->limits);
    session_cache_free(control->sessions);
    rate_limit_free(control->accounts);
    rate_limit_free(control->strangers);
    rate_limit_free(control->forgers);
    rate_limit_free(control->refusals);
    several_end(control);
    tokens_free(control->tokens);
    outside_close(control->outside);
    own_close(control->own);
    loop_close(site->loop);
    source_keys_deinit(&site->keys);
    secret_free(site->map_token);
}

static int fail(const struct why *why)
{
    (void)fprintf(stderr, "tocsin-control: %s\n", why->text);
    return 1;
}

int main(int argc, char *argv[])
{
    if (argc == 2 && strcmp(argv[1], "--routes") == 0) {
        route_print();
        return 0;
    }
    static struct site site; /* 400 KB of options */
    struct why why = {""};
    enum log_level level = LOG_LEVEL_INFO;
    const enum option_outcome outcome =
        option_command_line(&site.options, &CONTROL_OPTIONS, argc, argv, &why);
    if (outcome == OPTION_OUTCOME_DONE) { return 0; }
    if (outcome == OPTION_OUTCOME_REFUSED ||
        log_level_parse(&level, site.options.log_level, &why)) {
        return fail(&why);
    }
    if (sodium_init() < 0) { return 1; }
    log_open("control", level);
    enum err err = sandbox_keep_memory(&why);
    if (!err) { err = start(&site, &why); }
    if (!err) {
        log_event(LOG_LEVEL_INFO, "control.started", "version", TOCSIN_VERSION, "site",
                  site.options.site, NULL);
        err = loop_run(site.loop, &why);
    }
    if (err) { log_event(LOG_LEVEL_ERROR, "control.failed", "reason", why.text, NULL); }
    stop(&site);
    if (!err) { log_event(LOG_LEVEL_INFO, "control.stopped", NULL); }
    return err ? 1 : 0;
}
