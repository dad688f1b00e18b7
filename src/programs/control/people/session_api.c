/*
 * A person's own sessions.
 */
#include <string.h>

#include "programs/control/audit/call_audit.h"
#include "programs/control/route.h"

/* The list with "current" in each. */
static struct value *mark_current(const struct call *call, const struct value *list)
{
    struct value *marked = value_array();
    for (size_t i = 0; i < value_count(list); i++) {
        struct value *session = value_copy(value_at(list, i));
        const char *id = value_text_or(value_get(session, "id"), "");
        value_set_boolean(session, "current", strcmp(id, call->session.id) == 0);
        value_append(marked, session);
    }
    return marked;
}

void session_api_list(struct call *call)
{
    struct why why = {""};
    CLEANUP(value_free_p) struct value *list = NULL;
    const enum err err =
        session_list(call->desk->sessions, call->session.user, call->now_us, &list, &why);
    CLEANUP(value_free_p) struct value *body = value_object();
    if (!err) { value_set(body, "sessions", mark_current(call, list)); }
    call_answer(call, err, 200, &body, &why);
}

void session_api_end(struct call *call)
{
    struct session ended = {.used_us = 0};
    struct desk *desk = call->desk;
    const struct call_deed deed = {"audit.session_ended", "session", ended.id};
    struct why why = {""};
    enum err err = text_copy(ended.id, sizeof ended.id, call->arguments[0])
                       ? database_begin(desk->database, &why)
                       : why_set(&why, ERR_NOT_FOUND, "there is no such session");
    if (!err) {
        err = session_end_id(desk->sessions, call->session.user_id, ended.id, &why);
        err = call_audit_end(call, &deed, err, &why);
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    live_end_session(desk->control->live, &ended);
    http_answer_bytes(call->request, 204, NULL, span_of("", 0));
}
