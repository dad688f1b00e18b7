/*
 * ledger/witness_message - what control and a witness say to each other on the bus
 * (docs/protocols/audit.md): the content of two kinds of envelope.
 *
 *   {"type": "checkpoint", "vkey": the log's key, "request": C2SP add-checkpoint's body}
 *   {"type": "cosignature", "vkey": the witness's key, "status": C2SP's, "size", "text"}
 *
 * No I/O; any thread.
 */
#pragma once

#include "base/value.h"
#include "ledger/witness.h"

struct witness_question {
    char vkey[NOTE_VKEY_SIZE];
    const char *request; /* borrowed from the content */
};
struct value *witness_question_value(const char *vkey, const char *request);
MUST_USE enum err witness_question_parse(struct witness_question *question,
                                         const struct value *content, struct why *why);

struct witness_told {
    char vkey[NOTE_VKEY_SIZE];
    enum witness_answer answer;
    uint64_t size;
    const char *text; /* borrowed: witness_reply's line */
};
struct value *witness_told_value(const struct witness_told *told);
MUST_USE enum err witness_told_parse(struct witness_told *told, const struct value *content,
                                     struct why *why);
