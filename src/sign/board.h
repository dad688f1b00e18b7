/*
 * sign/board - which message is lit.
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

enum { BOARD_COUNT_MAX = 256 };

struct board;

struct board *board_new(void);
void board_free(struct board *board); /* frees what it shows; NULL is allowed */
CLEANUP_FOR(struct board, board_free)

struct board_entry {
    char alert_id[ID_TEXT_SIZE];
    int64_t revision;
    enum tier tier;
    int64_t begin_us, expire_us; /* wall */
    bool was_lit;                /* before a restart: it need not go first again */
    struct sign_show *show;      /* taken by board_put on OK */
};

/*
 * Adds a message, or replaces the one of the same alert_id. ERR_LIMIT when BOARD_COUNT_MAX are
 * there already and none of them is less grave; else the least grave that came last gives way.
 */
MUST_USE enum err board_put(struct board *board, const struct board_entry *entry, struct why *why);

/* Takes a message away; false when it is not there. */
bool board_remove(struct board *board, const char *alert_id);
size_t board_count(const struct board *board);

struct board_time {
    int64_t wall_us, monotonic_us;
};

struct board_turn {
    const struct sign_show *show; /* borrowed until the next put or remove; NULL = all dark */
    int64_t shown_us;             /* for sign_show_render */
    char alert_id[ID_TEXT_SIZE];
    int64_t revision;
    bool first; /* this revision was not lit before */
    int64_t
        wait_us; /* call again after so long at the latest; INT64_MAX = when something changes */
};

/* Lets time pass, drops what has expired, and says what is to be lit now. */
void board_turn(struct board *board, struct board_time now, struct board_turn *turn);
