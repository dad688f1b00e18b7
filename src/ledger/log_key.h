/*
 * ledger/log_key - the log's own keys, as files of a folder: `audit.key`, after a rotation
 * `audit.key.old` until it is taken away, before one `audit.key.next`.
 *
 * Ed25519, PEM, mode 0600, used for checkpoints and for nothing else. While the old key is there
 * both sign, so that witnesses and readers who were away can follow. Reads and writes files; one
 * thread.
 */
#pragma once

#include "ledger/note.h"

enum { LOG_KEYS_MAX = 2 };

struct log_keys {
    size_t count;
    struct note_signer signers[LOG_KEYS_MAX]; /* the present one first */
    struct signing_key *secrets[LOG_KEYS_MAX];
};
void log_keys_deinit(struct log_keys *keys);

/*
 * Reads them; `origin` is their name. Without any file a key is made when `may_make`, else
 * ERR_NOT_FOUND. A rotation that was cut off half way is finished.
 */
MUST_USE enum err log_keys_open(struct log_keys *keys, const char *folder, const char *origin,
                                bool may_make, struct why *why);

/* Makes audit.key.next and tells its vkey. ERR_CONFLICT when one is waiting. */
MUST_USE enum err log_key_prepare(const char *folder, const char *origin,
                                  char vkey[static NOTE_VKEY_SIZE], struct why *why);

/* Reads audit.key.next as the second of `keys`; false when none waits. */
MUST_USE enum err log_keys_add_next(struct log_keys *keys, const char *folder, bool *there,
                                    struct why *why);

/* audit.key becomes audit.key.old, audit.key.next becomes audit.key. */
MUST_USE enum err log_keys_turn(const char *folder, struct why *why);

/* Takes audit.key.old away. ERR_NOT_FOUND when there is none. */
MUST_USE enum err log_key_forget_old(const char *folder, struct why *why);
