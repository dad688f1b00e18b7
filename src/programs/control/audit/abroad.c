#include "programs/control/audit/abroad.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

/* An answer that was lost on its way is waited for no longer. */
#define WAIT_US CLOCK_MINUTE_US

enum { WORDS_SIZE = 256 };

struct abroad {
    struct envoy *envoy;
    size_t count;
    struct one {
        struct abroad_witness witness;
        struct note_key key;
        char name[ENVOY_NAME_SIZE]; /* under which it is kept: no gateway's */
        int64_t wait_until_us;      /* monotonic; 0: it is not asked now */
        bool refused;               /* and that is in the program's log */
    } list[ABROAD_MAX];
};

enum err abroad_open(struct abroad **out, const struct abroad_witness *list, size_t count,
                     const struct envoy_port *port, struct why *why)
{
    CLEANUP(abroad_close_p) struct abroad *abroad = MEM_NEW(struct abroad);
    enum err err = OK;
    for (size_t i = 0; err == OK && i < count && i < ABROAD_MAX; i++) {
        struct one *one = &abroad->list[abroad->count++];
        one->witness = list[i];
        (void)snprintf(one->name, sizeof one->name, "outside:%s", list[i].name);
        err = note_key_parse(&one->key, list[i].vkey, why);
    }
    if (err == OK) { err = envoy_open(&abroad->envoy, port, why); }
    if (err == OK) { *out = TAKE(abroad); }
    return err;
}

void abroad_close(struct abroad *abroad)
{
    if (!abroad) { return; }
    envoy_close(abroad->envoy);
    free(abroad);
}

static void ask(struct abroad *abroad, struct one *one, struct recorder *recorder)
{
    struct why why = {""};
    CLEANUP(text_deinit) struct text request = text_limited(WITNESS_REQUEST_MAX);
    const enum err err = recorder_ask(recorder, one->name, &request, &why);
    if (err != OK) {
        log_event(LOG_LEVEL_ERROR, "audit.unasked", "witness", one->name, "why", why.text, NULL);
        return;
    }
    const struct envoy_question question = {.name = one->name,
                                            .url = one->witness.url,
                                            .ca_path = one->witness.ca_path,
                                            .size = recorder_size(recorder),
                                            .request = text_span(&request)};
    if (request.size > 0 && envoy_ask(abroad->envoy, &question)) {
        one->wait_until_us = clock_monotonic_us() + WAIT_US;
    }
}

void abroad_ask(struct abroad *abroad, struct recorder *recorder)
{
    for (size_t i = 0; i < abroad->count; i++) {
        struct one *one = &abroad->list[i];
        if (one->wait_until_us < clock_monotonic_us()) { ask(abroad, one, recorder); }
    }
}

/* Told once, until it answers well again. */
static bool note_refusal(struct one *one, const struct envoy_answer *heard)
{
    char words[WORDS_SIZE];
    (void)snprintf(words, sizeof words, "%s",
                   heard->status ? text_c(&heard->body) : heard->why.text);
    if (!one->refused) {
        log_event(LOG_LEVEL_WARNING, "audit.witness_refused", "witness", one->witness.name,
                  "status", LOG_NUMBER(heard->status), "why", words, NULL);
    }
    one->refused = true;
    return false;
}

bool abroad_hear(struct abroad *abroad, const struct envoy_answer *heard, uint64_t log_size,
                 struct text *line, struct recorder_answer *answer)
{
    struct one *one = NULL;
    for (size_t i = 0; i < abroad->count; i++) {
        if (strcmp(abroad->list[i].name, heard->name) == 0) { one = &abroad->list[i]; }
    }
    if (!one) { return false; }
    one->wait_until_us = 0;
    *answer = (struct recorder_answer){.name = one->name,
                                       .vkey = one->witness.vkey,
                                       .answer = WITNESS_ANSWER_CONFLICT,
                                       .size = heard->asked_size,
                                       .text = "",
                                       .now_us = clock_wall_us(),
                                       .outside = true};
    const struct span body = text_span(&heard->body);
    if (heard->status == WITNESS_ANSWER_COSIGN && witness_pick_line(body, &one->key, line)) {
        answer->answer = WITNESS_ANSWER_COSIGN;
        answer->text = text_c(line);
    } else if (heard->status != WITNESS_ANSWER_CONFLICT ||
               witness_read_size(body, &answer->size, NULL) != OK || answer->size > log_size) {
        return note_refusal(one, heard);
    }
    one->refused = false;
    return true;
}
