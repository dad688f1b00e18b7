/*
 * ledger/book - writes a log to a folder of plain files (C2SP tlog-tiles), append-only.
 *
 * book_append makes entries durable: bundles first, then tiles, each written, synced and renamed.
 * book_sign then signs a checkpoint of all that was appended and puts it in the place of the old
 * one. After a crash at any moment the folder holds the old checkpoint or the new one, and all that
 * it covers; what was appended beyond it is appended again, over the same names. Partial tiles go
 * when their full one is signed. One thread, one book for each folder. Writes files.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/tile.h"

struct book;

enum { BOOK_SIGNERS_MAX = 2 };
#define BOOK_CHECKPOINT "checkpoint" /* the file's name in the folder */

/*
 * Opens the log in `folder`, made when missing, whose checkpoint must be signed by `trust`.
 * ERR_DENIED when it is not; ERR_CONFLICT when the stored tree is not the one that was signed:
 * nothing may be signed then. A folder without a checkpoint is a log of no entries.
 */
MUST_USE enum err book_open(struct book **out, const char *folder,
                            const struct checkpoint_trust *trust, struct why *why);
void book_close(struct book *book); /* NULL is allowed */
CLEANUP_FOR(struct book, book_close)

uint64_t book_size(const struct book *book);        /* appended */
uint64_t book_signed_size(const struct book *book); /* covered by the checkpoint */
struct span book_note(const struct book *book);     /* the signed checkpoint, "" before the first */

/* Appends, durable on return. After a failure close the book and open it again. */
MUST_USE enum err book_append(struct book *book, const struct span *entries, size_t count,
                              struct why *why);

/* Signs what was appended, with each of `signers`, and stores the checkpoint. */
MUST_USE enum err book_sign(struct book *book, const struct note_signer *signers, size_t count,
                            struct why *why);

/*
 * Takes the checkpoint of all that was appended, which another writer of the same log has signed;
 * the caller has opened `note`. ERR_CONFLICT when it is of another tree.
 */
MUST_USE enum err book_adopt(struct book *book, const struct checkpoint *checkpoint,
                             struct span note, struct why *why);

/* Stores the checkpoint with more signatures (of witnesses): the same text. ERR_CONFLICT else. */
MUST_USE enum err book_note_store(struct book *book, struct span note, struct why *why);
