#include "programs/control/people/passkey_api.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "programs/control/audit/call_audit.h"

/* ---- parts of a request ---- */

void passkey_api_page(const struct call *call, struct passkey_page *page)
{
    const struct control_options *options = call->desk->control->options;
    const bool secure = *options->http_certificate || options->http_behind_proxy;
    const char *host = http_header(call->request, "Host");
    const char *known = host && strlen(host) < PASSKEY_DOMAIN_SIZE ? host : "";
    (void)snprintf(page->origin, sizeof page->origin, "%s://%s", secure ? "https" : "http", known);
    (void)snprintf(page->domain, sizeof page->domain, "%.*s", (int)strcspn(known, ":"), known);
}

static void set_bytes(struct value *object, const char *member, struct span bytes)
{
    CLEANUP(text_deinit) struct text letters = text_limited((size_t)2 * PASSKEY_ID_SIZE_MAX);
    encode_base64_url(&letters, bytes);
    value_set_text(object, member, text_c(&letters));
}

struct value *passkey_api_question(struct call *call, const struct challenge *challenge)
{
    struct passkey_page page = {"", ""};
    struct value *list = NULL;
    struct value *question = value_object();
    struct value *credentials = value_array();
    passkey_api_page(call, &page);
    set_bytes(question, "challenge", span_of(challenge->bytes, sizeof challenge->bytes));
    value_set_text(question, "domain", page.domain);
    if (passkey_list(call->desk->passkeys, challenge->user_id, &list, NULL) == OK) {
        for (size_t i = 0; i < value_count(list); i++) {
            const char *id = value_text_or(value_get(value_at(list, i), "credential"), "");
            value_append(credentials, value_text(id));
        }
        value_free(list);
    }
    value_set(question, "credentials", credentials);
    return question;
}

void passkey_shown_deinit(struct passkey_shown *shown)
{
    text_deinit(&shown->credential);
    text_deinit(&shown->client_data);
    text_deinit(&shown->authenticator_data);
    text_deinit(&shown->signature);
}

static enum err read_bytes(const struct value *object, const char *member, struct text *out,
                           struct why *why)
{
    uint8_t bytes[PASSKEY_CLIENT_DATA_SIZE_MAX];
    size_t size = 0;
    const char *letters = value_text_or(value_get(object, member), "");
    const enum err err = decode_base64_url(bytes, sizeof bytes, &size, letters, NULL);
    if (err || size == 0) {
        return why_set(why, ERR_MALFORMED, "passkey.%s is expected to be base64url", member);
    }
    *out = text_limited(sizeof bytes);
    text_add_bytes(out, span_of(bytes, size));
    return OK;
}

enum err passkey_shown_read(struct call *call, const struct value *object, bool sign_in,
                            struct passkey_shown *shown, struct why *why)
{
    passkey_api_page(call, &shown->page);
    enum err err = read_bytes(object, "client_data", &shown->client_data, why);
    if (!err) { err = read_bytes(object, "authenticator_data", &shown->authenticator_data, why); }
    if (!err && sign_in) { err = read_bytes(object, "credential", &shown->credential, why); }
    if (!err && sign_in) { err = read_bytes(object, "signature", &shown->signature, why); }
    return err;
}

/* ---- one's own passkeys ---- */

static struct challenge challenge_of(const struct call *call)
{
    struct challenge challenge = {.purpose = CHALLENGE_PURPOSE_REGISTER};
    memcpy(challenge.user_id, call->session.user_id, sizeof challenge.user_id);
    return challenge;
}

void passkey_api_begin(struct call *call)
{
    if (!factor_api_confirmed(call)) { return; }
    struct challenge challenge = challenge_of(call);
    struct why why = {""};
    const enum err err = challenges_give(call->desk->challenges, &challenge, call->now_us, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    CLEANUP(value_free_p) struct value *question = passkey_api_question(call, &challenge);
    struct value *user = value_object();
    set_bytes(user, "id", span_text(call->session.user_id));
    value_set_text(user, "name", call->session.user);
    value_set(question, "user", user);
    http_answer_json(call->request, 200, question);
}

/* Who came in without a factor before does not stay in behind it. */
static enum err add_inside(struct call *call, const struct passkey *passkey,
                           const struct passkey_owner *owner, struct why *why)
{
    const struct call_deed deed = {"audit.second_factor_added", "factor", "passkey"};
    struct desk *desk = call->desk;
    enum err err = database_begin(desk->database, why);
    if (err) { return err; }
    err = passkey_add(desk->passkeys, passkey, owner, why);
    if (!err) { err = session_end_others(desk->sessions, &call->session, why); }
    return call_audit_end(call, &deed, err, why);
}

/* Judges the browser's answer and keeps the passkey. */
static enum err enter(struct call *call, const struct value *body, const char *name,
                      struct why *why)
{
    CLEANUP(passkey_shown_deinit) struct passkey_shown shown = {.page = {"", ""}};
    struct challenge challenge = challenge_of(call);
    struct passkey passkey = {.sign_count = 0};
    enum err err = passkey_shown_read(call, body, false, &shown, why);
    if (err) { return err; }
    bool open = false;
    if (passkey_challenge(text_span(&shown.client_data), challenge.bytes)) {
        err = challenges_take(call->desk->challenges, &challenge, call->now_us, &open, why);
    }
    if (err) { return err; }
    if (!open) {
        return why_set(why, ERR_DENIED, "this took too long, or was not asked for: begin again");
    }
    const struct passkey_answer answer = {.client_data = text_span(&shown.client_data),
                                          .authenticator_data =
                                              text_span(&shown.authenticator_data)};
    const struct passkey_expected expected = {.challenge =
                                                  span_of(challenge.bytes, sizeof challenge.bytes),
                                              .origin = shown.page.origin,
                                              .domain = shown.page.domain};
    const struct passkey_owner owner = {
        .user_id = call->session.user_id, .name = name, .now_us = call->now_us};
    err = passkey_register(&answer, &expected, &passkey, why);
    return err ? err : add_inside(call, &passkey, &owner, why);
}

void passkey_api_add(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    char name[PASSKEY_NAME_SIZE];
    if (!call_body(call, &body) || !call_text(call, body, "name", name, sizeof name)) { return; }
    struct why why = {""};
    const enum err err = enter(call, body, name, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    live_end_others(call->desk->control->live, &call->session);
    http_answer_bytes(call->request, 204, NULL, span_of("", 0));
}

void passkey_api_remove(struct call *call)
{
    if (!factor_api_confirmed(call)) { return; }
    const struct call_deed deed = {"audit.second_factor_removed", "factor", "passkey"};
    struct why why = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = passkey_remove(call->desk->passkeys, call->session.user_id, call->arguments[0], &why);
        err = call_audit_end(call, &deed, err, &why);
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    http_answer_bytes(call->request, 204, NULL, span_of("", 0));
}
