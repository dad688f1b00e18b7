#include "alert/receipt.h"

#include <string.h>

static const char *const state_names[] = {"received", "lit", "spoken", "cleared", "refused"};

const char *receipt_state_name(enum receipt_state state)
{
    return state_names[state];
}

enum err receipt_state_parse(enum receipt_state *state, const char *name, struct why *why)
{
    for (size_t i = 0; i < ARRAY_LEN(state_names); i++) {
        if (strcmp(name, state_names[i]) == 0) {
            *state = (enum receipt_state)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED,
                   "state is \"%.20s\", expected received, lit, spoken, cleared or refused", name);
}

static enum err parse_reason(struct receipt *receipt, const struct value *content, struct why *why)
{
    const struct value *reason = value_get(content, "reason");
    if (!reason || value_kind(reason) == VALUE_KIND_NULL) { return OK; }
    const enum err err =
        value_need_text(content, "reason", receipt->reason, RECEIPT_REASON_SIZE, why);
    if (err != OK) { return err; }
    const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
    if (receipt->reason[strspn(receipt->reason, allowed)] != '\0') {
        return why_set(why, ERR_MALFORMED, "reason is not a word of a-z, 0-9 and _");
    }
    return OK;
}

enum err receipt_parse(struct receipt *out, const struct value *content, struct why *why)
{
    struct receipt receipt = {0};
    char state[12];
    int64_t revisions[2] = {1, INT32_MAX};
    enum err err = value_need_text(content, "alert_id", receipt.alert_id, ID_TEXT_SIZE, why);
    if (err == OK && !id_valid(receipt.alert_id)) {
        err = why_set(why, ERR_MALFORMED, "alert_id is not a UUID of version 7");
    }
    if (err == OK) {
        err = value_need_integer(content, "revision", revisions, &receipt.revision, why);
    }
    if (err == OK) { err = value_need_text(content, "state", state, sizeof state, why); }
    if (err == OK) { err = receipt_state_parse(&receipt.state, state, why); }
    if (err == OK) { err = parse_reason(&receipt, content, why); }
    if (err == OK) { err = value_need_time(content, "at", &receipt.at_us, why); }
    if (err != OK) { return why_prefix(why, err, "receipt"); }
    *out = receipt;
    return OK;
}

struct value *receipt_to_value(const struct receipt *receipt)
{
    struct value *content = value_object();
    value_set_text(content, "type", "receipt");
    value_set_text(content, "alert_id", receipt->alert_id);
    value_set_integer(content, "revision", receipt->revision);
    value_set_text(content, "state", receipt_state_name(receipt->state));
    value_set_text(content, "reason", receipt->reason[0] ? receipt->reason : NULL);
    value_set_time(content, "at", receipt->at_us);
    return content;
}
