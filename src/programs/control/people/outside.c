#include "programs/control/people/outside.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { URL_SIZE_MAX = 4096 };
/* A shift of a whole office at once, then one a second. */
enum { BEGIN_BURST = 60, BEGIN_EVERY_US = 1000000 };

/* ---- for the program ---- */

enum err outside_open(struct outside **out, const struct control_options *options, struct why *why)
{
    if (!*options->oidc_issuer) { return OK; }
    struct outside *outside = MEM_NEW(struct outside);
    enum err err = secret_from_environment(&outside->secret, "TOCSIN_OIDC_SECRET", why);
    outside->way.ca_path = *options->oidc_ca ? options->oidc_ca : NULL;
    outside->issuer = options->oidc_issuer;
    outside->name = options->oidc_name;
    outside->begins = rate_limit_new(BEGIN_BURST, BEGIN_EVERY_US);
    (void)snprintf(outside->redirect, sizeof outside->redirect, "%s/auth/provider/callback",
                   options->oidc_origin);
    /* A slow provider must leave half of the workers to everybody else. */
    const int most = (int)(options->http_workers > 1 ? options->http_workers / 2 : 1);
    const struct provider_config config = {.issuer = outside->issuer,
                                           .client_id = options->oidc_client_id,
                                           .redirect = outside->redirect,
                                           .secret = outside->secret,
                                           .port = way_out_open(&outside->way),
                                           .max_age_s = options->oidc_max_age_s,
                                           .at_once_max = most};
    if (!err || err == ERR_NOT_FOUND) { err = provider_new(&outside->provider, &config, why); }
    if (err) {
        outside_close(outside);
        return err;
    }
    *out = outside;
    return OK;
}

void outside_close(struct outside *outside)
{
    if (!outside) { return; }
    provider_free(outside->provider);
    rate_limit_free(outside->begins);
    secret_free(outside->secret);
    free(outside);
}

void outside_share(struct outside *outside, struct redis *redis)
{
    if (outside) { rate_limit_share(outside->begins, redis, "provider.begin"); }
}

/* ---- for its routes ---- */

struct outside *outside_of(struct call *call)
{
    struct outside *outside = call->desk->control->outside;
    if (!outside) {
        call_refuse(call, 404, "Not Found", "This site has no identity provider to sign in with.");
    }
    return outside;
}

/* With the prefix no other host of the domain can set it (RFC 6265bis); it needs Secure. */
static const char *cookie_name(const struct call *call)
{
    const struct control_options *options = call->desk->control->options;
    const bool secure = *options->http_certificate || options->http_behind_proxy;
    return secure ? "__Host-tocsin_provider" : "tocsin_provider";
}

/* Lax: the provider's page sends the browser back to us, which Strict would call foreign. */
void outside_set_browser(struct call *call, const char *browser)
{
    const char *name = cookie_name(call);
    char cookie[256];
    (void)snprintf(cookie, sizeof cookie, "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
                   name, browser, *browser ? (int)(ATTEMPT_LIFE_US / CLOCK_SECOND_US) : 0,
                   name[0] == '_' ? "; Secure" : "");
    http_add_header(call->request, "Set-Cookie", cookie);
}

void outside_browser(const struct call *call, char browser[static ATTEMPT_WORD_SIZE])
{
    const char *cookie = http_cookie(call->request, cookie_name(call));
    if (!cookie || !text_copy(browser, ATTEMPT_WORD_SIZE, cookie)) { browser[0] = '\0'; }
}

void outside_network(const struct call *call, struct attempt *attempt)
{
    client_group(call->address, attempt->network);
}

static enum err begin(struct call *call, struct attempt *attempt, struct attempt_words *words,
                      struct why *why)
{
    enum err err = database_begin(call->desk->database, why);
    if (err) { return err; }
    err = attempt_begin(call->desk->attempts, attempt, call->now_us, words, why);
    database_end(call->desk->database, &err, why);
    return err;
}

/* What the provider is not there for is forgotten with its time. */
void outside_begin(struct call *call, struct attempt *attempt)
{
    const struct outside *outside = call->desk->control->outside;
    struct attempt_words words;
    struct why why = {""};
    CLEANUP(text_deinit) struct text url = text_limited(URL_SIZE_MAX);
    outside_network(call, attempt);
    if (rate_limit_take_us(outside->begins, attempt->network, clock_monotonic_us()) > 0) {
        http_add_header(call->request, "Retry-After", "1");
        call_refuse(call, 429, "Too Many Requests", "Too many sign-ins begin. Wait a minute.");
        return;
    }
    enum err err = begin(call, attempt, &words, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    const struct provider_question question = {.state = words.state,
                                               .nonce = attempt->nonce,
                                               .verifier = attempt->verifier,
                                               .now = {call->now_us, clock_monotonic_us()}};
    err = provider_ask(outside->provider, &question, &url, &why);
    if (err) {
        log_event(LOG_LEVEL_WARNING, "provider.failed", "error", err_name(err), "reason", why.text,
                  NULL);
        call_refuse(call, 503, "Service Unavailable",
                    "The identity provider does not answer. Sign in with your password.");
        return;
    }
    outside_set_browser(call, words.browser);
    CLEANUP(value_free_p) struct value *body = value_object();
    value_set_text(body, "location", text_c(&url));
    http_answer_json(call->request, 200, body);
}
