#include "wire/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

enum { DIGEST_BLOCK_SIZE = 256 * 1024 };

struct state {
    EVP_MD_CTX *sha256, *md5;
};

static struct state begin(void)
{
    struct state state = {EVP_MD_CTX_new(), EVP_MD_CTX_new()};
    if (!state.sha256 || !state.md5 || !EVP_DigestInit_ex(state.sha256, EVP_sha256(), NULL) ||
        !EVP_DigestInit_ex(state.md5, EVP_md5(), NULL)) {
        abort();
    }
    return state;
}

static void update(const struct state *state, const void *data, size_t size)
{
    if (!EVP_DigestUpdate(state->sha256, data, size) || !EVP_DigestUpdate(state->md5, data, size)) {
        abort();
    }
}

static void write_hex(char *to, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = '\0';
}

static void end(struct state *state, struct digest *out)
{
    uint8_t sha256[DIGEST_SHA256_SIZE];
    if (!EVP_DigestFinal_ex(state->sha256, sha256, NULL) ||
        !EVP_DigestFinal_ex(state->md5, out->md5_bytes, NULL)) {
        abort();
    }
    write_hex(out->sha256, sha256, sizeof sha256);
    write_hex(out->md5, out->md5_bytes, DIGEST_MD5_SIZE);
}

static void release(struct state *state)
{
    EVP_MD_CTX_free(state->sha256);
    EVP_MD_CTX_free(state->md5);
}

void digest_bytes(struct digest *out, struct span bytes)
{
    CLEANUP(release) struct state state = begin();
    update(&state, bytes.data, bytes.size);
    end(&state, out);
}

enum err digest_file(struct digest *out, int fd, uint64_t offset, uint64_t size, struct why *why)
{
    CLEANUP(release) struct state state = begin();
    CLEANUP(mem_free_p) uint8_t *block = mem_zeroed(DIGEST_BLOCK_SIZE);
    while (size > 0) {
        const size_t wanted = size < DIGEST_BLOCK_SIZE ? (size_t)size : DIGEST_BLOCK_SIZE;
        const ssize_t got = pread(fd, block, wanted, (off_t)offset);
        if (got < 0 && errno == EINTR) { continue; }
        if (got <= 0) { return why_set(why, ERR_IO, "the file cannot be read to its end"); }
        update(&state, block, (size_t)got);
        offset += (uint64_t)got;
        size -= (uint64_t)got;
    }
    end(&state, out);
    return OK;
}

void digest_hmac_sha256(uint8_t out[static DIGEST_SHA256_SIZE], struct span key, struct span bytes)
{
    unsigned int size = 0;
    if (!HMAC(EVP_sha256(), key.data, (int)key.size, bytes.data, bytes.size, out, &size) ||
        size != DIGEST_SHA256_SIZE) {
        abort();
    }
}
