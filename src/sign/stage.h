/*
 * sign/stage - which message is lit.
 *
 * The gravest tier wins at once; when it is gone, the interrupted message goes on where it stood.
 * Among equals each is shown through once in turn, one that was never lit first. A message is
 * there from its begin to its expiry. Belongs to one thread, does no I/O, and is told the time:
 * the wall clock judges begin and expiry, the monotonic one measures how long a message was lit.
 */
#pragma once

#include "base/err.h"
#include "base/id.h"
#include "sign/show.h"

enum { STAGE_COUNT_MAX = 256 };

struct stage;

struct stage *stage_new(void);
void stage_free(struct stage *stage); /* frees what it shows; NULL is allowed */
CLEANUP_FOR(struct stage, stage_free)

struct stage_entry {
    char alert_id[ID_TEXT_SIZE];
    int64_t revision;
    enum tier tier;
    bool drill; /* an exercise or a test: below everything that is real, whatever its tier */
    int64_t begin_us, expire_us; /* wall */
    bool was_lit;                /* before a restart: it need not go first again */
    struct sign_show *show;      /* taken by stage_put on OK */
};

/*
 * Adds a message, or replaces the one of the same alert_id. ERR_LIMIT when STAGE_COUNT_MAX are
 * there already and none of them is less grave; else the least grave that came last gives way.
 */
MUST_USE enum err stage_put(struct stage *stage, const struct stage_entry *entry, struct why *why);

/* Takes a message away; false when it is not there. */
bool stage_remove(struct stage *stage, const char *alert_id);
size_t stage_count(const struct stage *stage);

struct stage_time {
    int64_t wall_us, monotonic_us;
};

struct stage_turn {
    const struct sign_show *show; /* borrowed until the next put or remove; NULL = all dark */
    int64_t shown_us;             /* for sign_show_render */
    char alert_id[ID_TEXT_SIZE];
    int64_t revision;
    bool first; /* this revision was not lit before */
    int64_t
        wait_us; /* call again after so long at the latest; INT64_MAX = when something changes */
};

/* Lets time pass, drops what has expired, and says what is to be lit now. */
void stage_turn(struct stage *stage, struct stage_time now, struct stage_turn *turn);
