#include "trust/anchors.h"

#include "check.h"
#include "site.h"

#define LATER_US (TEST_NOW_US + 400 * CLOCK_DAY_US)

/* A site, the CA that shall follow, and the old one's word for it. */
struct bench {
    struct test_site site;
    struct authority *next;
    struct certificate *word;
    struct anchors *old; /* what devices trust so far */
};

static const struct certificate *ca_of(const struct authority *authority)
{
    return authority_certificate(authority);
}

static void setup(struct bench *bench)
{
    struct why why = {0};
    test_site_open(&bench->site, "riverside");
    test_must(authority_new(&bench->next, "riverside", KEY_KIND_ED25519, LATER_US, &why), &why);
    test_must(
        authority_vouch(&bench->word, bench->site.authority, ca_of(bench->next), LATER_US, &why),
        &why);
    test_must(anchors_open(&bench->old, TEST_PATH(&bench->site, "ca.crt"), &why), &why);
}

/* What a device trusts after it was handed `items`; NULL when it changes nothing. */
static struct anchors *renew(const struct bench *bench, const struct certificate *const *items,
                             size_t count, struct why *why)
{
    CLEANUP(text_deinit) struct text der = text_limited(CERTIFICATE_BAG_SIZE_MAX);
    CLEANUP(certificate_bag_deinit) struct certificate_bag bag = {0};
    struct anchors *renewed = NULL;
    test_must(certificate_bag_write(&der, items, count, why), why);
    test_must(certificate_bag_from_der(&bag, text_span(&der), why), why);
    const enum err err = anchors_renew(&renewed, bench->old, &bag, LATER_US, why);
    CHECK((err == OK) == (renewed != NULL));
    CHECK(err == OK || err == ERR_DENIED);
    return renewed;
}

static void test_overlap(const struct bench *bench)
{
    struct why why = {0};
    const struct certificate *const both[] = {ca_of(bench->site.authority), ca_of(bench->next),
                                              bench->word};
    CLEANUP(anchors_free_p) struct anchors *two = renew(bench, both, 3, &why);
    CHECK(two && anchors_count(two) == 2);
    CHECK(two && !anchors_equal(two, bench->old));
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    anchors_write_pem(two, &pem);
    CLEANUP(anchors_free_p) struct anchors *read = NULL;
    CHECK(anchors_from_pem(&read, text_span(&pem), &why) == OK && anchors_equal(read, two));
    CHECK_TEXT(anchors_site(read), "riverside");

    CLEANUP(anchors_free_p) struct anchors *same = renew(bench, both, 1, &why);
    CHECK(same && anchors_equal(same, bench->old));
    /* The old one retires: its word is still there for those that were away. */
    CLEANUP(anchors_free_p) struct anchors *only = renew(bench, both + 1, 2, &why);
    CHECK(only && anchors_count(only) == 1 &&
          span_equal(certificate_der(anchors_at(only, 0)), certificate_der(ca_of(bench->next))));
}

static void test_strangers(const struct bench *bench)
{
    struct why why = {0};
    const struct certificate *const unvouched[] = {ca_of(bench->next)};
    CHECK(!renew(bench, unvouched, 1, &why));
    CHECK(strstr(why.text, "vouches") != NULL);
    const struct certificate *const beside[] = {ca_of(bench->site.authority), ca_of(bench->next)};
    CLEANUP(anchors_free_p) struct anchors *kept = renew(bench, beside, 2, &why);
    CHECK(kept && anchors_equal(kept, bench->old));

    /* The newcomer vouches for itself, through a CA nobody knows. */
    CLEANUP(authority_close_p) struct authority *stranger = NULL;
    CLEANUP(certificate_free_p) struct certificate *word = NULL;
    test_must(authority_new(&stranger, "riverside", KEY_KIND_ED25519, LATER_US, &why), &why);
    test_must(authority_vouch(&word, stranger, ca_of(bench->next), LATER_US, &why), &why);
    const struct certificate *const plot[] = {ca_of(stranger), ca_of(bench->next), word};
    CHECK(!renew(bench, plot, 3, &why));

    /* A word for another key than that of the CA beside it. */
    const struct certificate *const swapped[] = {ca_of(stranger), bench->word};
    CHECK(!renew(bench, swapped, 2, &why));

    /* A CA of another site, vouched for by ours. */
    CLEANUP(authority_close_p) struct authority *abroad = NULL;
    CLEANUP(certificate_free_p) struct certificate *pass = NULL;
    test_must(authority_new(&abroad, "lakeside", KEY_KIND_ED25519, LATER_US, &why), &why);
    test_must(authority_vouch(&pass, bench->site.authority, ca_of(abroad), LATER_US, &why), &why);
    const struct certificate *const foreign[] = {ca_of(abroad), pass};
    CHECK(!renew(bench, foreign, 2, &why));

    CLEANUP(certificate_free_p) struct certificate *late = NULL;
    CHECK(authority_vouch(&late, bench->site.authority, bench->word, LATER_US, &why) ==
          ERR_MALFORMED);
}

static void test_pin(const struct bench *bench)
{
    struct why why = {0};
    uint8_t digest[CERTIFICATE_FINGERPRINT_SIZE];
    struct certificate_bag bag = {.count = 2};
    for (size_t i = 0; i < 2; i++) {
        const struct authority *from = i == 0 ? bench->next : bench->site.authority;
        test_must(certificate_from_der(&bag.items[i], certificate_der(ca_of(from)), &why), &why);
    }
    certificate_fingerprint(ca_of(bench->site.authority), digest);
    CLEANUP(anchors_free_p) struct anchors *pinned = NULL;
    CHECK(anchors_pin(&pinned, &bag, digest, &why) == OK && anchors_equal(pinned, bench->old));
    digest[31] ^= 1;
    struct anchors *none = NULL;
    CHECK(anchors_pin(&none, &bag, digest, &why) == ERR_DENIED && !none);
    certificate_bag_deinit(&bag);
}

static void test_files(const struct bench *bench)
{
    struct why why = {0};
    struct anchors *none = NULL;
    test_site_issue(&bench->site, ROLE_EDGE, "north-1", TEST_NOW_US);
    CHECK(anchors_open(&none, TEST_PATH(&bench->site, "north-1.crt"), &why) == ERR_MALFORMED);
    CHECK(anchors_open(&none, TEST_PATH(&bench->site, "none.crt"), &why) == ERR_NOT_FOUND);
    CHECK(anchors_from_pem(&none, span_text("nothing"), &why) == ERR_MALFORMED && !none);
    CLEANUP(authority_close_p) struct authority *abroad = NULL;
    test_must(authority_new(&abroad, "lakeside", KEY_KIND_ED25519, TEST_NOW_US, &why), &why);
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    certificate_write_pem(ca_of(bench->site.authority), &pem);
    certificate_write_pem(ca_of(abroad), &pem);
    CHECK(anchors_from_pem(&none, text_span(&pem), &why) == ERR_MALFORMED && !none);
    CHECK(strstr(why.text, "lakeside") != NULL);
}

/* Its names can be copied, its signature cannot. */
static void test_issued(const struct bench *bench)
{
    struct why why = {0};
    CLEANUP(authority_close_p) struct authority *copy = NULL;
    CLEANUP(authority_issued_deinit) struct authority_issued ours = {0};
    CLEANUP(authority_issued_deinit) struct authority_issued theirs = {0};
    const struct authority_request request = {.role = ROLE_EDGE, .name = "north-1"};
    test_must(authority_new(&copy, "riverside", KEY_KIND_ED25519, TEST_NOW_US, &why), &why);
    test_must(authority_issue(&ours, bench->site.authority, &request, TEST_NOW_US, &why), &why);
    test_must(authority_issue(&theirs, copy, &request, TEST_NOW_US, &why), &why);
    CHECK(anchors_issued(bench->old, ours.certificate));
    CHECK(!anchors_issued(bench->old, theirs.certificate));
}

int main(void)
{
    struct bench bench = {0};
    setup(&bench);
    test_overlap(&bench);
    test_strangers(&bench);
    test_pin(&bench);
    test_files(&bench);
    test_issued(&bench);
    anchors_free(bench.old);
    certificate_free(bench.word);
    authority_close(bench.next);
    test_site_close(&bench.site);
    return CHECK_DONE();
}
