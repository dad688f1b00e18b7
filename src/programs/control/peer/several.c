#include "programs/control/peer/several.h"

#include "base/log.h"
#include "peer/redis.h"
#include "programs/control/audit/scribe.h"
#include "programs/control/people/outside.h"

/* ---- what peers calls, on its thread ---- */

static void lead(void *context, bool leads)
{
    struct control *control = context;
    struct why why = {""};
    if (!leads) { bus_stop(control->bus); }
    outbox_lead(control->outbox, leads);
    scribe_lead(control->scribe, leads);
    if (!leads) { return; }
    enum err err = ingest_take_over(control->ingest);
    if (!err) { err = bus_start(control->bus, control, &why); }
    if (err) { log_event(LOG_LEVEL_ERROR, "peer.busless", "why", why.text, NULL); }
}

static void hear(void *context, const char *kind, struct value *data)
{
    const struct control *control = context;
    live_hear(control->live, kind, data);
}

static void wake(void *context)
{
    const struct control *control = context;
    outbox_wake(control->outbox);
}

/* A line when Redis goes and when it comes back. */
static void look_around(void *context)
{
    struct control *control = context;
    if (!control->redis) { return; }
    const bool away = !redis_there(control->redis);
    if (away == control->redis_away) { return; }
    control->redis_away = away;
    log_event(away ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, away ? "redis.away" : "redis.back",
              "address", control->options->redis_address, NULL);
}

static void tell(void *context, const char *kind, const struct value *data)
{
    const struct control *control = context;
    peers_tell(control->peers, kind, data);
}

/* ---- for main ---- */

static enum err open_redis(struct control *control, struct why *why)
{
    if (!*control->options->redis_address) { return OK; }
    enum err err = secret_from_environment(&control->redis_password, "TOCSIN_REDIS_PASSWORD", why);
    if (err && err != ERR_NOT_FOUND) { return err; }
    const struct redis_config config = {.address = control->options->redis_address,
                                        .password = control->redis_password,
                                        .wait_ms = (int)control->options->redis_wait_ms};
    err = redis_new(&control->redis, &config, why);
    return err ? why_prefix(why, err, "redis.address") : OK;
}

enum err several_prepare(struct control *control, struct why *why)
{
    const enum err err = open_redis(control, why);
    if (err) { return err; }
    if (control->redis) {
        sign_in_limits_share(control->limits, control->redis);
        rate_limit_share(control->accounts, control->redis, "account");
        rate_limit_share(control->strangers, control->redis, "stranger");
        rate_limit_share(control->refusals, control->redis, "refusal");
        rate_limit_share(control->previews, control->redis, "preview");
        outside_share(control->outside, control->redis);
    }
    if (control->options->several) {
        live_share_with(control->live, (struct live_share){.context = control, .tell = tell});
    }
    return OK;
}

enum err several_start(struct control *control, struct why *why)
{
    if (!control->options->several) { return bus_start(control->bus, control, why); }
    const struct peers_config config = {.database = control->database,
                                        .server = signer_identity(control->signer)->name,
                                        .port = {.context = control,
                                                 .lead = lead,
                                                 .hear = hear,
                                                 .wake = wake,
                                                 .look_around = look_around}};
    const enum err err = peers_open(&control->peers, &config, why);
    return err ? err : peers_start(control->peers, why);
}

void several_end(struct control *control)
{
    redis_free(control->redis);
    secret_free(control->redis_password);
}
