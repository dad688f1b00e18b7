#include <stdio.h>
#include <strings.h>

#include "base/log.h"
#include "programs/control/control.h"

enum { LIMIT_MAX = 200 };

static int status_of(enum err err)
{
    switch (err) {
    case OK: return 200;
    case ERR_RANGE:
    case ERR_MALFORMED: return 400;
    case ERR_LIMIT: return 413;
    case ERR_NOT_FOUND: return 404;
    case ERR_CONFLICT: return 409;
    case ERR_DENIED: return 403;
    case ERR_TIMEOUT:
    case ERR_CLOSED:
    case ERR_UNAVAILABLE:
    case ERR_DAMAGED:
    case ERR_IO: return 503;
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

static const char *title_of(int status)
{
    switch (status) {
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    default: return "Service Unavailable";
    }
}

void call_refuse(struct call *call, int status, const char *title, const char *detail)
{
    http_answer_problem(call->request, status, title, detail);
}

void call_problem(struct call *call, enum err err, const struct why *why)
{
    const int status = status_of(err);
    if (status == 503) { /* ours, not the client's: the sentence is for the log */
        log_event(LOG_LEVEL_ERROR, "http.failed", "method", http_method(call->request), "path",
                  http_path(call->request), "error", err_name(err), "reason", why->text, NULL);
        http_add_header(call->request, "Retry-After", "1");
        call_refuse(call, status, title_of(status), "The server cannot do this now. Try again.");
        return;
    }
    call_refuse(call, status, title_of(status), why->text);
}

void call_failure(struct call *call, enum err err, const struct why *why)
{
    call_problem(call, err == ERR_LIMIT ? ERR_UNAVAILABLE : err, why);
}

void call_answer(struct call *call, enum err err, int status, struct value **value,
                 const struct why *why)
{
    if (err) {
        call_problem(call, err, why);
        return;
    }
    http_answer_json(call->request, status, *value);
    value_free(TAKE(*value));
}

bool call_body(struct call *call, struct value **body)
{
    const char *type = http_header(call->request, "Content-Type");
    const size_t size = type ? strcspn(type, "; ") : 0;
    if (size != strlen("application/json") || strncasecmp(type, "application/json", size) != 0) {
        call_refuse(call, 415, "Unsupported Media Type", "The body must be application/json.");
        return false;
    }
    struct why why = {""};
    enum err err = value_parse(body, http_body(call->request), CALL_BODY_SIZE_MAX, &why);
    if (!err && value_kind(*body) != VALUE_KIND_OBJECT) {
        value_free(TAKE(*body));
        err = why_set(&why, ERR_MALFORMED, "the body must be a JSON object");
    }
    if (err) { call_problem(call, err, &why); }
    return !err;
}

bool call_text(struct call *call, const struct value *body, const char *key, char *text,
               size_t size)
{
    struct why why = {""};
    const enum err err = value_need_text(body, key, text, size, &why);
    if (err) { call_problem(call, ERR_MALFORMED, &why); }
    return !err;
}

bool call_limit(struct call *call, int64_t *limit)
{
    *limit = 0;
    const char *text = http_query(call->request, "limit");
    if (!text) { return true; }
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    if (end == text || *end || number < 1 || number > LIMIT_MAX) {
        call_refuse(call, 400, "Bad Request", "limit must be a whole number from 1 to 200.");
        return false;
    }
    *limit = number;
    return true;
}

bool call_time(struct call *call, const char *name, int64_t *wall_us)
{
    *wall_us = 0;
    const char *text = http_query(call->request, name);
    struct why why = {""};
    if (!text || !clock_parse(wall_us, text, &why)) { return true; }
    call_problem(call, ERR_MALFORMED, &why);
    return false;
}

static bool reaches(const struct call *call, const struct value *object, const char *key)
{
    return permission_reaches(&call->session, value_text_or(value_get(object, key), ""));
}

enum err call_find_event(struct call *call, const char *id, struct value **out, struct why *why)
{
    CLEANUP(value_free_p) struct value *event = NULL;
    const enum err err = event_store_get(call->desk->events, id, &event, why);
    if (err) { return err; }
    if (!reaches(call, event, "zone")) {
        return why_set(why, ERR_NOT_FOUND, "no event has the id %.40s", id);
    }
    *out = TAKE(event);
    return OK;
}

enum err call_find_device(struct call *call, const char *name, struct value **out, struct why *why)
{
    CLEANUP(value_free_p) struct value *device = NULL;
    const enum err err = device_store_get(call->desk->devices, name, call->now_us, &device, why);
    if (err) { return err; }
    if (!reaches(call, device, "zone")) {
        return why_set(why, ERR_NOT_FOUND, "no device is named %.63s", name);
    }
    *out = TAKE(device);
    return OK;
}

struct value *call_keep_reached(const struct call *call, const char *key, struct value *list)
{
    struct value *kept = value_array();
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *object = value_at(list, i);
        if (reaches(call, object, key)) { value_append(kept, value_copy(object)); }
    }
    value_free(list);
    return kept;
}
