#include "release/pass.h"

#include "base/clock.h"
#include "check.h"

#define NOW_US (INT64_C(1795600000) * CLOCK_SECOND_US)
#define S(seconds) (NOW_US + (seconds)*CLOCK_SECOND_US)

static struct secret *secret_of(const char *words)
{
    struct secret *secret = NULL;
    if (secret_new(&secret, span_text(words), NULL)) { abort(); }
    return secret;
}

int main(void)
{
    CLEANUP(secret_free_p) struct secret *token = secret_of("the token of private archives");
    CLEANUP(secret_free_p) struct secret *other = secret_of("another token of an archive !");
    struct why why = {""};
    char pass[PASS_SIZE];
    CHECK(pass_make(pass, token, "field", S(300), &why) == OK);
    CHECK(strncmp(pass, "1.1795600300.field.", 19) == 0 && strlen(pass) == 19 + 43);
    /* By another implementation: HMAC(HMAC(token, purpose), words), base64url. */
    CHECK_TEXT(pass + 19, "M7a7FFaO1f_-cdiLSm5PVubFVyulFvuIr-bQ15BLx-8");
    CHECK(pass_is_good(span_text(pass), token, "field", NOW_US));
    CHECK(pass_is_good(span_text(pass), token, "field", S(299)));
    CHECK(!pass_is_good(span_text(pass), token, "field", S(300)));
    CHECK(!pass_is_good(span_text(pass), token, "fields", NOW_US));
    CHECK(!pass_is_good(span_text(pass), other, "field", NOW_US));
    CHECK(!pass_is_good(span_text("the token of private archives"), token, "field", NOW_US));
    CHECK(!pass_is_good(span_of(NULL, 0), token, "field", NOW_US));
    CHECK(!pass_is_good(span_of(pass, strlen(pass) - 1), token, "field", NOW_US));
    int forged = 0;
    for (size_t i = 0; pass[i]; i++) { /* every bit counts */
        char changed[PASS_SIZE];
        memcpy(changed, pass, sizeof changed);
        changed[i] ^= 1;
        if (pass_is_good(span_text(changed), token, "field", NOW_US)) { forged++; }
    }
    CHECK(forged == 0);
    /* One that nobody of us makes, though it is signed. */
    CHECK(pass_make(pass, token, "field", S(PASS_LIFE_MAX_S + 1), &why) == OK);
    CHECK(!pass_is_good(span_text(pass), token, "field", NOW_US));
    CHECK(pass_make(pass, token, "a.b", S(300), &why) == ERR_RANGE);
    CHECK(pass_make(pass, token, "", S(300), &why) == ERR_RANGE);
    CHECK(pass_make(pass, token, "123456789012345678901234567890123456789012345678", S(300),
                    &why) == ERR_RANGE);
    CHECK(pass_make(pass, token, "12345678901234567890123456789012345678901234567", S(300), &why) ==
          OK);
    return CHECK_DONE();
}
