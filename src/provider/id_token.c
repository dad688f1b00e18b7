#include "provider/id_token.h"

#include <math.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "base/encode.h"

enum { AUDIENCE_MAX = 16, HASH_SIZE = 64, HASH_TEXT_SIZE = 64 };

static enum err denied(struct why *why, const char *sentence)
{
    return why_set(why, ERR_DENIED, "the ID token %s", sentence);
}

static const char *text_of(const struct value *object, const char *name)
{
    return value_text_or(value_get(object, name), "");
}

/* ---- the signature ---- */

static enum err find_key(struct jws_key *key, const char *token, const struct key_set *keys,
                         const struct id_token_expected *expected, struct why *why)
{
    CLEANUP(value_free_p) struct value *header = NULL;
    const enum err err = jws_header(token, &header, why);
    if (err) { return err; }
    const char *type = value_text_or(value_get(header, "typ"), "JWT");
    if (strcasecmp(type, "JWT") != 0) { return denied(why, "is a token of another type"); }
    const char *algorithm = text_of(header, "alg");
    if (!jws_algorithm_parse(&key->algorithm, algorithm) ||
        !(expected->algorithms & 1U << key->algorithm)) {
        return why_set(why, ERR_DENIED, "the ID token is signed with \"%.20s\", which is not taken",
                       algorithm);
    }
    const struct value *key_id = value_get(header, "kid");
    if (key_id && value_kind(key_id) != VALUE_KIND_TEXT) {
        return denied(why, "has a kid that is no text");
    }
    key->key = key_set_find(keys, key_id ? value_text_or(key_id, "") : NULL, key->algorithm);
    if (key->key) { return OK; }
    return why_set(why, ERR_NOT_FOUND, "the provider has no %s key \"%.60s\"", algorithm,
                   value_text_or(key_id, ""));
}

/* ---- the claims ---- */

/* The client alone; or among others, then as the party that it was made for. */
static enum err judge_audience(const struct value *claims, const char *client_id, struct why *why)
{
    const struct value *audience = value_get(claims, "aud");
    const struct value *party = value_get(claims, "azp");
    const size_t count = value_count(audience);
    bool found = strcmp(value_text_or(audience, ""), client_id) == 0;
    for (size_t i = 0; i < count && count <= AUDIENCE_MAX; i++) {
        found = found || strcmp(value_text_or(value_at(audience, i), ""), client_id) == 0;
    }
    if (!found) { return denied(why, "is for another client (aud)"); }
    if ((party || count > 1) && strcmp(value_text_or(party, ""), client_id) != 0) {
        return denied(why, "was given to another client (azp)");
    }
    return OK;
}

/* A NumericDate, which may have a fraction, in microseconds; false: it is no time. */
static bool read_time(const struct value *claims, const char *name, int64_t *at_us)
{
    const double seconds = value_real_or(value_get(claims, name), -1);
    if (!(seconds >= 0 && seconds < 1e11)) { return false; } /* until the year 5138 */
    *at_us = (int64_t)floor(seconds) * CLOCK_SECOND_US;
    return true;
}

static enum err judge_times(const struct value *claims, int64_t now_us, struct why *why)
{
    int64_t expires_us = 0;
    int64_t issued_us = 0;
    int64_t begins_us = 0;
    if (!read_time(claims, "exp", &expires_us) || !read_time(claims, "iat", &issued_us) ||
        (value_get(claims, "nbf") && !read_time(claims, "nbf", &begins_us))) {
        return denied(why, "lacks a time (exp, iat)");
    }
    if (expires_us + ID_TOKEN_SKEW_US <= now_us) { return denied(why, "has expired"); }
    if (issued_us > now_us + ID_TOKEN_SKEW_US || begins_us > now_us + ID_TOKEN_SKEW_US) {
        return denied(why, "is of the future: compare the clocks");
    }
    if (issued_us + ID_TOKEN_AGE_US + ID_TOKEN_SKEW_US <= now_us) {
        return denied(why, "is too old: compare the clocks");
    }
    return OK;
}

/* OpenID Connect Core, 3.1.2.1: who asked for a fresh sign-in sees to it that it was one. */
static enum err judge_freshness(const struct value *claims,
                                const struct id_token_expected *expected, struct why *why)
{
    int64_t asked_us = 0;
    if (expected->max_age_us == 0) { return OK; }
    if (!read_time(claims, "auth_time", &asked_us)) {
        return denied(why, "does not say when the person signed in there (auth_time)");
    }
    if (asked_us + expected->max_age_us + ID_TOKEN_SKEW_US > expected->now_us) { return OK; }
    return denied(why, "is of a person who signed in there too long ago (auth_time)");
}

/* OpenID Connect Core, 3.1.3.6: the left half of the hash that the algorithm uses. */
static enum err judge_hash(const struct value *claims, const struct id_token_expected *expected,
                           enum jws_algorithm algorithm, struct why *why)
{
    const struct value *hash = value_get(claims, "at_hash");
    if (!hash) { return OK; }
    uint8_t made[HASH_SIZE];
    const char *token = expected->access_token ? expected->access_token : "";
    size_t half = crypto_hash_sha256_BYTES / 2;
    if (algorithm == JWS_ALGORITHM_EDDSA) {
        (void)crypto_hash_sha512(made, (const uint8_t *)token, strlen(token));
        half = crypto_hash_sha512_BYTES / 2;
    } else {
        (void)crypto_hash_sha256(made, (const uint8_t *)token, strlen(token));
    }
    CLEANUP(text_deinit) struct text text = text_limited(HASH_TEXT_SIZE);
    encode_base64_url(&text, span_of(made, half));
    if (*token && strcmp(value_text_or(hash, ""), text_c(&text)) == 0) { return OK; }
    return denied(why, "belongs to another access token (at_hash)");
}

/* OpenID Connect Core, 2: at most 255 ASCII letters. */
static bool subject_valid(const char *subject)
{
    const size_t size = strnlen(subject, ID_TOKEN_SUBJECT_SIZE);
    for (size_t i = 0; i < size; i++) {
        if (subject[i] <= ' ' || subject[i] > '~') { return false; }
    }
    return size > 0 && size < ID_TOKEN_SUBJECT_SIZE;
}

static enum err judge(const struct value *claims, const struct id_token_expected *expected,
                      enum jws_algorithm algorithm, struct why *why)
{
    if (strcmp(text_of(claims, "iss"), expected->issuer) != 0) {
        return denied(why, "is of another issuer (iss)");
    }
    enum err err = judge_audience(claims, expected->client_id, why);
    if (!err) { err = judge_times(claims, expected->now_us, why); }
    if (!err && (!*expected->nonce || strcmp(text_of(claims, "nonce"), expected->nonce) != 0)) {
        err = denied(why, "answers another question (nonce)");
    }
    if (!err) { err = judge_freshness(claims, expected, why); }
    if (!err) { err = judge_hash(claims, expected, algorithm, why); }
    if (!err && !subject_valid(text_of(claims, "sub"))) { err = denied(why, "names nobody (sub)"); }
    return err;
}

static void read_person(const struct value *claims, struct id_token *out)
{
    static const char *const names[] = {"preferred_username", "email", "name"};
    *out = (struct id_token){.name = ""};
    (void)!text_copy(out->subject, sizeof out->subject, text_of(claims, "sub"));
    for (size_t i = 0; i < ARRAY_LEN(names) && !*out->name; i++) {
        (void)!text_copy(out->name, sizeof out->name, text_of(claims, names[i]));
    }
}

enum err id_token_verify(const char *token, const struct key_set *keys,
                         const struct id_token_expected *expected, struct id_token *out,
                         struct why *why)
{
    struct jws_key key = {.key = NULL};
    CLEANUP(text_deinit) struct text payload = text_limited(JWS_SIZE_MAX);
    CLEANUP(value_free_p) struct value *claims = NULL;
    enum err err = find_key(&key, token, keys, expected, why);
    if (!err) { err = jws_verify(&key, token, &payload, why); }
    if (!err) { err = value_parse(&claims, text_span(&payload), JWS_SIZE_MAX, why); }
    if (err) { return err; }
    if (value_kind(claims) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "the ID token's payload is no JSON object");
    }
    err = judge(claims, expected, key.algorithm, why);
    if (!err) { read_person(claims, out); }
    return err;
}
