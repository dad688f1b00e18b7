/*
 * Signing in with the site's identity provider: there, back, and the second factor after it.
 *
 * The callback is a page's address: whatever comes of it, the browser is sent to the page, which
 * reads ?provider=WORD (docs/protocols/api.md).
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "programs/control/audit/call_audit.h"
#include "programs/control/people/auth_api.h"
#include "programs/control/people/outside.h"
#include "programs/control/people/passkey_api.h"
#include "provider/address.h"

static const char FIRST_PAGE[] = "/situation";
static const char ACCOUNT_PAGE[] = "/account";

void provider_api_about(struct call *call)
{
    const struct outside *outside = call->desk->control->outside;
    CLEANUP(value_free_p) struct value *body = value_object();
    value_set_text(body, "name", outside ? outside->name : NULL);
    http_answer_json(call->request, 200, body);
}

void provider_api_begin(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    struct attempt attempt = {.purpose = ATTEMPT_PURPOSE_SIGN_IN};
    if (!outside_of(call) || !call_body(call, &body)) { return; }
    const bool named = value_get(body, "return") != NULL;
    if (named && !call_text(call, body, "return", attempt.return_path, ATTEMPT_PATH_SIZE)) {
        return;
    }
    if (!named) { (void)!text_copy(attempt.return_path, ATTEMPT_PATH_SIZE, FIRST_PAGE); }
    if (!address_return_valid(attempt.return_path)) {
        call_refuse(call, 400, "Bad Request", "return must be the path of a page of this site.");
        return;
    }
    outside_begin(call, &attempt);
}

/* ---- back ---- */

/* To the page, with a word of what happened; NULL = nothing to say. */
static void go(struct call *call, const char *path, const char *word)
{
    char location[ATTEMPT_PATH_SIZE + 64];
    (void)snprintf(location, sizeof location, "%s%s%s", path, word ? "?provider=" : "",
                   word ? word : "");
    http_add_header(call->request, "Location", location);
    http_answer_bytes(call->request, 303, "text/plain", span_of("", 0));
}

/* Nobody is signed in: `reason` for the audit log, `word` for the person. */
static void refuse(struct call *call, const struct attempt *attempt, const char *reason,
                   const char *word)
{
    const bool linking = attempt->purpose == ATTEMPT_PURPOSE_LINK;
    call_audit_sign_in_refused(call, "(provider)", reason);
    go(call,
       linking                 ? ACCOUNT_PAGE
       : *attempt->return_path ? attempt->return_path
                               : FIRST_PAGE,
       word);
}

static void log_failure(enum err err, const struct why *why)
{
    log_event(LOG_LEVEL_WARNING, "provider.failed", "error", err_name(err), "reason", why->text,
              NULL);
}

/* What failed here, not there. */
static void fail(struct call *call, const struct attempt *attempt, enum err err,
                 const struct why *why)
{
    log_failure(err, why);
    go(call, attempt->purpose == ATTEMPT_PURPOSE_LINK ? ACCOUNT_PAGE : FIRST_PAGE, "unavailable");
}

/* The attempt that the answer is for: this browser's; else it is answered. */
static bool take(struct call *call, struct attempt *attempt)
{
    struct attempt_words words = {.state = ""};
    struct why why = {""};
    const char *state = http_query(call->request, "state");
    outside_browser(call, words.browser);
    if (state && !text_copy(words.state, sizeof words.state, state)) { words.state[0] = '\0'; }
    const enum err err = attempt_take(call->desk->attempts, &words, call->now_us, attempt, &why);
    if (err && err != ERR_NOT_FOUND) {
        fail(call, attempt, err, &why);
        return false;
    }
    if (err) {
        refuse(call, attempt, "provider_state", "expired");
        return false;
    }
    outside_set_browser(call, "");
    return true;
}

/* Who the provider says it is; else it is answered. */
static bool recognise(struct call *call, struct outside *outside, const struct attempt *attempt,
                      struct id_token *person)
{
    struct why why = {""};
    const struct provider_code code = {.issuer = http_query(call->request, "iss"),
                                       .code = http_query(call->request, "code"),
                                       .nonce = attempt->nonce,
                                       .verifier = attempt->verifier,
                                       .now = {call->now_us, clock_monotonic_us()}};
    if (http_query(call->request, "error") || !code.code || !*code.code) {
        refuse(call, attempt, "provider_declined", "declined");
        return false;
    }
    const enum err err = provider_redeem(outside->provider, &code, person, &why);
    if (!err) { return true; }
    log_failure(err, &why);
    if (err == ERR_UNAVAILABLE || err == ERR_LIMIT) {
        refuse(call, attempt, "provider_unavailable", "unavailable");
    } else {
        refuse(call, attempt, "provider_token", "refused");
    }
    return false;
}

/* ---- as one who is known here ---- */

struct arrival {
    struct call *call;
    const struct link *link;
    const char *browser; /* that was waiting for a second factor; NULL = none */
};

/* The welcome's entry, and what it leaves behind, in its transaction. */
static enum err enter(void *context, const struct sign_in_result *result, struct why *why)
{
    const struct arrival *arrival = context;
    struct call *call = arrival->call;
    enum err err = link_used(call->desk->links, arrival->link, call->now_us, why);
    if (!err && arrival->browser) {
        err = attempt_forget(call->desk->attempts, arrival->browser, why);
    }
    return err ? err : auth_enter(call, result, why);
}

static struct sign_in_try try_of(struct arrival *arrival)
{
    const struct call *call = arrival->call;
    return (struct sign_in_try){.name = arrival->link->user,
                                .address = call->address,
                                .agent = http_header(call->request, "User-Agent"),
                                .now_us = call->now_us,
                                .monotonic_us = clock_monotonic_us(),
                                .record = {.context = arrival, .enter = enter}};
}

/* The account has a second factor: the page asks for it, this browser alone may show it. */
static void ask_factor(struct call *call, const struct attempt *attempt, const struct link *link)
{
    struct attempt waiting = *attempt;
    struct attempt_words words;
    struct why why = {""};
    outside_network(call, &waiting);
    (void)!text_copy(waiting.subject, sizeof waiting.subject, link->id);
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = attempt_wait(call->desk->attempts, &waiting, call->now_us, &words, &why);
        database_end(call->desk->database, &err, &why);
    }
    if (err) {
        fail(call, attempt, err, &why);
        return;
    }
    outside_set_browser(call, words.browser);
    go(call, attempt->return_path, "factor");
}

static void sign_in(struct call *call, const struct attempt *attempt, const struct link_person *who)
{
    struct link link = {.generation = 0};
    struct sign_in_result result = {.wait_us = 0};
    struct why why = {""};
    enum err err = link_find(call->desk->links, who, &link, &why);
    if (err == ERR_NOT_FOUND) {
        refuse(call, attempt, "provider_unknown", "unknown");
        return;
    }
    struct arrival arrival = {.call = call, .link = &link};
    const struct sign_in_try known = try_of(&arrival);
    if (!err) {
        err = sign_in_vouched(&call->desk->sign_in, &known, link.generation, &result, &why);
    }
    if (err) {
        fail(call, attempt, err, &why);
        return;
    }
    switch (result.answer) {
    case SIGN_IN_ANSWER_WELCOME:
        auth_audit(call, link.user, &result);
        auth_keep(call, &result);
        go(call, attempt->return_path, NULL);
        break;
    case SIGN_IN_ANSWER_FACTOR: ask_factor(call, attempt, &link); break;
    case SIGN_IN_ANSWER_WAIT: refuse(call, attempt, "wait", "wait"); break;
    case SIGN_IN_ANSWER_WRONG: /* kept out, or changed on the way: told what a stranger is told */
    case SIGN_IN_ANSWER_USED:
    case SIGN_IN_ANSWER_WRONG_CODE: refuse(call, attempt, "provider_unknown", "unknown"); break;
    }
    sodium_memzero(&result, sizeof result);
}

/* ---- as one who wants to be known ---- */

static enum err link_inside(struct call *call, const struct link_person *who, struct why *why)
{
    const struct call_deed deed = {"audit.provider_linked", "account", call->session.user};
    enum err err = database_begin(call->desk->database, why);
    if (err) { return err; }
    err = link_add(call->desk->links, who, call->session.user_id, why);
    return call_audit_end(call, &deed, err, why);
}

/* The session's own cookie does not come with a request from another site: the attempt names it. */
static void link_up(struct call *call, const struct attempt *attempt, const struct link_person *who)
{
    struct why why = {""};
    enum err err =
        session_find_id(call->desk->sessions, attempt->subject, call->now_us, &call->session, &why);
    if (err == ERR_NOT_FOUND) {
        refuse(call, attempt, "session_ended", "expired");
        return;
    }
    call->signed_in = !err;
    call->by_cookie = true;
    if (!err) { err = link_inside(call, who, &why); }
    if (!err) {
        go(call, ACCOUNT_PAGE, "linked");
    } else if (err == ERR_CONFLICT) {
        refuse(call, attempt, "provider_taken", "taken");
    } else if (err == ERR_LIMIT) {
        refuse(call, attempt, "provider_many", "many");
    } else {
        fail(call, attempt, err, &why);
    }
}

void provider_api_callback(struct call *call)
{
    struct outside *outside = outside_of(call);
    struct attempt attempt = {.purpose = ATTEMPT_PURPOSE_SIGN_IN};
    struct id_token person = {.subject = ""};
    if (!outside || !take(call, &attempt) || !recognise(call, outside, &attempt, &person)) {
        return;
    }
    const struct link_person who = {
        .issuer = outside->issuer, .person = &person, .now_us = call->now_us};
    if (attempt.purpose == ATTEMPT_PURPOSE_LINK) {
        link_up(call, &attempt, &who);
    } else {
        sign_in(call, &attempt, &who);
    }
    sodium_memzero(&attempt, sizeof attempt);
}

/* ---- the second factor ---- */

/* Who is waiting in this browser; else it is answered. */
static bool find_waiting(struct call *call, char browser[static ATTEMPT_WORD_SIZE],
                         struct link *link)
{
    struct attempt waiting = {.subject = ""};
    struct why why = {""};
    outside_browser(call, browser);
    enum err err = attempt_waiting(call->desk->attempts, browser, call->now_us, &waiting, &why);
    if (!err) { err = link_find_id(call->desk->links, waiting.subject, link, &why); }
    if (err == ERR_NOT_FOUND) {
        call_refuse(call, 403, "Forbidden", "This sign-in is over. Begin again.");
    } else if (err) {
        call_problem(call, err, &why);
    }
    return !err;
}

void provider_api_factor(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    CLEANUP(passkey_shown_deinit) struct passkey_shown shown = {.page = {"", ""}};
    struct sign_in_result result = {.wait_us = 0};
    struct link link = {.generation = 0};
    struct why why = {""};
    char browser[ATTEMPT_WORD_SIZE];
    char code[32] = "";
    if (!outside_of(call) || !call_body(call, &body) ||
        (value_get(body, "code") && !call_text(call, body, "code", code, sizeof code)) ||
        !find_waiting(call, browser, &link)) {
        return;
    }
    const struct value *passkey = value_get(body, "passkey");
    enum err err = passkey ? passkey_shown_read(call, passkey, true, &shown, &why) : OK;
    const struct sign_in_passkey touched = {
        .credential = text_span(&shown.credential),
        .answer = {.client_data = text_span(&shown.client_data),
                   .authenticator_data = text_span(&shown.authenticator_data),
                   .signature = text_span(&shown.signature)},
        .origin = shown.page.origin,
        .domain = shown.page.domain};
    struct arrival arrival = {.call = call, .link = &link, .browser = browser};
    struct sign_in_try known = try_of(&arrival);
    known.code = *code ? code : NULL;
    known.passkey = passkey ? &touched : NULL;
    if (!err) {
        err = sign_in_vouched(&call->desk->sign_in, &known, link.generation, &result, &why);
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    if (result.answer != SIGN_IN_ANSWER_FACTOR) { auth_audit(call, link.user, &result); }
    if (result.answer == SIGN_IN_ANSWER_WELCOME) { outside_set_browser(call, ""); }
    auth_answer(call, &result, false);
    sodium_memzero(&result, sizeof result);
}
