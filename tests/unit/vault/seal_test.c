#include "vault/seal.h"

#include <sodium.h>

#include "check.h"

static const struct seal_place PLACE = {"users", "totp_secret", "asha"};
static const uint8_t PLAIN[] = "a secret that must not be seen";

static struct secret *make_key(uint8_t filling)
{
    uint8_t bytes[SEAL_KEY_SIZE];
    struct secret *key = NULL;
    memset(bytes, filling, sizeof bytes);
    CHECK(secret_new(&key, span_of(bytes, sizeof bytes), NULL) == OK);
    return key;
}

static bool opens(const struct seal_key *key, const struct seal_place *place, struct span sealed)
{
    uint8_t bytes[64];
    struct seal_room room = {.bytes = bytes, .capacity = sizeof bytes};
    return seal_open(key, place, sealed, &room) && room.size == sizeof PLAIN &&
           memcmp(bytes, PLAIN, sizeof PLAIN) == 0;
}

/* Another row, column or table; and words that only together are the same. */
static void test_places(const struct seal_key *key, struct span sealed)
{
    const struct seal_place others[] = {
        {"users", "totp_secret", "ravi"},       {"users", "totp_pending", "asha"},
        {"invitations", "totp_secret", "asha"}, {"users", "totp_secreta", "sha"},
        {"userst", "otp_secret", "asha"},
    };
    CHECK(opens(key, &PLACE, sealed));
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        CHECK(!opens(key, &others[i], sealed));
    }
}

/* No bit of it may be another. */
static void test_changes(const struct seal_key *key, const struct text *sealed)
{
    uint8_t bytes[128];
    size_t opened = 0;
    CHECK(sealed->size == sizeof PLAIN + SEAL_OVERHEAD_SIZE && sealed->size <= sizeof bytes);
    for (size_t bit = 0; bit < 8 * sealed->size; bit++) {
        memcpy(bytes, sealed->data, sealed->size);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        opened += opens(key, &PLACE, span_of(bytes, sealed->size));
    }
    for (size_t size = 0; size < sealed->size; size++) {
        opened += opens(key, &PLACE, span_of(sealed->data, size));
    }
    CHECK(opened == 0);
}

static void test_keys(const struct seal_key *key, struct span sealed)
{
    CLEANUP(secret_free_p) struct secret *other = make_key(2);
    const struct seal_key wrong = {.id = key->id, .bytes = other};
    const struct seal_key renumbered = {.id = key->id + 1, .bytes = key->bytes};
    uint32_t id = 0;
    uint8_t head[SEAL_HEAD_SIZE];
    CHECK(!opens(&wrong, &PLACE, sealed));
    CHECK(!opens(&renumbered, &PLACE, sealed));
    CHECK(seal_key_id(sealed, &id) && id == key->id);
    seal_head(head, key->id);
    CHECK(memcmp(head, sealed.data, sizeof head) == 0);
    CHECK(!seal_key_id(span_of(PLAIN, sizeof PLAIN), &id));
}

/* The room is a limit: a value that somebody made longer is not written past its end. */
static void test_room(const struct seal_key *key, struct span sealed)
{
    uint8_t bytes[sizeof PLAIN];
    struct seal_room room = {.bytes = bytes, .capacity = sizeof PLAIN - 1};
    CHECK(!seal_open(key, &PLACE, sealed, &room));
    room.capacity++;
    CHECK(seal_open(key, &PLACE, sealed, &room));
}

static void test_empty(const struct seal_key *key)
{
    CLEANUP(text_deinit) struct text sealed = text_limited(SEAL_SIZE_MAX);
    struct seal_room room = {.bytes = (uint8_t[1]){0}, .capacity = 0, .size = 9};
    seal_close(&sealed, key, &PLACE, span_text(""));
    CHECK(seal_open(key, &PLACE, text_span(&sealed), &room) && room.size == 0);
}

int main(void)
{
    if (sodium_init() < 0) { return 1; }
    CLEANUP(secret_free_p) struct secret *bytes = make_key(1);
    CLEANUP(text_deinit) struct text sealed = text_limited(SEAL_SIZE_MAX);
    CLEANUP(text_deinit) struct text again = text_limited(SEAL_SIZE_MAX);
    const struct seal_key key = {.id = 0x01020304, .bytes = bytes};
    seal_close(&sealed, &key, &PLACE, span_of(PLAIN, sizeof PLAIN));
    seal_close(&again, &key, &PLACE, span_of(PLAIN, sizeof PLAIN));
    CHECK(!span_equal(text_span(&sealed), text_span(&again))); /* another nonce */
    CHECK(!memmem(sealed.data, sealed.size, PLAIN, 8));
    test_places(&key, text_span(&sealed));
    test_changes(&key, &sealed);
    test_keys(&key, text_span(&sealed));
    test_room(&key, text_span(&sealed));
    test_empty(&key);
    return CHECK_DONE();
}
