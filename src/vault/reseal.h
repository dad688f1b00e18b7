/*
 * vault/reseal - brings every sealed column under the newest key, and what is not sealed yet too.
 *
 * In batches of RESEAL_BATCH rows, each its own short transaction, so that a server goes on
 * answering beside it; a batch that was killed has done nothing. A value that was changed meanwhile
 * is left to its writer. What does not open is left as it is and counted: it keeps its key alive.
 * Which columns there are stands in one table in reseal.c. Belongs to the thread of its database
 * connection (migrated as control).
 */
#pragma once

#include "vault/vault.h"

enum { RESEAL_BATCH = 200 };

/*
 * The people's columns are few and are sealed before anybody signs in; the audit log's are many and
 * are sealed beside everything else.
 */
enum reseal_part {
    RESEAL_PART_PEOPLE,
    RESEAL_PART_UNSEALED, /* of the audit log, what is from before there were seals */
    RESEAL_PART_RECORD,   /* all of the audit log */
};

struct reseal;

MUST_USE enum err reseal_open(struct reseal **out, struct database *database, struct vault *vault,
                              struct why *why);
void reseal_close(struct reseal *reseal); /* NULL is allowed */
CLEANUP_FOR(struct reseal, reseal_close)

struct reseal_progress {
    int64_t sealed;  /* rows of this batch that are under the newest key now */
    int64_t refused; /* that do not open */
    bool done;       /* nothing is left to do in this part */
};
MUST_USE enum err reseal_batch(struct reseal *reseal, enum reseal_part part,
                               struct reseal_progress *progress, struct why *why);

/* Rows, of all parts, that are not under the newest key. Reads the whole audit log. */
MUST_USE enum err reseal_left(struct reseal *reseal, int64_t *left, struct why *why);

/*
 * Removes the older keys, if nothing is under them: `*left` says how many rows are. Those of the
 * audit log that reseal_batch has been over are not read again, so that nobody waits.
 */
MUST_USE enum err reseal_finish(struct reseal *reseal, int64_t *left, struct why *why);

/* The row of vault's seal_place for an entry of the audit log: a hash of its bytes, in hex. */
enum { RESEAL_ENTRY_ROW_SIZE = 33 };
void reseal_entry_row(char row[static RESEAL_ENTRY_ROW_SIZE], struct span entry);
