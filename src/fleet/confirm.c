#include "fleet/confirm.h"

static enum err parse_one(struct confirm *confirm, const struct value *object, struct why *why)
{
    int64_t sequences[2] = {1, INT32_MAX};
    char event_id[ID_TEXT_SIZE];
    int64_t sequence = 0;
    if (value_kind(object) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "events: expected objects");
    }
    enum err err = value_need_text(object, "event_id", event_id, sizeof event_id, why);
    if (err == OK && !id_valid(event_id)) {
        err = why_set(why, ERR_MALFORMED, "event_id is not a UUID of version 7");
    }
    if (err == OK) { err = value_need_integer(object, "sequence", sequences, &sequence, why); }
    if (err == OK && !confirm_add(confirm, event_id, sequence)) {
        err = why_set(why, ERR_LIMIT, "more than %d events", CONFIRM_MAX);
    }
    return err;
}

enum err confirm_parse(struct confirm *out, const struct value *content, struct why *why)
{
    struct confirm confirm;
    confirm.count = 0;
    const struct value *events = value_get(content, "events");
    if (!events || value_kind(events) != VALUE_KIND_ARRAY) {
        return why_set(why, ERR_MALFORMED, "confirm: events is missing, expected a list");
    }
    enum err err = OK;
    for (size_t i = 0; err == OK && i < value_count(events); i++) {
        err = parse_one(&confirm, value_at(events, i), why);
    }
    if (err != OK) { return why_prefix(why, err, "confirm"); }
    *out = confirm;
    return OK;
}

struct value *confirm_to_value(const struct confirm *confirm)
{
    struct value *content = value_object();
    struct value *events = value_array();
    for (size_t i = 0; i < confirm->count; i++) {
        struct value *event = value_object();
        value_set_text(event, "event_id", confirm->events[i].event_id);
        value_set_integer(event, "sequence", confirm->events[i].sequence);
        value_append(events, event);
    }
    value_set_text(content, "type", "confirm");
    value_set(content, "events", events);
    return content;
}

bool confirm_add(struct confirm *confirm, const char *event_id, int64_t sequence)
{
    if (confirm->count == CONFIRM_MAX) { return false; }
    if (!text_copy(confirm->events[confirm->count].event_id, ID_TEXT_SIZE, event_id)) {
        return true; /* no id of ours: nobody waits for it */
    }
    confirm->events[confirm->count++].sequence = sequence;
    return true;
}
