/*
 * tocsin/office - the operator's requests to tocsin-enrol, over mutual TLS, as JSON
 * (docs/protocols/enrolment.md). Blocks on the network.
 */
#pragma once

#include "base/value.h"
#include "trust/tier.h"

/* Whom to ask, and in whose name: `identity` is the path of .crt and .key without their ending. */
struct office {
    const char *url, *ca, *identity;
};

/* GET when `body` is NULL, else POST; the answer's JSON. ERR_DENIED says what the server said. */
MUST_USE enum err office_ask(struct value **out, const struct office *office, const char *path,
                             const struct value *body, struct why *why);

struct office_invitation {
    enum role role;
    const char *name;
    const char *const *hosts;
    size_t host_count;
    int64_t life_s;
};

/* The answer to an invitation: {"token", "fingerprint", "expires", ...}. */
MUST_USE enum err office_invite(struct value **out, const struct office *office,
                                const struct office_invitation *invitation, struct why *why);
