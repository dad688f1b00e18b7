#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "programs/control/audit/call_audit.h"
#include "programs/control/people/auth_api.h"
#include "programs/control/people/passkey_api.h"

/* The members of GET /auth/session. A bearer needs no CSRF token and gets none. */
static struct value *session_value(const struct session *session, const char *cookie)
{
    struct value *user = value_object();
    value_set_text(user, "username", session->user);
    value_set_text(user, "role", user_role_name(session->role));
    value_set(user, "zones", reach_to_value(&session->reach));
    struct value *body = value_object();
    if (cookie) {
        char csrf[SESSION_TOKEN_SIZE];
        session_csrf(csrf, cookie);
        value_set_text(body, "csrf_token", csrf);
    }
    value_set_time(body, "expires_at", session_expires_us(session));
    value_set(body, "user", user);
    value_set_boolean(body, "password_change_required", session->must_change_password);
    value_set_boolean(body, "second_factor_required", session->lacks_factor);
    return body;
}

/* An empty token takes the cookie away. */
static void set_cookie(struct call *call, const char *token)
{
    const struct control_options *options = call->desk->control->options;
    const bool secure = *options->http_certificate || options->http_behind_proxy;
    char cookie[256];
    (void)snprintf(cookie, sizeof cookie,
                   "tocsin_session=%s; Path=/; HttpOnly; SameSite=Strict%s%s", token,
                   secure ? "; Secure" : "", *token ? "" : "; Max-Age=0");
    http_add_header(call->request, "Set-Cookie", cookie);
}

/* Names the browser's earlier sign-in to this account, or is empty. */
struct device {
    char id[TOKEN_DEVICE_ID_SIZE];
};

static struct device find_device(const struct call *call, const char *name)
{
    struct device device = {""};
    const char *cookie = http_cookie(call->request, "tocsin_device");
    if (!cookie || !token_device_read(call->desk->control->tokens, cookie, name, device.id)) {
        device.id[0] = '\0';
    }
    return device;
}

static void remember_device(struct call *call, const char *name)
{
    const struct control_options *options = call->desk->control->options;
    const bool secure = *options->http_certificate || options->http_behind_proxy;
    char token[TOKEN_DEVICE_SIZE];
    char cookie[TOKEN_DEVICE_SIZE + 128];
    token_device_write(call->desk->control->tokens, name, token);
    (void)snprintf(cookie, sizeof cookie,
                   "tocsin_device=%s; Path=/auth; HttpOnly; SameSite=Strict; Max-Age=31536000%s",
                   token, secure ? "; Secure" : "");
    http_add_header(call->request, "Set-Cookie", cookie);
}

static void answer_wait(struct call *call, int64_t wait_us)
{
    char seconds[24];
    (void)snprintf(seconds, sizeof seconds, "%lld",
                   (long long)((wait_us + CLOCK_SECOND_US - 1) / CLOCK_SECOND_US));
    http_add_header(call->request, "Retry-After", seconds);
    call_refuse(call, 429, "Too Many Requests", "Too many tries. Wait a minute, then try again.");
}

void auth_keep(struct call *call, const struct sign_in_result *result)
{
    set_cookie(call, result->token);
    if (!*find_device(call, result->session.user).id) {
        remember_device(call, result->session.user);
    }
}

/* A browser keeps the cookie, a program the tokens: neither gets the other's. */
static void welcome(struct call *call, const struct sign_in_result *result, bool program)
{
    struct session session = result->session;
    session.lacks_factor =
        !session.has_factor && (call->desk->control->factor_roles & 1U << session.role);
    CLEANUP(value_free_p)
    struct value *body = session_value(&session, program ? NULL : result->token);
    struct why why = {""};
    const enum err err = token_api_add(call, body, &session, program ? 0 : -1, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    if (!program) { auth_keep(call, result); }
    http_answer_json(call->request, 200, body);
}

/* 401 with a word for the sign-in page: what else it has to ask for. */
static void ask_factor(struct call *call, const struct sign_in_result *result)
{
    const bool wrong = result->answer == SIGN_IN_ANSWER_WRONG_CODE;
    CLEANUP(value_free_p) struct value *problem = value_object();
    value_set_text(problem, "type", "about:blank");
    value_set_text(problem, "title", "Unauthorized");
    value_set_integer(problem, "status", 401);
    value_set_text(problem, "detail",
                   wrong ? "This code is wrong, or has been used. Wait for the next one."
                         : "Show your second factor too.");
    value_set_text(problem, "reason", wrong ? "second_factor_wrong" : "second_factor_required");
    value_set_boolean(problem, "app", result->factors.app);
    if (!wrong && result->factors.passkeys > 0) {
        value_set(problem, "passkey", passkey_api_question(call, &result->challenge));
    }
    http_answer_json(call->request, 401, problem);
}

void auth_answer(struct call *call, const struct sign_in_result *result, bool program)
{
    switch (result->answer) {
    case SIGN_IN_ANSWER_WELCOME: welcome(call, result, program); return;
    case SIGN_IN_ANSWER_WAIT: answer_wait(call, result->wait_us); return;
    case SIGN_IN_ANSWER_FACTOR:
    case SIGN_IN_ANSWER_WRONG_CODE: ask_factor(call, result); return;
    case SIGN_IN_ANSWER_WRONG:
    case SIGN_IN_ANSWER_USED:
        call_refuse(call, 401, "Unauthorized", "The user name or the password is wrong.");
        return;
    }
}

/* Name and password of a body; whatever is longer than any real one is simply wrong. */
struct credentials {
    char name[256];
    char password[PASSWORD_SIZE_MAX + 1];
    char code[32];
};

static void forget(struct credentials *credentials)
{
    sodium_memzero(credentials, sizeof *credentials);
}

enum err auth_enter(void *context, const struct sign_in_result *result, struct why *why)
{
    return call_audit_enter_sign_in(context, result->session.user, result->method, why);
}

void auth_audit(struct call *call, const char *name, const struct sign_in_result *result)
{
    if (result->answer == SIGN_IN_ANSWER_WELCOME) {
        call_audit_sign_in_done(call, name, result->method);
    } else {
        call_audit_sign_in_refused(call, name, sign_in_answer_name(result->answer));
    }
}

/* The body of a sign-in: what it must have, and what it may. */
static bool read_login(struct call *call, const struct value *body, struct credentials *given,
                       struct passkey_shown *shown)
{
    const struct value *passkey = value_get(body, "passkey");
    struct why why = {""};
    if (!call_text(call, body, "username", given->name, sizeof given->name) ||
        !call_text(call, body, "password", given->password, sizeof given->password) ||
        (value_get(body, "code") &&
         !call_text(call, body, "code", given->code, sizeof given->code))) {
        return false;
    }
    const enum err err = passkey ? passkey_shown_read(call, passkey, true, shown, &why) : OK;
    if (err) { call_problem(call, err, &why); }
    return !err;
}

static void log_in(struct call *call, struct credentials *given, const struct sign_in_try *attempt)
{
    struct sign_in_result result = {.wait_us = 0};
    struct why why = {""};
    const enum err err = sign_in_try(&call->desk->sign_in, attempt, &result, &why);
    if (err) {
        call_failure(call, err, &why);
        return;
    }
    /* The name is the caller's word; the log escapes it. A password typed there is cut off. */
    given->name[USER_NAME_SIZE - 1] = '\0';
    auth_audit(call, user_name_valid(given->name) ? given->name : "(no name)", &result);
    auth_answer(call, &result, attempt->program);
    sodium_memzero(&result, sizeof result);
}

void auth_login(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    CLEANUP(forget) struct credentials given = {"", "", ""};
    CLEANUP(passkey_shown_deinit) struct passkey_shown shown = {.page = {"", ""}};
    if (!call_body(call, &body) || !read_login(call, body, &given, &shown)) { return; }
    const struct device device = find_device(call, given.name);
    const struct sign_in_passkey passkey = {
        .credential = text_span(&shown.credential),
        .answer = {.client_data = text_span(&shown.client_data),
                   .authenticator_data = text_span(&shown.authenticator_data),
                   .signature = text_span(&shown.signature)},
        .origin = shown.page.origin,
        .domain = shown.page.domain};
    const struct sign_in_try attempt = {.name = given.name,
                                        .password = given.password,
                                        .code = *given.code ? given.code : NULL,
                                        .passkey = value_get(body, "passkey") ? &passkey : NULL,
                                        .address = call->address,
                                        .device = *device.id ? device.id : NULL,
                                        .agent = http_header(call->request, "User-Agent"),
                                        .program =
                                            value_boolean_or(value_get(body, "program"), false),
                                        .now_us = call->now_us,
                                        .monotonic_us = clock_monotonic_us(),
                                        .record = {.context = call, .enter = auth_enter}};
    log_in(call, &given, &attempt);
}

void auth_session(struct call *call)
{
    CLEANUP(value_free_p)
    struct value *body = session_value(&call->session, call->by_cookie ? call->token : NULL);
    http_answer_json(call->request, 200, body);
}

void auth_logout(struct call *call)
{
    const struct call_deed deed = {"audit.signed_out", "account", call->session.user};
    struct why why = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = session_end(call->desk->sessions, &call->session, &why);
        err = call_audit_end(call, &deed, err, &why);
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    live_end_session(call->desk->control->live, &call->session);
    set_cookie(call, "");
    http_answer_bytes(call->request, 204, NULL, span_of("", 0));
}

/* Confirms the present password, as often as sign-in allows; false when it is answered. */
bool auth_confirm(struct call *call, const char *password, struct user *user)
{
    const struct sign_in_try attempt = {.name = call->session.user,
                                        .password = password,
                                        .address = call->address,
                                        .device = call->session.id,
                                        .now_us = call->now_us,
                                        .monotonic_us = clock_monotonic_us()};
    struct sign_in_result result = {.wait_us = 0};
    struct why why = {""};
    const enum err err = sign_in_confirm(&call->desk->sign_in, &attempt, user, &result, &why);
    if (err) {
        call_failure(call, err, &why);
    } else if (result.answer == SIGN_IN_ANSWER_WAIT) {
        answer_wait(call, result.wait_us);
    } else if (result.answer != SIGN_IN_ANSWER_WELCOME) {
        call_audit(call, "audit.refused", "reason", "wrong_password");
        call_refuse(call, 403, "Forbidden", "The current password is wrong.");
    } else {
        return true;
    }
    return false;
}

static enum err change(struct call *call, const struct user *user, const char *hash,
                       struct why *why)
{
    const struct call_deed deed = {"audit.password_changed", "account", user->name};
    struct desk *desk = call->desk;
    enum err err = database_begin(desk->database, why);
    if (err) { return err; }
    err = user_set_password(desk->users, user, hash, call->now_us, why);
    if (!err) { err = session_end_others(desk->sessions, &call->session, why); }
    return call_audit_end(call, &deed, err, why);
}

void auth_password(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    CLEANUP(forget) struct credentials current = {"", "", ""};
    CLEANUP(forget) struct credentials new = {"", "", ""};
    if (!call_body(call, &body) ||
        !call_text(call, body, "current", current.password, sizeof current.password) ||
        !call_text(call, body, "new", new.password, sizeof new.password)) {
        return;
    }
    struct user user = {.must_change_password = false};
    struct why why = {""};
    enum err err = password_check(new.password, call->session.user, &why);
    if (!err && strcmp(current.password, new.password) == 0) {
        err = why_set(&why, ERR_RANGE, "the new password is the old one");
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    if (!auth_confirm(call, current.password, &user)) { return; }
    char hash[PASSWORD_HASH_SIZE];
    err = password_hash(hash, span_text(new.password), &why);
    if (!err) { err = change(call, &user, hash, &why); }
    if (err) {
        call_failure(call, err, &why);
        return;
    }
    live_end_others(call->desk->control->live, &call->session);
    http_answer_bytes(call->request, 204, NULL, span_of("", 0));
}
