/*
 * ledger/witness_book - a witness's memory: what it has cosigned of each log, judged and remembered
 * in one transaction, so that no two requests can roll it back (C2SP tlog-witness).
 *
 * A log's key is learnt with its first checkpoint, from whoever the caller trusts to bring it, and
 * then kept. A new key takes its place only with a checkpoint that the old one signed as well.
 * Belongs to the thread of its database connection (migrated as gateway).
 */
#pragma once

#include "ledger/witness.h"
#include "store/database.h"

struct witness_book;

MUST_USE enum err witness_book_open(struct witness_book **out, struct database *database,
                                    struct why *why);
void witness_book_close(struct witness_book *book); /* NULL is allowed */
CLEANUP_FOR(struct witness_book, witness_book_close)

struct witness_call {
    const char *vkey;                 /* of the log: what the caller says its key is now */
    struct witness_request request;   /* borrowed */
    const struct note_signer *signer; /* the witness's own */
    int64_t now_us;
};

struct witness_reply {
    enum witness_answer answer;
    uint64_t size; /* of what is remembered now */
    struct text
        line; /* on COSIGN the signature line, else what is remembered: the log's own note */
};
void witness_reply_deinit(struct witness_reply *reply);

/* Judges, remembers and answers. An error: nothing is remembered and nothing is to be answered. */
MUST_USE enum err witness_book_cosign(struct witness_book *book, const struct witness_call *call,
                                      struct witness_reply *reply, struct why *why);
