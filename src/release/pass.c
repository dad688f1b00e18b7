#include "release/pass.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { MAC_SIZE = crypto_auth_hmacsha256_BYTES, MAC_TEXT_SIZE = 43 };

static const char purpose[] = "tocsin map pass 1";

/* The MAC of `words` as text. The token itself keys nothing but the key of passes. */
static void sign(char text[static MAC_TEXT_SIZE + 1], const struct secret *token, struct span words)
{
    uint8_t key[crypto_auth_hmacsha256_KEYBYTES];
    uint8_t mac[MAC_SIZE];
    crypto_auth_hmacsha256_state state;
    const struct span bytes = secret_bytes(token);
    (void)crypto_auth_hmacsha256_init(&state, bytes.data, bytes.size);
    (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)purpose, sizeof purpose - 1);
    (void)crypto_auth_hmacsha256_final(&state, key);
    (void)crypto_auth_hmacsha256(mac, words.data, words.size, key);
    (void)sodium_bin2base64(text, MAC_TEXT_SIZE + 1, mac, sizeof mac,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&state, sizeof state);
}

static bool name_is_good(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const size_t size = strlen(name);
    return size > 0 && size < PASS_NAME_SIZE && strspn(name, letters) == size;
}

/* What stands before the MAC, the last point included. */
static size_t write_words(char words[static PASS_SIZE], const char *archive, int64_t end_s)
{
    const int size = snprintf(words, PASS_SIZE, "1.%lld.%s.", (long long)end_s, archive);
    return (size_t)size;
}

enum err pass_make(char pass[static PASS_SIZE], const struct secret *token, const char *archive,
                   int64_t end_us, struct why *why)
{
    if (!name_is_good(archive) || end_us < 0) {
        return why_set(why, ERR_RANGE,
                       "\"%.60s\" is no name of an archive: letters, digits, - and _ are expected",
                       archive);
    }
    char words[PASS_SIZE];
    const size_t size = write_words(words, archive, end_us / CLOCK_SECOND_US);
    sign(words + size, token, span_of(words, size));
    memcpy(pass, words, size + MAC_TEXT_SIZE + 1);
    return OK;
}

/* The number between the first two points; false when it is none, or too large for a time. */
static bool read_end(struct span pass, int64_t *end_s)
{
    if (pass.size < 3 || pass.data[0] != '1' || pass.data[1] != '.') { return false; }
    int64_t number = 0;
    size_t at = 2;
    for (; at < pass.size && at < 14 && pass.data[at] >= '0' && pass.data[at] <= '9'; at++) {
        number = number * 10 + (pass.data[at] - '0');
    }
    *end_s = number;
    return at > 2 && at < pass.size && pass.data[at] == '.';
}

bool pass_is_good(struct span pass, const struct secret *token, const char *archive, int64_t now_us)
{
    int64_t end_s = 0;
    char ours[PASS_SIZE];
    if (!name_is_good(archive) || !read_end(pass, &end_s)) { return false; }
    const size_t size = write_words(ours, archive, end_s);
    sign(ours + size, token, span_of(ours, size));
    const int64_t now_s = now_us / CLOCK_SECOND_US;
    return pass.size == size + MAC_TEXT_SIZE && sodium_memcmp(pass.data, ours, pass.size) == 0 &&
           end_s > now_s && end_s - now_s <= PASS_LIFE_MAX_S;
}
