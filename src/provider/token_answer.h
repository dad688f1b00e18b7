/*
 * provider/token_answer - what an identity provider gives for an authorisation code (RFC 6749, 5).
 *
 * Pure; any thread.
 */
#pragma once

#include "base/value.h"

enum { TOKEN_ANSWER_SIZE_MAX = 64 * 1024 };

struct token_answer {
    struct value *body;                  /* owned */
    const char *id_token, *access_token; /* borrowed of it; the second may be NULL */
};
void token_answer_deinit(struct token_answer *answer);

/*
 * `status` is HTTP's. ERR_DENIED: the provider refuses the code; ERR_UNAVAILABLE: it cannot answer
 * (5xx); ERR_MALFORMED, ERR_LIMIT: no such answer.
 */
MUST_USE enum err token_answer_read(struct token_answer *out, int status, struct span json,
                                    struct why *why);
