#include "check.h"
#include "trust/certificate.h"

static const char *const refused[] = {
    "",
    "spiffe://",
    "spiffe://site",
    "spiffe://site/edge",
    "spiffe://site/edge/",
    "spiffe://site/edge/a/b",
    "spiffe://site//a",
    "spiffe:///edge/a",
    "spiffe://Site/edge/a",
    "spiffe://site/edge/A",
    "spiffe://site/edge/a_b",
    "spiffe://site/edge/..",
    "spiffe://site/edge/.a",
    "spiffe://site/edge/a-",
    "spiffe://site/edge/a b",
    "spiffe://site/edge/a?x",
    "spiffe://site/root/a",
    "SPIFFE://site/edge/a",
    "https://site/edge/a",
    "spiffe://site:8443/edge/a",
};

int main(void)
{
    struct identity identity = {.name = "before"};
    struct why why = {0};
    CHECK(identity_parse(&identity, "spiffe://river.side-2/gateway/north-1.a", &why) == OK);
    CHECK_TEXT(identity.site, "river.side-2");
    CHECK_TEXT(identity.name, "north-1.a");
    CHECK(identity.role == ROLE_GATEWAY);
    struct text uri = text_limited(256);
    identity_write(&identity, &uri);
    CHECK_TEXT(text_c(&uri), "spiffe://river.side-2/gateway/north-1.a");
    text_deinit(&uri);

    const struct identity before = identity;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        printf("# %s\n", refused[i]);
        CHECK(identity_parse(&identity, refused[i], &why) == ERR_MALFORMED);
        CHECK(memcmp(&identity, &before, sizeof before) == 0);
    }

    char name[80] = {0};
    memset(name, 'a', 63);
    CHECK(identity_name_valid(name));
    name[63] = 'a';
    CHECK(!identity_name_valid(name));
    CHECK(identity_name_valid("7"));
    CHECK(!identity_name_valid(""));
    CHECK(!identity_name_valid("a/b"));
    return CHECK_DONE();
}
