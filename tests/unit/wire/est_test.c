#include "wire/est.h"

#include "check.h"

static enum err read_text(const char *body, struct text *out)
{
    struct why why = {0};
    text_clear(out);
    return est_read(out, span_text(body), &why);
}

int main(void)
{
    CLEANUP(text_deinit) struct text out = text_limited(EST_BODY_SIZE_MAX);
    CLEANUP(text_deinit) struct text written = text_limited(EST_BODY_SIZE_MAX);
    uint8_t bytes[100];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    est_write(&written, span_of(bytes, sizeof bytes));
    CHECK(!strpbrk(text_c(&written), "\r\n")); /* strongSwan reads no line breaks */
    CHECK(read_text(text_c(&written), &out) == OK);
    CHECK(span_equal(text_span(&out), span_of(bytes, sizeof bytes)));

    CHECK(read_text("aGVsbG8=", &out) == OK && span_equal(text_span(&out), span_text("hello")));
    CHECK(read_text("aGV\r\n sbG\t8=\n", &out) == OK &&
          span_equal(text_span(&out), span_text("hello")));
    CHECK(read_text("aGVsbG8", &out) == ERR_MALFORMED);
    CHECK(read_text("aGVs!G8=", &out) == ERR_MALFORMED);
    CHECK(read_text("-----BEGIN CERTIFICATE REQUEST-----", &out) == ERR_MALFORMED);
    struct why why = {0};
    text_clear(&out);
    CHECK(est_read(&out, span_of("aGVs\0G8=", 8), &why) == ERR_MALFORMED);
    static char large[EST_BODY_SIZE_MAX + 1];
    memset(large, 'A', sizeof large);
    CHECK(est_read(&out, span_of(large, sizeof large), &why) == ERR_LIMIT);
    CLEANUP(text_deinit) struct text small = text_limited(4);
    CHECK(read_text("aGVsbG8=", &small) == ERR_LIMIT);
    return CHECK_DONE();
}
