/*
 * alert/delivery_board - alerts and how far each has come, as JSON for browsers.
 *
 * Control, reading only. The objects are those of docs/protocols/api.md, the same for REST answers
 * and live messages. Belongs to the thread of its database connection; the time is a parameter.
 * Every `*out` belongs to the caller.
 */
#pragma once

#include "base/id.h"
#include "base/value.h"
#include "store/database.h"

enum { DELIVERY_BOARD_LIMIT_MAX = 200 };

struct delivery_board;

MUST_USE enum err delivery_board_open(struct delivery_board **out, struct database *database,
                                      struct why *why);
void delivery_board_close(struct delivery_board *board); /* NULL is allowed */
CLEANUP_FOR(struct delivery_board, delivery_board_close)

enum delivery_board_filter {
    DELIVERY_BOARD_FILTER_ALL,
    DELIVERY_BOARD_FILTER_ACTIVE, /* pending too */
    DELIVERY_BOARD_FILTER_ENDED,
};
/* "all", "active", "ended". ERR_MALFORMED for another. */
MUST_USE enum err delivery_board_filter_parse(enum delivery_board_filter *filter, const char *name,
                                              struct why *why);

struct delivery_board_query {
    enum delivery_board_filter filter;
    int64_t limit;      /* 1..DELIVERY_BOARD_LIMIT_MAX; 0 = 50 */
    const char *before; /* a cursor from an earlier answer, or NULL */
    const char *zones;  /* only what concerns these: ",north,south,"; NULL = all */
    int64_t now_us;
};

/* `{"alerts":[alert...],"next":cursor or null}`, newest first, without deliveries. ERR_MALFORMED
 * for a strange cursor, ERR_RANGE for the limit. */
MUST_USE enum err delivery_board_list(struct delivery_board *board,
                                      const struct delivery_board_query *query, struct value **out,
                                      struct why *why);

/* How much of an alert lies within `zones` (as in a query). ERR_NOT_FOUND: nothing, or no alert. */
enum delivery_board_reach { DELIVERY_BOARD_REACH_SOME, DELIVERY_BOARD_REACH_ALL };
MUST_USE enum err delivery_board_reach(struct delivery_board *board, const char *alert_id,
                                       const char *zones, enum delivery_board_reach *reach,
                                       struct why *why);

/* One alert with counts: in brief, or in full with its deliveries (in `zones`, NULL = all).
 * ERR_NOT_FOUND. */
struct delivery_board_view {
    const char *alert_id, *zones;
    int64_t now_us;
};
MUST_USE enum err delivery_board_alert(struct delivery_board *board,
                                       const struct delivery_board_view *view, struct value **out,
                                       struct why *why);
MUST_USE enum err delivery_board_brief(struct delivery_board *board, const char *alert_id,
                                       int64_t now_us, struct value **out, struct why *why);

/* The live message of one delivery: {"alert_id","revision",...delivery,"counts"}. ERR_NOT_FOUND. */
struct delivery_board_key {
    const char *alert_id, *device;
    int64_t now_us;
};
MUST_USE enum err delivery_board_delivery(struct delivery_board *board,
                                          const struct delivery_board_key *key, struct value **out,
                                          struct why *why);

/* How many alerts there are (that concern `zones`), for GET /api/resources. */
MUST_USE enum err delivery_board_count(struct delivery_board *board, const char *zones,
                                       int64_t *count, struct why *why);
