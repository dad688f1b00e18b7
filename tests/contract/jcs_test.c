/*
 * RFC 8785 against its author's published vectors (cyberphone/json-canonicalization, Apache-2.0):
 * six documents, as text and as hex, and ten thousand numbers. The embedded ones are of the same
 * source, so that this test never runs empty.
 */
#include "base/encode.h"
#include "base/value.h"
#include "check.h"
#include "system/file.h"
#include "trust/canonical.h"

enum { FILE_SIZE_MAX = 4 * 1024 * 1024 };

#define DATA SHARED_DATA "/alerting/jcs/"

static bool canonical_is(struct span source, struct span expected)
{
    CLEANUP(text_deinit) struct text out = text_limited(FILE_SIZE_MAX);
    struct value *value = NULL;
    struct why why = {0};
    enum err err = value_parse(&value, source, FILE_SIZE_MAX, &why);
    if (!err) { err = canonical_write(value, &out, &why); }
    value_free(value);
    if (err) { printf("# %s\n", why.text); }
    return !err && span_equal(text_span(&out), expected);
}

static void test_embedded(void)
{
    static const struct {
        const char *source, *canonical;
    } documents[] = {
        /* input/values.json */
        {"{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],"
         "\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
         "\"literals\": [null, true, false]}",
         "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
         "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
        /* input/french.json */
        {"{\"peach\": \"This sorting order\", \"p\\u00e9ch\\u00e9\": \"is wrong according to "
         "French\", \"p\\u00eache\": \"but canonicalization MUST\", \"sin\": \"ignore locale\"}",
         "{\"peach\":\"This sorting order\",\"p\xc3\xa9"
         "ch\xc3\xa9\":\"is wrong according to French\",\"p\xc3\xaa"
         "che\":\"but canonicalization MUST\",\"sin\":\"ignore locale\"}"},
        /* input/arrays.json */
        {"[ 56, { \"d\": true, \"10\": null, \"1\": [ ] } ]",
         "[56,{\"1\":[],\"10\":null,\"d\":true}]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
        CHECK(canonical_is(span_text(documents[i].source), span_text(documents[i].canonical)));
    }
}

/* outhex/: two hex digits, blank or line end, and so on. */
static bool same_as_hex(const struct text *bytes, const char *spaced)
{
    CLEANUP(text_deinit) struct text expected = text_limited(FILE_SIZE_MAX);
    CLEANUP(text_deinit) struct text own = text_limited(FILE_SIZE_MAX);
    for (const char *at = spaced; *at; at++) {
        if (*at != ' ' && *at != '\n' && *at != '\r') { text_add_char(&expected, *at); }
    }
    encode_hex(&own, text_span(bytes));
    return strcmp(text_c(&own), text_c(&expected)) == 0;
}

static void test_documents(void)
{
    static const char *const names[] = {"arrays",  "french", "structures",
                                        "unicode", "values", "weird"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(text_deinit) struct text source = text_limited(FILE_SIZE_MAX);
        CLEANUP(text_deinit) struct text expected = text_limited(FILE_SIZE_MAX);
        CLEANUP(text_deinit) struct text hex = text_limited(FILE_SIZE_MAX);
        char path[3][512];
        (void)snprintf(path[0], sizeof path[0], DATA "input/%s.json", names[i]);
        (void)snprintf(path[1], sizeof path[1], DATA "output/%s.json", names[i]);
        (void)snprintf(path[2], sizeof path[2], DATA "outhex/%s.txt", names[i]);
        if (file_read(&source, path[0], NULL) || file_read(&expected, path[1], NULL) ||
            file_read(&hex, path[2], NULL)) {
            printf("# skipped: %s is not here\n", path[0]);
            continue;
        }
        printf("# %s\n", names[i]);
        CHECK(canonical_is(text_span(&source), text_span(&expected)));
        CHECK(canonical_is(text_span(&expected), text_span(&expected)));
        CHECK(same_as_hex(&expected, text_c(&hex)));
    }
}

/* Lines of "IEEE bits in hex,ECMAScript text". */
static void test_numbers(void)
{
    FILE *stream = fopen(DATA "es6testfile10k.txt", "r");
    if (!stream) {
        printf("# skipped: " DATA "es6testfile10k.txt is not here\n");
        return;
    }
    char line[128];
    size_t wrong = 0;
    size_t count = 0;
    while (fgets(line, sizeof line, stream)) {
        char *comma = strchr(line, ',');
        if (!comma) { continue; }
        comma[1 + strcspn(comma + 1, "\r\n")] = '\0';
        const uint64_t bits = strtoull(line, NULL, 16);
        double real = 0;
        memcpy(&real, &bits, sizeof real);
        char text[CANONICAL_NUMBER_SIZE];
        wrong += strcmp(canonical_number(text, real), comma + 1) != 0;
        count++;
    }
    (void)fclose(stream);
    printf("# %zu numbers\n", count);
    CHECK(wrong == 0 && count == 10000);
}

int main(void)
{
    test_embedded();
    test_documents();
    test_numbers();
    return CHECK_DONE();
}
