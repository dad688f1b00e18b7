#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "system/file.h"
#include "trust/canonical.h"
#include "trust/envelope.h"
#include "trust/replay.h"
#include "trust/signature.h"

enum { MEMBER_COUNT = 6 };

static const int64_t age_max_default_us = 48 * CLOCK_HOUR_US;
static const int64_t clock_skew_default_us = 30 * CLOCK_SECOND_US;

struct verifier {
    struct chain_judge *judge;       /* owned */
    struct replay *replay;           /* owned */
    struct revocations *revocations; /* borrowed, may be NULL */
    char site[IDENTITY_NAME_SIZE];
    int64_t age_max_us;
    int64_t clock_skew_us;
};

/* A message while it is judged: what it says, and what its chain proves. */
struct message {
    struct envelope envelope; /* owned until it is admitted */
    struct chain_text chain;  /* borrowed from envelope.whole */
    uint8_t signature[SIGNATURE_SIZE];
    struct chain_leaf leaf;
    char issuer[REPLAY_ISSUER_SIZE];
};

static void message_deinit(struct message *message)
{
    envelope_deinit(&message->envelope);
}

enum err verifier_open(struct verifier **out, const struct verifier_config *config, struct why *why)
{
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    CLEANUP(verifier_close_p) struct verifier *verifier = MEM_NEW(struct verifier);
    enum err err = anchors_open(&anchors, config->ca_path, why);
    if (err) { return err; }
    err = chain_judge_new(&verifier->judge, anchors, config->site, why);
    if (err) { return why_prefix(why, err, config->ca_path); }
    (void)!text_copy(verifier->site, sizeof verifier->site, config->site);
    verifier->revocations = config->revocations;
    verifier->replay = replay_new(REPLAY_ISSUER_MAX, REPLAY_RECENT_MAX);
    verifier->age_max_us = config->age_max_us ? config->age_max_us : age_max_default_us;
    verifier->clock_skew_us = config->clock_skew_us ? config->clock_skew_us : clock_skew_default_us;
    *out = TAKE(verifier);
    return OK;
}

enum err verifier_trust(struct verifier *verifier, const struct anchors *anchors, struct why *why)
{
    struct chain_judge *judge = NULL;
    const enum err err = chain_judge_new(&judge, anchors, verifier->site, why);
    if (err) { return err; }
    chain_judge_free(verifier->judge);
    verifier->judge = judge;
    return OK;
}

void verifier_close(struct verifier *verifier)
{
    if (!verifier) { return; }
    chain_judge_free(verifier->judge);
    replay_free(verifier->replay);
    free(verifier);
}

/* ---- shape ---- */

static enum err read_head(struct envelope *envelope, struct why *why)
{
    const struct value *whole = envelope->whole;
    char tier[ENVELOPE_TYPE_SIZE];
    char timestamp[64] = "";
    enum err err = value_need_text(whole, "message_id", envelope->message_id, ID_TEXT_SIZE, why);
    if (!err && !id_valid(envelope->message_id)) {
        err = why_set(why, ERR_MALFORMED, "message_id is not a lower-case UUID of version 7");
    }
    if (!err) { err = value_need_text(whole, "timestamp", timestamp, sizeof timestamp, why); }
    if (!err) { err = clock_parse(&envelope->timestamp_us, timestamp, why); }
    if (!err && timestamp[strlen(timestamp) - 1] != 'Z') {
        err = why_set(why, ERR_MALFORMED, "timestamp is \"%s\", expected UTC, with Z", timestamp);
    }
    if (!err) { err = value_need_text(whole, "tier", tier, sizeof tier, why); }
    return err ? err : tier_parse(&envelope->tier, tier, why);
}

static enum err read_content(struct envelope *envelope, struct why *why)
{
    const struct value *content = value_get(envelope->whole, "content");
    if (!content || value_kind(content) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "member \"content\" must be an object");
    }
    envelope->content = content;
    const enum err err =
        value_need_text(content, "type", envelope->type, sizeof envelope->type, why);
    if (err) { return why_prefix(why, err, "content"); }
    return *envelope->type ? OK : why_set(why, ERR_MALFORMED, "content's type is empty");
}

/* The two members that are not signed: each may be missing, which has a verdict of its own. */
static enum verdict read_proof(struct message *message, struct why *why)
{
    const struct value *signature = value_get(message->envelope.whole, "signature");
    const struct value *chain = value_get(message->envelope.whole, "certificate_chain");
    if (!signature || !*value_text_or(signature, "-")) {
        (void)why_set(why, ERR_DENIED, "the message has no signature");
        return VERDICT_UNSIGNED;
    }
    if (!chain || (value_kind(chain) == VALUE_KIND_ARRAY && value_count(chain) == 0)) {
        (void)why_set(why, ERR_DENIED, "the message has no certificate");
        return VERDICT_UNSIGNED;
    }
    size_t size = 0;
    const char *text = value_text_or(signature, "");
    if (decode_base64(message->signature, SIGNATURE_SIZE, &size, text, NULL) ||
        size != SIGNATURE_SIZE) {
        (void)why_set(why, ERR_MALFORMED, "signature must be base64 of %d bytes", SIGNATURE_SIZE);
        return VERDICT_MALFORMED;
    }
    const size_t count = value_kind(chain) == VALUE_KIND_ARRAY ? value_count(chain) : 0;
    bool texts = count >= 1 && count <= CHAIN_COUNT_MAX;
    for (size_t i = 0; texts && i < count; i++) {
        message->chain.certificates[i] = value_text_or(value_at(chain, i), NULL);
        texts = message->chain.certificates[i] != NULL;
    }
    if (!texts) {
        (void)why_set(why, ERR_MALFORMED, "certificate_chain must hold 1 to %d texts",
                      CHAIN_COUNT_MAX);
        return VERDICT_MALFORMED;
    }
    message->chain.count = count;
    return VERDICT_ADMIT;
}

static enum verdict read_shape(struct message *message, struct span bytes, struct why *why)
{
    struct envelope *envelope = &message->envelope;
    if (value_parse(&envelope->whole, bytes, ENVELOPE_SIZE_MAX, why)) { return VERDICT_MALFORMED; }
    if (value_kind(envelope->whole) != VALUE_KIND_OBJECT) {
        (void)why_set(why, ERR_MALFORMED, "the message is not a JSON object");
        return VERDICT_MALFORMED;
    }
    if (read_head(envelope, why) || read_content(envelope, why)) { return VERDICT_MALFORMED; }
    const enum verdict verdict = read_proof(message, why);
    if (verdict == VERDICT_ADMIT && value_count(envelope->whole) != MEMBER_COUNT) {
        (void)why_set(why, ERR_MALFORMED, "the message has members beside the %d of an envelope",
                      MEMBER_COUNT);
        return VERDICT_MALFORMED;
    }
    return verdict;
}

/* ---- judgement ---- */

/*
 * Three kinds of message are sent long after they were signed, on purpose: an alert is retained and
 * sent again until it ends, the list of withdrawn certificates is retained, and an MQTT will (a
 * status "offline") is signed when the device connects and sent by the broker when it is lost. Who
 * receives them judges them by what they say: an alert by revision and expiry, a list by its own
 * number, a status by its time against the newest one known.
 */
static bool judged_by_content(const struct envelope *envelope)
{
    if (strcmp(envelope->type, "alert") == 0) { return true; }
    if (strcmp(envelope->type, "revocation") == 0) { return true; }
    const char *state = value_text_or(value_get(envelope->content, "state"), "");
    return strcmp(envelope->type, "status") == 0 && strcmp(state, "offline") == 0;
}

static enum verdict judge_time(const struct verifier *verifier, const struct message *message,
                               int64_t now_us, struct why *why)
{
    const int64_t age_us = now_us - message->envelope.timestamp_us;
    if (age_us > verifier->age_max_us) {
        (void)why_set(why, ERR_DENIED, "signed %lld s ago, at most %lld s are allowed",
                      (long long)(age_us / CLOCK_SECOND_US),
                      (long long)(verifier->age_max_us / CLOCK_SECOND_US));
        return VERDICT_STALE;
    }
    if (-age_us > verifier->clock_skew_us) {
        (void)why_set(why, ERR_DENIED, "signed %lld s in the future; compare the clocks",
                      (long long)(-age_us / CLOCK_SECOND_US));
        return VERDICT_STALE;
    }
    return VERDICT_ADMIT;
}

static bool fresh(const struct verifier *verifier, const struct message *message)
{
    const struct envelope *envelope = &message->envelope;
    return replay_fresh(verifier->replay, message->issuer, envelope->message_id,
                        envelope->timestamp_us);
}

/* A mark in our future can only be of a time when our clock was ahead. */
static enum verdict judge_replay(struct verifier *verifier, const struct message *message,
                                 int64_t now_us, struct why *why)
{
    if (fresh(verifier, message)) { return VERDICT_ADMIT; }
    const int64_t limit_us = now_us + verifier->clock_skew_us;
    if (replay_turn_back(verifier->replay, limit_us, now_us) && fresh(verifier, message)) {
        return VERDICT_ADMIT;
    }
    (void)why_set(why, ERR_DENIED,
                  "message %s of %s was admitted before, or is older than its mark",
                  message->envelope.message_id, message->issuer);
    return VERDICT_REPLAYED;
}

/* Leaves in `whole` only the signed members. */
static enum verdict judge_signature(struct message *message, struct why *why)
{
    struct value *whole = message->envelope.whole;
    value_remove(whole, "signature");
    value_remove(whole, "certificate_chain");
    /* A canonical form may be longer than its source: 1e20 becomes 100000000000000000000. */
    CLEANUP(text_deinit) struct text body = text_limited((size_t)6 * ENVELOPE_SIZE_MAX);
    if (canonical_write(whole, &body, why)) { return VERDICT_MALFORMED; }
    if (!signature_fits(message->leaf.public_key, text_span(&body), message->signature)) {
        (void)why_set(why, ERR_DENIED, "the signature does not fit the message and %s's key",
                      message->issuer);
        return VERDICT_FORGED;
    }
    return VERDICT_ADMIT;
}

/* Whether it says of itself that it is not the real thing (alert/alert reads the word). */
static bool is_exercise(const struct envelope *envelope)
{
    const struct value *status = value_get(envelope->content, "status");
    return status && strcmp(envelope->type, "alert") == 0 &&
           strcmp(value_text_or(status, ""), "actual") != 0;
}

/*
 * Exercises have a key of their own, and it is for nothing else: neither does a slip of the word
 * turn one into the other, nor who has the one key.
 */
static enum verdict judge_key(const struct message *message, struct why *why)
{
    const bool practises = message->envelope.signer.role == ROLE_EXERCISE;
    if (practises == is_exercise(&message->envelope)) { return VERDICT_ADMIT; }
    (void)why_set(why, ERR_DENIED,
                  practises ? "%s signs exercises and tests only, and this is none"
                            : "an exercise or a test is signed by role exercise, not by %s",
                  message->issuer);
    return VERDICT_WRONG_KEY;
}

/* What only people may say is an alert, and theirs to count by its receiver. */
static enum verdict judge_tier(const struct message *message, struct why *why)
{
    const struct envelope *envelope = &message->envelope;
    const bool allowed = is_exercise(envelope)
                             ? tier_exercise_allowed(envelope->signer.role, envelope->tier)
                             : tier_allowed(envelope->signer.role, envelope->tier);
    if (!allowed) {
        (void)why_set(why, ERR_DENIED, "%s may not sign tier %s", message->issuer,
                      tier_name(envelope->tier));
        return VERDICT_OVER_TIER;
    }
    if (tier_approved(envelope->tier) && strcmp(envelope->type, "alert") != 0) {
        (void)why_set(why, ERR_DENIED, "tier %s is for alerts, not for type %s",
                      tier_name(envelope->tier), envelope->type);
        return VERDICT_OVER_TIER;
    }
    return VERDICT_ADMIT;
}

static enum verdict judge_approvals(struct verifier *verifier, struct message *message,
                                    int64_t now_us, struct why *why)
{
    struct envelope *envelope = &message->envelope;
    if (!tier_approved(envelope->tier)) { return VERDICT_ADMIT; }
    const struct approval_court court = {.judge = verifier->judge,
                                         .revocations = verifier->revocations,
                                         .site = verifier->site,
                                         .now_us = now_us};
    const enum err err = approvals_count(&court, envelope->content, &envelope->approvals, why);
    return err ? VERDICT_MALFORMED : VERDICT_ADMIT;
}

static enum verdict judge_signer(struct verifier *verifier, struct message *message, int64_t now_us,
                                 struct why *why)
{
    struct envelope *envelope = &message->envelope;
    if (!chain_trusted(verifier->judge, &message->chain, now_us, &message->leaf, why)) {
        return VERDICT_UNTRUSTED;
    }
    envelope->signer = message->leaf.identity;
    envelope->signer_until_us = message->leaf.end_us;
    (void)snprintf(message->issuer, sizeof message->issuer, "%s/%s",
                   role_name(envelope->signer.role), envelope->signer.name);
    for (size_t i = 0; verifier->revocations && i < message->leaf.count; i++) {
        if (!revocations_hold(verifier->revocations, &message->leaf.serials[i])) { continue; }
        (void)why_set(why, ERR_DENIED, "the certificate of %s was withdrawn", message->issuer);
        return VERDICT_REVOKED;
    }
    const enum verdict verdict = judge_key(message, why);
    return verdict ? verdict : judge_tier(message, why);
}

enum verdict verifier_judge(struct verifier *verifier, struct span bytes, int64_t now_us,
                            struct envelope *envelope, struct why *why)
{
    if (bytes.size > ENVELOPE_SIZE_MAX) {
        (void)why_set(why, ERR_LIMIT, "the message has %zu bytes, at most %d are allowed",
                      bytes.size, ENVELOPE_SIZE_MAX);
        return VERDICT_OVERSIZED;
    }
    CLEANUP(message_deinit) struct message message = {0};
    enum verdict verdict = read_shape(&message, bytes, why);
    if (verdict) { return verdict; }
    verdict = judge_signer(verifier, &message, now_us, why);
    if (verdict) { return verdict; }
    const bool exempt = judged_by_content(&message.envelope);
    if (!exempt) { verdict = judge_time(verifier, &message, now_us, why); }
    if (!exempt && !verdict) { verdict = judge_replay(verifier, &message, now_us, why); }
    if (!verdict) { verdict = judge_signature(&message, why); }
    if (!verdict) { verdict = judge_approvals(verifier, &message, now_us, why); }
    if (verdict) { return verdict; }
    if (!exempt) {
        replay_admit(verifier->replay, message.issuer, message.envelope.message_id,
                     message.envelope.timestamp_us);
    }
    *envelope = message.envelope;
    message.envelope = (struct envelope){0};
    return VERDICT_ADMIT;
}

void verifier_marks_each(struct verifier *verifier,
                         void (*each)(void *context, const char *issuer, int64_t timestamp_us),
                         void *context)
{
    replay_marks_each(verifier->replay, each, context);
}

void verifier_mark_set(struct verifier *verifier, const char *issuer, int64_t timestamp_us)
{
    replay_mark_set(verifier->replay, issuer, timestamp_us);
}

/* ---- envelopes ---- */

const char *verdict_name(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_ADMIT: return "admit";
    case VERDICT_OVERSIZED: return "oversized";
    case VERDICT_MALFORMED: return "malformed";
    case VERDICT_UNSIGNED: return "unsigned";
    case VERDICT_UNTRUSTED: return "untrusted";
    case VERDICT_REVOKED: return "revoked";
    case VERDICT_WRONG_KEY: return "wrong_key";
    case VERDICT_OVER_TIER: return "over_tier";
    case VERDICT_STALE: return "stale";
    case VERDICT_REPLAYED: return "replayed";
    case VERDICT_FORGED: return "forged";
    case VERDICT_MISPLACED: return "misplaced";
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

enum verdict envelope_from(const struct envelope *envelope, const char *device, struct why *why)
{
    const struct identity *signer = &envelope->signer;
    const bool stands_in_street = signer->role == ROLE_EDGE || signer->role == ROLE_GATEWAY;
    if (stands_in_street && strcmp(signer->name, device) == 0) { return VERDICT_ADMIT; }
    (void)why_set(why, ERR_DENIED, "signed by %s \"%s\", expected device \"%.63s\"",
                  role_name(signer->role), signer->name, device);
    return VERDICT_MISPLACED;
}

void envelope_deinit(struct envelope *envelope)
{
    if (envelope->whole) { value_free(envelope->whole); }
    *envelope = (struct envelope){0};
}
