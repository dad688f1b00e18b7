#include "ledger/line.h"

#include "check.h"

static bool number_of(const char *text, uint64_t *number)
{
    return line_number(span_text(text), number);
}

int main(void)
{
    struct span rest = span_text("one\n\nthree");
    struct span line;
    CHECK(line_next(&rest, &line) && span_equal(line, span_text("one")));
    CHECK(line_next(&rest, &line) && line.size == 0);
    CHECK(!line_next(&rest, &line) && span_equal(rest, span_text("three")));
    struct span words;
    CHECK(line_behind(span_text("old 12"), "old", &words) && span_equal(words, span_text("12")));
    CHECK(!line_behind(span_text("older 12"), "old", &words));
    CHECK(!line_behind(span_text("old"), "old", &words));

    uint64_t number = 7;
    CHECK(number_of("0", &number) && number == 0);
    CHECK(number_of("9223372036854775807", &number) && number == INT64_MAX);
    static const char *const bad[] = {"",
                                      "00",
                                      "01",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1e3",
                                      "9223372036854775808",
                                      "18446744073709551616"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(!number_of(bad[i], &number));
    }
    CLEANUP(text_deinit) struct text text = text_limited(4096);
    const struct merkle_hash empty = merkle_empty();
    line_add_hash(&text, &empty);
    CHECK_TEXT(text_c(&text), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    struct merkle_hash read;
    CHECK(line_hash(span_of(text.data, text.size - 1), &read) && merkle_hash_equal(&read, &empty));
    CHECK(!line_hash(text_span(&text), &read));
    CHECK(!line_hash(span_text("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV="), &read));
    struct merkle_proof proof;
    rest = text_span(&text);
    CHECK(!line_proof(&rest, &proof)); /* no empty line ends it */
    text_add(&text, "\nrest");
    rest = text_span(&text);
    CHECK(line_proof(&rest, &proof) && proof.count == 1 && span_equal(rest, span_text("rest")));
    text_clear(&text);
    for (int i = 0; i <= MERKLE_PROOF_MAX; i++) {
        line_add_hash(&text, &empty);
    }
    text_add_char(&text, '\n');
    rest = text_span(&text);
    CHECK(!line_proof(&rest, &proof)); /* one more than there can be */
    return CHECK_DONE();
}
