/*
 * trust/chain - whether the certificates that came with a message lead to the site CA.
 *
 * The site CA is the only root (two of them while one replaces the other, trust/anchors). RFC 5280
 * path validation is OpenSSL's, in its strict mode, at the time that the caller names; ours is that
 * the leaf is an Ed25519 identity of this site, and that nothing comes along that is not part of
 * the path. A chain that was trusted is remembered by its hash until its first certificate runs
 * out, so that the next message of the same sender costs a hash. The memory is bounded:
 * CHAIN_MEMORY_COUNT chains, least recently used out first. One thread each. No I/O.
 */
#pragma once

#include <stdbool.h>

#include "trust/anchors.h"

enum { CHAIN_MEMORY_COUNT = 16384 };

/* What a trusted chain proves. */
struct chain_leaf {
    struct identity identity;
    uint8_t public_key[PUBLIC_KEY_SIZE];
    int64_t begin_us, end_us; /* while all certificates, and the CA's, are valid */
    struct certificate_serial serials[CHAIN_COUNT_MAX]; /* of the chain, leaf first */
    size_t count;
};

struct chain_judge;

/* `anchors` (borrowed for the call) are the roots. ERR_MALFORMED when they are not of `site`. */
MUST_USE enum err chain_judge_new(struct chain_judge **out, const struct anchors *anchors,
                                  const char *site, struct why *why);
void chain_judge_free(struct chain_judge *judge); /* NULL is allowed */
CLEANUP_FOR(struct chain_judge, chain_judge_free)

/* The certificates as they stand in a message: base64 DER, leaf first. Borrowed. */
struct chain_text {
    const char *certificates[CHAIN_COUNT_MAX];
    size_t count; /* 1 .. CHAIN_COUNT_MAX */
};

/* Whether they are trusted at `now_us`; `*leaf` is written when they are, `why` when not. */
MUST_USE bool chain_trusted(struct chain_judge *judge, const struct chain_text *chain,
                            int64_t now_us, struct chain_leaf *leaf, struct why *why);
