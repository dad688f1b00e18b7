/*
 * What a stranger shows as a bearer: the token's parts, header and claims, and the refresh token.
 * An even first byte: the rest is an access token; an odd one: a refresh token.
 */
#include "base/base.h"
#include "people/jws.h"
#include "people/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tokens *tokens;

static void set_up(void)
{
    static const char words[] = "0123456789abcdef0123456789abcdef";
    CLEANUP(secret_free_p) struct secret *secret = NULL;
    if (jws_begin(NULL) || secret_new(&secret, span_of(words, TOKEN_SECRET_SIZE), NULL)) {
        abort();
    }
    const struct token_config config = {
        .secret = secret, .site = "park", .period_us = 3600 * CLOCK_SECOND_US};
    if (tokens_new(&tokens, &config, NULL)) { abort(); }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!tokens) { set_up(); }
    if (size == 0) { return 0; }
    CLEANUP(mem_free_p) char *token = mem_zeroed(size);
    memcpy(token, data + 1, size - 1);
    if (data[0] % 2) {
        char session[ID_TEXT_SIZE];
        int64_t number = 0;
        if (token_refresh_read(tokens, token, session, &number)) { abort(); } /* a guessed MAC */
        return 0;
    }
    struct token_claims claims;
    if (token_verify(tokens, token, INT64_C(1795312229000000), &claims) == TOKEN_ANSWER_GOOD) {
        abort(); /* a guessed signature */
    }
    return 0;
}
