/*
 * A key in a token of SoftHSM: certificates and lists that it signs are good to everybody else.
 */
#include "trust/token_key.h"

#include "check.h"
#include "site.h"
#include "system/process.h"
#include "trust/authority_list.h"
#include "trust/revocation.h"
#include "trust/signature.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define URI "pkcs11:token=site;object=ca?module-path=" MODULE

/*
 * SoftHSM 2.6 loses a few bytes each time that it reads the curve of an Edwards key, inside
 * libcrypto where no suppression by name finds it: this program alone goes without the leak check.
 */
/* NOLINTBEGIN(bugprone-reserved-identifier): the sanitizer's own name */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* Runs a tool to its end; false when it fails. */
static bool run(const char *const *arguments)
{
    struct why why = {0};
    struct process *process = NULL;
    struct process_end end = {0};
    const struct process_plan plan = {.arguments = arguments, .output = PROCESS_OUTPUT_PIPE};
    if (process_start(&process, &plan, &why)) {
        printf("# %s\n", why.text);
        return false;
    }
    const enum err err = process_wait(process, 30 * CLOCK_SECOND_US, &end);
    process_free(process);
    return !err && end.status == 0;
}

static bool prepare(const struct test_site *site)
{
    char tokens[256];
    char path[256];
    struct why why = {0};
    CLEANUP(text_deinit) struct text config = text_limited(1024);
    test_must(file_make_folder(test_path(site, tokens, "tokens"), 0700, &why), &why);
    text_format(&config, "directories.tokendir = %s\nobjectstore.backend = file\n", tokens);
    test_must(file_write(test_path(site, path, "hsm.conf"), text_span(&config), 0600, &why), &why);
    (void)setenv("SOFTHSM2_CONF", path, 1);
    const char *const initialize[] = {
        "softhsm2-util", "--init-token", "--free",   "--label", "site",
        "--pin",         "1234",         "--so-pin", "4321",    NULL};
    const char *const generate[] = {"pkcs11-tool",     "--module", MODULE,         "--login",
                                    "--pin",           "1234",     "--keypairgen", "--key-type",
                                    "EC:edwards25519", "--label",  "ca",           NULL};
    const char *const other[] = {"pkcs11-tool",   "--module", MODULE,         "--login",
                                 "--pin",         "1234",     "--keypairgen", "--key-type",
                                 "EC:prime256v1", "--label",  "curve",        NULL};
    return run(initialize) && run(generate) && run(other);
}

static struct secret *pin(const char *words)
{
    struct why why = {0};
    struct secret *secret = NULL;
    test_must(secret_new(&secret, span_text(words), &why), &why);
    return secret;
}

static enum err open_as(const char *uri, const char *words, struct why *why)
{
    struct token_key *key = NULL;
    CLEANUP(secret_free_p) struct secret *secret = words ? pin(words) : NULL;
    const enum err err = token_key_open(&key, uri, secret, why);
    CHECK((err == OK) == (key != NULL));
    token_key_close(key);
    return err;
}

static void test_refusals(void)
{
    struct why why = {0};
    CHECK(token_key_named(URI) && !token_key_named("/etc/tocsin/ca.key"));
    CHECK(open_as(URI, "9999", &why) == ERR_DENIED);
    CHECK(open_as(URI, NULL, &why) == ERR_DENIED && strstr(why.text, "PIN"));
    CHECK(open_as("pkcs11:token=other;object=ca?module-path=" MODULE, "1234", &why) ==
          ERR_NOT_FOUND);
    CHECK(open_as("pkcs11:token=site;object=none?module-path=" MODULE, "1234", &why) ==
          ERR_NOT_FOUND);
    CHECK(open_as("pkcs11:token=site?module-path=" MODULE, "1234", &why) == ERR_NOT_FOUND);
    CHECK(strstr(why.text, "more than one") != NULL);
    CHECK(open_as("pkcs11:token=site;object=curve?module-path=" MODULE, "1234", &why) ==
          ERR_MALFORMED);
    CHECK(strstr(why.text, "Ed25519") != NULL);
    CHECK(open_as("pkcs11:token=site;object=ca", "1234", &why) == ERR_MALFORMED);
    CHECK(open_as("pkcs11:what=ever;;=", "1234", &why) == ERR_MALFORMED);
    CHECK(open_as("pkcs11:token=site?module-path=/nonexistent.so", "1234", &why) == ERR_NOT_FOUND);
    CHECK(open_as(URI, "1234", &why) == OK);
}

static void test_signature(void)
{
    struct why why = {0};
    struct token_key *key = NULL;
    uint8_t public_key[PUBLIC_KEY_SIZE];
    uint8_t signature[TOKEN_KEY_SIGNATURE_SIZE];
    CLEANUP(secret_free_p) struct secret *secret = pin("1234");
    test_must(token_key_open(&key, URI, secret, &why), &why);
    token_key_public(key, public_key);
    CHECK(token_key_sign(key, span_text("hello"), signature, &why) == OK);
    CHECK(signature_fits(public_key, span_text("hello"), signature));
    CHECK(!signature_fits(public_key, span_text("hallo"), signature));
    token_key_close(key);
}

/* A whole CA with its key in the token. */
static void test_authority(const struct test_site *site)
{
    struct why why = {0};
    struct key *key = NULL;
    CLEANUP(secret_free_p) struct secret *secret = pin("1234");
    test_must(key_load(&key, URI, secret, &why), &why);
    CHECK(key_in_token(key) && key_kind(key) == KEY_KIND_ED25519);
    struct secret *seed = NULL;
    CHECK(key_seed(key, &seed, &why) == ERR_DENIED && !seed);
    CHECK(key_save(key, TEST_PATH(site, "stolen.key"), NULL, &why) == ERR_DENIED);
    CLEANUP(authority_close_p) struct authority *made = NULL;
    CHECK(authority_adopt(&made, "riverside", key, TEST_NOW_US, &why) == OK);
    CHECK(authority_save(made, TEST_PATH(site, "hsm.key"), TEST_PATH(site, "hsm.crt"), NULL,
                         &why) == OK);
    CHECK(!file_exists(TEST_PATH(site, "hsm.key")));
    authority_close(TAKE(made));
    CHECK(authority_open(&made, URI, TEST_PATH(site, "ca.crt"), secret, &why) == ERR_MALFORMED);
    CHECK(authority_open(&made, URI, TEST_PATH(site, "hsm.crt"), secret, &why) == OK);

    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    const struct authority_request request = {.role = ROLE_EDGE, .name = "north-1"};
    CHECK(authority_issue(&issued, made, &request, TEST_NOW_US, &why) == OK);
    CHECK(authority_issued_save(&issued, site->folder, "hsm-north-1", &why) == OK);
    char path[256];
    struct signer *signer = NULL;
    struct verifier *verifier = NULL;
    const struct verifier_config config = {.site = "riverside",
                                           .ca_path = test_path(site, path, "hsm.crt")};
    test_must(verifier_open(&verifier, &config, &why), &why);
    test_must(signer_open(&signer, TEST_PATH(site, "hsm-north-1.key"),
                          TEST_PATH(site, "hsm-north-1.crt"), &why),
              &why);
    struct text message = test_message(signer, TIER_INFORMATIONAL, "event", TEST_NOW_US);
    struct envelope envelope = {0};
    CHECK(verifier_judge(verifier, text_span(&message), TEST_NOW_US, &envelope, &why) ==
          VERDICT_ADMIT);
    envelope_deinit(&envelope);
    text_deinit(&message);

    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    CLEANUP(revocations_close_p) struct revocations *held = NULL;
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    enum revocation_answer answer = REVOCATION_ANSWER_MALFORMED;
    struct authority_list_entry entry = {.at_us = TEST_NOW_US};
    certificate_serial(issued.certificate, &entry.serial);
    const struct authority_list list = {.number = 1,
                                        .now_us = TEST_NOW_US,
                                        .next_us = TEST_NOW_US + CLOCK_DAY_US,
                                        .entries = &entry,
                                        .count = 1};
    test_must(anchors_open(&anchors, path, &why), &why);
    test_must(revocations_open(&held, anchors, NULL, &why), &why);
    CHECK(authority_list_sign(&der, made, &list, &why) == OK);
    CHECK(revocations_take(held, text_span(&der), &answer, &why) == OK);
    CHECK(answer == REVOCATION_ANSWER_TAKEN);
    signer_close(signer);
    verifier_close(verifier);
}

int main(void)
{
    struct test_site site;
    if (!file_exists(MODULE)) { return CHECK_SKIP_ALL("softhsm2 is not installed"); }
    test_site_open(&site, "riverside");
    CHECK(prepare(&site));
    test_refusals();
    test_signature();
    test_authority(&site);
    token_key_close(NULL);
    test_site_close(&site);
    return CHECK_DONE();
}
