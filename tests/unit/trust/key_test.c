#include "trust/key.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "check.h"
#include "site.h"

static struct secret *secret_of(const char *words)
{
    struct secret *secret = NULL;
    test_must(secret_new(&secret, span_text(words), NULL), &(struct why){"no secret"});
    return secret;
}

static unsigned mode_of(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? facts.st_mode & 07777U : 0;
}

/* The same key comes back: same seed. */
static bool same_seed(const struct key *a, const struct key *b)
{
    CLEANUP(secret_free_p) struct secret *one = NULL;
    CLEANUP(secret_free_p) struct secret *two = NULL;
    return key_seed(a, &one, NULL) == OK && key_seed(b, &two, NULL) == OK &&
           secret_equal(one, secret_bytes(two));
}

static void test_plain(const struct test_site *site)
{
    struct why why = {0};
    CLEANUP(key_free_p) struct key *key = NULL;
    CLEANUP(key_free_p) struct key *read = NULL;
    char path[256];
    test_path(site, path, "a.key");
    CHECK(key_generate(&key, KEY_KIND_ED25519, &why) == OK);
    CHECK(key_kind(key) == KEY_KIND_ED25519);
    CHECK(key_save(key, path, NULL, &why) == OK);
    CHECK(mode_of(path) == 0600);
    CHECK(key_load(&read, path, NULL, &why) == OK);
    CHECK(same_seed(key, read));

    CHECK(chmod(path, 0640) == 0);
    struct key *none = NULL;
    CHECK(key_load(&none, path, NULL, &why) == ERR_DENIED && !none);
    CHECK(strstr(why.text, "0640") && strstr(why.text, path));
    CHECK(key_load(&none, TEST_PATH(site, "no.key"), NULL, &why) == ERR_NOT_FOUND);
}

static void test_sealed(const struct test_site *site)
{
    struct why why = {0};
    CLEANUP(key_free_p) struct key *key = NULL;
    CLEANUP(key_free_p) struct key *read = NULL;
    CLEANUP(secret_free_p) struct secret *right = secret_of("correct horse");
    CLEANUP(secret_free_p) struct secret *wrong = secret_of("battery staple");
    char path[256];
    test_path(site, path, "sealed.key");
    test_must(key_generate(&key, KEY_KIND_ED25519, &why), &why);
    CHECK(key_save(key, path, right, &why) == OK);
    CHECK(mode_of(path) == 0600);
    CHECK(key_load(&read, path, NULL, &why) == ERR_DENIED && strstr(why.text, "sealed"));
    CHECK(key_load(&read, path, wrong, &why) == ERR_DENIED && strstr(why.text, "passphrase"));
    CHECK(key_load(&read, path, right, &why) == OK);
    CHECK(same_seed(key, read));
}

static void test_p256(const struct test_site *site)
{
    struct why why = {0};
    CLEANUP(key_free_p) struct key *key = NULL;
    CLEANUP(key_free_p) struct key *read = NULL;
    CLEANUP(secret_free_p) struct secret *seed = NULL;
    char path[256];
    test_path(site, path, "web.key");
    CHECK(key_generate(&key, KEY_KIND_P256, &why) == OK);
    CHECK(key_save(key, path, NULL, &why) == OK);
    CHECK(key_load(&read, path, NULL, &why) == OK && key_kind(read) == KEY_KIND_P256);
    CHECK(key_seed(read, &seed, &why) == ERR_MALFORMED && !seed);
}

/* RFC 9500's RSA-512 test key would be too small even if it were of the right kind. */
static const char not_ours[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                               "MIIBOgIBAAJBALKZD0nEffqM1ACuak0bijtqE2QrI/KLADv7l3kK3ppMyCuLKoF0\n"
                               "fd7Ai2KW5ToIwzFofvJcS/STa6HA5gQenRUCAwEAAQJBAIq9amn00aS0h/CrjXqu\n"
                               "/ThglAXJmZhOMPVn4eiu7/ROixi9sex436MaVeMqSNf7Ex9a8fRNfWss7Sqd9eWu\n"
                               "RTUCIQDasvGASLqmjeffBNLTXV2A5g4t+kLVCpsEIZAycV5GswIhANEPLmax0ME/\n"
                               "EO+ZJ79TJKN5yiGBRsv5yvx5UiHxajEXAiAhAol5N4EUyq6I9w1rYdhPMGpLfk7A\n"
                               "IU2snfRJ6Nq2CQIgFrPsWRCkV+gOYcajD17rEqmuLrdIRexpg8N1DOSXoJ8CIGlS\n"
                               "tAboUGBxTDq3ZroNism3DaMIbKPyYrAqhKov1h5V\n"
                               "-----END RSA PRIVATE KEY-----\n";

static void test_refused(const struct test_site *site)
{
    static const char *const texts[] = {"", "rubbish",
                                        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY"
                                        "-----\n",
                                        not_ours};
    struct why why = {0};
    struct key *none = NULL;
    char path[256];
    test_path(site, path, "bad.key");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        test_must(file_write(path, span_text(texts[i]), 0600, &why), &why);
        CHECK(key_load(&none, path, NULL, &why) == ERR_MALFORMED && !none);
        printf("# %s\n", why.text);
    }
    CLEANUP(mem_free_p) char *big = mem_zeroed(KEY_FILE_SIZE_MAX + 1);
    test_must(file_write(path, span_of(big, KEY_FILE_SIZE_MAX + 1), 0600, &why), &why);
    CHECK(key_load(&none, path, NULL, &why) == ERR_LIMIT && !none);
}

int main(void)
{
    struct test_site site;
    test_site_open(&site, "riverside");
    test_plain(&site);
    test_sealed(&site);
    test_p256(&site);
    test_refused(&site);
    test_site_close(&site);
    return CHECK_DONE();
}
