/*
 * enrol/deeds - what was done here and belongs into the site's audit log: each deed in the
 * transaction that did it, in order, until control has taken it over.
 *
 * Control asks for what follows the newest that it has; what it has and is old goes. Refusals
 * change nothing and strangers cause them, so they are taken at a bounded rate. Belongs to the
 * thread that holds the desk's lock; the database is migrated as enrol.
 */
#pragma once

#include "base/value.h"
#include "store/database.h"
#include "trust/certificate.h"

enum { DEEDS_BATCH_MAX = 100, DEEDS_REFUSALS_A_MINUTE = 60 };

struct deeds;

MUST_USE enum err deeds_open(struct deeds **out, struct database *database, struct why *why);
void deeds_close(struct deeds *deeds); /* NULL is allowed */
CLEANUP_FOR(struct deeds, deeds_close)

/* Over which connection something was asked for. */
struct asker {
    const char *identity; /* the SPIFFE ID of its certificate; NULL: it showed none */
    const char *address, *agent;
};

struct deed {
    const char *action; /* "member_..." or "enrol_..." */
    int64_t at_us;
    const struct identity *member; /* what it was done to: "ROLE/NAME"; */
    const char *resource;          /* or this, when `member` is NULL */
    struct value *details;         /* taken; gets "by", who asked */
    const struct asker *asker;     /* NULL: the program itself */
};

/* {"serial", "until"} of a certificate. */
struct value *deeds_describe(const struct certificate *certificate);

/* Joins the caller's transaction. */
MUST_USE enum err deeds_enter(struct deeds *deeds, const struct deed *deed, struct why *why);

/* The same for a refusal, in a transaction of its own; beyond the rate it is passed over. */
MUST_USE enum err deeds_refuse(struct deeds *deeds, const struct deed *deed, struct why *why);

/*
 * {"newest", "deeds": [{"number", "previous", "at", "action", "resource", "details", "address",
 * "agent"}, ...]}: at most DEEDS_BATCH_MAX that follow `after`, which control has.
 */
MUST_USE enum err deeds_since(struct deeds *deeds, int64_t after, int64_t now_us,
                              struct value **out, struct why *why);
