/*
 * programs/tocsin/demo_members - how the members of a demo come by their identities: by one-time
 * token from tocsin-enrol, as at a real site.
 */
#pragma once

#include "demo.h"
#include "trust/authority.h"

enum { DEMO_TOKEN_SIZE = 256 };

/* The identity in whose name the demo invites (ca/desk.crt and .key), and the CA's fingerprint. */
MUST_USE enum err demo_members_prepare(struct demo_site *site, const struct authority *authority,
                                       struct why *why);

/* Enrols control, both brokers and the gateway, whose certificate the bridge needs. tocsin-enrol
 * must be there. */
MUST_USE enum err demo_members_enrol(const struct demo_site *site, struct why *why);

/* "TOCSIN_ENROL_TOKEN=..." for the edge, which enrols by itself at its first start. */
MUST_USE enum err demo_members_invite_edge(const struct demo_site *site,
                                           char variable[static DEMO_TOKEN_SIZE], struct why *why);
