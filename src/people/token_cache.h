/*
 * people/token_cache - which access tokens were verified lately, by the BLAKE2b of the whole token.
 *
 * Bounded: a newcomer takes the place of whoever hashes to the same one. It remembers only that a
 * signature was good and what the token says; whether that still counts is for the caller to judge.
 * Any thread.
 */
#pragma once

#include <stdbool.h>

#include "people/token.h"

enum { TOKEN_CACHE_ENTRY_MAX = 4096, TOKEN_HASH_SIZE = 32 };

struct token_cache;
struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache); /* NULL is allowed */

void token_cache_hash(uint8_t hash[static TOKEN_HASH_SIZE], const char *token);
bool token_cache_find(struct token_cache *cache, const uint8_t hash[static TOKEN_HASH_SIZE],
                      struct token_claims *claims);
void token_cache_put(struct token_cache *cache, const uint8_t hash[static TOKEN_HASH_SIZE],
                     const struct token_claims *claims);
