#include "programs/control/ingest.h"

#include "fleet/revocation_message.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "fleet/replay_marks.h"
#include "programs/control/intake.h"
#include "system/queue.h"
#include "system/worker.h"

/* A server that is away is asked ten times a second, for half a minute. */
enum { STORE_TRIES = 3, AWAY_TRIES = 300, AWAY_PAUSE_NS = 100000000 };
/* After taking over: what the broker kept for us, while another server heard it as well. */
#define KNOWN_US (10 * CLOCK_SECOND_US)

/* A message on its way to the thread; topic and payload stand behind it in one block. */
struct parcel {
    bool takes_over; /* no message: the marks that another server has left count from now on */
    bool retained;
    size_t topic_size, payload_size;
    char bytes[];
};

struct ingest {
    struct database *database;
    struct anchors *anchors;
    struct revocations *revocations;
    struct verifier *verifier;
    const struct ca_news *ca_news; /* borrowed, may be NULL */
    const char *ca_path;           /* borrowed */
    uint64_t trusted;              /* ca_news when the CAs were read */
    struct replay_marks *marks;
    struct intake *intake;
    struct queue *queue;
    struct worker *worker;
    char prefix[TOPIC_PREFIX_SIZE];
    void (*overdue)(void *context);
    void *overdue_context;
    struct refusal refusal;
    struct metric *admitted, *dropped, *healthy;
    struct parcel *parcels[INGEST_BATCH_MAX];
    struct intake_message messages[INGEST_BATCH_MAX];
    int64_t known_until_us; /* until then a repetition is no news */
    size_t count;           /* of messages: the verified ones of the present batch */
};

/* ---- the thread ---- */

/* The CA's list of withdrawn certificates; none but tocsin-enrol brings it. */
static void hear_revocation(struct ingest *ingest, const char *topic, struct span payload,
                            int64_t now_us)
{
    struct why why = {0};
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    enum revocation_answer answer = REVOCATION_ANSWER_MALFORMED;
    const enum verdict verdict = verifier_judge(ingest->verifier, payload, now_us, &envelope, &why);
    if (verdict != VERDICT_ADMIT) {
        refusal_note(&ingest->refusal, verdict_name(verdict), topic, why.text, now_us);
        return;
    }
    if (envelope.signer.role != ROLE_ENROL) {
        refusal_note(&ingest->refusal, "misplaced", topic, "not signed by tocsin-enrol", now_us);
        return;
    }
    enum err err = revocation_message_read(&der, envelope.content, &why);
    if (err == OK) { err = revocations_take(ingest->revocations, text_span(&der), &answer, &why); }
    if (answer == REVOCATION_ANSWER_TAKEN) {
        log_event(LOG_LEVEL_INFO, "revocation.taken", "number",
                  LOG_NUMBER(revocations_number(ingest->revocations)), "withdrawn",
                  LOG_NUMBER(revocations_count(ingest->revocations)), NULL);
        if (err != OK) { log_event(LOG_LEVEL_ERROR, "revocation.unstored", "why", why.text, NULL); }
    } else if (answer != REVOCATION_ANSWER_KNOWN) {
        const bool older = answer == REVOCATION_ANSWER_OLDER;
        refusal_note(&ingest->refusal, older ? "replayed" : revocation_answer_name(answer), topic,
                     why.text, now_us);
    }
}

static void load_marks(struct ingest *ingest, int64_t now_us)
{
    ingest->known_until_us = now_us + KNOWN_US;
    struct why why = {0};
    if (replay_marks_load(ingest->marks, ingest->verifier, &why) == OK) { return; }
    metric_set(ingest->healthy, 0);
    log_event(LOG_LEVEL_ERROR, "ingest.unmarked", "why", why.text, NULL);
}

/* Believes the CAs of the day from now on; those of before while they cannot be read. */
static void trust_anew(struct ingest *ingest)
{
    const uint64_t changes = ca_news_count(ingest->ca_news);
    if (changes == ingest->trusted) { return; }
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    struct why why = {0};
    enum err err = anchors_open(&anchors, ingest->ca_path, &why);
    if (err == OK) { err = verifier_trust(ingest->verifier, anchors, &why); }
    if (err != OK) {
        log_event(LOG_LEVEL_ERROR, "identity.unusable", "why", why.text, NULL);
        return;
    }
    revocations_trust(ingest->revocations, anchors);
    anchors_free(ingest->anchors);
    ingest->anchors = TAKE(anchors);
    ingest->trusted = changes;
}

/* Verifies one; what passes joins the batch. */
static void admit(struct ingest *ingest, const struct parcel *parcel, int64_t now_us)
{
    struct intake_message *message = &ingest->messages[ingest->count];
    struct why why = {0};
    const char *topic = parcel->bytes;
    const struct span payload = span_of(parcel->bytes + parcel->topic_size, parcel->payload_size);
    if (parcel->takes_over) {
        load_marks(ingest, now_us);
        return;
    }
    if (payload.size == 0) { return; } /* a retained message was cleared */
    trust_anew(ingest);
    const bool known = topic_split(&message->parts, ingest->prefix, topic);
    if (known && message->parts.kind == TOPIC_KIND_REVOCATION) {
        hear_revocation(ingest, topic, payload, now_us);
        return;
    }
    if (!known || !message->parts.device[0]) {
        refusal_note(&ingest->refusal, "unexpected_topic", topic, "no device stands in it", now_us);
        return;
    }
    enum verdict verdict =
        verifier_judge(ingest->verifier, payload, now_us, &message->envelope, &why);
    /* After a reconnect the broker tells again what it keeps, and that is known already. */
    const bool told_again = parcel->retained || now_us < ingest->known_until_us;
    if (verdict == VERDICT_REPLAYED && told_again) { return; }
    if (verdict == VERDICT_ADMIT) {
        verdict = envelope_from(&message->envelope, message->parts.device, &why);
        if (verdict == VERDICT_ADMIT) {
            message->topic = topic;
            ingest->count++;
            return;
        }
        envelope_deinit(&message->envelope);
    }
    refusal_note(&ingest->refusal, verdict_name(verdict), topic, why.text, now_us);
}

/* Part of the present batch. */
struct part {
    size_t begin, end;
};

static enum err enter_all(struct ingest *ingest, struct part part, int64_t now_us, struct why *why)
{
    enum err err = OK;
    for (size_t i = part.begin; err == OK && i < part.end; i++) {
        const char *reason = NULL;
        err = intake_enter(ingest->intake, &ingest->messages[i], &reason, why);
        if (err == OK && reason) {
            refusal_note(&ingest->refusal, reason, ingest->messages[i].topic, why->text, now_us);
        }
    }
    if (err == OK) { err = replay_marks_save(ingest->marks, ingest->verifier, why); }
    if (err == OK) { err = intake_forget(ingest->intake, why); }
    return err;
}

static enum err store(struct ingest *ingest, struct part part, int64_t now_us, struct why *why)
{
    enum err err = database_begin(ingest->database, why);
    if (err != OK) { return err; }
    intake_begin(ingest->intake, now_us);
    err = enter_all(ingest, part, now_us, why);
    database_end(ingest->database, &err, why);
    return err;
}

/* A database server that restarts loses nobody's message: they wait here, and in the queue. */
static enum err wait_and_store(struct ingest *ingest, struct part part, int64_t now_us,
                               struct why *why)
{
    const struct timespec pause = {.tv_nsec = AWAY_PAUSE_NS};
    enum err err = ERR_UNAVAILABLE;
    metric_set(ingest->healthy, 0);
    log_event(LOG_LEVEL_WARNING, "ingest.waiting", "why", why->text, NULL);
    for (int i = 0; err == ERR_UNAVAILABLE && i < AWAY_TRIES && !queue_closed(ingest->queue); i++) {
        (void)nanosleep(&pause, NULL);
        err = store(ingest, part, now_us, why);
    }
    return err;
}

/* One transaction, with more tries at a lock or a passing fault; tells the rest once it is stored.
 */
static enum err settle_part(struct ingest *ingest, struct part part, int64_t now_us,
                            struct why *why)
{
    enum err err = ERR_TIMEOUT;
    for (int i = 0; err != OK && i < STORE_TRIES; i++) {
        err = store(ingest, part, now_us, why);
    }
    if (err == ERR_UNAVAILABLE) { err = wait_and_store(ingest, part, now_us, why); }
    if (err != OK) { return err; }
    metric_add(ingest->admitted, (int64_t)(part.end - part.begin));
    if (intake_announce(ingest->intake) && ingest->overdue) {
        ingest->overdue(ingest->overdue_context);
    }
    return OK;
}

static void lose(struct ingest *ingest, size_t count, const struct why *why)
{
    metric_add(ingest->dropped, (int64_t)count);
    log_event(LOG_LEVEL_ERROR, "ingest.unstored", "messages", LOG_NUMBER(count), "why", why->text,
              NULL);
}

/* The batch into the database. What cannot be stored together is tried one by one: none of them may
 * keep the others out. */
static void settle(struct ingest *ingest, int64_t now_us)
{
    struct why why = {0};
    const struct part whole = {0, ingest->count};
    const enum err err = settle_part(ingest, whole, now_us, &why);
    const bool divide = err != OK && err != ERR_TIMEOUT && err != ERR_IO &&
                        err != ERR_UNAVAILABLE && ingest->count > 1;
    metric_set(ingest->healthy, err == OK || divide);
    if (err != OK && !divide) { lose(ingest, ingest->count, &why); }
    for (size_t i = 0; divide && i < ingest->count; i++) {
        const struct part one = {i, i + 1};
        if (settle_part(ingest, one, now_us, &why) != OK) { lose(ingest, 1, &why); }
    }
}

static void run(void *context)
{
    struct ingest *ingest = context;
    for (;;) {
        size_t taken = 0;
        ingest->count = 0;
        struct parcel *parcel = queue_pop(ingest->queue, -1);
        const int64_t now_us = clock_wall_us();
        for (; parcel; parcel = taken < INGEST_BATCH_MAX ? queue_pop(ingest->queue, 0) : NULL) {
            ingest->parcels[taken++] = parcel;
            admit(ingest, parcel, now_us);
        }
        if (taken == 0) { return; } /* closed and empty */
        if (ingest->count > 0) { settle(ingest, now_us); }
        for (size_t i = 0; i < ingest->count; i++) {
            envelope_deinit(&ingest->messages[i].envelope);
        }
        for (size_t i = 0; i < taken; i++) {
            free(ingest->parcels[i]);
        }
    }
}

/* ---- the outside ---- */

static void make_metrics(struct ingest *ingest)
{
    ingest->admitted = metric_counter("tocsin_messages_admitted_total",
                                      "Messages from devices that were verified and stored.", NULL);
    ingest->dropped =
        metric_counter("tocsin_messages_unstored_total",
                       "Messages that the database could not take; devices repeat them.", NULL);
    ingest->healthy = metric_gauge(
        "tocsin_part_healthy", "Whether the part's last transaction worked.", "part=\"ingest\"");
    metric_set(ingest->healthy, 1);
}

static enum err open_trust(struct ingest *ingest, const struct ingest_config *config,
                           struct why *why)
{
    struct why damage = {0};
    struct verifier_config trust = config->trust;
    ingest->ca_news = config->ca_news;
    ingest->ca_path = trust.ca_path;
    ingest->trusted = ca_news_count(config->ca_news);
    const enum err err = anchors_open(&ingest->anchors, trust.ca_path, why);
    if (err != OK) { return err; }
    if (revocations_open(&ingest->revocations, ingest->anchors, config->withdrawn_path, &damage)) {
        log_event(LOG_LEVEL_ERROR, "revocation.damaged", "why", damage.text, NULL);
    }
    trust.revocations = ingest->revocations;
    return verifier_open(&ingest->verifier, &trust, why);
}

static enum err open_parts(struct ingest *ingest, const struct ingest_config *config,
                           struct why *why)
{
    const struct intake_config intake = {.signer = config->signer,
                                         .prefix = ingest->prefix,
                                         .events_keep_us = config->events_keep_us,
                                         .live = config->live,
                                         .bus = config->bus};
    struct database_config database = config->database;
    database.checkpoint_elsewhere = false; /* nobody waits for our commits */
    enum err err = database_open(&ingest->database, &database, why);
    if (err == OK) { err = open_trust(ingest, config, why); }
    if (err == OK) { err = replay_marks_open(&ingest->marks, ingest->database, why); }
    if (err == OK) { err = replay_marks_load(ingest->marks, ingest->verifier, why); }
    if (err == OK) {
        struct intake_config whole = intake;
        whole.database = ingest->database;
        err = intake_open(&ingest->intake, &whole, why);
    }
    return err;
}

enum err ingest_open(struct ingest **out, const struct ingest_config *config, struct why *why)
{
    CLEANUP(ingest_close_p) struct ingest *ingest = MEM_NEW(struct ingest);
    ingest->overdue = config->overdue;
    ingest->overdue_context = config->overdue_context;
    if (!text_copy(ingest->prefix, sizeof ingest->prefix, config->prefix)) {
        return why_set(why, ERR_LIMIT, "the topic prefix is longer than %d letters",
                       TOPIC_PREFIX_SIZE - 1);
    }
    make_metrics(ingest);
    enum err err = open_parts(ingest, config, why);
    if (err != OK) { return err; }
    ingest->queue = queue_new(INGEST_QUEUE_MAX, free);
    err = worker_start(&ingest->worker, "ingest", run, ingest, why);
    if (err == OK) { *out = TAKE(ingest); }
    return err;
}

void ingest_close(struct ingest *ingest)
{
    if (!ingest) { return; }
    if (ingest->queue) { queue_close(ingest->queue); }
    worker_join(ingest->worker);
    queue_free(ingest->queue);
    intake_close(ingest->intake);
    replay_marks_close(ingest->marks);
    verifier_close(ingest->verifier);
    revocations_close(ingest->revocations);
    anchors_free(ingest->anchors);
    database_close(ingest->database);
    free(ingest);
}

bool ingest_offer(struct ingest *ingest, const struct mqtt_message *message)
{
    const size_t topic_size = strlen(message->topic) + 1;
    if (topic_size > MQTT_TOPIC_SIZE || message->payload.size > ENVELOPE_SIZE_MAX + 1) {
        return true; /* no broker of ours passes it on */
    }
    struct parcel *parcel = mem_zeroed(sizeof(struct parcel) + topic_size + message->payload.size);
    parcel->retained = message->retained;
    parcel->topic_size = topic_size;
    parcel->payload_size = message->payload.size;
    memcpy(parcel->bytes, message->topic, topic_size);
    if (message->payload.size > 0) {
        memcpy(parcel->bytes + topic_size, message->payload.data, message->payload.size);
    }
    if (queue_push(ingest->queue, parcel) == OK) { return true; }
    free(parcel);
    return false;
}

enum err ingest_take_over(struct ingest *ingest)
{
    struct parcel *parcel = mem_zeroed(sizeof(struct parcel) + 1);
    parcel->takes_over = true;
    const enum err err = queue_push(ingest->queue, parcel);
    if (err != OK) { free(parcel); }
    return err;
}

bool ingest_healthy(const struct ingest *ingest)
{
    return metric_value(ingest->healthy) != 0;
}

struct revocations *ingest_revocations(const struct ingest *ingest)
{
    return ingest->revocations;
}
