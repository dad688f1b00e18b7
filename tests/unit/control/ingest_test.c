/* Messages of devices on their way into control's tables. */
#include "programs/control/ingest.h"

#include <signal.h>
#include <sys/wait.h>

#include "alert/dispatch.h"
#include "check.h"
#include "control_parts.h"

static struct value *event_of(int number, int64_t sequence)
{
    struct value *event = json(words_event);
    char id[ID_TEXT_SIZE];
    (void)snprintf(id, sizeof id, "019aaaaa-0000-7000-8000-%012d", number);
    value_set_text(event, "event_id", id);
    value_set_integer(event, "sequence", sequence);
    return event;
}

static void devices_are_heard(struct parts *parts, struct ingest *ingest)
{
    struct value *status = json(words_status);
    value_set_time(status, "at", clock_wall_us()); /* one from the future would be refused */
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/status", status));
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/telemetry", json(words_telemetry)));
    for (int i = 0; i < 20; i++) {
        CHECK(parts_say(parts, ingest, parts->edge, "sign-1/detection", event_of(i, 1)));
    }
    CHECK(parts_wait(parts, "SELECT count(*) FROM events", 20));
    CHECK(parts_wait(parts, "SELECT count(*) FROM devices WHERE online = 1", 1));
    CHECK(parts_wait(parts, "SELECT certificate_expires_us > 0 FROM devices", 1));
    CHECK(parts_wait_published(parts, 1));
    CHECK_TEXT(parts->published[0].topic, "tocsin/commands/sign-1/confirm");
    CHECK(ingest_healthy(ingest));
}

static void what_is_wrong_is_counted(struct parts *parts, struct ingest *ingest)
{
    const struct mqtt_message garbage = {.topic = "tocsin/devices/sign-1/status",
                                         .payload = span_text("not json")};
    CHECK(ingest_offer(ingest, &garbage));
    const struct mqtt_message cleared = {.topic = "tocsin/devices/sign-1/status"};
    CHECK(ingest_offer(ingest, &cleared)); /* passed over */
    /* another device's certificate, another's event, another's content, a strange topic */
    CHECK(parts_say(parts, ingest, parts->other, "sign-1/detection", event_of(77, 1)));
    CHECK(parts_say(parts, ingest, parts->other, "sign-2/detection", event_of(1, 9)));
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/ack", json(words_status)));
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/other", json(words_status)));
    struct value *bad = event_of(78, 1);
    value_set_real(bad, "score", 2);
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/detection", bad));
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/ack",
                    json("{'type':'receipt','alert_id':'019aaaaa-0000-7000-8000-00000000000a',"
                         "'revision':1,'state':'lit','at':'2026-11-22T09:00:00Z'}")));
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/detection", event_of(99, 1)));
    CHECK(parts_wait(parts, "SELECT count(*) FROM events", 21)); /* the last one: all are through */
    CHECK(parts_refused("malformed") == 3 && parts_refused("misplaced") == 1);
    CHECK(parts_refused("foreign") == 1 && parts_refused("unexpected_topic") == 1);
    CHECK(parts_refused("strange_receipt") == 1);
}

static void replays_are_refused_after_a_restart(struct parts *parts)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text message = text_limited(ENVELOPE_SIZE_MAX);
    test_must(envelope_sign(
                  parts->edge,
                  &(struct envelope_draft){.now_us = clock_wall_us(), .content = event_of(500, 1)},
                  &message, &why),
              &why);
    const struct mqtt_message arrived = {.topic = "tocsin/devices/sign-1/detection",
                                         .payload = text_span(&message)};
    struct ingest *ingest = parts_ingest(parts);
    CHECK(ingest_offer(ingest, &arrived));
    CHECK(parts_wait(parts, "SELECT count(*) FROM events", 22));
    const int64_t before = parts_refused("replayed");
    CHECK(ingest_offer(ingest, &arrived));
    ingest_close(ingest);
    CHECK(parts_refused("replayed") == before + 1);
    ingest = parts_ingest(parts);
    CHECK(ingest_offer(ingest, &arrived));
    ingest_close(ingest); /* enters what is queued */
    CHECK(parts_refused("replayed") == before + 2);
}

static struct value *telemetry_opened(int64_t tampered_us)
{
    struct value *telemetry = json(words_telemetry);
    const struct physical physical = {.guarded = true, .tampered_us = tampered_us};
    value_set(telemetry, "physical", physical_to_value(&physical));
    return telemetry;
}

/* What an opened device sees is not believed until an operator clears it, and comes again then. */
static void the_tampered_is_suspended(struct parts *parts)
{
    struct why why = {0};
    struct device_store *devices = NULL;
    struct value *seen = event_of(700, 1);
    CLEANUP(value_free_p) struct value *again = value_copy(seen);
    struct ingest *ingest = parts_ingest(parts);
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/telemetry",
                    telemetry_opened(clock_wall_us())));
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/detection", seen));
    ingest_close(ingest);
    CHECK(parts_refused("suspended") == 1);
    const int64_t before = tables_number(&parts->tables, "SELECT count(*) FROM events");
    test_must(device_store_open(&devices, parts->tables.database, &why), &why);
    CHECK(device_store_clear(devices, "sign-1", &why) == OK);
    device_store_close(devices);
    ingest = parts_ingest(parts);
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/detection", value_copy(again)));
    ingest_close(ingest);
    CHECK(parts_refused("suspended") == 1);
    CHECK(tables_number(&parts->tables, "SELECT count(*) FROM events") == before + 1);
}

static void the_withdrawn_are_refused(struct parts *parts)
{
    struct signer *enrol = parts_signer(parts, ROLE_ENROL, "enrol");
    struct signer *thief = parts_signer(parts, ROLE_EDGE, "thief");
    struct ingest *ingest = parts_ingest(parts);
    const int64_t misplaced = parts_refused("misplaced");
    const int64_t replayed = parts_refused("replayed");
    parts_tell_withdrawn(parts, ingest, parts->edge, 7, thief); /* no edge tells that */
    CHECK(parts_say(parts, ingest, thief, "thief/detection", event_of(600, 1)));
    CHECK(parts_wait(parts, "SELECT count(*) FROM events WHERE device = 'thief'", 1));
    parts_tell_withdrawn(parts, ingest, enrol, 8, thief);
    parts_tell_withdrawn(parts, ingest, enrol, 7, parts->other); /* an older one */
    CHECK(parts_say(parts, ingest, thief, "thief/detection", event_of(601, 1)));
    ingest_close(ingest);
    CHECK(parts_refused("misplaced") == misplaced + 1);
    CHECK(parts_refused("replayed") == replayed + 1);
    CHECK(parts_refused("revoked") == 1);
    ingest = parts_ingest(parts); /* it is remembered */
    CHECK(parts_say(parts, ingest, thief, "thief/detection", event_of(602, 1)));
    ingest_close(ingest);
    CHECK(parts_refused("revoked") == 2);
    CHECK(tables_number(&parts->tables, "SELECT count(*) FROM events WHERE device = 'thief'") == 1);
    signer_close(enrol);
    signer_close(thief);
}

static void receipts_move_deliveries(struct parts *parts)
{
    struct why why = {0};
    struct id id = {""};
    struct dispatch *dispatch = NULL;
    CLEANUP(value_free_p)
    struct value *body = json("{'tier':'advisory','texts':[{'language':'en','text':'x'}],"
                              "'targets':{'zones':['north']}}");
    const struct dispatch_order order = {.body = body, .actor = "ada"};
    test_must(dispatch_open(&dispatch, parts->tables.database, parts->control, &why), &why);
    test_must(dispatch_create(dispatch, &order, clock_wall_us(), &id, &why), &why);
    struct value *receipt = json("{'type':'receipt','revision':1,'state':'lit',"
                                 "'reason':null,'at':'2026-11-22T09:00:00Z'}");
    value_set_text(receipt, "alert_id", id.text);
    struct ingest *ingest = parts_ingest(parts);
    CHECK(parts_say(parts, ingest, parts->edge, "sign-1/ack", receipt));
    CHECK(parts_wait(parts, "SELECT count(*) FROM deliveries WHERE state = 4", 1));
    ingest_close(ingest);
    CHECK(parts->told_deliveries == 1 && parts->told_devices >= 1 && parts->told_events >= 22);
    dispatch_close(dispatch);
}

/*
 * A child takes messages in until it is killed; whatever it confirmed must be stored, each once.
 */
struct killed {
    struct parts *parts;
    int out;
};

static enum err publish_to_pipe(void *context, const struct mqtt_publication *publication)
{
    const struct killed *killed = context;
    CLEANUP(value_free_p) struct value *message = NULL;
    if (value_parse(&message, publication->payload, ENVELOPE_SIZE_MAX, NULL) != OK) { _exit(1); }
    const struct value *events = value_get(value_get(message, "content"), "events");
    for (size_t i = 0; i < value_count(events); i++) {
        const char *id = value_text_or(value_get(value_at(events, i), "event_id"), "");
        if (write(killed->out, id, ID_TEXT_SIZE) != ID_TEXT_SIZE) { _exit(1); }
    }
    return OK;
}

static _Noreturn void take_in_until_killed(struct parts *parts, int out)
{
    struct why why = {0};
    struct killed killed = {parts, out};
    struct ingest *ingest = NULL;
    const struct ingest_config config = {
        .database = place_config(&parts->tables.place),
        .trust = {.site = "demo", .ca_path = parts->ca_path},
        .signer = parts->control,
        .prefix = "tocsin",
        .live = {parts, parts_live},
        .bus = {&killed, publish_to_pipe},
    };
    test_must(ingest_open(&ingest, &config, &why), &why);
    for (int i = 1000; i < 100000; i++) {
        struct value *event = event_of(i, 1);
        if (!parts_say(parts, ingest, parts->edge, "sign-1/detection", event)) { _exit(2); }
    }
    _exit(3);
}

static void kill_9_loses_no_confirmed_event(struct parts *parts)
{
    int ends[2];
    char id[ID_TEXT_SIZE];
    if (pipe(ends) != 0) { exit(1); }
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) { take_in_until_killed(parts, ends[1]); }
    (void)close(ends[1]);
    int64_t confirmed = 0;
    int64_t missing = 0;
    struct statement *find = NULL;
    enum step step = STEP_DONE;
    CHECK(database_prepare(&find, parts->tables.database,
                           "SELECT 1 FROM events WHERE event_id = :id", NULL) == OK);
    while (read(ends[0], id, sizeof id) == (ssize_t)sizeof id) {
        if (++confirmed == 150) { CHECK(kill(child, SIGKILL) == 0); }
        statement_bind_text(find, ":id", id);
        missing += statement_step(find, &step, NULL) != OK || step != STEP_ROW;
        statement_reset(find);
    }
    (void)close(ends[0]);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    printf("# %lld events were confirmed before the kill\n", (long long)confirmed);
    CHECK(confirmed >= 150 && missing == 0);
}

int main(void)
{
    static struct parts parts;
    parts_open(&parts);
    kill_9_loses_no_confirmed_event(&parts); /* first: it forks, and no thread runs yet */
    CHECK(database_execute(parts.tables.database, "DELETE FROM events; DELETE FROM replay_marks",
                           NULL) == OK);
    struct ingest *ingest = parts_ingest(&parts);
    devices_are_heard(&parts, ingest);
    what_is_wrong_is_counted(&parts, ingest);
    ingest_close(ingest);
    replays_are_refused_after_a_restart(&parts);
    receipts_move_deliveries(&parts);
    the_tampered_is_suspended(&parts);
    the_withdrawn_are_refused(&parts);
    parts_close(&parts);
    return CHECK_DONE();
}
