#include "base/secret.h"

#include "check.h"

int main(void)
{
    struct why why = {.text = ""};
    CLEANUP(secret_free_p) struct secret *secret = NULL;
    CHECK(secret_from_environment(&secret, "TOCSIN_TEST_SECRET", &why) == ERR_NOT_FOUND);
    CHECK(strstr(why.text, "TOCSIN_TEST_SECRET"));
    CHECK(setenv("TOCSIN_TEST_SECRET", "hunter2", 1) == 0);
    const char *in_place = getenv("TOCSIN_TEST_SECRET");
    CHECK(secret_from_environment(&secret, "TOCSIN_TEST_SECRET", &why) == OK);
    CHECK(getenv("TOCSIN_TEST_SECRET") == NULL);
    CHECK(in_place[0] == '\0'); /* overwritten where it stood, so /proc no longer shows it */
    CHECK(span_equal(secret_bytes(secret), span_text("hunter2")));
    CHECK(secret_equal(secret, span_text("hunter2")));
    CHECK(!secret_equal(secret, span_text("hunter3")));
    CHECK(!secret_equal(secret, span_text("hunter")));

    static uint8_t large[SECRET_SIZE_MAX + 1];
    struct secret *none = NULL;
    CHECK(secret_new(&none, span_of(large, sizeof large), &why) == ERR_LIMIT && !none);
    CLEANUP(secret_free_p) struct secret *empty = NULL;
    CHECK(secret_new(&empty, span_of(NULL, 0), &why) == OK &&
          secret_equal(empty, span_of(NULL, 0)));
    return CHECK_DONE();
}
