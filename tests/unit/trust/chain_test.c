#include "trust/chain.h"

#include "base/encode.h"
#include "check.h"
#include "craft.h"

#define LEAF_CONSTRAINTS "critical,CA:FALSE"
#define LEAF_USAGE "critical,digitalSignature"
#define LEAF_NAMES "URI:spiffe://riverside/edge/north-1"
#define CA_USAGE "critical,keyCertSign"

/* A site, its CA as OpenSSL knows it, and an issuing CA between. */
struct bench {
    struct test_site site;
    struct chain_judge *judge;
    X509 *ca, *middle;
    EVP_PKEY *ca_key, *middle_key, *key;
};

static void setup(struct bench *bench)
{
    struct why why = {0};
    test_site_open(&bench->site, "riverside");
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    test_must(anchors_open(&anchors, TEST_PATH(&bench->site, "ca.crt"), &why), &why);
    test_must(chain_judge_new(&bench->judge, anchors, "riverside", &why), &why);
    bench->ca = craft_read_certificate(&bench->site, "ca.crt");
    bench->ca_key = craft_read_key(&bench->site, "ca.key");
    bench->middle_key = craft_key();
    bench->key = craft_key();
    const struct craft middle = {.constraints = "critical,CA:TRUE,pathlen:0",
                                 .usage = CA_USAGE,
                                 .issuer = bench->ca,
                                 .issuer_key = bench->ca_key,
                                 .key = bench->middle_key,
                                 .common_name = "middle"};
    bench->middle = craft_make(&middle);
}

static void teardown(struct bench *bench)
{
    X509_free(bench->ca);
    X509_free(bench->middle);
    EVP_PKEY_free(bench->ca_key);
    EVP_PKEY_free(bench->middle_key);
    EVP_PKEY_free(bench->key);
    chain_judge_free(bench->judge);
    test_site_close(&bench->site);
}

static char *base64_of(X509 *x509)
{
    struct text der = craft_der(x509);
    struct text out = text_limited((size_t)64 * 1024);
    encode_base64(&out, text_span(&der));
    text_deinit(&der);
    return text_take(&out);
}

static bool trusted_at(struct bench *bench, const struct craft *leaf, X509 *const others[2],
                       int64_t now_us)
{
    struct chain_text chain = {.count = 1};
    X509 *x509 = craft_make(leaf);
    CLEANUP(mem_free_p) char *first = base64_of(x509);
    CLEANUP(mem_free_p) char *second = others[0] ? base64_of(others[0]) : NULL;
    CLEANUP(mem_free_p) char *third = others[1] ? base64_of(others[1]) : NULL;
    chain.certificates[0] = first;
    if (second) { chain.certificates[chain.count++] = second; }
    if (third) { chain.certificates[chain.count++] = third; }
    struct chain_leaf proven = {0};
    struct why why = {0};
    const bool trusted = chain_trusted(bench->judge, &chain, now_us, &proven, &why);
    printf("# %s\n", trusted ? "trusted" : why.text);
    /* The memory must say the same again. */
    if (trusted != chain_trusted(bench->judge, &chain, now_us, &proven, &why)) { abort(); }
    X509_free(x509);
    return trusted;
}

static bool trusted(struct bench *bench, const struct craft *leaf, X509 *middle)
{
    return trusted_at(bench, leaf, (X509 *[2]){middle}, TEST_NOW_US);
}

static struct craft good_leaf(const struct bench *bench)
{
    return (struct craft){.constraints = LEAF_CONSTRAINTS,
                          .usage = LEAF_USAGE,
                          .names = LEAF_NAMES,
                          .issuer = bench->ca,
                          .issuer_key = bench->ca_key,
                          .key = bench->key};
}

static void test_paths(struct bench *bench)
{
    struct craft leaf = good_leaf(bench);
    CHECK(trusted(bench, &leaf, NULL));
    CHECK(!trusted(bench, &leaf, bench->middle)); /* came along for nothing */
    CHECK(!trusted(bench, &leaf, bench->ca));     /* the site CA does not come along */
    leaf.issuer = bench->middle;
    leaf.issuer_key = bench->middle_key;
    CHECK(trusted(bench, &leaf, bench->middle));
    CHECK(!trusted(bench, &leaf, NULL));
    CHECK(!trusted_at(bench, &leaf, (X509 *[2]){bench->middle, bench->ca}, TEST_NOW_US));

    /* Below an issuing CA of path length 0 no other may stand. */
    EVP_PKEY *low_key = craft_key();
    const struct craft low = {.constraints = "critical,CA:TRUE",
                              .usage = CA_USAGE,
                              .issuer = bench->middle,
                              .issuer_key = bench->middle_key,
                              .key = low_key,
                              .common_name = "low"};
    X509 *low_ca = craft_make(&low);
    leaf.issuer = low_ca;
    leaf.issuer_key = low_key;
    CHECK(!trusted_at(bench, &leaf, (X509 *[2]){low_ca, bench->middle}, TEST_NOW_US));
    X509_free(low_ca);
    EVP_PKEY_free(low_key);

    /* A leaf that signs another leaf. */
    const struct craft first = good_leaf(bench);
    X509 *false_ca = craft_make(&first);
    leaf.issuer = false_ca;
    leaf.issuer_key = bench->key;
    leaf.names = "URI:spiffe://riverside/ops/chief";
    CHECK(!trusted(bench, &leaf, false_ca));
    X509_free(false_ca);
}

static void test_leaves(struct bench *bench)
{
    struct craft leaf = good_leaf(bench);
    leaf.names = "URI:spiffe://lakeside/edge/north-1";
    CHECK(!trusted(bench, &leaf, NULL));
    leaf.names = "DNS:localhost";
    CHECK(!trusted(bench, &leaf, NULL));
    leaf.names = LEAF_NAMES ",URI:spiffe://riverside/ops/chief";
    CHECK(!trusted(bench, &leaf, NULL));
    leaf = good_leaf(bench);
    leaf.constraints = "critical,CA:TRUE";
    leaf.usage = "critical,digitalSignature,keyCertSign";
    CHECK(!trusted(bench, &leaf, NULL));
    leaf = good_leaf(bench);
    leaf.usage = "critical,keyAgreement";
    CHECK(!trusted(bench, &leaf, NULL));
    leaf = good_leaf(bench);
    leaf.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    CHECK(!trusted(bench, &leaf, NULL));
    EVP_PKEY_free(leaf.key);
    leaf = good_leaf(bench); /* the right names, signed by another key */
    leaf.issuer_key = bench->middle_key;
    CHECK(!trusted(bench, &leaf, NULL));
    leaf = good_leaf(bench); /* signed by itself */
    leaf.issuer = NULL;
    leaf.issuer_key = bench->key;
    CHECK(!trusted(bench, &leaf, NULL));
}

static void test_time(struct bench *bench)
{
    X509 *const none[2] = {NULL, NULL};
    struct craft leaf = good_leaf(bench);
    leaf.begin_us = TEST_NOW_US;
    leaf.end_us = TEST_NOW_US + CLOCK_HOUR_US;
    CHECK(trusted_at(bench, &leaf, none, leaf.begin_us));
    CHECK(trusted_at(bench, &leaf, none, leaf.end_us));
    CHECK(!trusted_at(bench, &leaf, none, leaf.begin_us - CLOCK_SECOND_US));
    CHECK(!trusted_at(bench, &leaf, none, leaf.end_us + CLOCK_SECOND_US));
    leaf.end_us = TEST_NOW_US + 20L * 365 * CLOCK_DAY_US; /* longer than its CA */
    CHECK(!trusted_at(bench, &leaf, none, TEST_NOW_US + 11L * 365 * CLOCK_DAY_US));
    leaf.end_us = TEST_NOW_US + 2 * CLOCK_DAY_US; /* longer than the CA between */
    leaf.issuer = bench->middle;
    leaf.issuer_key = bench->middle_key;
    CHECK(trusted_at(bench, &leaf, (X509 *[2]){bench->middle}, TEST_NOW_US));
    CHECK(
        !trusted_at(bench, &leaf, (X509 *[2]){bench->middle}, TEST_NOW_US + 3 * CLOCK_DAY_US / 2));
}

/* One chain of its own; what it proves must be its own, also when others are remembered. */
static void test_memory(struct bench *bench)
{
    enum { COUNT = 24 };
    char *texts[COUNT];
    for (int i = 0; i < COUNT; i++) {
        char names[64];
        (void)snprintf(names, sizeof names, "URI:spiffe://riverside/edge/device-%d", i);
        struct craft leaf = good_leaf(bench);
        leaf.names = names;
        X509 *x509 = craft_make(&leaf);
        texts[i] = base64_of(x509);
        X509_free(x509);
    }
    int right = 0;
    for (int i = 0; i < 3 * COUNT; i++) {
        const struct chain_text chain = {.certificates = {texts[i % COUNT]}, .count = 1};
        struct chain_leaf proven = {0};
        char name[32];
        (void)snprintf(name, sizeof name, "device-%d", i % COUNT);
        right += chain_trusted(bench->judge, &chain, TEST_NOW_US, &proven, NULL) &&
                 strcmp(proven.identity.name, name) == 0;
    }
    CHECK(right == 3 * COUNT);
    for (int i = 0; i < COUNT; i++) {
        free(texts[i]);
    }
}

static void test_new(const struct bench *bench)
{
    struct why why = {0};
    struct chain_judge *none = NULL;
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    test_must(anchors_open(&anchors, TEST_PATH(&bench->site, "ca.crt"), &why), &why);
    CHECK(chain_judge_new(&none, anchors, "lakeside", &why) == ERR_MALFORMED && !none);
    chain_judge_free(NULL);
}

int main(void)
{
    struct bench bench = {0};
    setup(&bench);
    test_paths(&bench);
    test_leaves(&bench);
    test_time(&bench);
    test_memory(&bench);
    test_new(&bench);
    teardown(&bench);
    return CHECK_DONE();
}
