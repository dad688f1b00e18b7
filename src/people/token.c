#include "people/token.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "people/jws.h"
#include "people/token_cache.h"

enum {
    PAYLOAD_SIZE_MAX = 1024,
    ISSUER_SIZE = 300,
    MAC_SIZE = 32,
    SEED_SIZE = 32,
    KEY_ID_SIZE = 24,
};

static const char ACCESS_TYPE[] = "at+jwt";
static const int64_t SKEW_US = 30 * CLOCK_SECOND_US; /* between servers of one site */

struct tokens {
    uint8_t seeds[crypto_kdf_KEYBYTES]; /* what signing keys are derived from */
    uint8_t macs[crypto_generichash_KEYBYTES];
    int64_t period_us;
    char issuer[ISSUER_SIZE], audience[ISSUER_SIZE];
    struct token_cache *cache;
};

static void derive(uint8_t key[static 32], const struct secret *secret, const char *purpose)
{
    const struct span from = secret_bytes(secret);
    if (crypto_generichash(key, 32, (const uint8_t *)purpose, strlen(purpose), from.data,
                           from.size) != 0) {
        abort(); /* unreachable: tokens_new has looked at the size */
    }
}

enum err tokens_new(struct tokens **out, const struct token_config *config, struct why *why)
{
    if (secret_bytes(config->secret).size != TOKEN_SECRET_SIZE ||
        config->period_us < TOKEN_PERIOD_MIN_S * CLOCK_SECOND_US) {
        return why_set(why, ERR_RANGE, "tokens need a secret of %d bytes and keys for %d s or more",
                       TOKEN_SECRET_SIZE, TOKEN_PERIOD_MIN_S);
    }
    struct tokens *tokens = MEM_NEW(struct tokens);
    tokens->period_us = config->period_us;
    tokens->cache = token_cache_new();
    derive(tokens->seeds, config->secret, "tocsin access token keys");
    derive(tokens->macs, config->secret, "tocsin refresh tokens");
    (void)snprintf(tokens->issuer, sizeof tokens->issuer, "tocsin:%.250s", config->site);
    (void)snprintf(tokens->audience, sizeof tokens->audience, "tocsin:%.250s/api", config->site);
    *out = tokens;
    return OK;
}

void tokens_free(struct tokens *tokens)
{
    if (!tokens) { return; }
    token_cache_free(tokens->cache);
    sodium_memzero(tokens, sizeof *tokens);
    free(tokens);
}

/* ---- keys: one for each span of time ---- */

static bool span_alive(const struct tokens *tokens, int64_t span, int64_t now_us)
{
    return span * tokens->period_us <= now_us + SKEW_US &&
           (span + 1) * tokens->period_us + TOKEN_LIFE_US + SKEW_US > now_us;
}

static void set_base64(struct value *key, const char *member, const uint8_t *bytes)
{
    CLEANUP(text_deinit) struct text letters = text_limited(64);
    encode_base64_url(&letters, span_of(bytes, 32));
    value_set_text(key, member, text_c(&letters));
    sodium_memzero(letters.data, letters.size);
}

/* The JWK of a span of time; with its private part for signing. */
static struct value *key_of(const struct tokens *tokens, int64_t span, bool private)
{
    uint8_t seed[SEED_SIZE];
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    char key_id[KEY_ID_SIZE];
    (void)crypto_kdf_derive_from_key(seed, sizeof seed, (uint64_t)span, "tocsinAT", tokens->seeds);
    (void)crypto_sign_seed_keypair(public_key, secret_key, seed);
    (void)snprintf(key_id, sizeof key_id, "%lld", (long long)span);
    struct value *key = value_object();
    value_set_text(key, "kty", "OKP");
    value_set_text(key, "crv", "Ed25519");
    value_set_text(key, "alg", "EdDSA");
    value_set_text(key, "use", "sig");
    value_set_text(key, "kid", key_id);
    set_base64(key, "x", public_key);
    if (private) { set_base64(key, "d", seed); }
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret_key, sizeof secret_key);
    return key;
}

enum err token_keys(const struct tokens *tokens, int64_t now_us, struct value **out,
                    struct why *why)
{
    if (now_us < 0) { return why_set(why, ERR_RANGE, "the clock stands before 1970"); }
    struct value *keys = value_array();
    const int64_t next = now_us / tokens->period_us + 1;
    const int64_t backward = 1 + (TOKEN_LIFE_US + SKEW_US) / tokens->period_us;
    for (int64_t span = next > backward ? next - 1 - backward : 0; span <= next; span++) {
        if (span == next || span_alive(tokens, span, now_us)) {
            value_append(keys, key_of(tokens, span, false));
        }
    }
    struct value *set = value_object();
    value_set(set, "keys", keys);
    *out = set;
    return OK;
}

/* ---- access tokens ---- */

enum err token_sign(const struct tokens *tokens, struct token_claims *claims, int64_t now_us,
                    char token[static TOKEN_ACCESS_SIZE], struct why *why)
{
    const int64_t span = now_us / tokens->period_us;
    char key_id[KEY_ID_SIZE];
    (void)snprintf(key_id, sizeof key_id, "%lld", (long long)span);
    claims->expires_us = (now_us + TOKEN_LIFE_US) / CLOCK_SECOND_US * CLOCK_SECOND_US;
    CLEANUP(value_free_p) struct value *payload = value_object();
    value_set_text(payload, "iss", tokens->issuer);
    value_set_text(payload, "aud", tokens->audience);
    value_set_text(payload, "sub", claims->user_id);
    value_set_text(payload, "sid", claims->session_id);
    value_set_integer(payload, "gen", claims->generation);
    value_set_integer(payload, "iat", now_us / CLOCK_SECOND_US);
    value_set_integer(payload, "exp", claims->expires_us / CLOCK_SECOND_US);
    CLEANUP(text_deinit) struct text json = text_limited(PAYLOAD_SIZE_MAX);
    CLEANUP(text_deinit) struct text made = text_limited(TOKEN_ACCESS_SIZE - 1);
    CLEANUP(value_free_p) struct value *key = key_of(tokens, span, true);
    value_write(payload, &json);
    const struct jws_draft draft = {.algorithm = JWS_ALGORITHM_EDDSA,
                                    .key = key,
                                    .type = ACCESS_TYPE,
                                    .key_id = key_id,
                                    .payload = text_span(&json)};
    const enum err err = jws_sign(&draft, &made, why);
    if (err) { return err; }
    if (json.overflow || made.overflow || !text_copy(token, TOKEN_ACCESS_SIZE, text_c(&made))) {
        return why_set(why, ERR_LIMIT, "the access token is too long");
    }
    return OK;
}

const char *token_answer_name(enum token_answer answer)
{
    static const char *const names[] = {"token_good", "token_malformed", "token_old_key",
                                        "token_forged", "token_expired"};
    return names[answer];
}

/* Exactly the header that we write: alg, typ, kid; the kid is the number of a span of time. */
static bool read_span(const struct value *header, int64_t *span)
{
    const char *key_id = value_text_or(value_get(header, "kid"), "");
    const size_t digits = strspn(key_id, "0123456789");
    if (value_count(header) != 3 || digits == 0 || digits > 17 || key_id[digits] ||
        (digits > 1 && key_id[0] == '0') ||
        strcmp(value_text_or(value_get(header, "typ"), ""), ACCESS_TYPE) != 0) {
        return false;
    }
    *span = strtoll(key_id, NULL, 10);
    return true;
}

static bool same(const struct value *payload, const char *member, const char *expected)
{
    return strcmp(value_text_or(value_get(payload, member), ""), expected) == 0;
}

static bool read_claims(const struct tokens *tokens, struct span json, struct token_claims *claims)
{
    int64_t range[2] = {0, INT64_MAX / CLOCK_SECOND_US};
    int64_t expires_s = 0;
    CLEANUP(value_free_p) struct value *payload = NULL;
    if (value_parse(&payload, json, PAYLOAD_SIZE_MAX, NULL) ||
        !same(payload, "iss", tokens->issuer) || !same(payload, "aud", tokens->audience) ||
        value_need_text(payload, "sid", claims->session_id, sizeof claims->session_id, NULL) ||
        value_need_text(payload, "sub", claims->user_id, sizeof claims->user_id, NULL) ||
        value_need_integer(payload, "gen", range, &claims->generation, NULL) ||
        value_need_integer(payload, "exp", range, &expires_s, NULL)) {
        return false;
    }
    claims->expires_us = expires_s * CLOCK_SECOND_US;
    return true;
}

static enum token_answer verify_signature(const struct tokens *tokens, const char *token,
                                          int64_t now_us, struct token_claims *claims)
{
    int64_t span = 0;
    CLEANUP(value_free_p) struct value *header = NULL;
    if (jws_header(token, &header, NULL) || !read_span(header, &span)) {
        return TOKEN_ANSWER_MALFORMED;
    }
    if (span > INT64_MAX / tokens->period_us - 2 || !span_alive(tokens, span, now_us)) {
        return TOKEN_ANSWER_OLD_KEY;
    }
    CLEANUP(value_free_p) struct value *key = key_of(tokens, span, false);
    CLEANUP(text_deinit) struct text payload = text_limited(JWS_SIZE_MAX);
    const struct jws_key public_key = {JWS_ALGORITHM_EDDSA, key};
    const enum err err = jws_verify(&public_key, token, &payload, NULL);
    if (err) { return err == ERR_DENIED ? TOKEN_ANSWER_FORGED : TOKEN_ANSWER_MALFORMED; }
    return read_claims(tokens, text_span(&payload), claims) ? TOKEN_ANSWER_GOOD
                                                            : TOKEN_ANSWER_MALFORMED;
}

static enum token_answer judge_time(const struct token_claims *found, int64_t now_us,
                                    struct token_claims *claims)
{
    if (now_us >= found->expires_us || found->expires_us > now_us + TOKEN_LIFE_US + SKEW_US) {
        return TOKEN_ANSWER_EXPIRED;
    }
    *claims = *found;
    return TOKEN_ANSWER_GOOD;
}

bool token_recall(struct tokens *tokens, const char *token, int64_t now_us,
                  enum token_answer *answer, struct token_claims *claims)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    struct token_claims found;
    if (strnlen(token, TOKEN_ACCESS_SIZE) == TOKEN_ACCESS_SIZE) { return false; }
    token_cache_hash(hash, token);
    if (!token_cache_find(tokens->cache, hash, &found)) { return false; }
    *answer = judge_time(&found, now_us, claims);
    return true;
}

enum token_answer token_verify(struct tokens *tokens, const char *token, int64_t now_us,
                               struct token_claims *claims)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    struct token_claims found = {.generation = 0};
    if (strnlen(token, TOKEN_ACCESS_SIZE) == TOKEN_ACCESS_SIZE) { return TOKEN_ANSWER_MALFORMED; }
    token_cache_hash(hash, token);
    if (!token_cache_find(tokens->cache, hash, &found)) {
        const enum token_answer answer = verify_signature(tokens, token, now_us, &found);
        if (answer != TOKEN_ANSWER_GOOD) { return answer; }
        token_cache_put(tokens->cache, hash, &found);
    }
    return judge_time(&found, now_us, claims);
}

/* ---- refresh tokens: "ID.NUMBER.MAC" ---- */

static void authenticate(const struct tokens *tokens, const char *words, size_t size,
                         char mac[static 2 * MAC_SIZE])
{
    uint8_t hash[MAC_SIZE];
    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)words, size, tokens->macs,
                             sizeof tokens->macs);
    CLEANUP(text_deinit) struct text letters = text_limited(64);
    encode_base64_url(&letters, span_of(hash, sizeof hash));
    if (!text_copy(mac, (size_t)2 * MAC_SIZE, text_c(&letters))) { abort(); }
    sodium_memzero(letters.data, letters.size);
}

void token_refresh_write(const struct tokens *tokens, const char *session_id, int64_t number,
                         char token[static TOKEN_REFRESH_SIZE])
{
    char mac[2 * MAC_SIZE];
    const int size =
        snprintf(token, TOKEN_REFRESH_SIZE, "%.36s.%lld", session_id, (long long)number);
    authenticate(tokens, token, (size_t)size, mac);
    (void)snprintf(token + size, TOKEN_REFRESH_SIZE - (size_t)size, ".%s", mac);
    sodium_memzero(mac, sizeof mac);
}

bool token_refresh_read(const struct tokens *tokens, const char *token,
                        char session_id[static ID_TEXT_SIZE], int64_t *number)
{
    const char *first = strchr(token, '.');
    const char *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || first - token != ID_TEXT_SIZE - 1 ||
        strnlen(token, TOKEN_REFRESH_SIZE) == TOKEN_REFRESH_SIZE) {
        return false;
    }
    char expected[2 * MAC_SIZE];
    authenticate(tokens, token, (size_t)(second - token), expected);
    const size_t size = strlen(expected);
    const bool ours = strlen(second + 1) == size && sodium_memcmp(second + 1, expected, size) == 0;
    sodium_memzero(expected, sizeof expected);
    if (!ours) { return false; }
    memcpy(session_id, token, ID_TEXT_SIZE - 1);
    session_id[ID_TEXT_SIZE - 1] = '\0';
    *number = strtoll(first + 1, NULL, 10);
    return true;
}

/* ---- devices: "ID.MAC", the MAC also over the account ---- */

enum { DEVICE_ID_BYTES = 16 };

static void authenticate_device(const struct tokens *tokens, const char *user, const char *id,
                                char mac[static 2 * MAC_SIZE])
{
    char words[256];
    const int size = snprintf(words, sizeof words, "device %.128s %.31s", user, id);
    authenticate(tokens, words, (size_t)size, mac);
}

void token_device_write(const struct tokens *tokens, const char *user,
                        char token[static TOKEN_DEVICE_SIZE])
{
    uint8_t random[DEVICE_ID_BYTES];
    char mac[2 * MAC_SIZE];
    CLEANUP(text_deinit) struct text id = text_limited(TOKEN_DEVICE_ID_SIZE);
    randombytes_buf(random, sizeof random);
    encode_base64_url(&id, span_of(random, sizeof random));
    authenticate_device(tokens, user, text_c(&id), mac);
    (void)snprintf(token, TOKEN_DEVICE_SIZE, "%s.%s", text_c(&id), mac);
}

bool token_device_read(const struct tokens *tokens, const char *token, const char *user,
                       char id[static TOKEN_DEVICE_ID_SIZE])
{
    char expected[2 * MAC_SIZE];
    const size_t size = strcspn(token, ".");
    if (token[size] != '.' || size == 0 || size >= TOKEN_DEVICE_ID_SIZE) { return false; }
    memcpy(id, token, size);
    id[size] = '\0';
    authenticate_device(tokens, user, id, expected);
    return strlen(token + size + 1) == strlen(expected) &&
           sodium_memcmp(token + size + 1, expected, strlen(expected)) == 0;
}
