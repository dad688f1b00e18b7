/*
 * ledger/line - the small words that C2SP's texts share: a line, a whole number, a hash.
 *
 * Every form has exactly one spelling: no leading zeroes, no other padding. No I/O; any thread.
 */
#pragma once

#include "base/text.h"
#include "ledger/merkle.h"

/* Cuts the next line off `*rest`, without its newline. False when no newline is left. */
MUST_USE bool line_next(struct span *rest, struct span *line);

/* The text behind `word` and one space. False when the line does not begin so. */
MUST_USE bool line_behind(struct span line, const char *word, struct span *rest);

/* A decimal without leading zeroes, below 2^63. */
MUST_USE bool line_number(struct span line, uint64_t *number);

MUST_USE bool line_hash(struct span line, struct merkle_hash *hash);  /* base64 of 32 bytes */
void line_add_hash(struct text *out, const struct merkle_hash *hash); /* with a newline */

/* Hash lines up to the empty line that ends them, or up to `rest`'s end. False for other lines. */
MUST_USE bool line_proof(struct span *rest, struct merkle_proof *proof);
