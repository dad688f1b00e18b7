#include "vault/seal.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/cursor.h"

enum {
    MAGIC_SIZE = 4,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    CONTEXT_SIZE_MAX = 512,
};

static const uint8_t MAGIC[MAGIC_SIZE] = {'t', 's', 'e', '1'};

_Static_assert(SEAL_OVERHEAD_SIZE == SEAL_HEAD_SIZE + NONCE_SIZE + TAG_SIZE, "the form");
_Static_assert(SEAL_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the key");

static void put_u32(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(number >> (24 - 8 * i));
    }
}

/* What is authenticated but not hidden: head and place, each word with its length before it. */
struct context {
    uint8_t bytes[CONTEXT_SIZE_MAX];
    size_t size;
};

static void context_add(struct context *context, struct span word)
{
    assert(context->size + 4 + word.size <= sizeof context->bytes);
    put_u32(context->bytes + context->size, (uint32_t)word.size);
    memcpy(context->bytes + context->size + 4, word.data, word.size);
    context->size += 4 + word.size;
}

static struct context context_of(const uint8_t head[static SEAL_HEAD_SIZE],
                                 const struct seal_place *place)
{
    struct context context = {.size = 0};
    context_add(&context, span_of(head, SEAL_HEAD_SIZE));
    context_add(&context, span_text(place->table));
    context_add(&context, span_text(place->column));
    context_add(&context, span_text(place->row));
    return context;
}

static const uint8_t *key_bytes(const struct seal_key *key)
{
    const struct span bytes = secret_bytes(key->bytes);
    assert(bytes.size == SEAL_KEY_SIZE);
    return bytes.data;
}

void seal_head(uint8_t head[static SEAL_HEAD_SIZE], uint32_t id)
{
    memcpy(head, MAGIC, MAGIC_SIZE);
    put_u32(head + MAGIC_SIZE, id);
}

void seal_close(struct text *out, const struct seal_key *key, const struct seal_place *place,
                struct span plain)
{
    assert(plain.size <= SEAL_PLAIN_SIZE_MAX);
    uint8_t sealed[SEAL_SIZE_MAX];
    uint8_t *nonce = sealed + SEAL_HEAD_SIZE;
    unsigned long long size = 0;
    seal_head(sealed, key->id);
    randombytes_buf(nonce, NONCE_SIZE);
    const struct context context = context_of(sealed, place);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_SIZE, &size, plain.data,
                                                     plain.size, context.bytes, context.size, NULL,
                                                     nonce, key_bytes(key));
    text_add_bytes(out, span_of(sealed, SEAL_HEAD_SIZE + NONCE_SIZE + (size_t)size));
}

bool seal_key_id(struct span sealed, uint32_t *id)
{
    if (sealed.size < SEAL_OVERHEAD_SIZE || sealed.size > SEAL_SIZE_MAX ||
        memcmp(sealed.data, MAGIC, MAGIC_SIZE) != 0) {
        return false;
    }
    struct cursor cursor = cursor_over(sealed);
    (void)cursor_bytes(&cursor, MAGIC_SIZE);
    *id = cursor_u32(&cursor);
    return true;
}

bool seal_open(const struct seal_key *key, const struct seal_place *place, struct span sealed,
               struct seal_room *plain)
{
    uint32_t id = 0;
    if (!seal_key_id(sealed, &id) || id != key->id ||
        sealed.size - SEAL_OVERHEAD_SIZE > plain->capacity) {
        return false;
    }
    const struct context context = context_of(sealed.data, place);
    const uint8_t *nonce = sealed.data + SEAL_HEAD_SIZE;
    unsigned long long size = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain->bytes, &size, NULL, nonce + NONCE_SIZE,
                                                   sealed.size - SEAL_HEAD_SIZE - NONCE_SIZE,
                                                   context.bytes, context.size, nonce,
                                                   key_bytes(key)) != 0) {
        return false;
    }
    plain->size = (size_t)size;
    return true;
}
