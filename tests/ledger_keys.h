/*
 * tests/ledger_keys - keys of logs and witnesses for tests: the same name and number, the same key.
 */
#pragma once

#include "ledger/note.h"

struct ledger_signer {
    struct note_signer note;
    struct signing_key *secret;
};

static inline void ledger_signer_open(struct ledger_signer *signer, enum note_kind kind,
                                      const char *name, uint8_t number)
{
    uint8_t bytes[32] = {number, 0x5a};
    uint8_t public_key[PUBLIC_KEY_SIZE];
    CLEANUP(secret_free_p) struct secret *seed = NULL;
    if (secret_new(&seed, span_of(bytes, sizeof bytes), NULL) ||
        signing_key_new(&signer->secret, seed, NULL)) {
        abort();
    }
    signing_key_public(signer->secret, public_key);
    if (note_key_make(&signer->note.key, kind, name, public_key, NULL)) { abort(); }
    signer->note.secret = signer->secret;
}

static inline void ledger_signer_close(struct ledger_signer *signer)
{
    signing_key_free(signer->secret);
}
