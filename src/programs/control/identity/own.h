/*
 * control/identity/own - who this server is: its key and the one for exercises, renewed by EST
 * while it runs (fleet/renewal), and the CAs that it trusts.
 *
 * With enrol.url a thread for each key renews its certificate at two thirds of its life: the signer
 * signs with the new one, the bus is connected anew, with its session, and no request of a browser
 * notices. When the CAs of the site have changed, every thread that judges takes the new ones
 * before its next judgement: it asks own_changes. A first certificate is made with a token, as a
 * device's.
 */
#pragma once

#include "programs/control/bus.h"
#include "programs/control/identity/ca_news.h"
#include "programs/control/options.h"
#include "trust/envelope.h"

struct own;

/* Finishes what an earlier renewal left half done, enrols when there is a token, opens the keys. */
MUST_USE enum err own_open(struct own **out, const struct control_options *options,
                           struct why *why);
void own_close(struct own *own); /* NULL is allowed */
CLEANUP_FOR(struct own, own_close)

struct signer *own_signer(const struct own *own);
struct signer *own_exercises(const struct own *own); /* NULL: there is no key for them */

/* Begins to renew, if enrol.url is set. own_end: no thread of ours comes afterwards. */
MUST_USE enum err own_begin(struct own *own, struct bus *bus, struct why *why);
void own_end(struct own *own); /* NULL is allowed */

const struct ca_news *own_news(const struct own *own);
