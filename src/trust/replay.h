/*
 * trust/replay - which messages were admitted before, in bounded memory.
 *
 * For each issuer (text such as "edge/north-1") there is a floor: what is not newer is refused.
 * Above it the identifiers of the latest messages are remembered, in one ring for all issuers; when
 * an identifier leaves the ring, its issuer's floor rises to that message's time. So a message is
 * never admitted twice, and messages may overtake each other as long as the ring remembers them.
 *
 * The newest admitted time of an issuer is its mark, the one small thing that a program stores and
 * gives back after a restart, when it becomes the floor. When there are too many issuers the least
 * recently used is forgotten; its mark goes into the floor that all unknown issuers share, told
 * under the name REPLAY_OTHERS. One thread each. No I/O.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum {
    REPLAY_ISSUER_SIZE = 80, /* with its terminator */
    REPLAY_ISSUER_MAX = 16384,
    REPLAY_RECENT_MAX = 65536
};

#define REPLAY_OTHERS "*"

struct replay;

/* At most `issuer_max` issuers and `recent_max` identifiers; programs pass the maxima above. */
struct replay *replay_new(size_t issuer_max, size_t recent_max);
void replay_free(struct replay *replay); /* NULL is allowed */
CLEANUP_FOR(struct replay, replay_free)

/* Whether the message (`id` a UUID that id_valid accepts) may be admitted. Remembers nothing. */
MUST_USE bool replay_fresh(const struct replay *replay, const char *issuer, const char *id,
                           int64_t timestamp_us);

/* Remembers a message that was fresh, and admitted. */
void replay_admit(struct replay *replay, const char *issuer, const char *id, int64_t timestamp_us);

/* The marks that changed since the last call. */
void replay_marks_each(struct replay *replay,
                       void (*each)(void *context, const char *issuer, int64_t timestamp_us),
                       void *context);

/*
 * The clock was ahead and has been set back: marks later than `limit_us` would refuse all their
 * issuers' messages until then. They become `now_us`: nothing signed before the clock was ahead is
 * fresh again. What was signed meanwhile with a time to come can be once more, then; receivers are
 * told the same thing twice without harm. True when a mark was changed.
 */
bool replay_turn_back(struct replay *replay, int64_t limit_us, int64_t now_us);

/* A stored mark: from now on nothing of `issuer` that is not newer is fresh. */
void replay_mark_set(struct replay *replay, const char *issuer, int64_t timestamp_us);
