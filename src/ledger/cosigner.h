/*
 * ledger/cosigner - the witnesses of the audit log as control knows them: each one's key, and what
 * it has cosigned last.
 *
 * A witness's key is learnt with its first good cosignature, from a message that the witness signed
 * as the device that it is; a change of key is the caller's to put on record. Belongs to the thread
 * of its database connection (migrated as control).
 */
#pragma once

#include "ledger/checkpoint.h"
#include "store/database.h"

enum { COSIGNER_LINE_SIZE = 512, COSIGNER_MAX = 32 };

struct cosigner {
    char name[64]; /* of the gateway */
    struct note_key key;
    uint64_t size; /* of the checkpoint that it has cosigned last; 0: none yet */
    int64_t at_us;
    int64_t entered_us; /* when its key went on record; 0: not yet, then the key proves nothing */
    char line[COSIGNER_LINE_SIZE]; /* its signature line, with its newline */
};

struct cosigner_store;

MUST_USE enum err cosigner_store_open(struct cosigner_store **out, struct database *database,
                                      struct why *why);
void cosigner_store_close(struct cosigner_store *store); /* NULL is allowed */
CLEANUP_FOR(struct cosigner_store, cosigner_store_close)

/* ERR_NOT_FOUND when the witness has never answered. */
MUST_USE enum err cosigner_get(struct cosigner_store *store, const char *name,
                               struct cosigner *cosigner, struct why *why);
MUST_USE enum err cosigner_put(struct cosigner_store *store, const struct cosigner *cosigner,
                               struct why *why);

/* At most COSIGNER_MAX, by name. */
MUST_USE enum err cosigner_list(struct cosigner_store *store, struct cosigner *list, size_t *count,
                                struct why *why);

/*
 * Adds to `note` (a checkpoint of `size`, without cosignatures) the lines of those of `list` that
 * cosigned that size, and whose signatures are good.
 */
MUST_USE enum err cosigner_gather(const struct cosigner *list, size_t count, uint64_t size,
                                  struct text *note, struct why *why);
