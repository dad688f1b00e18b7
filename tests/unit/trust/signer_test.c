#include <pthread.h>
#include <sys/stat.h>

#include "check.h"
#include "site.h"
#include "trust/canonical.h"

static void test_open(const struct test_site *site)
{
    struct why why = {0};
    struct signer *none = NULL;
    char key[256];
    char chain[256];
    test_site_issue(site, ROLE_EDGE, "a", TEST_NOW_US);
    test_site_issue(site, ROLE_EDGE, "b", TEST_NOW_US);
    test_path(site, key, "a.key");
    CHECK(signer_open(&none, key, test_path(site, chain, "b.crt"), &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "do not belong together") != NULL);
    CHECK(signer_open(&none, key, test_path(site, chain, "none.crt"), &why) == ERR_NOT_FOUND);
    CHECK(signer_open(&none, key, key, &why) == ERR_MALFORMED);
    CHECK(signer_open(&none, TEST_PATH(site, "ca.key"), test_path(site, chain, "ca.crt"), &why) ==
          ERR_MALFORMED);
    CHECK(strstr(why.text, "CA") != NULL);
    CHECK(chmod(key, 0644) == 0);
    CHECK(signer_open(&none, key, test_path(site, chain, "a.crt"), &why) == ERR_DENIED);
    CHECK(chmod(key, 0600) == 0);
    CHECK(signer_open(&none, key, chain, &why) == OK);
    CHECK(signer_identity(none)->role == ROLE_EDGE);
    CHECK_TEXT(signer_identity(none)->name, "a");
    CHECK(certificate_end_us(signer_certificate(none)) == TEST_NOW_US + 30 * CLOCK_DAY_US);
    signer_close(none);
    signer_close(NULL);
}

/* A chain file that ends with the site CA: the envelope leaves it out, and is admitted. */
static void test_root_left_out(const struct test_site *site)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text pem = text_limited(ENVELOPE_SIZE_MAX);
    CLEANUP(signer_close_p) struct signer *signer = NULL;
    CLEANUP(verifier_close_p) struct verifier *verifier = test_site_verifier(site);
    test_must(file_read(&pem, TEST_PATH(site, "a.crt"), &why), &why);
    test_must(file_read(&pem, TEST_PATH(site, "ca.crt"), &why), &why);
    test_must(file_write(TEST_PATH(site, "full.crt"), text_span(&pem), 0644, &why), &why);
    CHECK(signer_open(&signer, TEST_PATH(site, "a.key"), TEST_PATH(site, "full.crt"), &why) == OK);
    struct text message = test_message(signer, TIER_INFORMATIONAL, "event", TEST_NOW_US);
    struct envelope envelope = {0};
    CHECK(verifier_judge(verifier, text_span(&message), TEST_NOW_US, &envelope, &why) ==
          VERDICT_ADMIT);
    envelope_deinit(&envelope);
    text_deinit(&message);
}

static void test_content(const struct test_site *site)
{
    struct why why = {0};
    CLEANUP(signer_close_p) struct signer *signer = NULL;
    CLEANUP(text_deinit) struct text out = text_limited(ENVELOPE_SIZE_MAX);
    test_must(signer_open(&signer, TEST_PATH(site, "a.key"), TEST_PATH(site, "a.crt"), &why), &why);
    struct value *bad[] = {value_array(),  value_null(),   value_object(),
                           value_object(), value_object(), value_object()};
    value_set_integer(bad[3], "type", 1);
    value_set_text(bad[4], "type", "");
    value_set_text(bad[5], "type", "a-type-that-is-longer-than-allowed");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(envelope_sign(signer,
                            &(struct envelope_draft){.now_us = TEST_NOW_US, .content = bad[i]},
                            &out, &why) == ERR_MALFORMED);
    }
    struct value *number = value_object();
    value_set_text(number, "type", "event");
    value_set_integer(number, "n", INT64_C(9007199254740993));
    CHECK(envelope_sign(signer, &(struct envelope_draft){.now_us = TEST_NOW_US, .content = number},
                        &out, &why) == ERR_RANGE);
    CLEANUP(mem_free_p) char *long_text = mem_zeroed(ENVELOPE_SIZE_MAX);
    memset(long_text, 'x', ENVELOPE_SIZE_MAX - 600);
    struct value *big = value_object();
    value_set_text(big, "type", "event");
    value_set_text(big, "text", long_text);
    CHECK(envelope_sign(signer, &(struct envelope_draft){.now_us = TEST_NOW_US, .content = big},
                        &out, &why) == ERR_LIMIT);
    CHECK(out.size == 0);
}

struct crowd {
    const struct signer *signer;
    struct text messages[50];
};

static void *sign_many(void *context)
{
    struct crowd *crowd = context;
    for (size_t i = 0; i < ARRAY_LEN(crowd->messages); i++) {
        crowd->messages[i] = test_message(crowd->signer, TIER_INFORMATIONAL, "event", TEST_NOW_US);
    }
    return NULL;
}

/* Several threads sign with one signer (tsan watches); all that they made is admitted. */
static void test_threads(const struct test_site *site)
{
    CLEANUP(verifier_close_p) struct verifier *verifier = test_site_verifier(site);
    struct signer *signer = test_site_signer(site, ROLE_EDGE, "crowd");
    static struct crowd crowds[4];
    pthread_t threads[ARRAY_LEN(crowds)];
    for (size_t i = 0; i < ARRAY_LEN(crowds); i++) {
        crowds[i].signer = signer;
        if (pthread_create(&threads[i], NULL, sign_many, &crowds[i]) != 0) { abort(); }
    }
    size_t admitted = 0;
    for (size_t i = 0; i < ARRAY_LEN(crowds); i++) {
        (void)pthread_join(threads[i], NULL);
        for (size_t j = 0; j < ARRAY_LEN(crowds[i].messages); j++) {
            struct envelope envelope = {0};
            struct text *message = &crowds[i].messages[j];
            admitted += verifier_judge(verifier, text_span(message), TEST_NOW_US, &envelope,
                                       NULL) == VERDICT_ADMIT;
            envelope_deinit(&envelope);
            text_deinit(message);
        }
    }
    CHECK(admitted == 200);
    signer_close(signer);
}

struct renewing {
    struct signer *signer;
    const char *key, *chain;
};

static void *renew_many(void *context)
{
    const struct renewing *renewing = context;
    size_t failures = 0;
    for (int i = 0; i < 20; i++) {
        failures += signer_renew(renewing->signer, renewing->key, renewing->chain, NULL) != OK;
    }
    CHECK(failures == 0);
    return NULL;
}

/* Renewed while others sign: every message fits one of the two, and the identity stays. */
static void test_renew(const struct test_site *site)
{
    struct why why = {0};
    CLEANUP(verifier_close_p) struct verifier *verifier = test_site_verifier(site);
    struct signer *signer = test_site_signer(site, ROLE_EDGE, "renewed");
    const struct certificate *before = signer_certificate(signer);
    const char *name = signer_identity(signer)->name;
    test_site_issue(site, ROLE_EDGE, "renewed", TEST_NOW_US + CLOCK_MINUTE_US);
    char paths[2][256];
    struct renewing renewing = {.signer = signer,
                                .key = test_path(site, paths[0], "renewed.key"),
                                .chain = test_path(site, paths[1], "renewed.crt")};
    static struct crowd crowd;
    crowd.signer = signer;
    pthread_t threads[2];
    if (pthread_create(&threads[0], NULL, sign_many, &crowd) ||
        pthread_create(&threads[1], NULL, renew_many, &renewing)) {
        abort();
    }
    (void)pthread_join(threads[0], NULL);
    (void)pthread_join(threads[1], NULL);
    size_t admitted = 0;
    for (size_t i = 0; i < ARRAY_LEN(crowd.messages); i++) {
        struct envelope envelope = {0};
        admitted += verifier_judge(verifier, text_span(&crowd.messages[i]), TEST_NOW_US, &envelope,
                                   NULL) == VERDICT_ADMIT;
        envelope_deinit(&envelope);
        text_deinit(&crowd.messages[i]);
    }
    CHECK(admitted == ARRAY_LEN(crowd.messages));
    CHECK(certificate_end_us(before) == TEST_NOW_US + 30 * CLOCK_DAY_US); /* still there */
    CHECK(certificate_end_us(signer_certificate(signer)) ==
          TEST_NOW_US + 30 * CLOCK_DAY_US + CLOCK_MINUTE_US);
    CHECK(signer_identity(signer)->name == name);
    test_site_issue(site, ROLE_EDGE, "other", TEST_NOW_US);
    CHECK(signer_renew(signer, TEST_PATH(site, "other.key"), TEST_PATH(site, "other.crt"), &why) ==
          ERR_DENIED);
    CHECK(signer_renew(signer, TEST_PATH(site, "other.key"), TEST_PATH(site, "renewed.crt"),
                       &why) == ERR_MALFORMED);
    CHECK(certificate_end_us(signer_certificate(signer)) ==
          TEST_NOW_US + 30 * CLOCK_DAY_US + CLOCK_MINUTE_US);
    signer_close(signer);
}

int main(void)
{
    struct test_site site;
    test_site_open(&site, "riverside");
    test_open(&site);
    test_renew(&site);
    test_root_left_out(&site);
    test_content(&site);
    test_threads(&site);
    test_site_close(&site);
    return CHECK_DONE();
}
