#include "people/totp.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

void totp_new(uint8_t secret[static TOTP_SECRET_SIZE])
{
    randombytes_buf(secret, TOTP_SECRET_SIZE);
}

static bool fits_step(const uint8_t *secret, const char *code, int64_t step)
{
    char made[TOTP_DIGITS + 1] = "";
    if (step < 0 ||
        oath_totp_generate((const char *)secret, TOTP_SECRET_SIZE, step * TOTP_STEP_S, TOTP_STEP_S,
                           OATH_TOTP_DEFAULT_START_TIME, TOTP_DIGITS, made) != OATH_OK) {
        return false;
    }
    return sodium_memcmp(made, code, TOTP_DIGITS) == 0;
}

bool totp_fits(const uint8_t secret[static TOTP_SECRET_SIZE], const char *code, int64_t now_us,
               int64_t last_step, int64_t *step)
{
    if (strlen(code) != TOTP_DIGITS) { return false; }
    const int64_t now = now_us / CLOCK_SECOND_US / TOTP_STEP_S;
    bool fits = false;
    for (int64_t at = now - TOTP_WINDOW; at <= now + TOTP_WINDOW; at++) {
        if (!fits_step(secret, code, at) || at <= last_step) { continue; }
        *step = at;
        fits = true;
    }
    return fits;
}

enum err totp_write(const uint8_t secret[static TOTP_SECRET_SIZE], const struct totp_label *label,
                    char text[static TOTP_TEXT_SIZE], char uri[static TOTP_URI_SIZE],
                    struct why *why)
{
    char *encoded = NULL;
    if (oath_base32_encode((const char *)secret, TOTP_SECRET_SIZE, &encoded, NULL) != OATH_OK) {
        return why_set(why, ERR_IO, "the secret cannot be written");
    }
    const bool fits = text_copy(text, TOTP_TEXT_SIZE, encoded);
    const int size = snprintf(uri, TOTP_URI_SIZE, "otpauth://totp/%s:%s?secret=%s&issuer=%s",
                              label->issuer, label->account, encoded, label->issuer);
    sodium_memzero(encoded, strlen(encoded));
    free(encoded);
    if (fits && size > 0 && size < TOTP_URI_SIZE) { return OK; }
    return why_set(why, ERR_LIMIT, "the site's or the user's name is too long for an app");
}
