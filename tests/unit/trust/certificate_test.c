#include "trust/certificate.h"

#include "check.h"
#include "craft.h"

#define GOOD_USAGE "critical,digitalSignature"
#define GOOD_NAMES "URI:spiffe://riverside/edge/north-1"

static enum err read_crafted(const struct craft *craft, struct certificate **out, struct why *why)
{
    X509 *x509 = craft_make(craft);
    struct text der = craft_der(x509);
    const enum err err = certificate_from_der(out, text_span(&der), why);
    text_deinit(&der);
    X509_free(x509);
    return err;
}

static void test_leaf(const struct test_site *site)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text pem = text_limited(16384);
    CLEANUP(text_deinit) struct text again = text_limited(16384);
    CLEANUP(certificate_free_p) struct certificate *leaf = NULL;
    CLEANUP(certificate_free_p) struct certificate *copy = NULL;
    uint8_t key[PUBLIC_KEY_SIZE] = {0};
    test_site_issue(site, ROLE_EDGE, "north-1", TEST_NOW_US);
    test_must(file_read(&pem, TEST_PATH(site, "north-1.crt"), &why), &why);
    CHECK(certificate_from_pem(&leaf, text_span(&pem), &why) == OK);
    CHECK_TEXT(certificate_identity(leaf)->name, "north-1");
    CHECK(certificate_authority_site(leaf) == NULL);
    CHECK(certificate_begin_us(leaf) == TEST_NOW_US - 5 * CLOCK_MINUTE_US);
    CHECK(certificate_end_us(leaf) == TEST_NOW_US + 30 * CLOCK_DAY_US);
    CHECK(certificate_public_key(leaf, key, &why) == OK && key[0] + key[1] + key[2] > 0);
    certificate_write_pem(leaf, &again);
    CHECK_TEXT(text_c(&again), text_c(&pem));
    CHECK(certificate_from_der(&copy, certificate_der(leaf), &why) == OK);
    CHECK(span_equal(certificate_der(copy), certificate_der(leaf)));
    certificate_free(NULL);
}

static void test_authority(const struct test_site *site)
{
    const struct certificate *ca = authority_certificate(site->authority);
    CHECK(certificate_identity(ca) == NULL);
    CHECK_TEXT(certificate_authority_site(ca), "riverside");

    EVP_PKEY *key = craft_key();
    struct craft craft = {.constraints = "critical,CA:TRUE", .usage = "keyCertSign", .key = key};
    struct why why = {0};
    struct certificate *other = NULL;
    CHECK(read_crafted(&craft, &other, &why) == OK); /* a CA of another house names no site */
    CHECK_TEXT(certificate_authority_site(other), "");
    certificate_free(other);
    craft.names = "URI:spiffe://River_side";
    CHECK(read_crafted(&craft, &other, &why) == ERR_MALFORMED);
    EVP_PKEY_free(key);
}

static void test_refused_leaves(void)
{
    static const struct craft crafts[] = {
        {.constraints = "CA:FALSE", .usage = GOOD_USAGE, .names = NULL},
        {.constraints = "CA:FALSE", .usage = GOOD_USAGE, .names = "DNS:localhost"},
        {.constraints = "CA:FALSE", .usage = GOOD_USAGE, .names = GOOD_NAMES "," GOOD_NAMES},
        {.constraints = "CA:FALSE", .usage = GOOD_USAGE, .names = GOOD_NAMES ",URI:https://a"},
        {.constraints = "CA:FALSE", .usage = GOOD_USAGE, .names = "URI:https://riverside/edge/a"},
        {.constraints = "CA:FALSE", .usage = GOOD_USAGE, .names = "URI:spiffe://riverside/king/a"},
        {.constraints = "CA:FALSE", .usage = NULL, .names = GOOD_NAMES},
        {.constraints = "CA:FALSE", .usage = "keyAgreement", .names = GOOD_NAMES},
        {.constraints = "CA:FALSE", .usage = GOOD_USAGE ",keyCertSign", .names = GOOD_NAMES},
        {.constraints = "CA:FALSE", .usage = GOOD_USAGE ",cRLSign", .names = GOOD_NAMES},
    };
    EVP_PKEY *key = craft_key();
    for (size_t i = 0; i < ARRAY_LEN(crafts); i++) {
        struct craft craft = crafts[i];
        struct why why = {0};
        struct certificate *none = NULL;
        craft.key = key;
        CHECK(read_crafted(&craft, &none, &why) == ERR_MALFORMED && !none);
        printf("# %s\n", why.text);
    }
    struct craft craft = {.constraints = NULL, .usage = GOOD_USAGE, .names = GOOD_NAMES};
    struct certificate *leaf = NULL;
    craft.key = key;
    CHECK(read_crafted(&craft, &leaf, NULL) == OK); /* constraints may be left out of a leaf */
    certificate_free(leaf);
    EVP_PKEY_free(key);
}

static void test_other_keys(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    const struct craft craft = {
        .constraints = "CA:FALSE", .usage = GOOD_USAGE, .names = GOOD_NAMES, .key = key};
    CLEANUP(certificate_free_p) struct certificate *web = NULL;
    uint8_t raw[PUBLIC_KEY_SIZE];
    struct why why = {0};
    CHECK(read_crafted(&craft, &web, &why) == OK);
    CHECK(certificate_public_key(web, raw, &why) == ERR_MALFORMED);
    EVP_PKEY_free(key);
}

/* A URI with a NUL inside: what a C string would show of it is a valid identity. */
static void test_nul_inside(void)
{
    static const char good[] = "spiffe://riverside/edge/north-1";
    EVP_PKEY *key = craft_key();
    const struct craft craft = {.constraints = "CA:FALSE",
                                .usage = GOOD_USAGE,
                                .names = "URI:spiffe://riverside/edge/north-1.evil",
                                .key = key};
    X509 *x509 = craft_make(&craft);
    struct text der = craft_der(x509);
    char *at = memmem(der.data, der.size, good, sizeof good - 1);
    struct certificate *none = NULL;
    struct why why = {0};
    CHECK(at != NULL);
    if (at) { at[sizeof good - 1] = '\0'; }
    CHECK(certificate_from_der(&none, text_span(&der), &why) == ERR_MALFORMED && !none);
    text_deinit(&der);
    X509_free(x509);
    EVP_PKEY_free(key);
}

static void test_bytes(const struct test_site *site)
{
    struct why why = {0};
    struct certificate *none = NULL;
    const struct span whole = certificate_der(authority_certificate(site->authority));
    for (size_t size = 0; size < whole.size; size += 7) {
        CHECK(certificate_from_der(&none, span_of(whole.data, size), &why) == ERR_MALFORMED);
    }
    CLEANUP(text_deinit) struct text longer = text_limited(65536);
    text_add_bytes(&longer, whole);
    text_add_char(&longer, '\0');
    CHECK(certificate_from_der(&none, text_span(&longer), &why) == ERR_MALFORMED);
    CLEANUP(mem_free_p) char *big = mem_zeroed(100000);
    CHECK(certificate_from_der(&none, span_of(big, CERTIFICATE_SIZE_MAX + 1), &why) == ERR_LIMIT);
    CHECK(certificate_from_pem(&none, span_of(big, 100000), &why) == ERR_LIMIT);
    CHECK(certificate_from_pem(&none, span_text("rubbish"), &why) == ERR_MALFORMED && !none);
}

static void test_chain_file(const struct test_site *site)
{
    struct why why = {0};
    struct certificate *chain[CHAIN_COUNT_MAX] = {0};
    size_t count = 0;
    CLEANUP(text_deinit) struct text pem = text_limited(65536);
    CHECK(certificate_chain_from_pem(chain, &count, span_text(""), &why) == ERR_MALFORMED);
    for (size_t i = 1; i <= CHAIN_COUNT_MAX; i++) {
        certificate_write_pem(authority_certificate(site->authority), &pem);
        count = 0;
        CHECK(certificate_chain_from_pem(chain, &count, text_span(&pem), &why) == OK);
        CHECK(count == i);
        for (size_t j = 0; j < count; j++) {
            certificate_free(chain[j]);
        }
    }
    certificate_write_pem(authority_certificate(site->authority), &pem);
    CHECK(certificate_chain_from_pem(chain, &count, text_span(&pem), &why) == ERR_MALFORMED ||
          strstr(why.text, "more than"));
    text_clear(&pem);
    certificate_write_pem(authority_certificate(site->authority), &pem);
    text_add(&pem, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    CHECK(certificate_chain_from_pem(chain, &count, text_span(&pem), &why) == ERR_MALFORMED);
}

int main(void)
{
    struct test_site site;
    test_site_open(&site, "riverside");
    test_leaf(&site);
    test_authority(&site);
    test_refused_leaves();
    test_other_keys();
    test_nul_inside();
    test_bytes(&site);
    test_chain_file(&site);
    test_site_close(&site);
    return CHECK_DONE();
}
