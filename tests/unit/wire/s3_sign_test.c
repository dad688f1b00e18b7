/*
 * Known answers: the AWS Signature Version 4 test suite ("aws-sig-v4-test-suite", AWS General
 * Reference) and the four examples of "Authenticating Requests: Using the Authorization Header"
 * in the Amazon S3 API Reference. Facts, typed in; tests/scenario/map asks a peer of others.
 */
#include "wire/s3_sign.h"

#include <stdio.h>

#include "base/clock.h"
#include "check.h"
#include "wire/digest.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WELCOME "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"

static struct secret *secret_of(const char *text)
{
    struct secret *secret = NULL;
    if (secret_new(&secret, span_text(text), NULL)) { abort(); }
    return secret;
}

static void check_signature(const struct s3_sign *sign, const char *name, const char *expected)
{
    CLEANUP(text_deinit) struct text out = text_limited(S3_AUTHORIZATION_SIZE_MAX);
    struct why why = {""};
    const bool written = s3_write_authorization(&out, sign, &why) == OK;
    const char *signature = written ? strstr(text_c(&out), "Signature=") : NULL;
    const bool same = signature && strcmp(signature + 10, expected) == 0;
    check_(same, name, __FILE__, __LINE__);
    if (!same) { printf("# %s%s\n", text_c(&out), why.text); }
}

static const struct s3_pair ordered[] = {{"Param2", "value2"}, {"Param1", "value1"}};
static const struct s3_pair utf8_query[] = {{"\341\210\264", "bar"}};
static const struct s3_pair one_parameter[] = {{"Param1", "value1"}};
static const struct s3_pair my_header[] = {{"My-Header1", "value1"}};
static const struct s3_pair spaces[] = {{"My-Header1", " value1"},
                                        {"My-Header2", "  \"a   b   c\""}};

static void test_suite(void)
{
    static const struct {
        const char *name, *method, *path;
        const struct s3_pair *query, *header;
        size_t query_count, header_count;
        const char *signature;
    } cases[] = {
        {"get-vanilla", "GET", "/", NULL, NULL, 0, 0,
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"post-vanilla", "POST", "/", NULL, NULL, 0, 0,
         "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        {"get-space", "GET", "/example space/", NULL, NULL, 0, 0,
         "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
        {"get-utf8", "GET", "/\341\210\264", NULL, NULL, 0, 0,
         "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
        {"get-unreserved", "GET",
         "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", NULL, NULL, 0, 0,
         "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
        {"get-vanilla-query-order-key-case", "GET", "/", ordered, NULL, 2, 0,
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        {"get-vanilla-utf8-query", "GET", "/", utf8_query, NULL, 1, 0,
         "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
        {"post-vanilla-query", "POST", "/", one_parameter, NULL, 1, 0,
         "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
        {"post-header-key-sort", "POST", "/", NULL, my_header, 0, 1,
         "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
        {"get-header-value-trim", "GET", "/", NULL, spaces, 0, 2,
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    };
    CLEANUP(secret_free_p) struct secret *id = secret_of("AKIDEXAMPLE");
    CLEANUP(secret_free_p)
    struct secret *key = secret_of("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    int64_t at_us = 0;
    if (clock_parse(&at_us, "2015-08-30T12:36:00Z", NULL)) { abort(); }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct s3_pair headers[4] = {{"Host", "example.amazonaws.com"},
                                     {"X-Amz-Date", "20150830T123600Z"}};
        for (size_t j = 0; j < cases[i].header_count; j++) {
            headers[2 + j] = cases[i].header[j];
        }
        const struct s3_sign sign = {.method = cases[i].method,
                                     .path = cases[i].path,
                                     .query = cases[i].query,
                                     .query_count = cases[i].query_count,
                                     .headers = headers,
                                     .header_count = 2 + cases[i].header_count,
                                     .payload_sha256 = EMPTY,
                                     .region = "us-east-1",
                                     .service = "service",
                                     .key_id = id,
                                     .key = key,
                                     .at_us = at_us};
        check_signature(&sign, cases[i].name, cases[i].signature);
    }
}

static const struct s3_pair range[] = {{"Range", "bytes=0-9"}};
static const struct s3_pair put[] = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
static const struct s3_pair lifecycle[] = {{"lifecycle", ""}};
static const struct s3_pair list[] = {{"prefix", "J"}, {"max-keys", "2"}};

static void test_s3_examples(void)
{
    static const struct {
        const char *name, *method, *path, *payload;
        const struct s3_pair *query, *header;
        size_t query_count, header_count;
        const char *signature;
    } cases[] = {
        {"GET object", "GET", "/test.txt", EMPTY, NULL, range, 0, 1,
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        {"PUT object", "PUT", "/test$file.text", WELCOME, NULL, put, 0, 2,
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {"GET lifecycle", "GET", "/", EMPTY, lifecycle, NULL, 1, 0,
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {"list objects", "GET", "/", EMPTY, list, NULL, 2, 0,
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
    CLEANUP(secret_free_p) struct secret *id = secret_of("AKIAIOSFODNN7EXAMPLE");
    CLEANUP(secret_free_p)
    struct secret *key = secret_of("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    int64_t at_us = 0;
    if (clock_parse(&at_us, "2013-05-24T00:00:00Z", NULL)) { abort(); }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct s3_pair headers[5] = {{"Host", "examplebucket.s3.amazonaws.com"},
                                     {"x-amz-content-sha256", cases[i].payload},
                                     {"x-amz-date", "20130524T000000Z"}};
        for (size_t j = 0; j < cases[i].header_count; j++) {
            headers[3 + j] = cases[i].header[j];
        }
        const struct s3_sign sign = {.method = cases[i].method,
                                     .path = cases[i].path,
                                     .query = cases[i].query,
                                     .query_count = cases[i].query_count,
                                     .headers = headers,
                                     .header_count = 3 + cases[i].header_count,
                                     .payload_sha256 = cases[i].payload,
                                     .region = "us-east-1",
                                     .service = "s3",
                                     .key_id = id,
                                     .key = key,
                                     .at_us = at_us};
        check_signature(&sign, cases[i].name, cases[i].signature);
    }
}

static void test_encoding(void)
{
    CLEANUP(text_deinit) struct text out = text_limited(1000);
    s3_encode(&out, "a b+c=d&e/f", true);
    CHECK_TEXT(text_c(&out), "a%20b%2Bc%3Dd%26e/f");
    text_clear(&out);
    s3_encode(&out, "\303\274/%(~)", false);
    CHECK_TEXT(text_c(&out), "%C3%BC%2F%25%28~%29");
    text_clear(&out);
    /* By name, then by value; a name that begins another comes first. */
    const struct s3_pair pairs[] = {
        {"uploads", ""}, {"a-b", "1"}, {"a", "2"}, {"a", "1 1"}, {"a1", ""}};
    s3_write_query(&out, pairs, ARRAY_LEN(pairs));
    CHECK_TEXT(text_c(&out), "a=1%201&a=2&a-b=1&a1=&uploads=");
    text_clear(&out);
    s3_write_query(&out, NULL, 0);
    CHECK_TEXT(text_c(&out), "");
    char date[S3_DATE_SIZE];
    CHECK_TEXT(s3_write_date(date, 0), "19700101T000000Z");
    CHECK_TEXT(s3_write_date(date, INT64_C(951782400999999)), "20000229T000000Z");
}

static void test_limits(void)
{
    char region[200];
    memset(region, 'r', sizeof region);
    region[sizeof region - 1] = '\0';
    CLEANUP(secret_free_p) struct secret *key = secret_of("k");
    const struct s3_sign sign = {.method = "GET",
                                 .path = "/",
                                 .payload_sha256 = EMPTY,
                                 .region = region,
                                 .service = "s3",
                                 .key_id = key,
                                 .key = key};
    CLEANUP(text_deinit) struct text out = text_limited(S3_AUTHORIZATION_SIZE_MAX);
    struct why why = {""};
    CHECK(s3_write_authorization(&out, &sign, &why) == ERR_LIMIT);
}

int main(void)
{
    test_suite();
    test_s3_examples();
    test_encoding();
    test_limits();
    return CHECK_DONE();
}
