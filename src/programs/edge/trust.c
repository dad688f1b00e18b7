#include "programs/edge/trust.h"

#include "base/clock.h"
#include "base/log.h"
#include "programs/edge/refusal.h"

struct trust {
    struct trust_config config;
    struct standing *standing; /* owned */
    struct bus *bus;           /* borrowed */
    struct media_server *media_server;
};

/* ---- renewal ---- */

static int64_t now_us(void *context)
{
    const struct trust *trust = context;
    return sane_clock_now_us(trust->config.clock);
}

static void reload(void *context)
{
    struct trust *trust = context;
    struct why why = {0};
    if (standing_reload(trust->standing, &why)) {
        log_event(LOG_LEVEL_ERROR, "identity.unusable", "why", why.text, NULL);
        return;
    }
    char until[CLOCK_TEXT_SIZE];
    const struct certificate *leaf = signer_certificate(standing_signer(trust->standing));
    log_event(LOG_LEVEL_INFO, "identity.renewed", "until",
              clock_text(until, certificate_end_us(leaf)), NULL);
    bus_renew(trust->bus);
}

/* On the renewal's thread: the media server waits for its old answers here, not on the loop. What
 * fails comes again: the renewal calls until all went well and the loop has reloaded. */
static bool on_changed(void *context, const struct membership_change *change)
{
    (void)change;
    struct trust *trust = context;
    struct why why = {0};
    const bool served = media_server_renew(trust->media_server, &why) == OK;
    if (!served) { log_event(LOG_LEVEL_ERROR, "media.begin_failed", "why", why.text, NULL); }
    if (loop_post(trust->config.loop, reload, trust)) {
        log_event(LOG_LEVEL_WARNING, "identity.unusable", "why", "the loop is full", NULL);
        return false;
    }
    return served;
}

static void on_failed(void *context, const char *why)
{
    (void)context;
    log_event(LOG_LEVEL_WARNING, "identity.not_renewed", "why", why, NULL);
}

/* ---- life ---- */

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

enum err trust_open(struct trust **out, const struct trust_config *config, struct why *why)
{
    const struct options *options = config->options;
    struct trust *trust = MEM_NEW(struct trust);
    struct standing_news news;
    trust->config = *config;
    const struct standing_config standing = {
        .membership = {.url = options->enrol_url,
                       .fingerprint = options->enrol_fingerprint,
                       .site = options->site_name,
                       .role = ROLE_EDGE,
                       .ca_path = options->site_ca,
                       .certificate_path = options->certificate,
                       .key_path = options->key},
        .token_file = options->enrol_token_file,
        .state_folder = options->state_folder,
        .every_us = options->enrol_look_s * CLOCK_SECOND_US,
        .context = trust,
        .now_us = now_us,
        .changed = on_changed,
        .failed = on_failed};
    const enum err err = standing_open(&trust->standing, &standing, &news, why);
    if (err) {
        free(trust);
        return err;
    }
    tell_news(&news);
    *out = trust;
    return OK;
}

enum err trust_begin(struct trust *trust, struct bus *bus, struct media_server *media_server,
                     struct why *why)
{
    trust->bus = bus;
    trust->media_server = media_server;
    return standing_begin(trust->standing, why);
}

void trust_end(struct trust *trust)
{
    if (trust) { standing_end(trust->standing); }
}

void trust_close(struct trust *trust)
{
    if (!trust) { return; }
    standing_close(trust->standing);
    free(trust);
}

struct signer *trust_signer(struct trust *trust)
{
    return standing_signer(trust->standing);
}

struct verifier *trust_verifier(struct trust *trust)
{
    return standing_verifier(trust->standing);
}

struct revocations *trust_revocations(struct trust *trust)
{
    return standing_revocations(trust->standing);
}

/* ---- what is withdrawn ---- */

void trust_hear(struct trust *trust, const char *topic, const struct envelope *envelope)
{
    struct why why = {0};
    enum revocation_answer answer = REVOCATION_ANSWER_MALFORMED;
    if (envelope->signer.role != ROLE_ENROL || strcmp(envelope->type, "revocation") != 0) {
        refusal_count(verdict_name(VERDICT_MISPLACED), topic, "not what belongs on this topic");
        return;
    }
    if (standing_hear(trust->standing, envelope, &answer, &why)) {
        log_event(LOG_LEVEL_ERROR, "revocation.unstored", "why", why.text, NULL);
    }
    if (answer == REVOCATION_ANSWER_TAKEN) {
        struct revocations *revocations = trust_revocations(trust);
        log_event(LOG_LEVEL_INFO, "revocation.taken", "number",
                  LOG_NUMBER(revocations_number(revocations)), "withdrawn",
                  LOG_NUMBER(revocations_count(revocations)), NULL);
    } else if (answer != REVOCATION_ANSWER_KNOWN) {
        refusal_count(answer == REVOCATION_ANSWER_OLDER ? verdict_name(VERDICT_REPLAYED)
                                                        : revocation_answer_name(answer),
                      topic, why.text);
    }
}
