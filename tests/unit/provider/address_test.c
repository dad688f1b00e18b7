#include "provider/address.h"

#include "check.h"

static void test_addresses(void)
{
    static const char *const good[] = {
        "https://id.town.example",           "https://id.town.example/realms/town",
        "https://login.example:8443/a/v2.0", "https://[2001:db8::1]:443/x",
        "https://127.0.0.1:9000/",
    };
    static const char *const bad[] = {
        "",
        "http://id.town.example/",
        "HTTPS://id.town.example/",
        "https://",
        "https:///x",
        "https://user@id.town.example/",
        "https://user:word@id.town.example/",
        "https://id.town.example\\@other.example/",
        "https://id.town.example#other.example/",
        "https://id.town.example:/",
        "https://id.town.example:123456/",
        "https://id.town.example:80a/",
        "https://id.town.example/a b",
        "https://id.town.example/\r\nX: y",
        "https://id.town.example/\xc3\xa9",
        "https://.example/",
        "https://-a/",
        "https://[::1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//id.town.example/",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        CHECK(address_valid(good[i]) && address_issuer_valid(good[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(!address_valid(bad[i]) && !address_issuer_valid(bad[i]));
    }
    CHECK(address_valid("https://id.example/authorize?p=one"));
    CHECK(!address_issuer_valid("https://id.example/authorize?p=one"));
    CHECK(!address_valid("https://id.example/authorize?p=one#two"));
    char *large = mem_zeroed(ADDRESS_SIZE + 1);
    memset(large, 'a', ADDRESS_SIZE);
    memcpy(large, "https://", 8);
    CHECK(!address_valid(large));
    large[ADDRESS_SIZE - 1] = '\0';
    CHECK(address_valid(large));
    free(large);
}

static void test_origins(void)
{
    CHECK(address_origin_valid("https://tocsin.example"));
    CHECK(address_origin_valid("https://tocsin.example:8443"));
    CHECK(address_origin_valid("http://127.0.0.1:8080"));
    CHECK(address_origin_valid("http://localhost"));
    CHECK(address_origin_valid("http://[::1]:1"));
    CHECK(!address_origin_valid("https://tocsin.example/"));
    CHECK(!address_origin_valid("http://tocsin.example"));
    CHECK(!address_origin_valid("http://127.0.0.1.example"));
    CHECK(!address_origin_valid("http://127.0.0.1:"));
    CHECK(!address_origin_valid("http://localhost:80@other.example"));
}

/* Nobody is sent to another site by a link of ours. */
static void test_returns(void)
{
    static const char *const bad[] = {"",
                                      "situation",
                                      "//other.example",
                                      "/\\other.example",
                                      "https://other",
                                      "/a?b",
                                      "/a#b",
                                      "/a.b",
                                      "/a%2f",
                                      "/a\nb",
                                      "/auth/api",
                                      "/stream/1/snapshot",
                                      "/api/alerts",
                                      "/assets/x",
                                      "/\t/other",
                                      "/ /x",
                                      "javascript:alert(1)"};
    CHECK(address_return_valid("/"));
    CHECK(address_return_valid("/situation"));
    CHECK(address_return_valid("/alerts/drafts/0198-a_b"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(!address_return_valid(bad[i]));
    }
}

static void test_writing(void)
{
    CLEANUP(text_deinit) struct text url = text_limited(256);
    text_add(&url, "https://id.example/a");
    address_add(&url, true, "b", "c d&e=f/\xc3\xa9+~");
    address_add(&url, true, "g", "");
    CHECK_TEXT(text_c(&url), "https://id.example/a?b=c%20d%26e%3Df%2F%C3%A9%2B~&g=");
    text_clear(&url);
    text_add(&url, "https://id.example/a?p=one");
    address_add(&url, true, "b", "c");
    CHECK_TEXT(text_c(&url), "https://id.example/a?p=one&b=c");
    text_clear(&url);
    address_add(&url, false, "b", "c");
    address_add(&url, false, "d", "?");
    CHECK_TEXT(text_c(&url), "b=c&d=%3F");
}

int main(void)
{
    test_addresses();
    test_origins();
    test_returns();
    test_writing();
    return CHECK_DONE();
}
