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
    const struct anchors_pin pin = {.site = "riverside", .now_us = LATER_US};
    const enum err err = anchors_renew(&renewed, bench->old, &bag, &pin, why);
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
    struct anchors_pin pin = {.given = true, .site = "riverside", .now_us = LATER_US};
    struct certificate_bag bag = {.count = 2};
    for (size_t i = 0; i < 2; i++) {
        const struct authority *from = i == 0 ? bench->next : bench->site.authority;
        test_must(certificate_from_der(&bag.items[i], certificate_der(ca_of(from)), &why), &why);
    }
    certificate_fingerprint(ca_of(bench->site.authority), pin.fingerprint);
    CLEANUP(anchors_free_p) struct anchors *pinned = NULL;
    CHECK(anchors_pin(&pinned, &bag, &pin, &why) == OK && anchors_equal(pinned, bench->old));
    struct anchors *none = NULL;
    pin.site = "lakeside";
    CHECK(anchors_pin(&none, &bag, &pin, &why) == ERR_DENIED && !none);
    pin.site = "riverside";
    pin.fingerprint[31] ^= 1;
    CHECK(anchors_pin(&none, &bag, &pin, &why) == ERR_DENIED && !none);
    pin.given = false;
    CHECK(anchors_pin(&none, &bag, &pin, &why) == ERR_DENIED && !none);
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

/* ---- a root above sites ---- */

struct upper {
    struct authority *root, *abroad; /* of another site */
    struct certificate *old_word, *next_word, *abroad_word;
};

static struct authority *make_root(const char *name)
{
    struct why why = {0};
    struct key *key = NULL;
    struct authority *root = NULL;
    test_must(key_generate(&key, KEY_KIND_ED25519, &why), &why);
    test_must(authority_adopt_root(&root, name, key, TEST_NOW_US, &why), &why);
    return root;
}

static struct certificate *vouch(const struct authority *by, const struct authority *ca,
                                 int64_t now_us)
{
    struct why why = {0};
    struct certificate *word = NULL;
    test_must(authority_vouch(&word, by, ca_of(ca), now_us, &why), &why);
    return word;
}

static void setup_upper(struct upper *upper, const struct bench *bench)
{
    struct why why = {0};
    upper->root = make_root("district");
    test_must(authority_new(&upper->abroad, "lakeside", KEY_KIND_ED25519, TEST_NOW_US, &why), &why);
    upper->old_word = vouch(upper->root, bench->site.authority, TEST_NOW_US + CLOCK_HOUR_US);
    upper->next_word = vouch(upper->root, bench->next, LATER_US);
    upper->abroad_word = vouch(upper->root, upper->abroad, TEST_NOW_US + CLOCK_HOUR_US);
}

static void upper_deinit(struct upper *upper)
{
    authority_close(upper->root);
    authority_close(upper->abroad);
    certificate_free(upper->old_word);
    certificate_free(upper->next_word);
    certificate_free(upper->abroad_word);
}

static struct anchors_pin pin_of(const struct authority *authority)
{
    struct anchors_pin pin = {.given = true, .site = "riverside", .now_us = LATER_US};
    certificate_fingerprint(ca_of(authority), pin.fingerprint);
    return pin;
}

typedef enum err take_function(struct anchors **out, const struct anchors *trusted,
                               const struct certificate_bag *bag, const struct anchors_pin *pin,
                               struct why *why);

static enum err first(struct anchors **out, const struct anchors *trusted,
                      const struct certificate_bag *bag, const struct anchors_pin *pin,
                      struct why *why)
{
    (void)trusted;
    return anchors_pin(out, bag, pin, why);
}

/* How many CAs are trusted after `judge` has looked at up to four certificates; 0: refused. */
static size_t take(take_function *judge, const struct anchors *trusted,
                   const struct anchors_pin *pin, const struct certificate *const items[4])
{
    struct why why = {0};
    size_t count = 0;
    while (count < 4 && items[count]) {
        count++;
    }
    CLEANUP(text_deinit) struct text der = text_limited(CERTIFICATE_BAG_SIZE_MAX);
    CLEANUP(certificate_bag_deinit) struct certificate_bag bag = {0};
    CLEANUP(anchors_free_p) struct anchors *taken = NULL;
    test_must(certificate_bag_write(&der, items, count, &why), &why);
    test_must(certificate_bag_from_der(&bag, text_span(&der), &why), &why);
    const enum err err = judge(&taken, trusted, &bag, pin, &why);
    CHECK(err == OK || err == ERR_DENIED);
    for (size_t i = 0; !err && i < anchors_count(taken); i++) {
        CHECK_TEXT(certificate_authority_site(anchors_at(taken, i)), "riverside");
    }
    return err ? 0 : anchors_count(taken);
}
#define ITEMS(...) ((const struct certificate *const[4]){__VA_ARGS__})

/* A device that knows nothing but the root's fingerprint. */
static void test_root_first(const struct bench *bench, const struct upper *upper)
{
    const struct anchors_pin pin = pin_of(upper->root);
    const struct certificate *root = ca_of(upper->root);
    const struct certificate *site = ca_of(bench->site.authority);
    CHECK(take(first, NULL, &pin, ITEMS(root, site, upper->old_word)) == 1);
    CHECK(take(first, NULL, &pin, ITEMS(root, site)) == 0);            /* no word */
    CHECK(take(first, NULL, &pin, ITEMS(site, upper->old_word)) == 0); /* no root */
    CHECK(take(first, NULL, &pin, ITEMS(root, ca_of(upper->abroad), upper->abroad_word)) == 0);
    CHECK(take(first, NULL, &pin, ITEMS(root, site, upper->abroad_word)) == 0);
    CLEANUP(authority_close_p) struct authority *other = make_root("district"); /* its very name */
    CLEANUP(certificate_free_p)
    struct certificate *word = vouch(other, bench->site.authority, TEST_NOW_US);
    CHECK(take(first, NULL, &pin, ITEMS(root, site, word)) == 0);
    CHECK(take(first, NULL, &pin, ITEMS(ca_of(other), site, word)) == 0);
    struct anchors_pin late = pin;
    late.now_us += AUTHORITY_DAYS_MAX * CLOCK_DAY_US;
    CHECK(take(first, NULL, &late, ITEMS(root, site, upper->old_word)) == 0); /* run out */
}

/* The site changes its CA under the same root; sister sites stay outside. */
static void test_root_later(const struct bench *bench, const struct upper *upper)
{
    const struct anchors_pin pin = pin_of(upper->root);
    const struct certificate *root = ca_of(upper->root);
    const struct certificate *next = ca_of(bench->next);
    const struct certificate *old = ca_of(bench->site.authority);
    const struct certificate *abroad = ca_of(upper->abroad);
    CHECK(take(anchors_renew, bench->old, &pin, ITEMS(root, old, next, upper->next_word)) == 2);
    CHECK(take(anchors_renew, bench->old, &pin, ITEMS(root, next, upper->next_word)) == 1);
    CHECK(take(anchors_renew, bench->old, &pin, ITEMS(root, next)) == 0);
    CHECK(take(anchors_renew, bench->old, &pin, ITEMS(root, old, abroad, upper->abroad_word)) == 1);
    CLEANUP(authority_close_p) struct authority *other = make_root("district");
    CLEANUP(certificate_free_p) struct certificate *word = vouch(other, bench->next, LATER_US);
    CHECK(take(anchors_renew, bench->old, &pin, ITEMS(ca_of(other), next, word)) == 0);
    /* A sister site's CA vouches for nobody here, though the root has vouched for it. */
    CLEANUP(certificate_free_p)
    struct certificate *meddling = vouch(upper->abroad, bench->next, LATER_US);
    CHECK(take(anchors_renew, bench->old, &pin, ITEMS(abroad, next, meddling)) == 0);
}

/* The CA is lost: a server that nobody can judge yet shows what the root says. */
static void test_root_succeeds(const struct bench *bench, const struct upper *upper)
{
    const struct anchors_pin pin = pin_of(upper->root);
    const struct certificate *root = ca_of(upper->root);
    const struct certificate *next = ca_of(bench->next);
    const struct certificate *old = ca_of(bench->site.authority);
    CHECK(take(anchors_succeed, bench->old, &pin, ITEMS(root, next, upper->next_word)) == 2);
    CHECK(take(anchors_succeed, bench->old, &pin, ITEMS(next, upper->next_word)) == 0);
    CHECK(take(anchors_succeed, bench->old, &pin, ITEMS(next, bench->word)) == 0);
    const struct anchors_pin own = pin_of(bench->site.authority); /* no root is pinned */
    CHECK(take(anchors_succeed, bench->old, &own, ITEMS(root, next, upper->next_word)) == 0);
    /* Whoever has the key of a CA that was dropped does not bring it back with its old word. */
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    CLEANUP(anchors_free_p) struct anchors *moved = NULL;
    struct why why = {0};
    certificate_write_pem(next, &pem);
    test_must(anchors_from_pem(&moved, text_span(&pem), &why), &why);
    CHECK(take(anchors_succeed, moved, &pin, ITEMS(root, old, upper->old_word)) == 0);
}

/* A root is nobody's anchor, and issues nothing to a part of a site. */
static void test_root_alone(const struct upper *upper)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    certificate_write_pem(ca_of(upper->root), &pem);
    CHECK(anchors_from_pem(&anchors, text_span(&pem), &why) == ERR_MALFORMED && !anchors);
    CHECK(strstr(why.text, "root") != NULL);
    struct authority_issued issued = {0};
    const struct authority_request request = {.role = ROLE_CONTROL, .name = "desk"};
    CHECK(authority_issue(&issued, upper->root, &request, LATER_US, &why) == ERR_DENIED);
}

int main(void)
{
    struct bench bench = {0};
    setup(&bench);
    test_overlap(&bench);
    test_strangers(&bench);
    test_pin(&bench);
    CLEANUP(upper_deinit) struct upper upper;
    setup_upper(&upper, &bench);
    test_root_first(&bench, &upper);
    test_root_later(&bench, &upper);
    test_root_succeeds(&bench, &upper);
    test_root_alone(&upper);
    test_files(&bench);
    test_issued(&bench);
    anchors_free(bench.old);
    certificate_free(bench.word);
    authority_close(bench.next);
    test_site_close(&bench.site);
    return CHECK_DONE();
}
