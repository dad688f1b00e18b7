/*
 * ledger/deed - deeds of another program (tocsin-enrol) into the audit log, each once, in order.
 *
 * The other program numbers its deeds and says which one stands before each. What is entered and
 * how far it got are one transaction, so that nothing is lost or doubled whenever control is
 * killed, nor when two controls ask at once. A number that does not follow (a register from a
 * backup) is entered as well, as `deeds_gap`. The program's word is not control's: its entries have
 * its name as their user, and only actions that begin with "member_" or "enrol_". Belongs to the
 * thread of its database connection (migrated as control).
 */
#pragma once

#include "ledger/journal.h"

enum {
    DEED_ANSWER_SIZE_MAX = 1024 * 1024,
    DEED_BATCH_MAX = 1000,
    DEED_AHEAD_MAX_DAYS = 3660, /* a number is about a time in microseconds: none is beyond that */
};

/* What the program tells: borrowed from its JSON object. */
struct deed {
    int64_t number, previous, at_us;
    const char *action, *resource;
    const struct value *details;
    const char *address, *agent; /* NULL: none */
};

/* ERR_MALFORMED names the member. */
MUST_USE enum err deed_parse(struct deed *deed, const struct value *object, struct why *why);

struct deed_taker;

/* `journal` is borrowed, and of the same connection. */
MUST_USE enum err deed_taker_open(struct deed_taker **out, struct database *database,
                                  struct journal *journal, struct why *why);
void deed_taker_close(struct deed_taker *taker); /* NULL is allowed */
CLEANUP_FOR(struct deed_taker, deed_taker_close)

/* The number of the newest deed of `source` that is entered; 0: none. */
MUST_USE enum err deed_taker_mark(struct deed_taker *taker, const char *source, int64_t *mark,
                                  struct why *why);

struct deed_call {
    const char *source;         /* "enrol/enrol" */
    const struct value *answer; /* {"newest", "deeds": [...]} to the question for what follows
                                   the mark */
    int64_t now_us;
    size_t entered; /* out: how many entries there are now that were not before */
    bool more;      /* out: the program has more to tell */
};

/*
 * Enters all of an answer, or nothing. ERR_MALFORMED: it is none; ERR_CONFLICT: somebody else has
 * taken these meanwhile.
 */
MUST_USE enum err deed_taker_take(struct deed_taker *taker, struct deed_call *call,
                                  struct why *why);
