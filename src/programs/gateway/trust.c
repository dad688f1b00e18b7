#include "base/log.h"
#include "programs/gateway/gateway.h"

#include <string.h>

/* ---- renewal ---- */

static int64_t now_us(void *context)
{
    (void)context;
    return clock_wall_us();
}

static void reload(void *context)
{
    struct gateway *gateway = context;
    struct why why = {0};
    if (standing_reload(gateway->standing, &why)) {
        log_event(LOG_LEVEL_ERROR, "identity.unusable", "why", why.text, NULL);
        return;
    }
    char until[CLOCK_TEXT_SIZE];
    log_event(LOG_LEVEL_INFO, "identity.renewed", "until",
              clock_text(until, certificate_end_us(signer_certificate(gateway->signer))), NULL);
    bus_renew(gateway->bus);
}

static bool on_changed(void *context, const struct membership_change *change)
{
    (void)change;
    struct gateway *gateway = context;
    if (loop_post(gateway->loop, reload, gateway)) {
        log_event(LOG_LEVEL_WARNING, "identity.unusable", "why", "the loop is full", NULL);
        return false; /* the renewal calls again */
    }
    return true;
}

static void on_failed(void *context, const char *why)
{
    (void)context;
    log_event(LOG_LEVEL_WARNING, "identity.not_renewed", "why", why, NULL);
}

/* ---- opening ---- */

static void tell_news(const struct standing_news *news)
{
    if (news->state == MEMBERSHIP_STATE_ENROLLED) {
        log_event(LOG_LEVEL_INFO, "identity.enrolled", NULL);
    }
    if (news->expired[0]) {
        log_event(LOG_LEVEL_ERROR, "identity.expired", "why", news->expired, NULL);
    }
    if (news->damaged[0]) {
        log_event(LOG_LEVEL_ERROR, "revocation.damaged", "why", news->damaged, NULL);
    }
}

enum err gateway_open_trust(struct gateway *gateway, struct why *why)
{
    const struct options *options = &gateway->options;
    struct standing_news news;
    const struct standing_config standing = {
        .membership = {.url = options->enrol_url,
                       .fingerprint = options->enrol_fingerprint,
                       .site = options->site_name,
                       .role = ROLE_GATEWAY,
                       .ca_path = options->site_ca,
                       .certificate_path = options->certificate,
                       .key_path = options->key},
        .token_file = options->enrol_token_file,
        .state_folder = options->state_folder,
        .every_us = options->enrol_look_s * CLOCK_SECOND_US,
        .context = gateway,
        .now_us = now_us,
        .changed = on_changed,
        .failed = on_failed};
    const enum err err = standing_open(&gateway->standing, &standing, &news, why);
    if (err) { return err; }
    tell_news(&news);
    gateway->signer = standing_signer(gateway->standing);
    gateway->verifier = standing_verifier(gateway->standing);
    gateway->name = signer_identity(gateway->signer)->name;
    return OK;
}

/* ---- what is withdrawn ---- */

void gateway_hear_revocation(struct gateway *gateway, const char *topic,
                             const struct envelope *envelope)
{
    struct why why = {0};
    enum revocation_answer answer = REVOCATION_ANSWER_MALFORMED;
    if (envelope->signer.role != ROLE_ENROL) {
        count_refusal(verdict_name(VERDICT_MISPLACED), topic, "not signed by tocsin-enrol");
        return;
    }
    if (standing_hear(gateway->standing, envelope, &answer, &why)) {
        log_event(LOG_LEVEL_ERROR, "revocation.unstored", "why", why.text, NULL);
    }
    if (answer == REVOCATION_ANSWER_TAKEN) {
        struct revocations *revocations = standing_revocations(gateway->standing);
        log_event(LOG_LEVEL_INFO, "revocation.taken", "number",
                  LOG_NUMBER(revocations_number(revocations)), "withdrawn",
                  LOG_NUMBER(revocations_count(revocations)), NULL);
    } else if (answer != REVOCATION_ANSWER_KNOWN) {
        count_refusal(answer == REVOCATION_ANSWER_OLDER ? verdict_name(VERDICT_REPLAYED)
                                                        : revocation_answer_name(answer),
                      topic, why.text);
    }
}
