#include "programs/control/people/fresh_factor.h"

#include <sodium.h>
#include <string.h>

#include "programs/control/audit/call_audit.h"
#include "programs/control/people/passkey_api.h"

void fresh_factor_ask(struct call *call, const struct fresh_factor_subject *subject)
{
    struct factors factors = {.app = false};
    struct why why = {""};
    enum err err = factor_find(call->desk->factors, call->session.user_id, &factors, &why);
    struct challenge challenge = {.purpose = CHALLENGE_PURPOSE_APPROVE};
    memcpy(challenge.user_id, call->session.user_id, sizeof challenge.user_id);
    memcpy(challenge.subject, subject->digest, sizeof challenge.subject);
    if (!err) { err = challenges_give(call->desk->challenges, &challenge, call->now_us, &why); }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    CLEANUP(value_free_p) struct value *question = passkey_api_question(call, &challenge);
    value_set_boolean(question, "app", factors.app);
    http_answer_json(call->request, 200, question);
}

/* ---- what was shown ---- */

struct code {
    char digits[32];
};

static void forget(struct code *code)
{
    sodium_memzero(code, sizeof *code);
}

static const char *refusal_of(enum sign_in_answer answer, bool passkey)
{
    if (answer == SIGN_IN_ANSWER_FACTOR) {
        return "Set up a passkey or an authenticator app first: this needs a fresh second factor.";
    }
    return passkey ? "This passkey is not yours, or it answered another question. Try again."
                   : "This code is wrong, or has been used. Wait for the next one.";
}

static void refuse(struct call *call, const struct sign_in_result *result, bool passkey,
                   const char *event)
{
    call_audit(call, event, "reason", sign_in_answer_name(result->answer));
    if (result->answer == SIGN_IN_ANSWER_WAIT) {
        call_refuse(call, 429, "Too Many Requests",
                    "Too many wrong codes. Wait a minute, then try again.");
    } else {
        call_refuse(call, 403, "Forbidden", refusal_of(result->answer, passkey));
    }
}

/* The words of the audit log for how an act was authorised. */
static const char *authorisation_of(const char *method)
{
    if (strcmp(method, "passkey") == 0) { return "session+passkey"; }
    return strcmp(method, "app") == 0 ? "session+app" : "session+recovery";
}

static bool judge(struct call *call, const struct sign_in_try *attempt, const char *event)
{
    struct sign_in_result result;
    struct why why = {""};
    const enum err err =
        sign_in_factor(&call->desk->sign_in, attempt, call->session.user_id, &result, &why);
    if (err) {
        call_problem(call, err, &why);
        return false;
    }
    if (result.answer != SIGN_IN_ANSWER_WELCOME) {
        refuse(call, &result, attempt->passkey != NULL, event);
        return false;
    }
    call->factor = authorisation_of(result.method);
    return true;
}

static bool judge_passkey(struct call *call, const struct value *object,
                          struct sign_in_try *attempt, const char *event)
{
    CLEANUP(passkey_shown_deinit) struct passkey_shown shown = {.page = {"", ""}};
    struct why why = {""};
    const enum err err = passkey_shown_read(call, object, true, &shown, &why);
    if (err) {
        call_problem(call, err, &why);
        return false;
    }
    const struct sign_in_passkey passkey = {
        .credential = text_span(&shown.credential),
        .answer = {.client_data = text_span(&shown.client_data),
                   .authenticator_data = text_span(&shown.authenticator_data),
                   .signature = text_span(&shown.signature)},
        .origin = shown.page.origin,
        .domain = shown.page.domain};
    attempt->passkey = &passkey;
    const bool good = judge(call, attempt, event);
    attempt->passkey = NULL;
    return good;
}

bool fresh_factor_shown(struct call *call, const struct value *body,
                        const struct fresh_factor_subject *subject, const char *event)
{
    const struct value *passkey = value_get(body, "passkey");
    CLEANUP(forget) struct code code = {""};
    struct sign_in_try attempt = {.name = call->session.user,
                                  .subject = subject->digest,
                                  .now_us = call->now_us,
                                  .monotonic_us = clock_monotonic_us()};
    if (passkey) { return judge_passkey(call, passkey, &attempt, event); }
    if (!call_text(call, body, "code", code.digits, sizeof code.digits)) { return false; }
    attempt.code = code.digits;
    return judge(call, &attempt, event);
}
