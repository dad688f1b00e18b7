#include "programs/control/audit/scribe_inside.h"

enum { HINT_MAX = 1024, STRANGERS_MAX = 600 };
#define SETTLE_US (100 * (CLOCK_SECOND_US / 1000)) /* more entries often follow */
#define CARRY_EVERY_US (2 * CLOCK_SECOND_US)
#define CONFIRM_US (10 * CLOCK_SECOND_US)
#define IDLE_US (10 * CLOCK_MINUTE_US)
#define PAUSE_US CLOCK_SECOND_US
#define HOUSE_EVERY_US CLOCK_HOUR_US

/* ---- what others see ---- */

void scribe_show(struct scribe *scribe)
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
    case HINT_CONNECTED: scribe_ask_soon(scribe); break;
    case HINT_MESSAGE: scribe_take_message(scribe, hint); break;
    case HINT_OUTSIDE: scribe_take_abroad(scribe, hint); break;
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
        scribe_ask_soon(scribe);
        scribe_show(scribe);
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
    if (err == OK && (fresh || recorder_halted(scribe->recorder))) { scribe_show(scribe); }
    if (err != OK || now_us < scribe->house_us) { return err; }
    scribe->house_us = now_us + HOUSE_EVERY_US;
    return recorder_follow_house(scribe->recorder, why);
}

static enum err take_over(struct scribe *scribe, struct why *why)
{
    if (!scribe->takes_over) { return OK; }
    const enum err err = recorder_lead(scribe->recorder, clock_wall_us(), why);
    if (err == OK) {
        scribe->takes_over = false;
        scribe_show(scribe);
    }
    return err;
}

/* Epochs that end, entries that go. */
static enum err keep_house(struct scribe *scribe, int64_t now_us, struct why *why)
{
    uint64_t pruned = 0;
    if (!scribe->confirmed || now_us < scribe->house_us) { return OK; }
    scribe->house_us = now_us + HOUSE_EVERY_US;
    const enum err err = recorder_keep_house(scribe->recorder, clock_wall_us(), &pruned, why);
    if (pruned > 0) {
        log_event(LOG_LEVEL_INFO, "audit.pruned", "entries", LOG_NUMBER(pruned), NULL);
        scribe_show(scribe);
        scribe_ask_soon(scribe);
    }
    return err;
}

static enum err work(struct scribe *scribe, struct why *why)
{
    const int64_t now_us = clock_monotonic_us();
    if (scribe->follows) { return follow(scribe, now_us, why); }
    const enum err taken = take_over(scribe, why);
    if (taken != OK) { return taken; }
    scribe_ask_when_due(scribe, now_us);
    enum err err = write_when_idle(scribe, now_us, why);
    if (err == OK && now_us >= scribe->carry_us) { err = carry(scribe, now_us, why); }
    return err == OK ? keep_house(scribe, now_us, why) : err;
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

/* A full queue wakes the thread as well. */
static void tell(struct scribe *scribe, struct hint *hint)
{
    if (queue_push(scribe->hints, hint) != OK) { free(hint); }
}

/* From the envoy's thread. */
static void take_word(void *context, const struct envoy_answer *answer)
{
    struct scribe *scribe = context;
    const struct span words =
        answer->status ? text_span(&answer->body) : span_text(answer->why.text);
    struct hint *hint = mem_zeroed(sizeof *hint + words.size);
    hint->kind = HINT_OUTSIDE;
    hint->status = answer->status;
    hint->asked_size = answer->asked_size;
    hint->size = words.size;
    (void)!text_copy(hint->topic, sizeof hint->topic, answer->name);
    if (words.size > 0) { memcpy(hint->bytes, words.data, words.size); }
    tell(scribe, hint);
}

static enum err open_parts(struct scribe *scribe, const struct scribe_config *config,
                           struct why *why)
{
    struct recorder_config recorder = {.state_folder = config->state_folder,
                                       .log_folder = scribe->folder,
                                       .origin = config->origin,
                                       .epoch_us = config->epoch_us,
                                       .keep_us = config->keep_us,
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
    scribe_show(scribe);
    scribe->hints = queue_new(HINT_MAX, free);
    const struct envoy_port port = {.context = scribe, .answered = take_word};
    if (config->outside_count > 0) {
        err = abroad_open(&scribe->outside, config->outside, config->outside_count, &port, why);
    }
    if (err != OK) { return err; }
    err = worker_start(&scribe->worker, "scribe", run, scribe, why);
    if (err == OK) { *out = TAKE(scribe); }
    return err;
}

void scribe_close(struct scribe *scribe)
{
    if (!scribe) { return; }
    if (scribe->hints) { queue_close(scribe->hints); }
    worker_join(scribe->worker);
    abroad_close(scribe->outside); /* its last answers find the queue closed */
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
