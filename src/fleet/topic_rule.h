/*
 * fleet/topic_rule - who may do what on the bus: the table of docs/protocols/bus.md as a function.
 *
 * A broker asks it for every connection, subscription and message (programs/broker), with the
 * identity of the client's certificate; nothing that a client says about itself counts. Pure: no
 * I/O, no state, any thread.
 */
#pragma once

#include "trust/certificate.h"

enum { TOPIC_PAYLOAD_SIZE_MAX = 64 * 1024 };

/* The broker that asks. */
struct topic_place {
    const char *site;   /* identities of other sites may do nothing */
    const char *prefix; /* "tocsin": every topic stands under it */
    const char *zone;   /* the broker's own zone; NULL or "" at the site broker */
};

enum topic_access {
    TOPIC_ACCESS_PUBLISH,
    TOPIC_ACCESS_RETAIN,    /* publish, to be kept by the broker: an edge only its own status */
    TOPIC_ACCESS_SUBSCRIBE, /* the topic may be a filter with + and # */
    TOPIC_ACCESS_RECEIVE,   /* one message that a subscription would bring */
};

enum topic_answer {
    TOPIC_ANSWER_ALLOWED,
    TOPIC_ANSWER_SITE,      /* an identity of another site */
    TOPIC_ANSWER_ROLE,      /* a role that has no business on the bus */
    TOPIC_ANSWER_FOREIGN,   /* a topic that is not this identity's */
    TOPIC_ANSWER_MALFORMED, /* a topic to publish with a wildcard, a share without a filter */
    TOPIC_ANSWER_OVERSIZED, /* a payload over TOPIC_PAYLOAD_SIZE_MAX */
    TOPIC_ANSWER_CLIENT,    /* a client id that belongs to another identity */
};

const char *topic_answer_name(enum topic_answer answer); /* "foreign" ... */

/*
 * Whether `who` may connect as `client_id`: its own `ROLE-NAME`, or that and `:` and anything. The
 * client id names the session at the broker, so another's must not be taken over.
 */
enum topic_answer topic_connect(const struct topic_place *place, const struct identity *who,
                                const char *client_id);

/* Whether `who` may do `access` on `topic` with a payload of `size` bytes (0 unless known). */
enum topic_answer topic_judge(const struct topic_place *place, const struct identity *who,
                              enum topic_access access, const char *topic, size_t size);
