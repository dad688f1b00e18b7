#include "programs/control/audit/envoy.h"

#include <stdio.h>

#include "system/queue.h"
#include "system/worker.h"
#include "wire/fetch.h"

enum { URL_SIZE = 600, CONNECT_TIMEOUT_MS = 5000, WHOLE_TIMEOUT_MS = 10000 };

struct envoy {
    struct envoy_port port;
    struct queue *questions;
    struct worker *worker;
};

struct question {
    char name[ENVOY_NAME_SIZE];
    char url[URL_SIZE];
    char ca_path[URL_SIZE];
    uint64_t size;
    size_t request_size;
    uint8_t request[];
};

/* ---- one question ---- */

struct exchange {
    struct envoy *envoy;
    struct envoy_answer answer;
};

static bool on_head(void *context, int status, const char *type)
{
    (void)type;
    struct exchange *exchange = context;
    exchange->answer.status = status;
    return true;
}

static bool on_bytes(void *context, struct span bytes)
{
    struct exchange *exchange = context;
    if (bytes.size > 0) { text_add_bytes(&exchange->answer.body, bytes); }
    return !exchange->answer.body.overflow && !queue_closed(exchange->envoy->questions);
}

static void carry(struct envoy *envoy, const struct question *question)
{
    static const char *const headers[] = {"Content-Type: text/plain; charset=utf-8", NULL};
    struct exchange exchange = {
        .envoy = envoy,
        .answer = {.asked_size = question->size, .body = text_limited(WITNESS_ANSWER_SIZE_MAX)}};
    struct envoy_answer *answer = &exchange.answer;
    memcpy(answer->name, question->name, sizeof answer->name);
    const struct fetch fetch = {.url = question->url,
                                .ca_path = *question->ca_path ? question->ca_path : NULL,
                                .by_host = true,
                                .plain = true, /* options hold it to loopback */
                                .headers = headers,
                                .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                .whole_timeout_ms = WHOLE_TIMEOUT_MS,
                                .context = &exchange,
                                .on_head = on_head,
                                .on_bytes = on_bytes};
    const struct span request = span_of(question->request, question->request_size);
    if (fetch_post(&fetch, request, &answer->why) != OK) { answer->status = 0; }
    if (!queue_closed(envoy->questions)) { envoy->port.answered(envoy->port.context, answer); }
    text_deinit(&answer->body);
}

static void run(void *context)
{
    struct envoy *envoy = context;
    for (;;) {
        struct question *question = queue_pop(envoy->questions, -1);
        if (!question) { return; }
        if (!queue_closed(envoy->questions)) { carry(envoy, question); }
        free(question);
    }
}

/* ---- the outside ---- */

enum err envoy_open(struct envoy **out, const struct envoy_port *port, struct why *why)
{
    CLEANUP(envoy_close_p) struct envoy *envoy = MEM_NEW(struct envoy);
    envoy->port = *port;
    envoy->questions = queue_new(ENVOY_QUEUE_MAX, free);
    const enum err err = worker_start(&envoy->worker, "envoy", run, envoy, why);
    if (err == OK) { *out = TAKE(envoy); }
    return err;
}

void envoy_close(struct envoy *envoy)
{
    if (!envoy) { return; }
    if (envoy->questions) { queue_close(envoy->questions); }
    worker_join(envoy->worker);
    queue_free(envoy->questions);
    free(envoy);
}

bool envoy_ask(struct envoy *envoy, const struct envoy_question *asked)
{
    struct question *question = mem_zeroed(sizeof *question + asked->request.size);
    const int length =
        snprintf(question->url, sizeof question->url, "%s/add-checkpoint", asked->url);
    question->size = asked->size;
    question->request_size = asked->request.size;
    memcpy(question->request, asked->request.data, asked->request.size);
    if (length < URL_SIZE && text_copy(question->name, sizeof question->name, asked->name) &&
        text_copy(question->ca_path, sizeof question->ca_path,
                  asked->ca_path ? asked->ca_path : "") &&
        queue_push(envoy->questions, question) == OK) {
        return true;
    }
    free(question);
    return false;
}
