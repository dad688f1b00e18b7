/*
 * ledger/journal - the audit log's entries in the database, in the order that they have for ever.
 *
 * An entry is written in the transaction of what it tells of, and gets its index there: nothing
 * happens without its entry, and no entry tells of what was rolled back. A thread of control then
 * carries the entries to the log's files, in this order, exactly once, whenever it was killed. The
 * newest signed checkpoint is kept here too, apart from those files. Belongs to the thread of its
 * database connection (migrated as control).
 */
#pragma once

#include "ledger/entry.h"
#include "store/database.h"

struct journal;

MUST_USE enum err journal_open(struct journal **out, struct database *database, struct why *why);
void journal_close(struct journal *journal); /* NULL is allowed */
CLEANUP_FOR(struct journal, journal_close)

/* Joins the connection's transaction if there is one, else makes its own. */
MUST_USE enum err journal_enter(struct journal *journal, const struct entry_fact *fact,
                                struct why *why);

/* How many entries there are: the next one's index. */
MUST_USE enum err journal_size(struct journal *journal, uint64_t *size, struct why *why);

/* Calls `each` for entries from `index` on, at most `limit`, in order. */
struct journal_reader {
    void *context;
    void (*each)(void *context, uint64_t index, struct span bytes);
};
MUST_USE enum err journal_each(struct journal *journal, uint64_t index, uint64_t limit,
                               const struct journal_reader *reader, struct why *why);

/* Takes back entry `index`, which the files have and the database lost (a power cut). */
MUST_USE enum err journal_adopt(struct journal *journal, uint64_t index, struct span bytes,
                                struct why *why);

/* The newest entry of `action` on `resource`; ERR_NOT_FOUND. */
MUST_USE enum err journal_find(struct journal *journal, const char *action, const char *resource,
                               uint64_t *index, struct why *why);

/* Erases what entry `index` sealed; ERR_NOT_FOUND when there is nothing. The tree stays as it is.
 */
MUST_USE enum err journal_erase(struct journal *journal, uint64_t index, struct why *why);

/* The first entry that is there; the size when there is none. */
MUST_USE enum err journal_first(struct journal *journal, uint64_t *index, struct why *why);

/* When entry `index` was; ERR_NOT_FOUND. */
MUST_USE enum err journal_time(struct journal *journal, uint64_t index, int64_t *at_us,
                               struct why *why);

/* Forgets the entries below `end`, a few hundred at a time so that nobody waits for it. */
MUST_USE enum err journal_forget(struct journal *journal, uint64_t end, struct why *why);

/* ---- reading it ---- */

struct journal_query {
    uint64_t before;                      /* entries below this index; 0: from the newest on */
    uint64_t least;                       /* and not below this one */
    int64_t limit;                        /* 0 means 50 */
    int64_t from_us, to_us;               /* of the entry's time; 0: without bound */
    const char *user, *action, *resource; /* NULL: any */
};

/* {"entries": [ENTRY...], "next": index|null}, newest first; ENTRY as journal_get answers. */
MUST_USE enum err journal_list(struct journal *journal, const struct journal_query *query,
                               struct value **out, struct why *why);

/*
 * {"index", the entry's members, "sealed": the commitment, "address", "agent", "sensitive",
 * "bytes": base64, "salt": base64|null, "opened": the sealed text|null}. ERR_NOT_FOUND.
 */
MUST_USE enum err journal_get(struct journal *journal, uint64_t index, struct value **out,
                              struct why *why);

/* The entry's bytes, its salt and its sealed text (both empty when there is none). */
struct journal_entry {
    struct text bytes, sealed;
    uint8_t salt[ENTRY_SALT_SIZE];
    bool opened; /* salt and sealed are there */
};
void journal_entry_deinit(struct journal_entry *entry);
MUST_USE enum err journal_read(struct journal *journal, uint64_t index, struct journal_entry *entry,
                               struct why *why);

/* ---- the newest signed checkpoint ---- */

/* Appends it; nothing before the first. */
MUST_USE enum err journal_signed(struct journal *journal, struct text *note, struct why *why);
MUST_USE enum err journal_sign(struct journal *journal, uint64_t size, const char *note,
                               struct why *why);

/* ---- the checkpoints that are kept, for every server's files ---- */

MUST_USE enum err journal_keep(struct journal *journal, int kind, uint64_t size, struct span note,
                               struct why *why);

/* Calls `each` for all of them, until it answers an error. */
struct journal_kept {
    void *context;
    enum err (*each)(void *context, int kind, uint64_t size, struct span note, struct why *why);
};
MUST_USE enum err journal_kept_each(struct journal *journal, const struct journal_kept *reader,
                                    struct why *why);
