/*
 * tocsin-gateway - watches over a zone's alerts: verifies and keeps them, and says again what the
 * broker or a device has lost. Threads: the loop (all state), the bus, and the small HTTP server.
 */
#include "base/log.h"
#include "migrations/gateway.h"
#include "programs/gateway/gateway.h"
#include "programs/gateway/web.h"
#include "store/salvage.h"
#include "system/file.h"
#include "system/sandbox.h"
#include "vault/source.h"

#include <stdio.h>
#include <string.h>

#define RUN_EVERY_US (CLOCK_SECOND_US / 2)
#define TELL_EVERY_US (30 * CLOCK_SECOND_US)
#define FORGET_EVERY_US (5 * CLOCK_MINUTE_US)

enum { CACHE_KIB = 512 };

static enum err open_cache(struct gateway *gateway, struct why *why)
{
    const char *folder = gateway->options.state_folder;
    CLEANUP(secret_free_p) struct secret *key = NULL;
    char path[FILE_PATH_SIZE];
    enum err err = source_database_key(&key, why);
    if (err == OK) { err = file_make_folder(folder, 0700, why); }
    if (err == OK) { err = file_join(path, folder, "gateway.db", why); }
    if (err != OK) { return err; }
    const struct salvage_config database = {
        .database = {.path = path, .key = key, .cache_kib = CACHE_KIB},
        .migrations = MIGRATIONS_GATEWAY,
        .migration_count = ARRAY_LEN(MIGRATIONS_GATEWAY)};
    const struct inbox_config inbox = {.device = gateway->name,
                                       .zone = gateway->options.zone,
                                       .everything = true,
                                       .emergency_approvals = gateway->options.emergency_approvals};
    bool renewed = false;
    err = salvage_open(&gateway->database, &database, &renewed, why);
    if (err == OK && renewed) {
        log_event(LOG_LEVEL_ERROR, "database.renewed", "why", why->text, NULL);
    }
    if (err == OK) { err = inbox_open(&gateway->inbox, gateway->database, &inbox, why); }
    if (err == OK) { err = replay_marks_open(&gateway->marks, gateway->database, why); }
    if (err == OK) { err = replay_marks_load(gateway->marks, gateway->verifier, why); }
    if (err == OK) { err = gateway_recall(gateway, why); }
    if (err == OK) { err = gateway_cosign_open(gateway, why); }
    return err;
}

static enum err open_bus(struct gateway *gateway, struct why *why)
{
    const struct bus_config bus = {.loop = gateway->loop,
                                   .options = &gateway->options,
                                   .name = gateway->name,
                                   .context = gateway,
                                   .received = gateway_hear,
                                   .connection = gateway_connection,
                                   .make_will = gateway_make_will};
    return bus_open(&gateway->bus, &bus, why);
}

static enum err start(struct gateway *gateway, struct why *why)
{
    gateway->started_us = clock_wall_us();
    gateway->count = count_begin();
    metric_set(gateway->count.database_ok, 1);
    enum err err = loop_open(&gateway->loop, why);
    if (err == OK) { err = loop_handle_signals(gateway->loop, NULL, NULL, why); }
    if (err == OK) { err = gateway_open_trust(gateway, why); }
    if (err != OK) { return err; }
    gateway->relay = relay_new(gateway->options.zone);
    err = open_cache(gateway, why);
    if (err == OK) { err = open_bus(gateway, why); }
    if (err == OK) { err = standing_begin(gateway->standing, why); }
    if (err != OK) { return err; }
    (void)loop_timer_start(gateway->loop, RUN_EVERY_US, RUN_EVERY_US, gateway_say_again, gateway);
    (void)loop_timer_start(gateway->loop, TELL_EVERY_US, TELL_EVERY_US, gateway_tell_self, gateway);
    (void)loop_timer_start(gateway->loop, FORGET_EVERY_US, FORGET_EVERY_US, gateway_forget,
                           gateway);
    return OK;
}

/* The bus first: its thread hands messages to the loop. */
static void stop(struct gateway *gateway)
{
    bus_close(gateway->bus);
    if (gateway->marks) { gateway_keep_marks(gateway); }
    replay_marks_close(gateway->marks);
    relay_free(gateway->relay);
    inbox_close(gateway->inbox);
    gateway_cosign_close(gateway);
    database_close(gateway->database);
    standing_close(gateway->standing);
    loop_close(gateway->loop);
}

static enum err run(struct gateway *gateway, struct why *why)
{
    CLEANUP(http_server_close_p) struct http_server *web = NULL;
    enum err err = start(gateway, why);
    if (err == OK) { err = web_open(&web, &gateway->options, &gateway->count, why); }
    if (err != OK) { return err; }
    log_event(LOG_LEVEL_INFO, "gateway.started", "name", gateway->name, "zone",
              gateway->options.zone, "version", TOCSIN_VERSION, "http_port",
              LOG_NUMBER(http_server_port(web)), NULL);
    err = loop_run(gateway->loop, why);
    if (err == OK && gateway->damaged) { err = why_set(why, ERR_DAMAGED, "starting anew"); }
    return err;
}

int main(int argc, char *argv[])
{
    static struct gateway gateway;
    struct why why = {0};
    const enum option_outcome outcome =
        option_command_line(&gateway.options, &options_table, argc, argv, &why);
    if (outcome == OPTION_OUTCOME_DONE) { return 0; }
    enum log_level level = LOG_LEVEL_INFO;
    if (outcome == OPTION_OUTCOME_REFUSED ||
        log_level_parse(&level, gateway.options.log_level, &why)) {
        (void)fprintf(stderr, "tocsin-gateway: %s\n", why.text);
        return 2;
    }
    log_open("gateway", level);
    enum err err = sandbox_keep_memory(&why);
    if (!err) { err = run(&gateway, &why); }
    stop(&gateway);
    if (err != OK) {
        log_event(LOG_LEVEL_ERROR, "gateway.failed", "error", err_name(err), "why", why.text, NULL);
        return 1;
    }
    log_event(LOG_LEVEL_INFO, "gateway.stopped", NULL);
    return 0;
}
