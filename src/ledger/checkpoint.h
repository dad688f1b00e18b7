/*
 * ledger/checkpoint - how large a log is and what its root is: the text of C2SP tlog-checkpoint,
 * which ledger/note signs; and an entry's proof with it, C2SP tlog-proof.
 *
 * The origin line is the log's identity; its key is not, and may change. No I/O; any thread.
 */
#pragma once

#include "ledger/merkle.h"
#include "ledger/note.h"

enum { CHECKPOINT_SIZE_MAX = 32 * 1024, PROOF_SIZE_MAX = 48 * 1024 };

struct checkpoint {
    char origin[NOTE_NAME_SIZE];
    uint64_t size;
    struct merkle_hash root;
};

void checkpoint_write(const struct checkpoint *checkpoint, struct text *out);

/* The text of a note, all of it. Lines after the third are passed over, but not empty ones. */
MUST_USE enum err checkpoint_parse(struct checkpoint *checkpoint, struct span text,
                                   struct why *why);

/*
 * Opens a signed checkpoint: its signatures by `keys` (as note_open), its text, and its origin,
 * which must be `origin`, or the name of a key that signed it when `origin` is NULL.
 */
struct checkpoint_trust {
    const char *origin; /* may be NULL */
    const struct note_key *keys;
    size_t key_count;
};
MUST_USE enum note_verdict checkpoint_open(struct span note, const struct checkpoint_trust *trust,
                                           struct checkpoint *checkpoint,
                                           struct note_opened *opened, struct why *why);

/* An entry's place in a signed checkpoint, to be checked without the log: a .tlog-proof file. */
struct checkpoint_proof {
    uint64_t index;
    struct merkle_proof path;
    struct span note; /* the signed checkpoint, borrowed */
};
void checkpoint_proof_write(const struct checkpoint_proof *proof, struct text *out);
MUST_USE enum err checkpoint_proof_parse(struct checkpoint_proof *proof, struct span text,
                                         struct why *why);
