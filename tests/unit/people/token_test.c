#include "people/token.h"

#include "base/encode.h"
#include "base/text.h"
#include "check.h"
#include "people/jws.h"

static const int64_t NOW_US = 1800000000000000;
static const int64_t PERIOD_US = 60 * CLOCK_SECOND_US;
static const char SESSION[] = "01a210b0-26ca-7f11-b245-6611f63d8d7c";
static const char USER[] = "01a210b0-26ca-7f11-b245-6611f63d8d7d";

static struct tokens *make(const char *secret_words, const char *site)
{
    CLEANUP(secret_free_p) struct secret *secret = NULL;
    struct tokens *tokens = NULL;
    CHECK(secret_new(&secret, span_of(secret_words, TOKEN_SECRET_SIZE), NULL) == OK);
    const struct token_config config = {.secret = secret, .site = site, .period_us = PERIOD_US};
    CHECK(tokens_new(&tokens, &config, NULL) == OK);
    return tokens;
}

static struct token_claims sign(struct tokens *tokens, int64_t now_us,
                                char token[static TOKEN_ACCESS_SIZE])
{
    struct token_claims claims = {.generation = 3};
    (void)!text_copy(claims.session_id, sizeof claims.session_id, SESSION);
    (void)!text_copy(claims.user_id, sizeof claims.user_id, USER);
    CHECK(token_sign(tokens, &claims, now_us, token, NULL) == OK);
    return claims;
}

static void test_life(struct tokens *tokens)
{
    char token[TOKEN_ACCESS_SIZE];
    struct token_claims found = {.generation = 0};
    const struct token_claims made = sign(tokens, NOW_US, token);
    CHECK(made.expires_us == NOW_US + TOKEN_LIFE_US);
    for (int i = 0; i < 2; i++) { /* verified, then remembered */
        CHECK(token_verify(tokens, token, NOW_US, &found) == TOKEN_ANSWER_GOOD);
        CHECK(found.generation == 3 && found.expires_us == made.expires_us);
        CHECK_TEXT(found.session_id, SESSION);
        CHECK_TEXT(found.user_id, USER);
    }
    CHECK(token_verify(tokens, token, made.expires_us - 1, &found) == TOKEN_ANSWER_GOOD);
    CHECK(token_verify(tokens, token, made.expires_us, &found) == TOKEN_ANSWER_EXPIRED);
    CHECK(token_verify(tokens, token, NOW_US - CLOCK_HOUR_US, &found) == TOKEN_ANSWER_EXPIRED);
}

/* A token made in the last moment of a key lives its five minutes; then the key is nothing. */
static void test_rotation(struct tokens *tokens)
{
    char token[TOKEN_ACCESS_SIZE];
    char next[TOKEN_ACCESS_SIZE];
    struct token_claims found;
    const int64_t last_us = NOW_US / PERIOD_US * PERIOD_US + PERIOD_US - 1;
    (void)sign(tokens, last_us, token);
    (void)sign(tokens, last_us + 1, next);
    CHECK(strncmp(token, next, strcspn(token, ".")) != 0); /* another kid */
    struct tokens *other_server = make("0123456789abcdef0123456789abcdef", "demo");
    const int64_t late_us = last_us + TOKEN_LIFE_US - CLOCK_SECOND_US;
    CHECK(token_verify(other_server, token, late_us, &found) == TOKEN_ANSWER_GOOD);
    CHECK(token_verify(other_server, next, late_us, &found) == TOKEN_ANSWER_GOOD);
    tokens_free(other_server);
    struct tokens *third = make("0123456789abcdef0123456789abcdef", "demo");
    CHECK(token_verify(third, token, last_us + TOKEN_LIFE_US + PERIOD_US, &found) ==
          TOKEN_ANSWER_OLD_KEY);
    CHECK(token_verify(third, token, NOW_US - CLOCK_DAY_US, &found) == TOKEN_ANSWER_OLD_KEY);
    tokens_free(third);
}

/* The set has every key that verifies, the next one too, and nothing private. */
static void test_keys(struct tokens *tokens)
{
    CLEANUP(value_free_p) struct value *set = NULL;
    char token[TOKEN_ACCESS_SIZE];
    int verified = 0;
    (void)sign(tokens, NOW_US, token);
    CHECK(token_keys(tokens, NOW_US, &set, NULL) == OK);
    const struct value *keys = value_get(set, "keys");
    CHECK(value_count(keys) >= 6 && value_count(keys) <= 9);
    for (size_t i = 0; i < value_count(keys); i++) {
        CLEANUP(text_deinit) struct text payload = text_limited(1024);
        const struct jws_key key = {JWS_ALGORITHM_EDDSA, value_at(keys, i)};
        CHECK(value_get(key.key, "d") == NULL && value_get(key.key, "kid") != NULL);
        verified += jws_verify(&key, token, &payload, NULL) == OK;
    }
    CHECK(verified == 1);
}

static void test_others(struct tokens *tokens)
{
    char token[TOKEN_ACCESS_SIZE];
    struct token_claims found;
    struct tokens *thief = make("fedcba9876543210fedcba9876543210", "demo");
    struct tokens *elsewhere = make("0123456789abcdef0123456789abcdef", "other");
    (void)sign(thief, NOW_US, token);
    CHECK(token_verify(tokens, token, NOW_US, &found) == TOKEN_ANSWER_FORGED);
    (void)sign(elsewhere, NOW_US, token); /* the same keys, another site's audience */
    CHECK(token_verify(tokens, token, NOW_US, &found) == TOKEN_ANSWER_MALFORMED);
    tokens_free(thief);
    tokens_free(elsewhere);
    static const char *const words[] = {"", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        CHECK(token_verify(tokens, words[i], NOW_US, &found) == TOKEN_ANSWER_MALFORMED);
    }
    (void)sign(tokens, NOW_US, token);
    int passed = 0;
    for (size_t i = 0; token[i]; i++) {
        const char letter = token[i];
        token[i] = letter == 'A' ? 'B' : 'A';
        passed += token_verify(tokens, token, NOW_US, &found) == TOKEN_ANSWER_GOOD;
        token[i] = letter;
    }
    CHECK(passed == 0);
    CHECK_TEXT(token_answer_name(TOKEN_ANSWER_FORGED), "token_forged");
}

static void test_refresh(struct tokens *tokens)
{
    char token[TOKEN_REFRESH_SIZE];
    char again[TOKEN_REFRESH_SIZE];
    char session[ID_TEXT_SIZE];
    int64_t number = -1;
    token_refresh_write(tokens, SESSION, 41, token);
    token_refresh_write(tokens, SESSION, 41, again);
    CHECK_TEXT(token, again);
    CHECK(token_refresh_read(tokens, token, session, &number) && number == 41);
    CHECK_TEXT(session, SESSION);
    int passed = 0;
    for (size_t i = 0; token[i]; i++) {
        const char letter = token[i];
        token[i] = letter == '1' ? '2' : '1';
        passed += token_refresh_read(tokens, token, session, &number);
        token[i] = letter;
    }
    CHECK(passed == 0);
    struct tokens *thief = make("fedcba9876543210fedcba9876543210", "demo");
    token_refresh_write(thief, SESSION, 42, token);
    CHECK(!token_refresh_read(tokens, token, session, &number));
    tokens_free(thief);
    static const char *const words[] = {"", "..", "01a210b0-26ca-7f11-b245-6611f63d8d7c.41",
                                        "01a210b0-26ca-7f11-b245-6611f63d8d7c.41."};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        CHECK(!token_refresh_read(tokens, words[i], session, &number));
    }
}

static void test_device(struct tokens *tokens)
{
    char token[TOKEN_DEVICE_SIZE];
    char other[TOKEN_DEVICE_SIZE];
    char id[TOKEN_DEVICE_ID_SIZE];
    token_device_write(tokens, "asha", token);
    token_device_write(tokens, "asha", other);
    CHECK(strcmp(token, other) != 0);
    CHECK(token_device_read(tokens, token, "asha", id) && strlen(id) == strcspn(token, "."));
    CHECK(!token_device_read(tokens, token, "ravi", id));
    CHECK(!token_device_read(tokens, "", "asha", id) &&
          !token_device_read(tokens, ".", "asha", id));
    token[3] = token[3] == 'A' ? 'B' : 'A';
    CHECK(!token_device_read(tokens, token, "asha", id));
}

/* What the memory of verified tokens is for. */
static void show_cost(void)
{
    char token[TOKEN_ACCESS_SIZE];
    struct token_claims found;
    enum { ROUNDS = 200 };
    struct tokens *tokens = make("0123456789abcdef0123456789abcdef", "demo");
    (void)sign(tokens, NOW_US, token);
    int64_t begin_us = clock_monotonic_us();
    CHECK(token_verify(tokens, token, NOW_US, &found) == TOKEN_ANSWER_GOOD);
    const int64_t first_us = clock_monotonic_us() - begin_us;
    begin_us = clock_monotonic_us();
    for (int i = 0; i < ROUNDS; i++) {
        (void)token_verify(tokens, token, NOW_US, &found);
    }
    const int64_t rest_us = clock_monotonic_us() - begin_us;
    printf("# verifying: %lld us the first time, %.2f us again\n", (long long)first_us,
           (double)rest_us / ROUNDS);
    CHECK(rest_us / ROUNDS < first_us);
    tokens_free(tokens);
}

int main(void)
{
    CHECK(jws_begin(NULL) == OK);
    struct tokens *tokens = make("0123456789abcdef0123456789abcdef", "demo");
    test_life(tokens);
    test_rotation(tokens);
    test_keys(tokens);
    test_others(tokens);
    test_refresh(tokens);
    test_device(tokens);
    show_cost();
    tokens_free(tokens);
    return CHECK_DONE();
}
