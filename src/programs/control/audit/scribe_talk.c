#include <stdio.h>

#include "ledger/witness_message.h"
#include "programs/control/audit/scribe_inside.h"

enum { ASK_EXPIRY_S = 60 };
#define ASK_EVERY_US (30 * CLOCK_SECOND_US)
#define ASK_LEAST_US (CLOCK_SECOND_US / 2)

/* ---- asking ---- */

static void ask_one(struct scribe *scribe, const char *name)
{
    CLEANUP(text_deinit) struct text request = text_limited(WITNESS_REQUEST_MAX);
    CLEANUP(text_deinit) struct text payload = text_limited(ENVELOPE_SIZE_MAX);
    char vkey[NOTE_VKEY_SIZE];
    char topic[TOPIC_SIZE];
    struct why why = {""};
    enum err err = recorder_ask(scribe->recorder, name, &request, &why);
    if (err == OK && request.size == 0) { return; }
    if (err == OK) {
        note_key_write(recorder_key(scribe->recorder), vkey);
        const struct envelope_draft draft = {.tier = TIER_INFORMATIONAL,
                                             .now_us = clock_wall_us(),
                                             .content =
                                                 witness_question_value(vkey, text_c(&request))};
        err = envelope_sign(scribe->signer, &draft, &payload, &why);
    }
    if (err == OK) { err = topic_of_device(topic, scribe->prefix, TOPIC_KIND_CHECKPOINT, name); }
    if (err != OK) {
        log_event(LOG_LEVEL_ERROR, "audit.unasked", "witness", name, "why", why.text, NULL);
        return;
    }
    const struct mqtt_publication publication = {
        .topic = topic, .payload = text_span(&payload), .expiry_s = ASK_EXPIRY_S};
    (void)!scribe->bus.publish(scribe->bus.context, &publication); /* the next one will do */
}

/* Every gateway that was ever heard of, and those outside; true when there is one. */
static bool ask_all(struct scribe *scribe)
{
    CLEANUP(value_free_p) struct value *devices = NULL;
    bool any = scribe->outside != NULL;
    if (scribe->outside) { abroad_ask(scribe->outside, scribe->recorder); }
    if (device_store_list(scribe->devices, clock_wall_us(), &devices, NULL) != OK) { return true; }
    for (size_t i = 0; i < value_count(devices); i++) {
        const struct value *device = value_at(devices, i);
        if (strcmp(value_text_or(value_get(device, "kind"), ""), "gateway") != 0) { continue; }
        any = true;
        ask_one(scribe, value_text_or(value_get(device, "name"), ""));
    }
    return any;
}

void scribe_ask_when_due(struct scribe *scribe, int64_t now_us)
{
    if (now_us < scribe->ask_us) { return; }
    const bool any = ask_all(scribe);
    if (!any || recorder_note(scribe->recorder).size == 0) { scribe->confirmed = true; }
    scribe->asked_us = now_us;
    scribe->ask_us = now_us + ASK_EVERY_US;
}

void scribe_ask_soon(struct scribe *scribe)
{
    const int64_t least_us = scribe->asked_us + ASK_LEAST_US;
    if (scribe->ask_us > least_us) { scribe->ask_us = least_us; }
}

/* ---- answers ---- */

static void hear(struct scribe *scribe, const struct recorder_answer *answer)
{
    struct why why = {""};
    enum recorder_outcome outcome = RECORDER_OUTCOME_UNBELIEVED;
    const enum err err = recorder_hear(scribe->recorder, answer, &outcome, &why);
    if (err != OK) {
        log_event(LOG_LEVEL_ERROR, "audit.fault", "why", why.text, NULL);
        return;
    }
    char labels[64];
    (void)snprintf(labels, sizeof labels, "outcome=\"%s\"", recorder_outcome_name(outcome));
    metric_add(metric_counter("tocsin_audit_witness_answers_total",
                              "Answers of witnesses of the audit log, by outcome.", labels),
               1);
    scribe->confirmed = scribe->confirmed || outcome == RECORDER_OUTCOME_COSIGNED;
    if (outcome == RECORDER_OUTCOME_BEHIND || outcome == RECORDER_OUTCOME_LATE) {
        scribe_ask_soon(scribe);
    }
    scribe_show(scribe);
}

/* ---- from outside ---- */

void scribe_take_abroad(struct scribe *scribe, const struct hint *hint)
{
    CLEANUP(text_deinit) struct text line = text_limited(COSIGNER_LINE_SIZE);
    CLEANUP(text_deinit) struct text body = text_limited(WITNESS_ANSWER_SIZE_MAX);
    struct envoy_answer heard = {.status = hint->status, .asked_size = hint->asked_size};
    struct recorder_answer answer;
    text_add_bytes(&body, span_of(hint->bytes, hint->size));
    heard.body = body;
    (void)!text_copy(heard.name, sizeof heard.name, hint->topic);
    (void)!text_copy(heard.why.text, sizeof heard.why.text, text_c(&body));
    if (abroad_hear(scribe->outside, &heard, recorder_size(scribe->recorder), &line, &answer)) {
        hear(scribe, &answer);
    }
}

/* ---- over the bus ---- */

static void take_answer(struct scribe *scribe, const struct envelope *envelope, const char *topic)
{
    struct witness_told told;
    struct why why = {""};
    if (witness_told_parse(&told, envelope->content, &why) != OK) {
        refusal_note(&scribe->refusal, "malformed", topic, why.text, clock_wall_us());
        return;
    }
    const struct recorder_answer answer = {.name = envelope->signer.name,
                                           .vkey = told.vkey,
                                           .answer = told.answer,
                                           .size = told.size,
                                           .text = told.text,
                                           .now_us = clock_wall_us()};
    hear(scribe, &answer);
}

/* Believes the CAs of the day from now on; those of before while they cannot be read. */
static void trust_anew(struct scribe *scribe)
{
    const uint64_t changes = ca_news_count(scribe->ca_news);
    if (changes == scribe->trusted) { return; }
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    struct why why = {""};
    enum err err = anchors_open(&anchors, scribe->ca_path, &why);
    if (err == OK) { err = verifier_trust(scribe->verifier, anchors, &why); }
    if (err == OK) {
        scribe->trusted = changes;
    } else {
        log_event(LOG_LEVEL_ERROR, "identity.unusable", "why", why.text, NULL);
    }
}

void scribe_take_message(struct scribe *scribe, const struct hint *hint)
{
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    struct topic_parts parts;
    struct why why = {""};
    const int64_t now_us = clock_wall_us();
    if (!topic_split(&parts, scribe->prefix, hint->topic)) { return; }
    trust_anew(scribe);
    enum verdict verdict =
        verifier_judge(scribe->verifier, span_of(hint->bytes, hint->size), now_us, &envelope, &why);
    if (verdict == VERDICT_ADMIT) { verdict = envelope_from(&envelope, parts.device, &why); }
    if (verdict == VERDICT_ADMIT && envelope.signer.role != ROLE_GATEWAY) {
        verdict = VERDICT_MISPLACED;
        (void)why_set(&why, ERR_DENIED, "only gateways are witnesses");
    }
    if (verdict != VERDICT_ADMIT || strcmp(envelope.type, "cosignature") != 0) {
        refusal_note(&scribe->refusal,
                     verdict_name(verdict != VERDICT_ADMIT ? verdict : VERDICT_MALFORMED),
                     hint->topic, why.text, now_us);
        return;
    }
    take_answer(scribe, &envelope, hint->topic);
}
