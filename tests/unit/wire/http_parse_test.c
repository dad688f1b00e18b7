#include "wire/http_parse.h"

#include "check.h"

static enum err path_of(const char *target, char path[HTTP_PATH_SIZE])
{
    struct why why;
    memset(path, 'x', 1);
    return http_parse_path(path, target, &why);
}

static void test_paths(void)
{
    static const char *const refused[] = {
        "",          "*",      "http://x/", "/a/../b", "/..",    "/.",  "/a//b",
        "/%2e%2e/x", "/a%2fb", "/a%5cb",    "/a\\b",   "/%",     "/%4", "/%zz",
        "/%00",      "/a%0ab", "/a%7f",     "/./a",    "/a/%2E", "//",  "/a%4?1",
    };
    char path[HTTP_PATH_SIZE];
    CHECK(path_of("/api/events/42?x=%zz", path) == OK);
    CHECK_TEXT(path, "/api/events/42");
    CHECK(path_of("/caf%C3%A9%20%2B+", path) == OK);
    CHECK_TEXT(path, "/caf\xc3\xa9 ++");
    CHECK(path_of("/assets/", path) == OK);
    CHECK(path_of("/...", path) == OK);
    CHECK(path_of("/", path) == OK);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        CHECK(path_of(refused[i], path) == ERR_MALFORMED);
    }
    char target[2000] = "/";
    memset(target + 1, 'a', HTTP_PATH_SIZE - 2);
    CHECK(path_of(target, path) == OK);
    memset(target + 1, 'a', HTTP_PATH_SIZE - 1);
    CHECK(path_of(target, path) == ERR_LIMIT);
}

static void test_queries(void)
{
    struct http_pairs pairs;
    CHECK(http_parse_query(&pairs, "/x?a=1&b=two+words&c=%26%3D&d&=5&a=9&e=", NULL) == OK);
    CHECK(pairs.count == 6);
    CHECK_TEXT(http_pairs_get(&pairs, "a"), "1");
    CHECK_TEXT(http_pairs_get(&pairs, "b"), "two words");
    CHECK_TEXT(http_pairs_get(&pairs, "c"), "&=");
    CHECK_TEXT(http_pairs_get(&pairs, "d"), "");
    CHECK_TEXT(http_pairs_get(&pairs, "e"), "");
    CHECK(!http_pairs_get(&pairs, "f"));
    http_pairs_deinit(&pairs);
    CHECK(http_parse_query(&pairs, "/x", NULL) == OK && pairs.count == 0);
    CHECK(http_parse_query(&pairs, "/x?", NULL) == OK && pairs.count == 0);
    CHECK(http_parse_query(&pairs, "/x?&&&&", NULL) == OK && pairs.count == 0);
    http_pairs_deinit(&pairs);
    CHECK(http_parse_query(&pairs, "/x?a=%4", NULL) == ERR_MALFORMED);
    CHECK(http_parse_query(&pairs, "/x?a=%&b=12", NULL) == ERR_MALFORMED);
    CHECK(http_parse_query(&pairs, "/x?a=%00", NULL) == ERR_MALFORMED);
    char many[256] = "/x?";
    for (size_t i = 0; i < HTTP_PAIRS_MAX + 1; i++) {
        memcpy(many + 3 + 3 * i, "a=&", 4);
    }
    CHECK(http_parse_query(&pairs, many, NULL) == ERR_LIMIT);
}

static void test_cookies(void)
{
    struct http_pairs pairs;
    http_parse_cookies(&pairs, "a=1; tocsin_session=abc-_D ;q=\"x y\"; broken; =v; b@d=2; e=");
    CHECK(pairs.count == 4);
    CHECK_TEXT(http_pairs_get(&pairs, "tocsin_session"), "abc-_D");
    CHECK_TEXT(http_pairs_get(&pairs, "q"), "x y");
    CHECK_TEXT(http_pairs_get(&pairs, "e"), "");
    http_pairs_deinit(&pairs);
    http_parse_cookies(&pairs, NULL);
    CHECK(pairs.count == 0);
    http_parse_cookies(&pairs, "");
    CHECK(pairs.count == 0);
    http_pairs_deinit(&pairs);
}

static void test_ranges(void)
{
    static const struct {
        const char *header;
        uint64_t size;
        enum http_range range;
        uint64_t first, last;
    } cases[] = {
        {NULL, 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=0-3", 10, HTTP_RANGE_PART, 0, 3},
        {"Bytes= 2-", 10, HTTP_RANGE_PART, 2, 9},
        {"bytes=-4", 10, HTTP_RANGE_PART, 6, 9},
        {"bytes=-40", 10, HTTP_RANGE_PART, 0, 9},
        {"bytes=9-99", 10, HTTP_RANGE_PART, 9, 9},
        {"bytes=10-", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-0", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=0-", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-1", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=5-3", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=0-1,4-5", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=-", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=a-b", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=1", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=0-99999999999999999999999", 10, HTTP_RANGE_WHOLE, 0, 0},
        {"items=0-1", 10, HTTP_RANGE_WHOLE, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_span span = {0};
        CHECK(http_parse_range(cases[i].header, cases[i].size, &span) == cases[i].range);
        CHECK(span.first == cases[i].first && span.last == cases[i].last);
    }
}

static void test_lists(void)
{
    CHECK(http_etag_listed("\"a\", W/\"b\"", "\"b\""));
    CHECK(http_etag_listed("*", "\"b\""));
    CHECK(!http_etag_listed("\"bc\"", "\"b\""));
    CHECK(!http_etag_listed(NULL, "\"b\""));
    CHECK(http_token_listed("keep-alive, Upgrade", "upgrade"));
    CHECK(!http_token_listed("keep-alive, upgrades", "upgrade"));
    CHECK(!http_token_listed(NULL, "upgrade"));
    CHECK(http_token_valid("X-CSRF-Token"));
    CHECK(!http_token_valid(""));
    CHECK(!http_token_valid("Content-Length "));
    CHECK(!http_token_valid("a:b"));
}

int main(void)
{
    test_paths();
    test_queries();
    test_cookies();
    test_ranges();
    test_lists();
    return CHECK_DONE();
}
