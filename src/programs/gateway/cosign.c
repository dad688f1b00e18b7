#include "base/log.h"
#include "fleet/topic.h"
#include "ledger/witness_message.h"
#include "programs/gateway/gateway.h"
#include "system/file.h"
#include "trust/key.h"

#include <stdio.h>

#define KEY_NAME "witness.key"

/* ---- its key ---- */

static enum err load_or_make(struct key **key, const char *path, struct why *why)
{
    if (file_exists(path)) { return key_load(key, path, NULL, why); }
    CLEANUP(key_free_p) struct key *made = NULL;
    enum err err = key_generate(&made, KEY_KIND_ED25519, why);
    if (err == OK) { err = key_save(made, path, NULL, why); }
    if (err == OK) { *key = TAKE(made); }
    return err;
}

static enum err open_key(struct gateway *gateway, struct why *why)
{
    char path[FILE_PATH_SIZE];
    char name[NOTE_NAME_SIZE];
    uint8_t public_key[PUBLIC_KEY_SIZE];
    CLEANUP(key_free_p) struct key *key = NULL;
    CLEANUP(secret_free_p) struct secret *seed = NULL;
    enum err err = file_join(path, gateway->options.state_folder, KEY_NAME, why);
    if (err == OK) { err = load_or_make(&key, path, why); }
    if (err == OK) { err = key_seed(key, &seed, why); }
    if (err == OK) { err = signing_key_new(&gateway->cosigner_secret, seed, why); }
    if (err != OK) { return err; }
    signing_key_public(gateway->cosigner_secret, public_key);
    (void)snprintf(name, sizeof name, "%s/gateway/%s", signer_identity(gateway->signer)->site,
                   gateway->name);
    gateway->cosigner.secret = gateway->cosigner_secret;
    return note_key_make(&gateway->cosigner.key, NOTE_KIND_COSIGNATURE, name, public_key, why);
}

enum err gateway_cosign_open(struct gateway *gateway, struct why *why)
{
    char vkey[NOTE_VKEY_SIZE];
    enum err err = open_key(gateway, why);
    if (err == OK) { err = witness_book_open(&gateway->witness_book, gateway->database, why); }
    if (err != OK) { return err; }
    note_key_write(&gateway->cosigner.key, vkey);
    log_event(LOG_LEVEL_INFO, "witness.ready", "vkey", vkey, NULL);
    return OK;
}

void gateway_cosign_close(struct gateway *gateway)
{
    witness_book_close(gateway->witness_book);
    signing_key_free(gateway->cosigner_secret);
}

/* ---- a checkpoint ---- */

static void answer(struct gateway *gateway, const struct witness_reply *reply)
{
    char topic[TOPIC_SIZE];
    struct witness_told told = {
        .answer = reply->answer, .size = reply->size, .text = text_c(&reply->line)};
    note_key_write(&gateway->cosigner.key, told.vkey);
    (void)snprintf(topic, sizeof topic, "devices/%s/cosignature", gateway->name);
    gateway_publish(gateway, topic, witness_told_value(&told), false);
}

void gateway_cosign(struct gateway *gateway, const struct envelope *envelope, const char *topic)
{
    struct witness_question question;
    struct witness_call call = {.signer = &gateway->cosigner, .now_us = clock_wall_us()};
    CLEANUP(witness_reply_deinit) struct witness_reply reply = {.size = 0};
    struct why why = {0};
    enum err err = witness_question_parse(&question, envelope->content, &why);
    if (err == OK) {
        call.vkey = question.vkey;
        err = witness_request_parse(&call.request, span_text(question.request), &why);
    }
    if (err == OK) { err = witness_book_cosign(gateway->witness_book, &call, &reply, &why); }
    if (err == ERR_MALFORMED) {
        count_witness(witness_answer_name(WITNESS_ANSWER_MALFORMED));
        count_refusal(verdict_name(VERDICT_MALFORMED), topic, why.text);
        return;
    }
    metric_set(gateway->count.database_ok, err == OK);
    if (err != OK) {
        log_event(LOG_LEVEL_ERROR, "witness.failed", "why", why.text, NULL);
        return;
    }
    count_witness(witness_answer_name(reply.answer));
    const bool cosigned = reply.answer == WITNESS_ANSWER_COSIGN;
    log_event(cosigned ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, "witness.answered", "answer",
              witness_answer_name(reply.answer), "size", LOG_NUMBER(reply.size), "why",
              cosigned ? NULL : why.text, NULL);
    answer(gateway, &reply);
}
