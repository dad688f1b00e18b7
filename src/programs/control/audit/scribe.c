#include "programs/control/audit/scribe.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "fleet/device.h"
#include "fleet/topic.h"
#include "ledger/recorder.h"
#include "ledger/witness_message.h"
#include "programs/control/refusal.h"
#include "system/file.h"
#include "system/queue.h"
#include "system/worker.h"

enum { HINT_MAX = 1024, STRANGERS_MAX = 600, ASK_EXPIRY_S = 60 };
#define SETTLE_US (100 * (CLOCK_SECOND_US / 1000)) /* more entries often follow */
#define CARRY_EVERY_US (2 * CLOCK_SECOND_US)
#define ASK_EVERY_US (30 * CLOCK_SECOND_US)
#define ASK_LEAST_US (CLOCK_SECOND_US / 2)
#define CONFIRM_US (10 * CLOCK_SECOND_US)
#define IDLE_US (10 * CLOCK_MINUTE_US)
#define PAUSE_US CLOCK_SECOND_US

enum hint_kind { HINT_WAKE, HINT_CONNECTED, HINT_MESSAGE, HINT_LEAD, HINT_FOLLOW };

struct hint {
    enum hint_kind kind;
    char topic[TOPIC_SIZE];
    size_t size;
    uint8_t bytes[];
};

struct scribe {
    struct database *database;
    struct recorder *recorder;
    struct journal *journal;
    struct device_store *devices;
    struct verifier *verifier;
    const struct ca_news *ca_news; /* borrowed, may be NULL */
    const char *ca_path;           /* borrowed */
    uint64_t trusted;              /* ca_news when the CAs were read */
    const struct signer *signer;
    struct queue *hints;
    struct worker *worker;
    char prefix[TOPIC_PREFIX_SIZE];
    char folder[FILE_PATH_SIZE];
    struct bus_port bus;
    struct metric *healthy, *size;
    struct refusal refusal;
    /* The thread's own; times are monotonic. */
    bool confirmed, told_halt, follows, takes_over;
    int64_t confirm_until_us, carry_us, ask_us, asked_us, idle_us;
    /* Shared. */
    pthread_mutex_t lock;
    struct scribe_view view;
    int64_t stranger_minute;
    int64_t strangers;
};

/* ---- what others see ---- */

static void show(struct scribe *scribe)
{
    const struct span note = recorder_note(scribe->recorder);
    const char *halted = recorder_halted(scribe->recorder);
    const struct note_key *key = recorder_key(scribe->recorder);
    (void)pthread_mutex_lock(&scribe->lock);
    free(scribe->view.note);
    scribe->view.note = mem_text_of((const char *)note.data, note.size);
    scribe->view.size = recorder_size(scribe->recorder);
    if (key) { note_key_write(key, scribe->view.vkey); }
    if (halted) { (void)!text_copy(scribe->view.halted, sizeof scribe->view.halted, halted); }
    (void)pthread_mutex_unlock(&scribe->lock);
    metric_set(scribe->size, (int64_t)recorder_size(scribe->recorder));
    if (!halted || scribe->told_halt) { return; }
    scribe->told_halt = true;
    log_event(LOG_LEVEL_ERROR, "audit.halted", "reason", halted, NULL);
}

void scribe_look(struct scribe *scribe, struct scribe_view *view)
{
    (void)pthread_mutex_lock(&scribe->lock);
    *view = scribe->view;
    view->note = mem_text(scribe->view.note ? scribe->view.note : "");
    (void)pthread_mutex_unlock(&scribe->lock);
}

void scribe_view_deinit(struct scribe_view *view)
{
    free(TAKE(view->note));
}

bool scribe_takes_stranger(struct scribe *scribe, int64_t now_us)
{
    const int64_t minute = now_us / CLOCK_MINUTE_US;
    (void)pthread_mutex_lock(&scribe->lock);
    if (scribe->stranger_minute != minute) {
        scribe->stranger_minute = minute;
        scribe->strangers = 0;
    }
    const bool taken = scribe->strangers < STRANGERS_MAX;
    scribe->strangers += taken;
    (void)pthread_mutex_unlock(&scribe->lock);
    return taken;
}

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

/* Every gateway that was ever heard of; true when there is one. */
static bool ask_all(struct scribe *scribe)
{
    CLEANUP(value_free_p) struct value *devices = NULL;
    bool any = false;
    if (device_store_list(scribe->devices, clock_wall_us(), &devices, NULL) != OK) { return true; }
    for (size_t i = 0; i < value_count(devices); i++) {
        const struct value *device = value_at(devices, i);
        if (strcmp(value_text_or(value_get(device, "kind"), ""), "gateway") != 0) { continue; }
        any = true;
        ask_one(scribe, value_text_or(value_get(device, "name"), ""));
    }
    return any;
}

static void ask_when_due(struct scribe *scribe, int64_t now_us)
{
    if (now_us < scribe->ask_us) { return; }
    const bool any = ask_all(scribe);
    if (!any || recorder_note(scribe->recorder).size == 0) { scribe->confirmed = true; }
    scribe->asked_us = now_us;
    scribe->ask_us = now_us + ASK_EVERY_US;
}

/* As soon as may be, but not more often than twice a second. */
static void ask_soon(struct scribe *scribe)
{
    const int64_t least_us = scribe->asked_us + ASK_LEAST_US;
    if (scribe->ask_us > least_us) { scribe->ask_us = least_us; }
}

/* ---- answers ---- */

static void take_answer(struct scribe *scribe, const struct envelope *envelope, const char *topic)
{
    struct witness_told told;
    struct why why = {""};
    enum recorder_outcome outcome = RECORDER_OUTCOME_UNBELIEVED;
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
    const enum err err = recorder_hear(scribe->recorder, &answer, &outcome, &why);
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
        ask_soon(scribe);
    }
    show(scribe);
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

static void take_message(struct scribe *scribe, const struct hint *hint)
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

/* ---- the thread ---- */

/* Not later than that; entries that nobody tells of (of devices) wait for the next round. */
static void carry_within(struct scribe *scribe, int64_t span_us)
{
    const int64_t due_us = clock_monotonic_us() + span_us;
    if (scribe->carry_us > due_us) { scribe->carry_us = due_us; }
}

/* Again as at the start: a gateway may object before anything is signed. */
static void begin_lead(struct scribe *scribe)
{
    const int64_t now_us = clock_monotonic_us();
    scribe->takes_over = scribe->follows;
    scribe->follows = false;
    scribe->confirmed = false;
    scribe->confirm_until_us = now_us + CONFIRM_US;
    scribe->carry_us = now_us;
    scribe->idle_us = now_us + IDLE_US;
    scribe->ask_us = now_us;
}

static void take_hint(struct scribe *scribe, const struct hint *hint)
{
    switch (hint->kind) {
    case HINT_WAKE: carry_within(scribe, SETTLE_US); break;
    case HINT_CONNECTED: ask_soon(scribe); break;
    case HINT_MESSAGE: take_message(scribe, hint); break;
    case HINT_LEAD: begin_lead(scribe); break;
    case HINT_FOLLOW:
        scribe->follows = true;
        scribe->takes_over = false;
        break;
    }
}

static enum err carry(struct scribe *scribe, int64_t now_us, struct why *why)
{
    bool fresh = false;
    if (!scribe->confirmed && now_us < scribe->confirm_until_us) { return OK; }
    scribe->confirmed = true;
    const enum err err = recorder_run(scribe->recorder, &fresh, why);
    if (err != OK) { return err; }
    scribe->carry_us = now_us + CARRY_EVERY_US;
    if (fresh) {
        scribe->idle_us = now_us + IDLE_US;
        ask_soon(scribe);
        show(scribe);
    }
    return OK;
}

/* An entry now and then also when nothing happens: "nothing was signed" is then never normal. */
static enum err write_when_idle(struct scribe *scribe, int64_t now_us, struct why *why)
{
    if (now_us < scribe->idle_us) { return OK; }
    const struct entry_fact fact = {
        .at_us = clock_wall_us(), .action = "alive", .authorisation = "program"};
    scribe->idle_us = now_us + IDLE_US;
    scribe->carry_us = now_us;
    return journal_enter(scribe->journal, &fact, why);
}

/* What the leading server has signed, to our files. */
static enum err follow(struct scribe *scribe, int64_t now_us, struct why *why)
{
    bool fresh = false;
    if (now_us < scribe->carry_us) { return OK; }
    scribe->carry_us = now_us + CARRY_EVERY_US;
    const enum err err = recorder_follow(scribe->recorder, &fresh, why);
    if (err == OK && (fresh || recorder_halted(scribe->recorder))) { show(scribe); }
    return err;
}

static enum err take_over(struct scribe *scribe, struct why *why)
{
    if (!scribe->takes_over) { return OK; }
    const enum err err = recorder_lead(scribe->recorder, clock_wall_us(), why);
    if (err == OK) {
        scribe->takes_over = false;
        show(scribe);
    }
    return err;
}

static enum err work(struct scribe *scribe, struct why *why)
{
    const int64_t now_us = clock_monotonic_us();
    if (scribe->follows) { return follow(scribe, now_us, why); }
    const enum err taken = take_over(scribe, why);
    if (taken != OK) { return taken; }
    ask_when_due(scribe, now_us);
    enum err err = write_when_idle(scribe, now_us, why);
    if (err == OK && now_us >= scribe->carry_us) { err = carry(scribe, now_us, why); }
    return err;
}

static int64_t wait_us(const struct scribe *scribe)
{
    const int64_t now_us = clock_monotonic_us();
    if (scribe->follows) { return PAUSE_US; }
    int64_t until_us = scribe->ask_us < scribe->idle_us ? scribe->ask_us : scribe->idle_us;
    if (scribe->carry_us < until_us) { until_us = scribe->carry_us; }
    int64_t pause_us = until_us - now_us;
    const bool waits = !scribe->confirmed && now_us < scribe->confirm_until_us;
    if (waits && pause_us < SETTLE_US) { pause_us = SETTLE_US; }
    return pause_us < 0 ? 0 : pause_us > PAUSE_US ? PAUSE_US : pause_us;
}

static void run(void *context)
{
    struct scribe *scribe = context;
    int64_t pause_us = 0;
    for (;;) {
        struct hint *hint = queue_pop(scribe->hints, pause_us);
        for (; hint; hint = queue_pop(scribe->hints, 0)) {
            take_hint(scribe, hint);
            free(hint);
        }
        struct why why = {""};
        const bool ends = queue_closed(scribe->hints);
        if (ends) { scribe->carry_us = 0; } /* what is committed gets its checkpoint now */
        const enum err err = work(scribe, &why);
        metric_set(scribe->healthy, err == OK && !recorder_halted(scribe->recorder));
        if (err != OK) { log_event(LOG_LEVEL_ERROR, "audit.fault", "why", why.text, NULL); }
        if (ends) { return; }
        pause_us = err == OK ? wait_us(scribe) : PAUSE_US;
    }
}

/* ---- the outside ---- */

static enum err open_parts(struct scribe *scribe, const struct scribe_config *config,
                           struct why *why)
{
    struct recorder_config recorder = {.state_folder = config->state_folder,
                                       .log_folder = scribe->folder,
                                       .origin = config->origin,
                                       .now_us = clock_wall_us(),
                                       .follows = config->follows};
    enum err err = file_join(scribe->folder, config->state_folder, "audit", why);
    if (err == OK) { err = database_open(&scribe->database, &config->database, why); }
    recorder.database = scribe->database;
    if (err == OK) { err = journal_open(&scribe->journal, scribe->database, why); }
    if (err == OK) { err = device_store_open(&scribe->devices, scribe->database, why); }
    if (err == OK) { err = verifier_open(&scribe->verifier, &config->trust, why); }
    if (err == OK) { err = recorder_open(&scribe->recorder, &recorder, why); }
    return err;
}

enum err scribe_open(struct scribe **out, const struct scribe_config *config, struct why *why)
{
    CLEANUP(scribe_close_p) struct scribe *scribe = MEM_NEW(struct scribe);
    if (pthread_mutex_init(&scribe->lock, NULL)) { abort(); }
    if (!config->trust.revocations) {
        return why_set(why, ERR_RANGE, "the scribe needs the list of who is withdrawn");
    }
    scribe->signer = config->signer;
    scribe->ca_news = config->ca_news;
    scribe->ca_path = config->trust.ca_path;
    scribe->trusted = ca_news_count(config->ca_news);
    scribe->bus = config->bus;
    scribe->follows = config->follows;
    if (!text_copy(scribe->prefix, sizeof scribe->prefix, config->prefix)) {
        return why_set(why, ERR_LIMIT, "the topic prefix is longer than %d letters",
                       TOPIC_PREFIX_SIZE - 1);
    }
    scribe->healthy = metric_gauge("tocsin_part_healthy",
                                   "Whether the part's last transaction worked.", "part=\"audit\"");
    scribe->size =
        metric_gauge("tocsin_audit_entries", "Entries below the newest signed checkpoint.", NULL);
    enum err err = open_parts(scribe, config, why);
    if (err != OK) { return err; }
    const int64_t now_us = clock_monotonic_us();
    scribe->confirm_until_us = now_us + CONFIRM_US;
    scribe->carry_us = now_us;
    scribe->idle_us = now_us + IDLE_US;
    metric_set(scribe->healthy, !recorder_halted(scribe->recorder));
    show(scribe);
    scribe->hints = queue_new(HINT_MAX, free);
    err = worker_start(&scribe->worker, "scribe", run, scribe, why);
    if (err == OK) { *out = TAKE(scribe); }
    return err;
}

void scribe_close(struct scribe *scribe)
{
    if (!scribe) { return; }
    if (scribe->hints) { queue_close(scribe->hints); }
    worker_join(scribe->worker);
    queue_free(scribe->hints);
    recorder_close(scribe->recorder);
    verifier_close(scribe->verifier);
    device_store_close(scribe->devices);
    journal_close(scribe->journal);
    database_close(scribe->database);
    scribe_view_deinit(&scribe->view);
    (void)pthread_mutex_destroy(&scribe->lock);
    free(scribe);
}

/* A full queue wakes the thread as well. */
static void tell(struct scribe *scribe, struct hint *hint)
{
    if (queue_push(scribe->hints, hint) != OK) { free(hint); }
}

void scribe_wake(struct scribe *scribe)
{
    struct hint *hint = MEM_NEW(struct hint);
    hint->kind = HINT_WAKE;
    tell(scribe, hint);
}

void scribe_lead(struct scribe *scribe, bool leads)
{
    struct hint *hint = MEM_NEW(struct hint);
    hint->kind = leads ? HINT_LEAD : HINT_FOLLOW;
    tell(scribe, hint);
}

void scribe_connected(struct scribe *scribe, bool connected)
{
    if (!connected) { return; }
    struct hint *hint = MEM_NEW(struct hint);
    hint->kind = HINT_CONNECTED;
    tell(scribe, hint);
}

void scribe_offer(struct scribe *scribe, const struct mqtt_message *message)
{
    if (message->payload.size > ENVELOPE_SIZE_MAX) { return; } /* no gateway of ours sends it */
    struct hint *hint = mem_zeroed(sizeof *hint + message->payload.size);
    hint->kind = HINT_MESSAGE;
    hint->size = message->payload.size;
    if (!text_copy(hint->topic, sizeof hint->topic, message->topic)) {
        free(hint);
        return;
    }
    if (hint->size > 0) { memcpy(hint->bytes, message->payload.data, hint->size); }
    tell(scribe, hint);
}

bool scribe_healthy(const struct scribe *scribe)
{
    return metric_value(scribe->healthy) != 0;
}

const char *scribe_log_folder(const struct scribe *scribe)
{
    return scribe->folder;
}
