/*
 * control/grants - which stream tokens control has given out, to whom, for what.
 *
 * A token opens one operation of one event once, within a minute, for the session that asked for
 * it. Only hashes are kept, in the database: the browser may come with it to another server. The
 * edge checks the same token's signature by itself. Belongs to the thread of its connection.
 */
#pragma once

#include "base/id.h"
#include "base/span.h"
#include "evidence/media.h"
#include "people/session.h"
#include "trust/certificate.h"

#define GRANT_LIFE_US (60 * CLOCK_SECOND_US)

struct grants;
MUST_USE enum err grants_open(struct grants **out, struct database *database, struct why *why);
void grants_close(struct grants *grants); /* NULL is allowed */
CLEANUP_FOR(struct grants, grants_close)

struct grant {
    char event_id[ID_TEXT_SIZE];
    char device[IDENTITY_NAME_SIZE];
    enum media_kind kind;
    uint8_t session[SESSION_KEY_SIZE];
    int64_t not_after_us;
};

/* Remembers that `token` means `grant`; joins the caller's transaction. */
MUST_USE enum err grants_give(struct grants *grants, const char *token, const struct grant *grant,
                              int64_t now_us, struct why *why);

enum grant_answer {
    GRANT_ANSWER_OPEN,
    GRANT_ANSWER_UNKNOWN, /* never given, used, or forgotten */
    GRANT_ANSWER_EXPIRED,
    GRANT_ANSWER_OTHER_EVENT, /* or the other operation */
    GRANT_ANSWER_OTHER_SESSION,
};
const char *grant_answer_name(enum grant_answer answer); /* "other_event" ... */

struct grant_try {
    const char *token;
    struct grant wanted; /* device and end aside, which are filled in when it opens */
    int64_t now_us;
    enum grant_answer answer;
};
/* Whether `token` opens what `wanted` says. Spends it if so. */
MUST_USE enum err grants_take(struct grants *grants, struct grant_try *attempt, struct why *why);
