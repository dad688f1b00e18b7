/*
 * people/totp - one-time codes of an authenticator app (RFC 6238: SHA-1, 30 s, 6 digits, which
 * every app has).
 *
 * Wraps liboath. A code counts one step before and after its own, and only after the step of the
 * last one that was taken: nobody uses a code twice. Pure; any thread; the time is a parameter.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum {
    TOTP_SECRET_SIZE = 20,
    TOTP_DIGITS = 6,
    TOTP_STEP_S = 30,
    TOTP_WINDOW = 1,
    TOTP_TEXT_SIZE = 40, /* the secret in base32 */
    TOTP_URI_SIZE = 512,
};

void totp_new(uint8_t secret[static TOTP_SECRET_SIZE]);

/* Whether `code` is one of a step after `last_step`; then `*step` is its own. */
bool totp_fits(const uint8_t secret[static TOTP_SECRET_SIZE], const char *code, int64_t now_us,
               int64_t last_step, int64_t *step);

/* The secret for people to type, and with account and issuer for a QR code. */
struct totp_label {
    const char *issuer, *account; /* plain letters, no percent-escapes needed */
};
MUST_USE enum err totp_write(const uint8_t secret[static TOTP_SECRET_SIZE],
                             const struct totp_label *label, char text[static TOTP_TEXT_SIZE],
                             char uri[static TOTP_URI_SIZE], struct why *why);
