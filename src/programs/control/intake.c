#include "programs/control/intake.h"

#include <string.h>

#include "alert/delivery_board.h"
#include "alert/receipt_book.h"
#include "alert/schedule.h"
#include "base/clock.h"
#include "base/log.h"
#include "fleet/confirm.h"
#include "fleet/device.h"
#include "fleet/event_age.h"
#include "ledger/journal.h"

enum note_kind { NOTE_EVENT, NOTE_DELIVERY, NOTE_DEVICE };

/* What browsers are told after the commit; the object is read then. */
struct note {
    enum note_kind kind;
    char id[ID_TEXT_SIZE]; /* of the event or alert */
    char device[IDENTITY_NAME_SIZE];
};

struct owed_confirm {
    char device[IDENTITY_NAME_SIZE];
    char event_id[ID_TEXT_SIZE];
    int64_t sequence; /* 0: done */
};

struct intake {
    struct intake_config config;
    struct device_store *devices;
    struct event_store *events;
    struct event_age age;
    struct receipt_book *receipts;
    struct schedule *schedule;
    struct delivery_board *board;
    struct journal *journal;
    int64_t now_us;
    bool device_back;
    struct note notes[INTAKE_NOTE_MAX];
    size_t note_count;
    struct owed_confirm confirms[INTAKE_NOTE_MAX];
    size_t confirm_count;
};

enum err intake_open(struct intake **out, const struct intake_config *config, struct why *why)
{
    CLEANUP(intake_close_p) struct intake *intake = MEM_NEW(struct intake);
    intake->config = *config;
    intake->age.keep_us = config->events_keep_us;
    enum err err = device_store_open(&intake->devices, config->database, why);
    if (err == OK) { err = event_store_open(&intake->events, config->database, why); }
    if (err == OK) { err = receipt_book_open(&intake->receipts, config->database, why); }
    if (err == OK) { err = schedule_open(&intake->schedule, config->database, why); }
    if (err == OK) { err = delivery_board_open(&intake->board, config->database, why); }
    if (err == OK) { err = journal_open(&intake->journal, config->database, why); }
    if (err == OK) { *out = TAKE(intake); }
    return err;
}

void intake_close(struct intake *intake)
{
    if (!intake) { return; }
    device_store_close(intake->devices);
    event_store_close(intake->events);
    receipt_book_close(intake->receipts);
    schedule_close(intake->schedule);
    delivery_board_close(intake->board);
    journal_close(intake->journal);
    free(intake);
}

void intake_begin(struct intake *intake, int64_t now_us)
{
    intake->now_us = now_us;
    intake->device_back = false;
    intake->note_count = 0;
    intake->confirm_count = 0;
}

static void add_note(struct intake *intake, enum note_kind kind, const char *id, const char *device)
{
    if (intake->note_count == INTAKE_NOTE_MAX) { return; } /* the page loads afresh anyway */
    struct note *note = &intake->notes[intake->note_count++];
    note->kind = kind;
    (void)!text_copy(note->id, sizeof note->id, id);
    (void)!text_copy(note->device, sizeof note->device, device);
}

/* ---- one kind of content each ---- */

static enum err enter_event(struct intake *intake, const struct intake_message *message,
                            const char **reason, struct why *why)
{
    struct event event;
    if (event_parse(&event, message->envelope.content, why) != OK) {
        *reason = "malformed";
        return OK;
    }
    const struct event_report report = {
        .device = message->parts.device, .event = &event, .now_us = intake->now_us};
    enum event_outcome outcome = EVENT_OUTCOME_FOREIGN;
    const enum err err = event_store_put(intake->events, &report, &outcome, why);
    if (err != OK) { return err; }
    if (outcome == EVENT_OUTCOME_FOREIGN) {
        (void)why_set(why, OK, "event %s belongs to another device", event.id);
        *reason = "foreign";
        return OK;
    }
    if (outcome == EVENT_OUTCOME_STORED) {
        add_note(intake, NOTE_EVENT, event.id, message->parts.device);
    }
    if (intake->confirm_count < INTAKE_NOTE_MAX) {
        struct owed_confirm *owed = &intake->confirms[intake->confirm_count++];
        memcpy(owed->device, message->parts.device, sizeof owed->device);
        memcpy(owed->event_id, event.id, sizeof owed->event_id);
        owed->sequence = event.sequence;
    }
    return OK;
}

static enum err enter_receipt(struct intake *intake, const struct intake_message *message,
                              const char **reason, struct why *why)
{
    struct receipt receipt;
    if (receipt_parse(&receipt, message->envelope.content, why) != OK) {
        *reason = "malformed";
        return OK;
    }
    char zone[IDENTITY_NAME_SIZE];
    enum err err = device_store_zone(intake->devices, message->parts.device, zone, why);
    if (err != OK) { return err; }
    const struct receipt_entry entry = {.receipt = &receipt,
                                        .device = message->parts.device,
                                        .zone = zone,
                                        .now_us = intake->now_us};
    enum receipt_outcome outcome = RECEIPT_OUTCOME_KNOWN;
    err = receipt_book_enter(intake->receipts, &entry, &outcome, why);
    if (err != OK) { return err; }
    if (outcome == RECEIPT_OUTCOME_STRANGE) {
        (void)why_set(why, OK, "no delivery of alert %s revision %lld to this device",
                      receipt.alert_id, (long long)receipt.revision);
        *reason = "strange_receipt";
    } else if (outcome == RECEIPT_OUTCOME_CHANGED) {
        add_note(intake, NOTE_DELIVERY, receipt.alert_id, message->parts.device);
    }
    return OK;
}

/* A device that was never heard of goes on record, in the transaction that makes it known. */
static enum err enter_first_sight(struct intake *intake, const struct device_report *report,
                                  struct why *why)
{
    uint64_t index = 0;
    const enum err err = journal_find(intake->journal, "device_seen", report->name, &index, NULL);
    if (err != ERR_NOT_FOUND) { return err; }
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_text(details, "identity", report->identity);
    value_set_text(details, "zone", report->status->zone);
    const struct entry_fact fact = {.at_us = intake->now_us,
                                    .action = "device_seen",
                                    .resource = report->name,
                                    .authorisation = "certificate",
                                    .details = details};
    return journal_enter(intake->journal, &fact, why);
}

static enum err enter_status(struct intake *intake, const struct intake_message *message,
                             const char **reason, struct why *why)
{
    struct status status;
    if (status_parse(&status, message->envelope.content, why) != OK) {
        *reason = "malformed";
        return OK;
    }
    CLEANUP(text_deinit) struct text identity = text_limited(256);
    identity_write(&message->envelope.signer, &identity);
    const struct device_report report = {
        .name = message->parts.device,
        .identity = text_c(&identity),
        .certificate_expires_us = message->envelope.signer_until_us,
        .status = &status,
        .now_us = intake->now_us,
    };
    enum device_change change = DEVICE_CHANGE_NONE;
    enum err err = device_store_status(intake->devices, &report, &change, why);
    if (err != OK) { return err; }
    if (change == DEVICE_CHANGE_STALE) {
        (void)why_set(why, OK, "a newer status of this device is known, or its clock is ahead");
        *reason = "stale";
        return OK;
    }
    if (change != DEVICE_CHANGE_NONE) { add_note(intake, NOTE_DEVICE, "", report.name); }
    if (change == DEVICE_CHANGE_BACK) {
        intake->device_back = true;
        err = enter_first_sight(intake, &report, why);
        if (err != OK) { return err; }
        err = schedule_hasten(intake->schedule, report.name, intake->now_us, why);
    }
    return err;
}

/* A device that was not suspended, and may be now: that goes on record with it. */
static enum err enter_suspension(struct intake *intake, const struct intake_message *message,
                                 const struct telemetry *telemetry, struct why *why)
{
    bool suspended = false;
    const char *name = message->parts.device;
    const enum err err = device_store_suspended(intake->devices, name, &suspended, why);
    if (err != OK || !suspended) { return err; }
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_text(details, "reason", "tamper");
    value_set_time(details, "opened_at", telemetry->physical.tampered_us);
    const struct entry_fact fact = {.at_us = intake->now_us,
                                    .action = "device_suspended",
                                    .resource = name,
                                    .authorisation = "certificate",
                                    .details = details};
    return journal_enter(intake->journal, &fact, why);
}

static enum err enter_telemetry(struct intake *intake, const struct intake_message *message,
                                const char **reason, struct why *why)
{
    struct telemetry telemetry;
    if (telemetry_parse(&telemetry, message->envelope.content, why) != OK) {
        *reason = "malformed";
        return OK;
    }
    bool before = true;
    enum err err = OK;
    if (telemetry.physical.tampered_us > 0) {
        err = device_store_suspended(intake->devices, message->parts.device, &before, why);
    }
    if (err == OK) {
        err = device_store_telemetry(intake->devices, message->parts.device, &telemetry,
                                     intake->now_us, why);
    }
    if (err == ERR_NOT_FOUND) { return OK; } /* its status is still on the way */
    if (err == OK && !before) { err = enter_suspension(intake, message, &telemetry, why); }
    if (err == OK) { add_note(intake, NOTE_DEVICE, "", message->parts.device); }
    return err;
}

static const struct {
    enum topic_kind topic;
    const char *type;
    enum err (*enter)(struct intake *intake, const struct intake_message *message,
                      const char **reason, struct why *why);
} contents[] = {
    {TOPIC_KIND_DETECTION, "event", enter_event},
    {TOPIC_KIND_ACK, "receipt", enter_receipt},
    {TOPIC_KIND_STATUS, "status", enter_status},
    {TOPIC_KIND_TELEMETRY, "telemetry", enter_telemetry},
};

/* Whether what the device sees or confirms is not believed now: its housing was opened. */
static enum err judge_suspension(struct intake *intake, const struct intake_message *message,
                                 const char **reason, struct why *why)
{
    bool suspended = false;
    const enum topic_kind kind = message->parts.kind;
    if (kind != TOPIC_KIND_DETECTION && kind != TOPIC_KIND_ACK) { return OK; }
    const enum err err =
        device_store_suspended(intake->devices, message->parts.device, &suspended, why);
    if (err == OK && suspended) {
        (void)why_set(why, OK, "its housing was opened; an operator has to clear it");
        *reason = "suspended";
    }
    return err;
}

enum err intake_enter(struct intake *intake, const struct intake_message *message,
                      const char **reason, struct why *why)
{
    *reason = NULL;
    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        if (contents[i].topic != message->parts.kind) { continue; }
        if (strcmp(contents[i].type, message->envelope.type) != 0) {
            (void)why_set(why, OK, "content is of type %s, expected %s", message->envelope.type,
                          contents[i].type);
            *reason = "malformed";
            return OK;
        }
        enum err err = judge_suspension(intake, message, reason, why);
        if (err != OK || *reason) { return err; }
        err = contents[i].enter(intake, message, reason, why);
        const bool will = message->parts.kind == TOPIC_KIND_STATUS; /* says nothing of now */
        if (err != OK || *reason || will) { return err; }
        return device_store_contact(intake->devices, message->parts.device, intake->now_us, why);
    }
    (void)why_set(why, OK, "nothing is expected on this topic");
    *reason = "unexpected_topic";
    return OK;
}

/* ---- after the commit ---- */

static enum err read_note(struct intake *intake, const struct note *note, struct value **data,
                          struct why *why)
{
    switch (note->kind) {
    case NOTE_EVENT: return event_store_get(intake->events, note->id, data, why);
    case NOTE_DEVICE:
        return device_store_get(intake->devices, note->device, intake->now_us, data, why);
    case NOTE_DELIVERY: {
        const struct delivery_board_key key = {note->id, note->device, intake->now_us};
        return delivery_board_delivery(intake->board, &key, data, why);
    }
    }
    return ERR_RANGE;
}

static void tell_browsers(struct intake *intake)
{
    static const char *const kinds[] = {"event", "delivery", "device"};
    for (size_t i = 0; i < intake->note_count; i++) {
        const struct note *note = &intake->notes[i];
        struct value *data = NULL;
        struct why why = {0};
        if (read_note(intake, note, &data, &why) != OK) {
            log_event(LOG_LEVEL_WARNING, "live.unread", "kind", kinds[note->kind], "why", why.text,
                      NULL);
            continue;
        }
        intake->config.live.send(intake->config.live.context, kinds[note->kind], data);
    }
}

static void publish_confirm(const struct intake *intake, const char *device,
                            const struct confirm *confirm)
{
    CLEANUP(text_deinit) struct text payload = text_limited(ENVELOPE_SIZE_MAX);
    char topic[TOPIC_SIZE];
    struct why why = {0};
    const struct envelope_draft draft = {
        .tier = TIER_INFORMATIONAL, .now_us = intake->now_us, .content = confirm_to_value(confirm)};
    enum err err = envelope_sign(intake->config.signer, &draft, &payload, &why);
    if (err == OK) {
        err = topic_of_device(topic, intake->config.prefix, TOPIC_KIND_CONFIRM, device);
    }
    if (err != OK) {
        log_event(LOG_LEVEL_ERROR, "confirm.unsigned", "device", device, "why", why.text, NULL);
        return;
    }
    const struct mqtt_publication publication = {
        .topic = topic, .payload = text_span(&payload), .expiry_s = 60};
    /* One that is lost is asked for: the edge sends the event again. */
    (void)!intake->config.bus.publish(intake->config.bus.context, &publication);
}

/* Takes all that is owed to a device, from `first` on. */
static void gather(struct intake *intake, size_t first, const char *device, struct confirm *confirm)
{
    confirm->count = 0;
    for (size_t i = first; i < intake->confirm_count; i++) {
        struct owed_confirm *owed = &intake->confirms[i];
        if (owed->sequence == 0 || strcmp(owed->device, device) != 0) { continue; }
        (void)!confirm_add(confirm, owed->event_id, owed->sequence);
        owed->sequence = 0;
    }
}

/* One message per device for all its events of this batch. */
static void confirm_events(struct intake *intake)
{
    for (size_t i = 0; i < intake->confirm_count; i++) {
        struct confirm confirm;
        if (intake->confirms[i].sequence == 0) { continue; }
        gather(intake, i, intake->confirms[i].device, &confirm);
        publish_confirm(intake, intake->confirms[i].device, &confirm);
    }
}

bool intake_announce(struct intake *intake)
{
    confirm_events(intake);
    tell_browsers(intake);
    return intake->device_back;
}

enum err intake_forget(struct intake *intake, struct why *why)
{
    int64_t forgotten = 0;
    const struct event_age_time now = {intake->now_us, clock_monotonic_us()};
    return event_age_run(&intake->age, intake->events, now, &forgotten, why);
}
