#include "programs/enrol/herald.h"

#include "base/clock.h"
#include "base/log.h"
#include "fleet/revocation_message.h"
#include "fleet/topic.h"
#include "trust/envelope.h"
#include "wire/mqtt.h"

enum { SESSION_EXPIRY_S = 60 };

struct herald {
    struct loop *loop; /* borrowed */
    struct desk *desk; /* borrowed */
    struct signer *signer;
    struct mqtt *mqtt;
    char topic[TOPIC_SIZE];
};

/* ---- on the loop ---- */

static void publish(void *context)
{
    struct herald *herald = context;
    struct why why = {0};
    CLEANUP(text_deinit) struct text list = text_limited(REVOCATION_SIZE_MAX);
    CLEANUP(text_deinit) struct text payload = text_limited(ENVELOPE_SIZE_MAX);
    enum err err = desk_list(herald->desk, &list, &why);
    const struct envelope_draft draft = {.tier = TIER_INFORMATIONAL,
                                         .now_us = clock_wall_us(),
                                         .content = revocation_message_make(text_span(&list))};
    if (!err) {
        err = envelope_sign(herald->signer, &draft, &payload, &why);
    } else {
        value_free(draft.content);
    }
    if (err) {
        log_event(LOG_LEVEL_ERROR, "bus.sign_failed", "topic", herald->topic, "why", why.text,
                  NULL);
        return;
    }
    const struct mqtt_publication publication = {
        .topic = herald->topic, .payload = text_span(&payload), .retain = true};
    (void)!mqtt_publish(herald->mqtt, &publication); /* not connected: told at the next connect */
}

void herald_tell(struct herald *herald)
{
    if (herald->mqtt) { (void)!loop_post(herald->loop, publish, herald); }
}

/* ---- on the bus thread ---- */

static void on_connection(void *context, bool connected, const char *reason)
{
    struct herald *herald = context;
    log_event(connected ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
              connected ? "bus.connected" : "bus.disconnected", "why", reason, NULL);
    if (connected) { (void)!loop_post(herald->loop, publish, herald); }
}

static void on_published(void *context, uint64_t token, enum err err)
{
    (void)context, (void)token;
    if (err == OK || err == ERR_CLOSED) { return; }
    log_event(LOG_LEVEL_WARNING, "bus.publication_refused", "error", err_name(err), NULL);
}

enum err herald_open(struct herald **out, struct loop *loop, struct desk *desk,
                     const struct options *options, struct why *why)
{
    CLEANUP(herald_close_p) struct herald *herald = MEM_NEW(struct herald);
    herald->loop = loop;
    herald->desk = desk;
    if (options->broker_host[0]) {
        const struct mqtt_config config = {.host = options->broker_host,
                                           .port = (int)options->broker_port,
                                           .client_id = "enrol-enrol",
                                           .ca_path = desk_anchors_path(desk),
                                           .certificate_path = desk_certificate_path(desk),
                                           .key_path = desk_key_path(desk),
                                           .session_expiry_s = SESSION_EXPIRY_S,
                                           .context = herald,
                                           .on_connection = on_connection,
                                           .on_published = on_published};
        enum err err = topic_join(herald->topic, options->broker_prefix, REVOCATION_TOPIC);
        if (err) { return why_set(why, err, "broker.prefix is too long for a topic"); }
        err = signer_open(&herald->signer, desk_key_path(desk), desk_certificate_path(desk), why);
        if (!err) { err = mqtt_open(&herald->mqtt, &config, why); }
        if (err) { return err; }
    }
    *out = TAKE(herald);
    return OK;
}

void herald_close(struct herald *herald)
{
    if (!herald) { return; }
    mqtt_close(herald->mqtt);
    signer_close(herald->signer);
    free(herald);
}
