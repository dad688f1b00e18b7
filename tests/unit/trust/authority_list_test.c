#include "trust/authority_list.h"

#include <openssl/x509v3.h>

#include "check.h"
#include "craft.h"
#include "trust/revocation.h"

/* OpenSSL itself reads the list, and refuses the certificate that stands in it. */
static void test_by_openssl(const struct test_site *site)
{
    struct why why = {0};
    struct authority_list_entry entry = {.at_us = TEST_NOW_US};
    test_site_issue(site, ROLE_EDGE, "north-1", TEST_NOW_US);
    test_site_issue(site, ROLE_EDGE, "north-2", TEST_NOW_US);
    X509 *bad = craft_read_certificate(site, "north-1.crt");
    X509 *good = craft_read_certificate(site, "north-2.crt");
    X509 *ca = craft_read_certificate(site, "ca.crt");
    const ASN1_INTEGER *number = X509_get0_serialNumber(bad);
    entry.serial.size = (size_t)ASN1_STRING_length(number);
    memcpy(entry.serial.bytes, ASN1_STRING_get0_data(number), entry.serial.size);
    const struct authority_list list = {.number = 3,
                                        .now_us = TEST_NOW_US - CLOCK_HOUR_US,
                                        .next_us = TEST_NOW_US + CLOCK_DAY_US,
                                        .entries = &entry,
                                        .count = 1};
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    CHECK(authority_list_sign(&der, site->authority, &list, &why) == OK);
    const uint8_t *at = (const uint8_t *)der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.size);
    CHECK(crl != NULL);
    X509_STORE *store = X509_STORE_new();
    CHECK(X509_STORE_add_cert(store, ca) == 1 && X509_STORE_add_crl(store, crl) == 1);
    X509 *const leaves[] = {bad, good};
    const int expected[] = {X509_V_ERR_CERT_REVOKED, X509_V_OK};
    for (size_t i = 0; i < 2; i++) {
        X509_STORE_CTX *context = X509_STORE_CTX_new();
        CHECK(X509_STORE_CTX_init(context, store, leaves[i], NULL) == 1);
        X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
        X509_VERIFY_PARAM_set_time(parameters, (time_t)(TEST_NOW_US / CLOCK_SECOND_US));
        (void)X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK);
        (void)X509_verify_cert(context);
        CHECK(X509_STORE_CTX_get_error(context) == expected[i]);
        X509_STORE_CTX_free(context);
    }
    X509_STORE_free(store);
    X509_CRL_free(crl);
    X509_free(bad);
    X509_free(good);
    X509_free(ca);
}

static void test_limit(const struct test_site *site)
{
    struct why why = {0};
    static struct authority_list_entry many[REVOCATION_ENTRY_MAX];
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        many[i] = (struct authority_list_entry){.serial.size = 16, .at_us = TEST_NOW_US};
        memset(many[i].serial.bytes, 0x7F, 16);
        many[i].serial.bytes[1] = (uint8_t)(i >> 8);
        many[i].serial.bytes[2] = (uint8_t)i;
    }
    const struct authority_list list = {.number = 4,
                                        .now_us = TEST_NOW_US,
                                        .next_us = TEST_NOW_US + CLOCK_DAY_US,
                                        .entries = many,
                                        .count = ARRAY_LEN(many)};
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    CHECK(authority_list_sign(&der, site->authority, &list, &why) == OK); /* the most still fits */
    CLEANUP(text_deinit) struct text small = text_limited(64);
    CHECK(authority_list_sign(&small, site->authority, &list, &why) == ERR_LIMIT);
    CHECK(small.size == 0);
}

int main(void)
{
    struct test_site site;
    test_site_open(&site, "riverside");
    test_by_openssl(&site);
    test_limit(&site);
    test_site_close(&site);
    return CHECK_DONE();
}
