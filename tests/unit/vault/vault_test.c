#include "vault/vault.h"

#include <sodium.h>

#include "base/metric.h"
#include "check.h"
#include "unit/people/people_database.h"

static const struct seal_place ASHA = {"users", "totp_secret", "asha"};
static const struct seal_place RAVI = {"users", "totp_secret", "ravi"};
static const int64_t NOW_US = 1800000000000000;

static enum err unseal(struct vault *vault, const struct seal_place *place, struct span sealed,
                       struct why *why)
{
    uint8_t bytes[32];
    struct seal_room room = {.bytes = bytes, .capacity = sizeof bytes};
    const enum err err = vault_unseal(vault, place, sealed, &room, why);
    CHECK(err || (room.size == 4 && memcmp(bytes, "word", 4) == 0));
    return err;
}

static int64_t refused(const char *label)
{
    return metric_value(metric_counter("tocsin_seal_refused_total", "", label));
}

/* A value of another row, one that nobody sealed, one of a key that is gone: each has its name. */
static void test_refusals(struct vault *vault)
{
    CLEANUP(text_deinit) struct text sealed = text_limited(SEAL_SIZE_MAX);
    struct why why = {""};
    CHECK(vault_seal(vault, &ASHA, span_text("word"), &sealed, &why) == OK);
    CHECK(unseal(vault, &ASHA, text_span(&sealed), &why) == OK);
    CHECK(unseal(vault, &RAVI, text_span(&sealed), &why) == ERR_DAMAGED);
    CHECK(strncmp(why.text, "mismatch: ", 10) == 0 && strstr(why.text, "users.totp_secret"));
    CHECK(refused("reason=\"mismatch\"") == 1);
    CHECK(unseal(vault, &ASHA, span_text("word"), &why) == ERR_DAMAGED);
    CHECK(strncmp(why.text, "unsealed: ", 10) == 0);
    CHECK(refused("reason=\"unsealed\"") == 1);
    sealed.data[5] = 1; /* a key of some other number */
    CHECK(unseal(vault, &ASHA, text_span(&sealed), &why) == ERR_DAMAGED);
    CHECK(strncmp(why.text, "unknown_key: ", 13) == 0);
    CHECK(refused("reason=\"unknown_key\"") == 1);
}

/* Another process has another connection: its newer key is found, and soon used. */
static void test_two(const struct people_database *people, struct vault *vault)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    CLEANUP(vault_close_p) struct vault *other = NULL;
    CLEANUP(text_deinit) struct text old = text_limited(SEAL_SIZE_MAX);
    CLEANUP(text_deinit) struct text fresh = text_limited(SEAL_SIZE_MAX);
    database = place_connect(&people->place);
    CHECK(vault_open(&other, database, NULL) == OK);
    CHECK(vault_newest(other) == 1 && vault_newest(vault) == 1);
    CHECK(vault_seal(vault, &ASHA, span_text("word"), &old, NULL) == OK);
    CHECK(vault_key_add(other, NOW_US, NULL) == OK && vault_newest(other) == 2);
    CHECK(vault_seal(other, &ASHA, span_text("word"), &fresh, NULL) == OK);
    CHECK(unseal(vault, &ASHA, text_span(&fresh), NULL) == OK); /* not looked at before */
    CHECK(vault_newest(vault) == 2);
    CHECK(unseal(vault, &ASHA, text_span(&old), NULL) == OK);
    struct vault_key keys[VAULT_KEY_MAX];
    CHECK(vault_keys(vault, keys) == 2 && keys[1].id == 2 && keys[1].created_us == NOW_US);
    CHECK(vault_key_remove(vault, 1, NULL) == OK && vault_keys(vault, keys) == 1);
    CHECK(unseal(vault, &ASHA, text_span(&old), NULL) == ERR_DAMAGED);
}

static void test_secret(const struct people_database *people, struct vault *vault)
{
    CLEANUP(vault_close_p) struct vault *other = NULL;
    CLEANUP(secret_free_p) struct secret *first = NULL;
    CLEANUP(secret_free_p) struct secret *second = NULL;
    CLEANUP(secret_free_p) struct secret *third = NULL;
    CHECK(vault_open(&other, people->database, NULL) == OK);
    CHECK(vault_secret(vault, "tokens", &first, NULL) == OK);
    CHECK(vault_secret(other, "tokens", &second, NULL) == OK);
    CHECK(vault_secret(other, "more", &third, NULL) == OK);
    CHECK(secret_bytes(first).size == 32 && secret_equal(first, secret_bytes(second)));
    CHECK(!secret_equal(first, secret_bytes(third)));
}

static struct secret *filled(uint8_t filling)
{
    uint8_t bytes[DATABASE_KEY_SIZE];
    struct secret *key = NULL;
    memset(bytes, filling, sizeof bytes);
    CHECK(secret_new(&key, span_of(bytes, sizeof bytes), NULL) == OK);
    return key;
}

static enum err open_with(const struct people_database *people, const struct secret *key,
                          const struct secret *next, struct why *why)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    CLEANUP(vault_close_p) struct vault *vault = NULL;
    struct database_config config = place_config(&people->place);
    config.column_key = key;
    CHECK(database_open(&database, &config, NULL) == OK);
    enum err err = vault_open(&vault, database, why);
    if (err || !next) { return err; }
    CHECK(database_begin(database, NULL) == OK);
    err = vault_rewrap(vault, next, why);
    database_end(database, &err, why);
    return err;
}

/* The column key is another from now on; the keys of the columns stay. */
static void test_column_key(const struct people_database *people)
{
    CLEANUP(secret_free_p) struct secret *zeros = filled(0); /* what a test's database has */
    CLEANUP(secret_free_p) struct secret *ones = filled(1);
    struct why why = {""};
    CHECK(open_with(people, ones, NULL, &why) == ERR_DENIED);
    CHECK(strstr(why.text, "TOCSIN_COLUMN_KEY") != NULL);
    CHECK(open_with(people, zeros, ones, &why) == OK);
    CHECK(open_with(people, zeros, NULL, &why) == ERR_DENIED);
    CHECK(open_with(people, ones, zeros, &why) == OK);
    CHECK(open_with(people, NULL, NULL, &why) == OK);
}

int main(void)
{
    if (sodium_init() < 0) { return 1; }
    struct people_database people;
    struct vault *vault = NULL;
    people_database_open(&people);
    CHECK(vault_open(&vault, people.database, NULL) == OK);
    test_refusals(vault);
    test_secret(&people, vault);
    test_column_key(&people);
    vault_close(vault);
    CHECK(vault_open(&vault, people.database, NULL) == OK);
    test_two(&people, vault);
    vault_close(vault);
    people_database_close(&people);
    return CHECK_DONE();
}
