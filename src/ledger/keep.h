/*
 * ledger/keep - the checkpoints that a log keeps beside its newest one: those at which its key was
 * changed, and those that close an epoch.
 *
 * Files "rotation/SIZE" and "epoch/SIZE" in the log's folder, SIZE in 20 digits. Entries go at the
 * end of their keeping (ledger/recorder), and with them those that named keys: each is first put
 * beside its rotation, "rotation/SIZE.entry", where its leaf proves it. One thread; reads and
 * writes files.
 */
#pragma once

#include "ledger/shelf.h"

enum { KEEP_COUNT_MAX = 1024, KEEP_ENTRY_SIZE_MAX = ENTRY_SIZE_MAX + 32 };

enum { KEEP_DIGEST_SIZE = 45 };

enum keep_kind { KEEP_ROTATION, KEEP_EPOCH };
const char *keep_folder(enum keep_kind kind); /* "rotation", "epoch" */

/* The sizes, ascending; none when the folder is missing. ERR_LIMIT: more than KEEP_COUNT_MAX. */
MUST_USE enum err keep_list(const char *folder, enum keep_kind kind,
                            uint64_t sizes[static KEEP_COUNT_MAX], size_t *count, struct why *why);

MUST_USE enum err keep_read(const char *folder, enum keep_kind kind, uint64_t size,
                            struct text *note, struct why *why);
MUST_USE enum err keep_write(const char *folder, enum keep_kind kind, uint64_t size,
                             struct span note, struct why *why);

/* Whether there is one of that size. */
bool keep_there(const char *folder, enum keep_kind kind, uint64_t size);

/* Base64 of the SHA-256 of a checkpoint as it is kept: an entry that prunes names it so. */
void keep_digest(struct span note, char digest[static KEEP_DIGEST_SIZE]);

/*
 * Appends the entry that names the key to which the log changed at the rotation of `size`: as it
 * stands in the log, or beside the rotation, where it must fit its leaf. ERR_NOT_FOUND.
 */
MUST_USE enum err keep_rotation_entry(struct shelf *shelf, const char *folder, uint64_t size,
                                      struct text *entry, struct why *why);

/* Puts it there, unless it is there. */
MUST_USE enum err keep_rotation_save(struct shelf *shelf, const char *folder, uint64_t size,
                                     struct why *why);
