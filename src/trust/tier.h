/*
 * trust/tier - how grave a message is, and whose signature may carry it.
 *
 * One table answers for every receiver: who may sign which tier, and how long a message of it may
 * stay valid at most. A sign enforces it as control does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum tier { TIER_INFORMATIONAL, TIER_ADVISORY, TIER_WARNING, TIER_EMERGENCY, TIER_IPAWS };
enum { TIER_COUNT = 5 };

/* The role in a SPIFFE ID: spiffe://<site>/<role>/<name>. */
/* `broker` is a message broker itself: it carries messages and may sign none. `enrol` is the one
 * that holds the site CA's key (tocsin-enrol); it signs what carries the CA's own lists. */
enum role {
    ROLE_EDGE,
    ROLE_GATEWAY,
    ROLE_CONTROL,
    ROLE_OPS,
    ROLE_MAP,
    ROLE_CLOUD,
    ROLE_BROKER,
    ROLE_ENROL,
    /* A person of the operations centre, by their own key: signs approvals (trust/approval), never
     * an envelope, and opens no connection. */
    ROLE_OPERATOR,
    /* The key for exercises and tests, beside control's own: signs those and nothing real, opens no
     * connection. */
    ROLE_EXERCISE,
};
enum { ROLE_COUNT = 10 };

const char *tier_name(enum tier tier); /* "informational" ... "ipaws" */
MUST_USE enum err tier_parse(enum tier *tier, const char *name, struct why *why);

const char *role_name(enum role role); /* "edge" ... */
MUST_USE enum err role_parse(enum role *role, const char *name, struct why *why);

/* informational: edge and above, enrol; advisory: gateway, control, ops; warning: control, ops;
 * emergency: control, ops, and then only what people have approved (tier_approved); ipaws: nobody
 * of the site. map, cloud, broker and operator sign no message, exercise nothing real. */
bool tier_allowed(enum role role, enum tier tier);

/* The same for an alert that is an exercise or a test: all but ipaws, and by exercise alone. */
bool tier_exercise_allowed(enum role role, enum tier tier);

/*
 * Whether a message of this tier is nothing but an envelope until enough operators have signed its
 * content with their own keys: who signs the envelope only carries it (docs/protocols/approval.md).
 */
bool tier_approved(enum tier tier);

/* The longest validity of an alert of this tier, from its begin, in microseconds. */
int64_t tier_validity_max_us(enum tier tier);
