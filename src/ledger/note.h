/*
 * ledger/note - text with signatures below it: C2SP signed-note, and the keys that go with it.
 *
 * Two kinds of signature: Ed25519 over the text (a log's own), and the timestamped cosignature/v1
 * of C2SP tlog-cosignature (a witness's). A signature of nobody known is passed over; a wrong one
 * of somebody known refuses the whole note; a note without any good one is refused too. One key is
 * of one kind. No I/O; any thread.
 */
#pragma once

#include "base/text.h"
#include "trust/signature.h"

enum {
    NOTE_SIZE_MAX = 64 * 1024,
    NOTE_TEXT_MAX = 8 * 1024,
    NOTE_NAME_SIZE = 192,
    NOTE_SIGNATURES_MAX = 100,
    NOTE_KEYS_MAX = 64,
    NOTE_VKEY_SIZE = NOTE_NAME_SIZE + 64,
};

enum note_kind { NOTE_KIND_ED25519 = 1, NOTE_KIND_COSIGNATURE = 4 };

struct note_key {
    char name[NOTE_NAME_SIZE];
    enum note_kind kind;
    uint32_t id;
    uint8_t public_key[PUBLIC_KEY_SIZE];
};

/* Fills in the id. ERR_MALFORMED when the name is empty, too long, or has a space or a plus. */
MUST_USE enum err note_key_make(struct note_key *key, enum note_kind kind, const char *name,
                                const uint8_t public_key[static PUBLIC_KEY_SIZE], struct why *why);

/* NAME+ID+BASE64 ("vkey"). ERR_MALFORMED says what is wrong with it. */
MUST_USE enum err note_key_parse(struct note_key *key, const char *vkey, struct why *why);
void note_key_write(const struct note_key *key, char vkey[static NOTE_VKEY_SIZE]);
bool note_key_equal(const struct note_key *a, const struct note_key *b);

/* ---- signing ---- */

struct note_signer {
    struct note_key key;
    const struct signing_key *secret; /* borrowed */
};

/* Appends the signature line for `text` (ends in a newline). `time_s` only for cosignatures. */
MUST_USE enum err note_sign(const struct note_signer *signer, struct span text, int64_t time_s,
                            struct text *out, struct why *why);

/* ---- opening ---- */

enum note_verdict {
    NOTE_VERDICT_GOOD,
    NOTE_VERDICT_MALFORMED,
    NOTE_VERDICT_UNSIGNED,  /* no signature of a known key */
    NOTE_VERDICT_FORGED,    /* a wrong signature of a known key */
    NOTE_VERDICT_AMBIGUOUS, /* two of the known keys share name and id */
};
const char *note_verdict_name(enum note_verdict verdict); /* "unsigned" ... */

struct note_opened {
    struct span text;            /* borrowed from the note; ends in a newline */
    struct span signatures;      /* the lines below it */
    bool by[NOTE_KEYS_MAX];      /* which of the known keys signed it */
    int64_t at_s[NOTE_KEYS_MAX]; /* a cosignature's time */
    size_t known, unknown;       /* signatures of each sort; double ones count as unknown */
};

/* `keys`: at most NOTE_KEYS_MAX. `*opened` is filled on GOOD only. */
MUST_USE enum note_verdict note_open(struct span note, const struct note_key *keys, size_t count,
                                     struct note_opened *opened, struct why *why);
