/*
 * A person's own second factors: an authenticator app with its recovery codes.
 */
#include <sodium.h>

#include "programs/control/audit/call_audit.h"
#include "programs/control/route.h"

void factor_api_list(struct call *call)
{
    struct factors factors = {.app = false};
    struct why why = {""};
    CLEANUP(value_free_p) struct value *passkeys = NULL;
    enum err err = factor_find(call->desk->factors, call->session.user_id, &factors, &why);
    if (!err) { err = passkey_list(call->desk->passkeys, call->session.user_id, &passkeys, &why); }
    struct value *body = value_object();
    if (!err) { value_set(body, "passkeys", value_copy(passkeys)); }
    value_set_boolean(body, "app", factors.app);
    value_set_integer(body, "recovery_codes", factors.recovery_codes);
    value_set_boolean(body, "required",
                      (call->desk->control->factor_roles & 1U << call->session.role) != 0);
    call_answer(call, err, 200, &body, &why);
    value_free(body);
}

struct words {
    char password[PASSWORD_SIZE_MAX + 1];
};

static void forget(struct words *words)
{
    sodium_memzero(words, sizeof *words);
}

/* Whoever finds an open browser changes nothing here: the body has the password. */
bool factor_api_confirmed(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    CLEANUP(forget) struct words words = {""};
    struct user user = {.disabled = false};
    return call_body(call, &body) &&
           call_text(call, body, "password", words.password, sizeof words.password) &&
           auth_confirm(call, words.password, &user);
}

void factor_api_app(struct call *call)
{
    if (!factor_api_confirmed(call)) { return; }
    uint8_t secret[TOTP_SECRET_SIZE];
    char text[TOTP_TEXT_SIZE] = "";
    char uri[TOTP_URI_SIZE] = "";
    struct why why = {""};
    const struct totp_label label = {call->desk->control->options->site, call->session.user};
    totp_new(secret);
    enum err err = totp_write(secret, &label, text, uri, &why);
    if (!err) { err = factor_app_begin(call->desk->factors, call->session.user_id, secret, &why); }
    struct value *body = value_object();
    value_set_text(body, "secret", text);
    value_set_text(body, "uri", uri);
    call_answer(call, err, 201, &body, &why);
    value_free(body);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(text, sizeof text);
    sodium_memzero(uri, sizeof uri);
}

static enum err confirm_inside(struct call *call, const char *code, enum factor_answer *answer,
                               struct factor_codes *codes, struct why *why)
{
    const struct call_deed deed = {"audit.second_factor_added", "factor", "app"};
    struct desk *desk = call->desk;
    enum err err = database_begin(desk->database, why);
    if (err) { return err; }
    const struct factor_try attempt = {
        .user_id = call->session.user_id, .code = code, .now_us = call->now_us};
    err = factor_app_confirm(desk->factors, &attempt, answer, codes, why);
    if (err || *answer == FACTOR_ANSWER_WRONG) {
        database_end(desk->database, &err, why);
        return err;
    }
    /* Who came in without a factor before does not stay in behind it. */
    err = session_end_others(desk->sessions, &call->session, why);
    return call_audit_end(call, &deed, err, why);
}

void factor_api_confirm(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    char code[32];
    if (!call_body(call, &body) || !call_text(call, body, "code", code, sizeof code)) { return; }
    struct factor_codes codes = {{""}};
    enum factor_answer answer = FACTOR_ANSWER_WRONG;
    struct why why = {""};
    const enum err err = confirm_inside(call, code, &answer, &codes, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    if (answer == FACTOR_ANSWER_WRONG) {
        call_refuse(call, 403, "Forbidden", "This is not the code that the app shows now.");
        return;
    }
    live_end_others(call->desk->control->live, &call->session);
    CLEANUP(value_free_p) struct value *made = value_object();
    struct value *list = value_array();
    for (size_t i = 0; i < FACTOR_CODE_COUNT; i++) {
        value_append(list, value_text(codes.codes[i]));
    }
    value_set(made, "recovery_codes", list);
    http_answer_json(call->request, 200, made);
    sodium_memzero(&codes, sizeof codes);
}

void factor_api_remove(struct call *call)
{
    if (!factor_api_confirmed(call)) { return; }
    const struct call_deed deed = {"audit.second_factor_removed", "factor", "app"};
    struct why why = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = factor_app_remove(call->desk->factors, call->session.user_id, &why);
        err = call_audit_end(call, &deed, err, &why);
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    http_answer_bytes(call->request, 204, NULL, span_of("", 0));
}
