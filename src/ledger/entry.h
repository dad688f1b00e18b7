/*
 * ledger/entry - one line of the audit log: who did what, when, to what, and by which right.
 *
 * The bytes in the tree are RFC 8785 (JCS) text of {"action", "authorisation", "details", "id",
 * "resource", "sealed", "time", "user"}. What is sensitive (address, agent, further details) is not
 * among them: "sealed" is base64 of SHA-256(salt || JCS text of {"address", "agent", "details"}).
 * That text and its random salt of 32 bytes are kept apart and can be erased without touching the
 * tree; without the salt nobody can guess what they were. No I/O; any thread.
 */
#pragma once

#include "base/id.h"
#include "base/value.h"
#include "ledger/merkle.h"

enum {
    ENTRY_SALT_SIZE = 32,
    ENTRY_BYTES_MAX = 8 * 1024,
    ENTRY_WORD_SIZE = 64,      /* user, action, authorisation */
    ENTRY_RESOURCE_SIZE = 256, /* longer ones are cut */
};

/* What happened. NULL members are written as null; texts are cut to their sizes. */
struct entry_fact {
    int64_t at_us;
    const char *user;              /* NULL: nobody is signed in, or the program itself acts */
    const char *action;            /* "alert.create": docs/protocols/audit.md lists them */
    const char *resource;          /* what it was done to: an alert's id, a user's name ... */
    const char *authorisation;     /* "session", "bearer", "password", "program" ... */
    const struct value *details;   /* open to all who may read the log; an object */
    const char *address, *agent;   /* sealed, as is: */
    const struct value *sensitive; /* further details; an object */
};

struct entry {
    struct id id;
    struct text bytes;  /* of the tree */
    struct text sealed; /* JCS text; "" when nothing is sealed */
    uint8_t salt[ENTRY_SALT_SIZE];
};
void entry_deinit(struct entry *entry);

/* Writes `fact` down. ERR_LIMIT when its details are too large. `*entry` is to be deinitialised. */
MUST_USE enum err entry_write(struct entry *entry, const struct entry_fact *fact, struct why *why);

/* What can be read of an entry's bytes. */
struct entry_words {
    char id[ID_TEXT_SIZE];
    int64_t at_us;
    char user[ENTRY_WORD_SIZE]; /* "" for null */
    char action[ENTRY_WORD_SIZE];
    char resource[ENTRY_RESOURCE_SIZE];
    struct value *whole; /* owned */
};
void entry_words_deinit(struct entry_words *words);

/* ERR_MALFORMED when the bytes are no entry, or not in their one form. */
MUST_USE enum err entry_read(struct entry_words *words, struct span bytes, struct why *why);

/* Whether `sealed` under `salt` is what the entry committed to. */
MUST_USE bool entry_seal_fits(const struct value *whole, struct span salt, struct span sealed);
