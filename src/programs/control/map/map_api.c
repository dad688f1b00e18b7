/*
 * POST /api/map/pass: a short right to read the exact map, for those who may. On record each time.
 */
#include "programs/control/audit/call_audit.h"
#include "programs/control/route.h"
#include "release/pass.h"

enum { PASS_LIFE_S = 300 };

void map_api_pass(struct call *call)
{
    const struct control *control = call->desk->control;
    const char *url = control->options->map_exact_url;
    char origin[OPTION_TEXT_SIZE];
    char name[OPTION_TEXT_SIZE];
    char pass[PASS_SIZE];
    struct why why = {""};
    if (!*url || !control->map_token) {
        call_refuse(call, 404, "Not Found", "This site has no exact map (map.exact_url).");
        return;
    }
    const int64_t end_us = call->now_us + PASS_LIFE_S * CLOCK_SECOND_US;
    enum err err = control_exact_map(origin, name, url, &why);
    if (!err) { err = pass_make(pass, control->map_token, name, end_us, &why); }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    err = call_audit_enter(call, "audit.exact_map", "archive", name, &why);
    if (err) { /* nobody looks unseen */
        call_problem(call, err, &why);
        return;
    }
    call_audit_done(call, "audit.exact_map", "archive", name);
    struct value *body = value_object();
    value_set_text(body, "url", url);
    value_set_text(body, "pass", pass);
    value_set_time(body, "expires_at", end_us);
    call_answer(call, OK, 200, &body, &why);
    value_free(body);
}
