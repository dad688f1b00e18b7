#include "programs/control/audit/scribe.h"

#include <poll.h>

#include "check.h"
#include "control_parts.h"
#include "ledger/witness_message.h"

static int64_t unbelieved(void)
{
    return metric_value(metric_counter("tocsin_audit_witness_answers_total",
                                       "Answers of witnesses of the audit log, by outcome.",
                                       "outcome=\"unbelieved\""));
}

/* A refusal without evidence, as the gateway `signer` tells it. */
static void answer(struct scribe *scribe, const struct signer *signer)
{
    struct why why = {0};
    struct witness_told told = {.answer = WITNESS_ANSWER_CONFLICT, .size = 9, .text = ""};
    struct note_key key;
    uint8_t public_key[PUBLIC_KEY_SIZE] = {1};
    CLEANUP(text_deinit) struct text message = text_limited(ENVELOPE_SIZE_MAX);
    test_must(note_key_make(&key, NOTE_KIND_COSIGNATURE, "demo/gateway/gate", public_key, &why),
              &why);
    note_key_write(&key, told.vkey);
    const struct envelope_draft draft = {.now_us = clock_wall_us(),
                                         .content = witness_told_value(&told)};
    test_must(envelope_sign(signer, &draft, &message, &why), &why);
    const struct mqtt_message arrived = {.topic = "tocsin/devices/gate/cosignature",
                                         .payload = text_span(&message)};
    scribe_offer(scribe, &arrived);
}

static bool reaches(int64_t (*number)(void), int64_t wanted)
{
    const int64_t deadline_us = clock_monotonic_us() + 10 * CLOCK_SECOND_US;
    while (number() < wanted && clock_monotonic_us() < deadline_us) {
        (void)poll(NULL, 0, 10);
    }
    return number() == wanted;
}

static int64_t revoked(void)
{
    return parts_refused("revoked");
}

/* What a withdrawn gateway cosigns counts no more. */
static void the_withdrawn_witness_is_refused(struct parts *parts)
{
    struct why why = {0};
    struct signer *enrol = parts_signer(parts, ROLE_ENROL, "enrol");
    struct signer *gate = parts_signer(parts, ROLE_GATEWAY, "gate");
    struct ingest *ingest = parts_ingest(parts);
    struct scribe *scribe = NULL;
    struct scribe_config config = {.database = place_config(&parts->tables.place),
                                   .state_folder = parts->folder,
                                   .origin = "demo/audit",
                                   .trust = {.site = "demo", .ca_path = parts->ca_path},
                                   .signer = parts->control,
                                   .prefix = "tocsin",
                                   .bus = {parts, parts_publish}};
    CHECK(scribe_open(&scribe, &config, &why) == ERR_RANGE && !scribe); /* without a list */
    config.trust.revocations = ingest_revocations(ingest);
    test_must(scribe_open(&scribe, &config, &why), &why);
    answer(scribe, gate);
    CHECK(reaches(unbelieved, 1));
    parts_tell_withdrawn(parts, ingest, enrol, 1, gate);
    const int64_t deadline_us = clock_monotonic_us() + 10 * CLOCK_SECOND_US;
    while (revocations_count(config.trust.revocations) == 0 && clock_monotonic_us() < deadline_us) {
        (void)poll(NULL, 0, 10);
    }
    answer(scribe, gate);
    CHECK(reaches(revoked, 1));
    CHECK(unbelieved() == 1);
    scribe_close(scribe);
    ingest_close(ingest);
    signer_close(enrol);
    signer_close(gate);
}

int main(void)
{
    static struct parts parts;
    parts_open(&parts);
    the_withdrawn_witness_is_refused(&parts);
    parts_close(&parts);
    return CHECK_DONE();
}
