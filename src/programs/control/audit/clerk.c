#include "programs/control/audit/clerk.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "ledger/deed.h"
#include "system/queue.h"
#include "system/worker.h"
#include "wire/fetch.h"

enum { URL_SIZE = 600, PEER_SIZE = 256, IDLE_TIMEOUT_MS = 10000 };
#define ASK_EVERY_US (10 * CLOCK_SECOND_US)
#define SOURCE "enrol/enrol"

struct clerk {
    struct clerk_config config;
    char peer[PEER_SIZE];
    struct database *database;
    struct journal *journal;
    struct deed_taker *taker;
    struct metric *healthy;
    struct queue *ends; /* nothing is put in: closing it is the word */
    struct worker *worker;
    bool told; /* a failure is in the log; the next one of the same is not */
};

/* ---- asking ---- */

struct answer {
    struct clerk *clerk;
    int status;
    struct text body;
};

static bool on_head(void *context, int status, const char *type)
{
    (void)type;
    struct answer *answer = context;
    answer->status = status;
    return true;
}

static bool on_bytes(void *context, struct span bytes)
{
    struct answer *answer = context;
    if (bytes.size > 0) { text_add_bytes(&answer->body, bytes); }
    return !answer->body.overflow && !queue_closed(answer->clerk->ends);
}

static enum err ask(struct clerk *clerk, int64_t mark, struct value **out, struct why *why)
{
    char url[URL_SIZE];
    const struct clerk_config *config = &clerk->config;
    struct answer answer = {.clerk = clerk, .body = text_limited(DEED_ANSWER_SIZE_MAX)};
    (void)snprintf(url, sizeof url, "%s/deeds?after=%lld", config->url, (long long)mark);
    const struct fetch fetch = {.url = url,
                                .ca_path = config->ca_path,
                                .certificate_path = config->certificate_path,
                                .key_path = config->key_path,
                                .peer_identity = clerk->peer,
                                .idle_timeout_ms = IDLE_TIMEOUT_MS,
                                .context = &answer,
                                .on_head = on_head,
                                .on_bytes = on_bytes};
    enum err err = fetch_get(&fetch, why);
    if (err == OK && answer.status != 200) {
        err = why_set(why, ERR_UNAVAILABLE, "%.160s answers %d", url, answer.status);
    }
    if (err == OK) { err = value_parse(out, text_span(&answer.body), DEED_ANSWER_SIZE_MAX, why); }
    text_deinit(&answer.body);
    return err;
}

/* Takes one answer; `*more`: there is another. */
static enum err take(struct clerk *clerk, bool *more, struct why *why)
{
    int64_t mark = 0;
    CLEANUP(value_free_p) struct value *answer = NULL;
    *more = false;
    enum err err = deed_taker_mark(clerk->taker, SOURCE, &mark, why);
    if (err == OK) { err = ask(clerk, mark, &answer, why); }
    if (err != OK) { return err; }
    struct deed_call call = {.source = SOURCE, .answer = answer, .now_us = clock_wall_us()};
    err = deed_taker_take(clerk->taker, &call, why);
    if (err == ERR_CONFLICT) { return OK; } /* another control was faster */
    if (err == OK && call.entered > 0) { clerk->config.entered(clerk->config.context); }
    *more = err == OK && call.more;
    return err;
}

/* ---- the thread ---- */

static void note(struct clerk *clerk, enum err err, const struct why *why)
{
    metric_set(clerk->healthy, err == OK);
    if (err != OK && !clerk->told) {
        log_event(LOG_LEVEL_WARNING, "audit.deeds_waiting", "source", SOURCE, "why", why->text,
                  NULL);
    }
    clerk->told = err != OK;
}

static void run(void *context)
{
    struct clerk *clerk = context;
    while (!queue_closed(clerk->ends)) {
        struct why why = {""};
        bool more = false;
        const enum err err = take(clerk, &more, &why);
        if (queue_closed(clerk->ends)) { return; }
        note(clerk, err, &why);
        if (!more) { (void)!queue_pop(clerk->ends, ASK_EVERY_US); }
    }
}

/* ---- the outside ---- */

enum err clerk_open(struct clerk **out, const struct clerk_config *config, struct why *why)
{
    *out = NULL;
    if (!*config->url) { return OK; }
    CLEANUP(clerk_close_p) struct clerk *clerk = MEM_NEW(struct clerk);
    clerk->config = *config;
    (void)snprintf(clerk->peer, sizeof clerk->peer, "spiffe://%s/" SOURCE, config->site);
    clerk->healthy = metric_gauge("tocsin_part_healthy",
                                  "Whether the part's last transaction worked.", "part=\"deeds\"");
    metric_set(clerk->healthy, 1);
    enum err err = database_open(&clerk->database, &config->database, why);
    if (err == OK) { err = journal_open(&clerk->journal, clerk->database, why); }
    if (err == OK) { err = deed_taker_open(&clerk->taker, clerk->database, clerk->journal, why); }
    if (err != OK) { return err; }
    clerk->ends = queue_new(1, NULL);
    err = worker_start(&clerk->worker, "clerk", run, clerk, why);
    if (err == OK) { *out = TAKE(clerk); }
    return err;
}

void clerk_close(struct clerk *clerk)
{
    if (!clerk) { return; }
    if (clerk->ends) { queue_close(clerk->ends); }
    worker_join(clerk->worker);
    queue_free(clerk->ends);
    deed_taker_close(clerk->taker);
    journal_close(clerk->journal);
    database_close(clerk->database);
    free(clerk);
}
