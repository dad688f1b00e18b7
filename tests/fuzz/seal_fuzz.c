/*
 * Any bytes as a sealed value: none opens but what was sealed, and that only in its place.
 */
#include <assert.h>
#include <sodium.h>

#include "vault/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t bytes[SEAL_SIZE_MAX];

static void seal_and_open(const struct seal_key *key, struct span plain)
{
    const struct seal_place place = {"users", "totp_secret", "asha"};
    const struct seal_place other = {"users", "totp_secret", "ravi"};
    struct text sealed = text_limited(SEAL_SIZE_MAX);
    struct seal_room room = {.bytes = bytes, .capacity = sizeof bytes};
    uint32_t id = 0;
    seal_close(&sealed, key, &place, plain);
    assert(!sealed.overflow && seal_key_id(text_span(&sealed), &id) && id == key->id);
    assert(!seal_open(key, &other, text_span(&sealed), &room));
    assert(seal_open(key, &place, text_span(&sealed), &room));
    assert(span_equal(span_of(bytes, room.size), plain));
    text_deinit(&sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct secret *secret;
    static const uint8_t zeros[SEAL_KEY_SIZE];
    if (!secret && secret_new(&secret, span_of(zeros, sizeof zeros), NULL)) { abort(); }
    struct seal_key key = {.id = 1, .bytes = secret};
    const struct seal_place place = {"audit", "kept", "0"};
    struct seal_room room = {.bytes = bytes, .capacity = sizeof bytes};
    const struct span input = span_of(data, size);
    if (seal_key_id(input, &key.id)) { assert(!seal_open(&key, &place, input, &room)); }
    if (size <= SEAL_PLAIN_SIZE_MAX) { seal_and_open(&key, input); }
    return 0;
}
