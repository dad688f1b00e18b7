#include "people/client.h"

#include "check.h"

static struct client_networks networks_of(const char *words)
{
    struct client_networks networks = {.count = 0};
    CHECK(client_networks_parse(&networks, words, NULL) == OK);
    return networks;
}

static void test_networks(void)
{
    const struct client_networks two = networks_of(" 10.1.2.0/23  2001:db8::/33 192.0.2.7 ::1 ");
    CHECK(two.count == 4);
    CHECK(client_networks_have(&two, "10.1.3.255") && !client_networks_have(&two, "10.1.4.0"));
    CHECK(client_networks_have(&two, "::ffff:10.1.2.9"));
    CHECK(client_networks_have(&two, "2001:db8:7fff::1"));
    CHECK(!client_networks_have(&two, "2001:db8:8000::1"));
    CHECK(client_networks_have(&two, "192.0.2.7") && !client_networks_have(&two, "192.0.2.8"));
    CHECK(client_networks_have(&two, "::1") && !client_networks_have(&two, "::2"));
    CHECK(!client_networks_have(&two, "unknown") && !client_networks_have(&two, ""));
    const struct client_networks all = networks_of("0.0.0.0/0");
    CHECK(client_networks_have(&all, "203.0.113.5") && !client_networks_have(&all, "2001:db8::1"));
    static const char *const wrong[] = {
        "10.1.2.0/33", "10.1.2/8",   "::/129",          "x",
        "1.2.3.4/",    "1.2.3.4/-1", "1.2.3.4,5.6.7.8", "1.2.3.4/8x"};
    struct client_networks none;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CHECK(client_networks_parse(&none, wrong[i], NULL) == ERR_MALFORMED);
    }
    CHECK(client_networks_parse(&none,
                                "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 "
                                "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 "
                                "1.1.1.1 1.1.1.1 1.1.1.1",
                                NULL) == ERR_LIMIT);
}

static void expect(const struct client_networks *trusted, const char *peer, const char *forwarded,
                   const char *expected)
{
    char address[CLIENT_ADDRESS_SIZE];
    client_find(trusted, peer, forwarded, address);
    CHECK_TEXT(address, expected);
}

static void test_walk(void)
{
    const struct client_networks trusted = networks_of("127.0.0.0/8 10.0.0.0/24");
    const struct client_networks none = networks_of("");
    expect(&none, "127.0.0.1", "203.0.113.5", "127.0.0.1");
    expect(&trusted, "203.0.113.5", "192.0.2.1", "203.0.113.5"); /* not one of ours */
    expect(&trusted, "127.0.0.1", NULL, "127.0.0.1");
    expect(&trusted, "127.0.0.1", "", "127.0.0.1");
    expect(&trusted, "127.0.0.1", "203.0.113.5", "203.0.113.5");
    expect(&trusted, "127.0.0.1", "1.1.1.1, 203.0.113.5", "203.0.113.5"); /* the left is hearsay */
    expect(&trusted, "127.0.0.1", "1.1.1.1,203.0.113.5 , 10.0.0.7", "203.0.113.5");
    expect(&trusted, "127.0.0.1", "127.0.0.1, 203.0.113.5, 10.0.0.7,10.0.0.8", "203.0.113.5");
    expect(&trusted, "127.0.0.1", "10.0.0.9, 10.0.0.7", "10.0.0.9"); /* all ours: the first */
    expect(&trusted, "127.0.0.1", "203.0.113.5, unknown", "127.0.0.1");
    expect(&trusted, "127.0.0.1", "203.0.113.5,", "127.0.0.1");
    expect(&trusted, "127.0.0.1", "203.0.113.5, unknown, 10.0.0.7", "10.0.0.7");
    expect(&trusted, "127.0.0.1", "2001:DB8::0:5", "2001:db8::5");
    expect(&trusted, "127.0.0.1", "::ffff:203.0.113.5", "203.0.113.5");
    expect(&trusted, "::ffff:127.0.0.1", "203.0.113.5", "203.0.113.5");
    expect(&trusted, "127.0.0.1", "203.0.113.5 evil", "127.0.0.1"); /* two words in one place */
}

static void test_group(void)
{
    static const char *const pairs[][2] = {
        {"203.0.113.5", "203.0.113.5"},
        {"::ffff:203.0.113.5", "203.0.113.5"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:db8:1:2::", "2001:db8:1:2::"},
        {"not an address", "not an address"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        char group[CLIENT_ADDRESS_SIZE];
        client_group(pairs[i][0], group);
        CHECK_TEXT(group, pairs[i][1]);
    }
}

int main(void)
{
    test_networks();
    test_walk();
    test_group();
    return CHECK_DONE();
}
