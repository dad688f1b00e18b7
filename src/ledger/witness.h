/*
 * ledger/witness - what an outside witness does with a log's checkpoint: C2SP tlog-witness,
 * add-checkpoint.
 *
 * It remembers one checkpoint for each log, and cosigns another only with a proof that it begins
 * with that one. So nobody is shown two histories, and nothing that was cosigned is taken back. The
 * request and its answers have C2SP's text and status, whatever carries them. Whoever calls must
 * make judging and remembering one step (witness_book does, in a transaction). Pure; any thread.
 */
#pragma once

#include "ledger/checkpoint.h"

enum { WITNESS_REQUEST_MAX = CHECKPOINT_SIZE_MAX + 4096, WITNESS_ANSWER_SIZE_MAX = 32 * 1024 };

struct witness_request {
    uint64_t old_size; /* of the checkpoint that the witness remembers; 0: of none */
    struct merkle_proof proof;
    struct span note; /* the new checkpoint, signed; borrowed */
};
void witness_request_write(const struct witness_request *request, struct text *out);
MUST_USE enum err witness_request_parse(struct witness_request *request, struct span text,
                                        struct why *why);

/* C2SP's status of each answer. A witness over HTTP answers in the two forms read below. */
enum witness_answer {
    WITNESS_ANSWER_COSIGN = 200,
    WITNESS_ANSWER_MALFORMED = 400,
    WITNESS_ANSWER_UNSIGNED = 403,     /* not signed by the log's key, or wrongly */
    WITNESS_ANSWER_UNKNOWN = 404,      /* no such log */
    WITNESS_ANSWER_CONFLICT = 409,     /* old_size is not what this witness remembers */
    WITNESS_ANSWER_INCONSISTENT = 422, /* another history */
};
const char *witness_answer_name(enum witness_answer answer); /* "conflict" ... */

/* The line that `key` signed, out of a COSIGN's lines, with its newline; false: there is none. Its
 * signature is not judged here. */
MUST_USE bool witness_pick_line(struct span answer, const struct note_key *key, struct text *line);

/* The size that a CONFLICT tells. ERR_MALFORMED. */
MUST_USE enum err witness_read_size(struct span answer, uint64_t *size, struct why *why);

/* What a witness remembers of a log. */
struct witness_memory {
    struct note_key key; /* of the log */
    struct checkpoint
        checkpoint; /* the newest that it cosigned; size 0 and an empty root at first */
};

/* On COSIGN fills `*checkpoint` (to be remembered) and `*text` (to be cosigned; borrowed). */
MUST_USE enum witness_answer witness_judge(const struct witness_memory *memory,
                                           const struct witness_request *request,
                                           struct checkpoint *checkpoint, struct span *text,
                                           struct why *why);
