#include "people/totp.h"

#include "base/clock.h"
#include "check.h"

/* RFC 6238, appendix B, SHA-1; of its eight digits an app shows the last six. */
static const uint8_t SECRET[] = "12345678901234567890";
static const struct {
    int64_t at_s;
    const char *code;
} PUBLISHED[] = {
    {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
    {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
};

static void test_published(void)
{
    for (size_t i = 0; i < ARRAY_LEN(PUBLISHED); i++) {
        const int64_t now_us = PUBLISHED[i].at_s * CLOCK_SECOND_US;
        int64_t step = 0;
        CHECK(totp_fits(SECRET, PUBLISHED[i].code, now_us, 0, &step));
        CHECK(step == PUBLISHED[i].at_s / TOTP_STEP_S);
    }
}

static void test_window(void)
{
    const int64_t now_us = 1111111109 * CLOCK_SECOND_US;
    const int64_t step_us = TOTP_STEP_S * CLOCK_SECOND_US;
    int64_t step = 0;
    CHECK(totp_fits(SECRET, "081804", now_us + step_us, 0, &step));
    CHECK(totp_fits(SECRET, "081804", now_us - step_us, 0, &step));
    CHECK(!totp_fits(SECRET, "081804", now_us + 2 * step_us, 0, &step));
    CHECK(!totp_fits(SECRET, "081804", now_us - 2 * step_us, 0, &step));
    /* The same code again, or an earlier one. */
    step = 1111111109 / TOTP_STEP_S;
    CHECK(!totp_fits(SECRET, "081804", now_us, step, &step));
    CHECK(!totp_fits(SECRET, "081804", now_us, step + 1, &step));
    CHECK(totp_fits(SECRET, "081804", now_us, step - 1, &step));
}

static void test_forms(void)
{
    static const char *const wrong[] = {"", "28708", "2870822", "28708a", "94287082", "000000"};
    int64_t step = 0;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CHECK(!totp_fits(SECRET, wrong[i], 59 * CLOCK_SECOND_US, 0, &step));
    }
    char text[TOTP_TEXT_SIZE];
    char uri[TOTP_URI_SIZE];
    const struct totp_label label = {"demo", "asha"};
    CHECK(totp_write(SECRET, &label, text, uri, NULL) == OK);
    CHECK_TEXT(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    CHECK_TEXT(uri, "otpauth://totp/demo:asha?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=demo");
    uint8_t one[TOTP_SECRET_SIZE];
    uint8_t other[TOTP_SECRET_SIZE];
    totp_new(one);
    totp_new(other);
    CHECK(memcmp(one, other, sizeof one) != 0);
}

int main(void)
{
    test_published();
    test_window();
    test_forms();
    return CHECK_DONE();
}
