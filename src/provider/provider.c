#include "provider/provider.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "provider/token_answer.h"

enum { FORM_SIZE_MAX = 16 * 1024, CREDENTIALS_SIZE_MAX = 16 * 1024, CHALLENGE_SIZE = 64 };

static const int64_t KEPT_US = CLOCK_HOUR_US;
static const int64_t KEYS_AGAIN_US = CLOCK_MINUTE_US;       /* for a key that we do not know */
static const int64_t FAILED_AGAIN_US = 5 * CLOCK_SECOND_US; /* after it was not there */
static const char SCOPE[] = "openid profile email";

struct provider {
    struct provider_config config;
    char discovery[ADDRESS_SIZE];
    pthread_mutex_t fetching; /* one thread at a time goes for metadata or keys */
    pthread_mutex_t lock;     /* guards what follows; never held while asking */
    int here;
    bool known;
    struct metadata metadata;
    int64_t metadata_us, metadata_failed_us; /* monotonic; failed: 0 = not */
    struct key_set *keys;                    /* NULL = none yet */
    int64_t keys_us, keys_tried_us;
};

enum err provider_new(struct provider **out, const struct provider_config *config, struct why *why)
{
    static const char path[] = "/.well-known/openid-configuration";
    CLEANUP(provider_free_p) struct provider *provider = MEM_NEW(struct provider);
    (void)pthread_mutex_init(&provider->fetching, NULL);
    (void)pthread_mutex_init(&provider->lock, NULL);
    provider->config = *config;
    if (!address_issuer_valid(config->issuer)) {
        return why_set(why, ERR_RANGE, "\"%.100s\" is no issuer, expected https://HOST/...",
                       config->issuer);
    }
    size_t size = strlen(config->issuer);
    size -= config->issuer[size - 1] == '/'; /* Discovery, 4.1 */
    const int length = snprintf(provider->discovery, sizeof provider->discovery, "%.*s%s",
                                (int)size, config->issuer, path);
    if (length >= (int)sizeof provider->discovery) {
        return why_set(why, ERR_RANGE, "the issuer has %zu letters, at most %zu are taken", size,
                       sizeof provider->discovery - sizeof path);
    }
    *out = TAKE(provider);
    return OK;
}

void provider_free(struct provider *provider)
{
    if (!provider) { return; }
    key_set_free(provider->keys);
    (void)pthread_mutex_destroy(&provider->lock);
    (void)pthread_mutex_destroy(&provider->fetching);
    free(provider);
}

static void lock(struct provider *provider)
{
    (void)pthread_mutex_lock(&provider->lock);
}

static void unlock(struct provider *provider)
{
    (void)pthread_mutex_unlock(&provider->lock);
}

/* ---- how many threads are here ---- */

static enum err enter(struct provider *provider, struct why *why)
{
    lock(provider);
    const bool room = provider->here < provider->config.at_once_max;
    provider->here += room;
    unlock(provider);
    return room ? OK : why_set(why, ERR_LIMIT, "too many people wait for the provider");
}

static void leave(struct provider *provider)
{
    lock(provider);
    provider->here--;
    unlock(provider);
}

/* ---- what is fetched and kept ---- */

static enum err get(struct provider *provider, const char *url, struct text *body, struct why *why)
{
    int status = 0;
    const struct provider_request request = {.url = url};
    const enum err err =
        provider->config.port.ask(provider->config.port.context, &request, &status, body, why);
    if (err) { return err; }
    if (body->overflow) {
        return why_set(why, ERR_LIMIT, "%.120s: more than %zu bytes", url, body->size_max);
    }
    if (status == 200) { return OK; }
    return why_set(why, ERR_UNAVAILABLE, "%.120s: status %d, expected 200", url, status);
}

static enum err fetch_metadata(struct provider *provider, int64_t now_us, struct why *why)
{
    CLEANUP(text_deinit) struct text body = text_limited(METADATA_SIZE_MAX);
    struct metadata metadata = {.algorithms = 0};
    enum err err = get(provider, provider->discovery, &body, why);
    if (!err) { err = metadata_read(&metadata, text_span(&body), provider->config.issuer, why); }
    lock(provider);
    provider->metadata_failed_us = err ? now_us : 0;
    if (!err) {
        provider->metadata = metadata;
        provider->metadata_us = now_us;
        provider->known = true;
    }
    const bool known = provider->known;
    unlock(provider);
    return known || !err ? OK : err;
}

/* Metadata that are not older than an hour, if the provider can be reached. */
static enum err find_metadata(struct provider *provider, int64_t now_us, struct metadata *out,
                              struct why *why)
{
    enum err err = OK;
    (void)pthread_mutex_lock(&provider->fetching);
    lock(provider);
    const bool known = provider->known;
    const bool fresh = known && now_us - provider->metadata_us < KEPT_US;
    const bool failed = provider->metadata_failed_us != 0 &&
                        now_us - provider->metadata_failed_us < FAILED_AGAIN_US;
    unlock(provider);
    if (!fresh && !failed) { err = fetch_metadata(provider, now_us, why); }
    if (!known && failed) { err = why_set(why, ERR_UNAVAILABLE, "the provider was not there"); }
    (void)pthread_mutex_unlock(&provider->fetching);
    lock(provider);
    *out = provider->metadata;
    unlock(provider);
    /* Whatever is wrong with it: nobody can sign in with it now. */
    return err ? why_prefix(why, ERR_UNAVAILABLE, "the identity provider") : OK;
}

static enum err fetch_keys(struct provider *provider, const char *url, int64_t now_us,
                           struct why *why)
{
    CLEANUP(text_deinit) struct text body = text_limited(KEY_SET_SIZE_MAX);
    CLEANUP(key_set_free_p) struct key_set *keys = NULL;
    enum err err = get(provider, url, &body, why);
    if (!err) { err = key_set_read(&keys, text_span(&body), why); }
    lock(provider);
    if (!err) {
        struct key_set *old = provider->keys;
        provider->keys = keys;
        provider->keys_us = now_us;
        keys = old;
    }
    const bool known = provider->keys != NULL;
    unlock(provider);
    return known ? OK : why_prefix(why, ERR_UNAVAILABLE, "the identity provider's keys");
}

/* Keys that are not older than an hour, or with `anew` than a minute. */
static enum err find_keys(struct provider *provider, const char *url, int64_t now_us, bool anew,
                          struct why *why)
{
    enum err err = OK;
    (void)pthread_mutex_lock(&provider->fetching);
    lock(provider);
    const bool known = provider->keys != NULL;
    const bool tried = provider->keys_tried_us != 0;
    const int64_t since_us = now_us - provider->keys_tried_us;
    const bool fresh = known && !anew && now_us - provider->keys_us < KEPT_US;
    const bool waits = tried && since_us < (known ? KEYS_AGAIN_US : FAILED_AGAIN_US);
    const bool go = !fresh && !waits;
    if (go) { provider->keys_tried_us = now_us; }
    unlock(provider);
    if (go) {
        err = fetch_keys(provider, url, now_us, why);
    } else if (!known) {
        err = why_set(why, ERR_UNAVAILABLE, "the identity provider's keys were not there");
    }
    (void)pthread_mutex_unlock(&provider->fetching);
    return err;
}

/* ---- there ---- */

static void add_max_age(const struct provider *provider, struct text *url)
{
    char seconds[24];
    if (provider->config.max_age_s == 0) { return; }
    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)provider->config.max_age_s);
    address_add(url, true, "max_age", seconds);
}

static void add_challenge(struct text *url, const char *verifier)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    CLEANUP(text_deinit) struct text challenge = text_limited(CHALLENGE_SIZE);
    (void)crypto_hash_sha256(hash, (const uint8_t *)verifier, strlen(verifier));
    encode_base64_url(&challenge, span_of(hash, sizeof hash));
    address_add(url, true, "code_challenge", text_c(&challenge));
    address_add(url, true, "code_challenge_method", "S256");
}

static enum err ask(struct provider *provider, const struct provider_question *question,
                    struct text *url, struct why *why)
{
    struct metadata metadata = {.algorithms = 0};
    const enum err err = find_metadata(provider, question->now.monotonic_us, &metadata, why);
    if (err) { return err; }
    text_add(url, metadata.authorization);
    address_add(url, true, "response_type", "code");
    address_add(url, true, "client_id", provider->config.client_id);
    address_add(url, true, "redirect_uri", provider->config.redirect);
    address_add(url, true, "scope", SCOPE);
    address_add(url, true, "state", question->state);
    address_add(url, true, "nonce", question->nonce);
    add_challenge(url, question->verifier);
    add_max_age(provider, url);
    return url->overflow ? why_set(why, ERR_LIMIT, "the provider's address is too long") : OK;
}

enum err provider_ask(struct provider *provider, const struct provider_question *question,
                      struct text *url, struct why *why)
{
    enum err err = enter(provider, why);
    if (err) { return err; }
    err = ask(provider, question, url, why);
    leave(provider);
    return err;
}

/* ---- and back ---- */

/* RFC 9207, 2.4: the answer is this provider's, who may be known always to say so. */
static enum err judge_issuer(const struct provider *provider, const struct metadata *metadata,
                             const char *issuer, struct why *why)
{
    const bool same = issuer && strcmp(issuer, provider->config.issuer) == 0;
    if (same || (!issuer && !metadata->names_issuer)) { return OK; }
    return why_set(why, ERR_DENIED, "the answer is of the issuer \"%.80s\"", issuer ? issuer : "");
}

static void wipe(struct text *text)
{
    if (text->data) { sodium_memzero(text->data, text->capacity); }
    text_deinit(text);
}

static void add_secret(const struct provider *provider, const struct metadata *metadata,
                       struct text *form, struct text *credentials)
{
    const struct provider_config *config = &provider->config;
    char plain[SECRET_SIZE_MAX + 1];
    if (!config->secret || !metadata->basic) {
        address_add(form, false, "client_id", config->client_id);
    }
    if (!config->secret) { return; }
    const struct span secret = secret_bytes(config->secret);
    memcpy(plain, secret.data, secret.size);
    plain[secret.size] = '\0';
    if (metadata->basic) { /* RFC 6749, 2.3.1: each part escaped as in a form */
        address_escape(credentials, config->client_id);
        text_add_char(credentials, ':');
        address_escape(credentials, plain);
    } else {
        address_add(form, false, "client_secret", plain);
    }
    sodium_memzero(plain, sizeof plain);
}

static enum err redeem_code(struct provider *provider, const struct provider_code *code,
                            const struct metadata *metadata, struct token_answer *answer,
                            struct why *why)
{
    CLEANUP(wipe) struct text form = text_limited(FORM_SIZE_MAX);
    CLEANUP(wipe) struct text credentials = text_limited(CREDENTIALS_SIZE_MAX);
    CLEANUP(wipe) struct text body = text_limited(TOKEN_ANSWER_SIZE_MAX);
    int status = 0;
    address_add(&form, false, "grant_type", "authorization_code");
    address_add(&form, false, "code", code->code);
    address_add(&form, false, "redirect_uri", provider->config.redirect);
    address_add(&form, false, "code_verifier", code->verifier);
    add_secret(provider, metadata, &form, &credentials);
    if (form.overflow || credentials.overflow) {
        return why_set(why, ERR_MALFORMED, "the provider's code is too long");
    }
    const struct provider_request request = {.url = metadata->token,
                                             .form = &form,
                                             .credentials =
                                                 credentials.size ? text_c(&credentials) : NULL};
    const enum err err =
        provider->config.port.ask(provider->config.port.context, &request, &status, &body, why);
    if (err) { return why_prefix(why, ERR_UNAVAILABLE, "the identity provider"); }
    if (body.overflow) {
        return why_set(why, ERR_UNAVAILABLE, "the provider answers more than %d bytes",
                       TOKEN_ANSWER_SIZE_MAX);
    }
    return token_answer_read(answer, status, text_span(&body), why);
}

static enum err verify(struct provider *provider, const char *token,
                       const struct id_token_expected *expected, struct id_token *person,
                       struct why *why)
{
    lock(provider);
    const enum err err = id_token_verify(token, provider->keys, expected, person, why);
    unlock(provider);
    return err;
}

static enum err redeem(struct provider *provider, const struct provider_code *code,
                       struct id_token *person, struct why *why)
{
    struct metadata metadata = {.algorithms = 0};
    CLEANUP(token_answer_deinit) struct token_answer answer = {.body = NULL};
    const int64_t now_us = code->now.monotonic_us;
    enum err err = find_metadata(provider, now_us, &metadata, why);
    if (!err) { err = judge_issuer(provider, &metadata, code->issuer, why); }
    if (!err) { err = redeem_code(provider, code, &metadata, &answer, why); }
    if (!err) { err = find_keys(provider, metadata.keys, now_us, false, why); }
    if (err) { return err; }
    const struct id_token_expected expected = {.issuer = provider->config.issuer,
                                               .client_id = provider->config.client_id,
                                               .nonce = code->nonce,
                                               .access_token = answer.access_token,
                                               .algorithms = metadata.algorithms,
                                               .max_age_us =
                                                   provider->config.max_age_s * CLOCK_SECOND_US,
                                               .now_us = code->now.wall_us};
    err = verify(provider, answer.id_token, &expected, person, why);
    if (err != ERR_NOT_FOUND) { return err; }
    err = find_keys(provider, metadata.keys, now_us, true, why);
    if (!err) { err = verify(provider, answer.id_token, &expected, person, why); }
    return err == ERR_NOT_FOUND ? ERR_DENIED : err;
}

enum err provider_redeem(struct provider *provider, const struct provider_code *code,
                         struct id_token *person, struct why *why)
{
    enum err err = enter(provider, why);
    if (err) { return err; }
    err = redeem(provider, code, person, why);
    leave(provider);
    return err;
}
