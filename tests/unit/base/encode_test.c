#include "base/encode.h"

#include "check.h"

/* RFC 4648 section 10. */
static const char *const vectors[][3] = {
    {"", "", ""},
    {"f", "Zg==", "66"},
    {"fo", "Zm8=", "666f"},
    {"foo", "Zm9v", "666f6f"},
    {"foob", "Zm9vYg==", "666f6f62"},
    {"fooba", "Zm9vYmE=", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "666f6f626172"},
};

static void follows_rfc4648(void)
{
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        const char *plain = vectors[i][0];
        CLEANUP(text_deinit) struct text base64 = text_limited(64);
        CLEANUP(text_deinit) struct text hex = text_limited(64);
        encode_base64(&base64, span_text(plain));
        encode_hex(&hex, span_text(plain));
        CHECK_TEXT(text_c(&base64), vectors[i][1]);
        CHECK_TEXT(text_c(&hex), vectors[i][2]);
        uint8_t bytes[8];
        size_t size = 99;
        CHECK(decode_base64(bytes, sizeof bytes, &size, vectors[i][1], NULL) == OK);
        CHECK(span_equal(span_of(bytes, size), span_text(plain)));
        CHECK(decode_hex(bytes, sizeof bytes, &size, vectors[i][2], NULL) == OK);
        CHECK(span_equal(span_of(bytes, size), span_text(plain)));
    }
}

static void refuses_what_is_not_canonical(void)
{
    static const char *const wrong[] = {"Zg",   "Zg=",    "Zg===", "Z",
                                        "Zh==", "Zm9v\n", "Zm 9v", "Zm9v!"};
    uint8_t bytes[8];
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        size_t size = 99;
        CHECK(decode_base64(bytes, sizeof bytes, &size, wrong[i], NULL) == ERR_MALFORMED);
        CHECK(size == 99);
    }
    size_t size = 99;
    CHECK(decode_base64(bytes, 2, &size, "Zm9v", NULL) != OK && size == 99);
    CHECK(decode_base64(bytes, 2, &size, "Zm9vYmFyZm9vYmFy", NULL) == ERR_LIMIT);
    CHECK(decode_hex(bytes, sizeof bytes, &size, "6", NULL) == ERR_MALFORMED);
    CHECK(decode_hex(bytes, sizeof bytes, &size, "6g", NULL) == ERR_MALFORMED);
    CHECK(decode_hex(bytes, 1, &size, "6666", NULL) == ERR_MALFORMED);
}

int main(void)
{
    follows_rfc4648();
    refuses_what_is_not_canonical();
    CLEANUP(text_deinit) struct text url = text_limited(16);
    encode_base64_url(&url, span_of("\xfb\xff", 2));
    CHECK_TEXT(text_c(&url), "-_8");
    uint8_t bytes[4];
    size_t size = 0;
    CHECK(decode_base64_url(bytes, sizeof bytes, &size, "-_8", NULL) == OK && size == 2);
    CHECK(decode_base64_url(bytes, sizeof bytes, &size, "+/8", NULL) == ERR_MALFORMED);
    return CHECK_DONE();
}
