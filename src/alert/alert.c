#include "alert/alert.h"

#include <string.h>
#include <strings.h>

#include "alert/language.h"

enum { ALERT_REPEAT_MAX_S = 3600 };

void alert_deinit(struct alert *alert)
{
    free(alert->texts);
    target_set_deinit(&alert->targets);
    *alert = (struct alert){0};
}

void alert_copy(struct alert *to, const struct alert *from)
{
    *to = *from;
    to->texts = NULL;
    if (from->text_count > 0) {
        to->texts = MEM_ARRAY(struct alert_text, from->text_count);
        memcpy(to->texts, from->texts, from->text_count * sizeof *from->texts);
    }
    target_set_copy(&to->targets, &from->targets);
}

const char *alert_action_name(enum alert_action action)
{
    return action == ALERT_ACTION_SHOW ? "show" : "cancel";
}

static const char *const status_names[] = {"actual", "exercise", "test"};

const char *alert_status_name(enum alert_status status)
{
    return status_names[status];
}

enum err alert_status_parse(enum alert_status *status, const char *name, struct why *why)
{
    for (size_t i = 0; i < ARRAY_LEN(status_names); i++) {
        if (strcmp(name, status_names[i]) != 0) { continue; }
        *status = (enum alert_status)i;
        return OK;
    }
    return why_set(why, ERR_MALFORMED, "status is \"%.20s\", expected actual, exercise or test",
                   name);
}

static bool printable(const char *text)
{
    for (const char *at = text; *at; at++) {
        const unsigned char letter = (unsigned char)*at;
        if ((letter < 0x20 && letter != '\n') || letter == 0x7f) { return false; }
    }
    return true;
}

static enum err text_parse(struct alert_text *out, const struct value *object, struct why *why)
{
    if (value_kind(object) != VALUE_KIND_OBJECT || value_count(object) != 2) {
        return why_set(why, ERR_MALFORMED, "expected {\"language\",\"text\"}");
    }
    enum err err = value_need_text(object, "language", out->language, ALERT_LANGUAGE_SIZE, why);
    if (err == OK) { err = value_need_text(object, "text", out->text, ALERT_TEXT_SIZE, why); }
    if (err != OK) { return err; }
    if (!language_valid(out->language)) {
        return why_set(why, ERR_MALFORMED,
                       "language is \"%s\", expected a BCP 47 tag such as en or zh-Hant",
                       out->language);
    }
    if (out->text[strspn(out->text, " \n")] == '\0' || !printable(out->text)) {
        return why_set(why, ERR_MALFORMED, "text is empty or has control characters");
    }
    return OK;
}

static bool spoken_before(const struct alert_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(texts[i].language, texts[count].language) == 0) { return true; }
    }
    return false;
}

enum err alert_texts_parse(struct alert_text **texts, size_t *count, const struct value *array,
                           struct why *why)
{
    if (!array || value_kind(array) != VALUE_KIND_ARRAY || value_count(array) == 0) {
        return why_set(why, ERR_MALFORMED, "texts are missing, expected a list with at least one");
    }
    const size_t wanted = value_count(array);
    if (wanted > ALERT_TEXT_MAX) {
        return why_set(why, ERR_LIMIT, "%zu texts, at most %d are allowed", wanted, ALERT_TEXT_MAX);
    }
    CLEANUP(mem_free_p) struct alert_text *list = MEM_ARRAY(struct alert_text, wanted);
    for (size_t i = 0; i < wanted; i++) {
        const enum err err = text_parse(&list[i], value_at(array, i), why);
        if (err != OK) { return why_prefix(why, err, "texts"); }
        if (spoken_before(list, i)) {
            return why_set(why, ERR_MALFORMED, "texts have language \"%s\" twice",
                           list[i].language);
        }
    }
    *texts = TAKE(list);
    *count = wanted;
    return OK;
}

struct value *alert_texts_to_value(const struct alert_text *texts, size_t count)
{
    struct value *array = value_array();
    for (size_t i = 0; i < count; i++) {
        struct value *text = value_object();
        value_set_text(text, "language", texts[i].language);
        value_set_text(text, "text", texts[i].text);
        value_append(array, text);
    }
    return array;
}

static enum err parse_action(enum alert_action *action, const char *name, struct why *why)
{
    if (strcmp(name, "show") != 0 && strcmp(name, "cancel") != 0) {
        return why_set(why, ERR_MALFORMED, "action is \"%.20s\", expected show or cancel", name);
    }
    *action = strcmp(name, "show") == 0 ? ALERT_ACTION_SHOW : ALERT_ACTION_CANCEL;
    return OK;
}

/* The members that are not lists. */
static enum err parse_head(struct alert *alert, const struct value *content, struct why *why)
{
    char type[8];
    char action[8];
    char tier[16];
    int64_t revisions[2] = {1, INT32_MAX};
    enum err err = value_need_text(content, "type", type, sizeof type, why);
    if (err == OK && strcmp(type, "alert") != 0) {
        err = why_set(why, ERR_MALFORMED, "content.type is \"%s\", expected alert", type);
    }
    if (err == OK) { err = value_need_text(content, "alert_id", alert->id, ID_TEXT_SIZE, why); }
    if (err == OK && !id_valid(alert->id)) {
        err = why_set(why, ERR_MALFORMED, "alert_id is \"%s\", expected a UUID of version 7",
                      alert->id);
    }
    if (err == OK) {
        err = value_need_integer(content, "revision", revisions, &alert->revision, why);
    }
    if (err == OK) { err = value_need_text(content, "action", action, sizeof action, why); }
    if (err == OK) { err = parse_action(&alert->action, action, why); }
    if (err == OK) { err = value_need_text(content, "tier", tier, sizeof tier, why); }
    if (err == OK) { err = tier_parse(&alert->tier, tier, why); }
    return err;
}

/* Absent means actual, as in every alert before there were exercises. */
static enum err parse_status(struct alert *alert, const struct value *content, struct why *why)
{
    char status[12];
    if (!value_get(content, "status")) { return OK; }
    const enum err err = value_need_text(content, "status", status, sizeof status, why);
    return err ? err : alert_status_parse(&alert->status, status, why);
}

static enum err parse_times(struct alert *alert, const struct value *content, struct why *why)
{
    int64_t repeats[2] = {0, ALERT_REPEAT_MAX_S};
    enum err err = value_need_time(content, "begin", &alert->begin_us, why);
    if (err == OK) { err = value_need_time(content, "expire", &alert->expire_us, why); }
    if (err == OK && value_get(content, "repeat_s")) {
        err = value_need_integer(content, "repeat_s", repeats, &alert->repeat_s, why);
    }
    if (err == OK && alert->expire_us <= alert->begin_us) {
        err = why_set(why, ERR_RANGE, "expire is not after begin");
    }
    return err;
}

enum err alert_parse(struct alert *out, const struct value *content, struct why *why)
{
    CLEANUP(alert_deinit) struct alert alert = {0};
    enum err err = parse_head(&alert, content, why);
    if (err == OK) { err = parse_status(&alert, content, why); }
    if (err == OK) { err = parse_times(&alert, content, why); }
    if (err == OK) { err = target_set_parse(&alert.targets, value_get(content, "targets"), why); }
    if (err == OK) {
        err = alert_texts_parse(&alert.texts, &alert.text_count, value_get(content, "texts"), why);
    }
    if (err != OK) { return why_prefix(why, err, "alert"); }
    *out = alert;
    alert = (struct alert){0};
    return OK;
}

struct value *alert_to_value(const struct alert *alert)
{
    struct value *content = value_object();
    value_set_text(content, "type", "alert");
    value_set_text(content, "alert_id", alert->id);
    value_set_integer(content, "revision", alert->revision);
    value_set_text(content, "action", alert_action_name(alert->action));
    value_set_text(content, "tier", tier_name(alert->tier));
    if (alert->status != ALERT_STATUS_ACTUAL) {
        value_set_text(content, "status", alert_status_name(alert->status));
    }
    value_set(content, "targets", target_set_to_value(&alert->targets));
    value_set(content, "texts", alert_texts_to_value(alert->texts, alert->text_count));
    value_set_time(content, "begin", alert->begin_us);
    value_set_time(content, "expire", alert->expire_us);
    value_set_integer(content, "repeat_s", alert->repeat_s);
    return content;
}
