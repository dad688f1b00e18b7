#include "trust/certificate_bag.h"

#include "check.h"
#include "site.h"

static void test_round(const struct test_site *site)
{
    struct why why = {0};
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    const struct authority_request request = {.role = ROLE_EDGE, .name = "north-1"};
    test_must(authority_issue(&issued, site->authority, &request, TEST_NOW_US, &why), &why);
    const struct certificate *const two[] = {issued.certificate,
                                             authority_certificate(site->authority)};
    CLEANUP(text_deinit) struct text der = text_limited(CERTIFICATE_BAG_SIZE_MAX);
    CHECK(certificate_bag_write(&der, two, 2, &why) == OK);
    CLEANUP(certificate_bag_deinit) struct certificate_bag bag = {0};
    CHECK(certificate_bag_from_der(&bag, text_span(&der), &why) == OK);
    CHECK(bag.count == 2);
    CHECK(span_equal(certificate_der(bag.items[0]), certificate_der(two[0])));
    CHECK(span_equal(certificate_der(bag.items[1]), certificate_der(two[1])));

    struct certificate_bag none = {0};
    CHECK(certificate_bag_from_der(&none, span_of(der.data, der.size - 1), &why) == ERR_MALFORMED);
    text_add_char(&der, 'x');
    CHECK(certificate_bag_from_der(&none, text_span(&der), &why) == ERR_MALFORMED);
    CHECK(none.count == 0);
}

static void test_limits(const struct test_site *site)
{
    struct why why = {0};
    const struct certificate *many[CERTIFICATE_BAG_MAX + 1];
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        many[i] = authority_certificate(site->authority);
    }
    CLEANUP(text_deinit) struct text der = text_limited(CERTIFICATE_BAG_SIZE_MAX);
    CHECK(certificate_bag_write(&der, many, ARRAY_LEN(many), &why) == OK);
    struct certificate_bag none = {0};
    CHECK(certificate_bag_from_der(&none, text_span(&der), &why) == ERR_LIMIT);
    text_clear(&der);
    CHECK(certificate_bag_write(&der, many, 0, &why) == OK);
    CHECK(certificate_bag_from_der(&none, text_span(&der), &why) == ERR_LIMIT);
    static uint8_t large[CERTIFICATE_BAG_SIZE_MAX + 1];
    CHECK(certificate_bag_from_der(&none, span_of(large, sizeof large), &why) == ERR_LIMIT);
    /* A certificate is no bag. */
    const struct span ca = certificate_der(authority_certificate(site->authority));
    CHECK(certificate_bag_from_der(&none, ca, &why) == ERR_MALFORMED);
    CLEANUP(text_deinit) struct text small = text_limited(16);
    CHECK(certificate_bag_write(&small, many, 1, &why) == ERR_LIMIT);
}

int main(void)
{
    struct test_site site;
    test_site_open(&site, "riverside");
    test_round(&site);
    test_limits(&site);
    test_site_close(&site);
    return CHECK_DONE();
}
