/*
 * provider/provider - the outside identity provider that people may sign in with: where to send
 * them, and who it says came back (OpenID Connect Core 1.0, authorisation code with PKCE).
 *
 * Issuer and client are the configuration's and never change. Metadata and keys are fetched when
 * they are first needed and kept for an hour; an unknown key has the set fetched anew, at most once
 * a minute, so that a rotation is followed and a stranger's token makes no traffic. What cannot be
 * fetched leaves what was known before, and is not tried again for some seconds. A request blocks
 * its thread for as long as the port lets it: no more than `at_once_max` threads are here at a
 * time, the next one is told ERR_LIMIT. Any thread; I/O only through the port; time is a parameter.
 */
#pragma once

#include "base/secret.h"
#include "provider/id_token.h"
#include "provider/metadata.h"

struct provider;

/* One question over HTTPS. */
struct provider_request {
    const char *url;
    const struct text *form; /* of a POST; NULL: a GET */
    const char *credentials; /* HTTP Basic, "NAME:PASSWORD"; NULL = none */
};
/* Asks and appends the answer's body, which `body` limits. The order of errors is wire/fetch's. */
struct provider_port {
    void *context;
    enum err (*ask)(void *context, const struct provider_request *request, int *status,
                    struct text *body, struct why *why);
};

struct provider_config {
    const char *issuer, *client_id, *redirect; /* borrowed, as is the secret */
    const struct secret *secret;               /* NULL: a public client */
    struct provider_port port;
    int64_t max_age_s; /* since the person was asked there who they are; 0 = any time */
    int at_once_max;
};
/* ERR_RANGE: an address is none that we go to. */
MUST_USE enum err provider_new(struct provider **out, const struct provider_config *config,
                               struct why *why);
void provider_free(struct provider *provider); /* NULL is allowed */
CLEANUP_FOR(struct provider, provider_free)

/* The time of day, and that of a clock which is never set. */
struct provider_moment {
    int64_t wall_us, monotonic_us;
};

struct provider_question {
    const char *state, *nonce, *verifier;
    struct provider_moment now;
};
/* Appends where to send the browser. ERR_UNAVAILABLE: the provider is not there; ERR_LIMIT. */
MUST_USE enum err provider_ask(struct provider *provider, const struct provider_question *question,
                               struct text *url, struct why *why);

struct provider_code {
    const char *issuer; /* that the answer says (RFC 9207); NULL = none */
    const char *code, *nonce, *verifier;
    struct provider_moment now;
};
/*
 * Gives the code for an ID token and judges it; another issuer's code is given to nobody.
 * ERR_DENIED, ERR_MALFORMED: it opens nothing; ERR_UNAVAILABLE: the provider is not there, or
 * answers no sense; ERR_LIMIT: too many are here.
 */
MUST_USE enum err provider_redeem(struct provider *provider, const struct provider_code *code,
                                  struct id_token *person, struct why *why);
