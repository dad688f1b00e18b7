/*
 * control/people/outside - the identity provider of this site's configuration, and the cookie by
 * which a browser that was sent there is known when it comes back.
 */
#pragma once

#include "programs/control/control.h"
#include "provider/attempt.h"
#include "provider/link.h"
#include "provider/provider.h"
#include "provider/way_out.h"

struct outside {
    struct provider *provider;
    struct secret *secret; /* NULL: a public client */
    struct way_out way;
    const char *issuer, *name;
    struct rate_limit *begins; /* of a network: each leaves a row and asks the provider */
    char redirect[OPTION_TEXT_SIZE + 32];
};

/* Takes the client's secret from TOCSIN_OIDC_SECRET. `*out` stays NULL when none is set up. */
MUST_USE enum err outside_open(struct outside **out, const struct control_options *options,
                               struct why *why);
void outside_close(struct outside *outside); /* NULL is allowed */
/* Counts beginnings with the other servers, as rate_limit_share does; NULL is allowed. */
void outside_share(struct outside *outside, struct redis *redis);

/* The site's provider; NULL when there is none: then the call is answered. */
struct outside *outside_of(struct call *call);

/*
 * Begins `attempt`, of which purpose, subject and return_path are set: gives the browser its
 * cookie and answers {"location"}, where to go.
 */
void outside_begin(struct call *call, struct attempt *attempt);
/* Gives the browser another cookie; "" takes it away. */
void outside_set_browser(struct call *call, const char *browser);
/* What the cookie says; "" = there is none. */
void outside_browser(const struct call *call, char browser[static ATTEMPT_WORD_SIZE]);
/* The network that is asking, as attempts are counted by it. */
void outside_network(const struct call *call, struct attempt *attempt);
