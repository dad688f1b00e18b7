/*
 * By which persons of the identity provider an account may be signed in to: its owner's to say.
 */
#include "programs/control/audit/call_audit.h"
#include "programs/control/people/outside.h"
#include "programs/control/route.h"

/* With the password: whoever finds an open browser makes no way in for later. */
void link_api_begin(struct call *call)
{
    struct attempt attempt = {.purpose = ATTEMPT_PURPOSE_LINK, .return_path = "/account"};
    if (!outside_of(call) || !factor_api_confirmed(call)) { return; }
    (void)!text_copy(attempt.subject, sizeof attempt.subject, call->session.id);
    outside_begin(call, &attempt);
}

void link_api_list(struct call *call)
{
    struct why why = {""};
    struct value *list = NULL;
    const enum err err = link_list(call->desk->links, call->session.user_id, &list, &why);
    CLEANUP(value_free_p) struct value *body = value_object();
    if (!err) { value_set(body, "links", list); }
    call_answer(call, err, 200, &body, &why);
}

static enum err remove_inside(struct call *call, const char *id, struct why *why)
{
    const struct call_deed deed = {"audit.provider_unlinked", "account", call->session.user};
    enum err err = database_begin(call->desk->database, why);
    if (err) { return err; }
    err = link_remove(call->desk->links, call->session.user_id, id, why);
    return call_audit_end(call, &deed, err, why);
}

void link_api_remove(struct call *call)
{
    struct why why = {""};
    if (!factor_api_confirmed(call)) { return; }
    const enum err err = remove_inside(call, call->arguments[0], &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    http_answer_bytes(call->request, 204, NULL, span_of("", 0));
}
