/*
 * The keys of databases from the environment, from a credential, and out of a token of SoftHSM.
 */
#include "vault/source.h"

#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "site.h"
#include "system/process.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define URI(object) "pkcs11:token=vault;object=" object "?module-path=" MODULE
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define TWOS "2222222222222222222222222222222222222222222222222222222222222222"

static bool filled(const struct secret *key, uint8_t filling)
{
    uint8_t bytes[DATABASE_KEY_SIZE];
    memset(bytes, filling, sizeof bytes);
    return key && secret_equal(key, span_of(bytes, sizeof bytes));
}

static void test_environment(void)
{
    struct source_keys keys = {.database = NULL};
    struct why why = {""};
    CHECK(source_take(&keys, &why) == ERR_NOT_FOUND && strstr(why.text, "TOCSIN_DATABASE_KEY"));
    (void)setenv("TOCSIN_DATABASE_KEY", ONES, 1);
    CHECK(source_take(&keys, &why) == OK && filled(keys.database, 0x11) && !keys.column);
    CHECK(!getenv("TOCSIN_DATABASE_KEY"));
    source_keys_deinit(&keys);
    (void)setenv("TOCSIN_DATABASE_KEY", ONES, 1);
    (void)setenv("TOCSIN_COLUMN_KEY", TWOS, 1);
    CHECK(source_take(&keys, &why) == OK && filled(keys.column, 0x22));
    source_keys_deinit(&keys);
    (void)setenv("TOCSIN_DATABASE_KEY", ONES, 1);
    (void)setenv("TOCSIN_COLUMN_KEY", "2222", 1);
    CHECK(source_take(&keys, &why) == ERR_MALFORMED && strstr(why.text, "TOCSIN_COLUMN_KEY"));
    CHECK(!keys.database && !keys.column);
}

/* As systemd lays them down: a file for each; the environment comes first. */
static void test_credentials(const struct test_site *site)
{
    struct source_keys keys = {.database = NULL};
    struct why why = {""};
    char folder[256];
    char path[512];
    test_must(file_make_folder(test_path(site, folder, "credentials"), 0700, &why), &why);
    (void)snprintf(path, sizeof path, "%.200s/TOCSIN_DATABASE_KEY", folder);
    test_must(file_write(path, span_text(ONES "\n"), 0400, &why), &why);
    (void)setenv("CREDENTIALS_DIRECTORY", folder, 1);
    CHECK(source_take(&keys, &why) == OK && filled(keys.database, 0x11) && !keys.column);
    source_keys_deinit(&keys);
    (void)setenv("TOCSIN_DATABASE_KEY", TWOS, 1);
    CHECK(source_take(&keys, &why) == OK && filled(keys.database, 0x22));
    source_keys_deinit(&keys);
    test_must(file_write(path, span_text("\n"), 0400, &why), &why);
    CHECK(source_take(&keys, &why) == ERR_NOT_FOUND);
    static char large[SECRET_SIZE_MAX + 2];
    memset(large, '1', sizeof large);
    test_must(file_write(path, span_of(large, sizeof large), 0400, &why), &why);
    CHECK(source_take(&keys, &why) == ERR_LIMIT);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
}

/* ---- a token ---- */

static bool run(const char *const *arguments)
{
    struct why why = {0};
    struct process *process = NULL;
    struct process_end end = {0};
    const struct process_plan plan = {.arguments = arguments, .output = PROCESS_OUTPUT_PIPE};
    if (process_start(&process, &plan, &why)) { return false; }
    const enum err err = process_wait(process, 30 * CLOCK_SECOND_US, &end);
    process_free(process);
    return !err && end.status == 0;
}

static bool keygen(const char *label)
{
    const char *const arguments[] = {"pkcs11-tool", "--module", MODULE,     "--login",
                                     "--pin",       "1234",     "--keygen", "--key-type",
                                     "GENERIC:32",  "--label",  label,      "--usage-sign",
                                     "--sensitive", NULL};
    return run(arguments);
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
        "softhsm2-util", "--init-token", "--free",   "--label", "vault",
        "--pin",         "1234",         "--so-pin", "4321",    NULL};
    return run(initialize) && keygen("database") && keygen("other");
}

static enum err take(const char *uri, const char *column, const char *pin, struct source_keys *keys,
                     struct why *why)
{
    (void)setenv("TOCSIN_DATABASE_KEY", uri, 1);
    if (column) { (void)setenv("TOCSIN_COLUMN_KEY", column, 1); }
    if (pin) { (void)setenv("TOCSIN_TOKEN_PIN", pin, 1); }
    const enum err err = source_take(keys, why);
    (void)unsetenv("TOCSIN_DATABASE_KEY");
    (void)unsetenv("TOCSIN_COLUMN_KEY");
    (void)unsetenv("TOCSIN_TOKEN_PIN");
    return err;
}

/* The same key each time; another one for the columns, and of another key of the token. */
static void test_token(void)
{
    struct source_keys first = {.database = NULL};
    struct source_keys again = {.database = NULL};
    struct source_keys other = {.database = NULL};
    struct why why = {""};
    CHECK(take(URI("database"), URI("database"), "1234", &first, &why) == OK);
    CHECK(take(URI("database"), NULL, "1234", &again, &why) == OK);
    CHECK(take(URI("other"), NULL, "1234", &other, &why) == OK);
    if (!first.database || !again.database || !other.database || !first.column) { abort(); }
    CHECK(secret_bytes(first.database).size == DATABASE_KEY_SIZE);
    CHECK(secret_equal(first.database, secret_bytes(again.database)));
    CHECK(!secret_equal(first.database, secret_bytes(other.database)));
    CHECK(!secret_equal(first.database, secret_bytes(first.column)));
    source_keys_deinit(&first);
    source_keys_deinit(&again);
    source_keys_deinit(&other);
}

static void test_token_refusals(void)
{
    struct source_keys keys = {.database = NULL};
    struct why why = {""};
    CHECK(take(URI("database"), NULL, "0000", &keys, &why) == ERR_DENIED);
    CHECK(strncmp(why.text, "TOCSIN_DATABASE_KEY: ", 21) == 0);
    CHECK(take(URI("database"), NULL, NULL, &keys, &why) == ERR_DENIED);
    CHECK(take(URI("nothing"), NULL, "1234", &keys, &why) == ERR_NOT_FOUND);
    CHECK(take("pkcs11:token=vault;object=database", NULL, "1234", &keys, &why) == ERR_MALFORMED);
    CHECK(!keys.database);
}

int main(void)
{
    if (sodium_init() < 0) { return 1; }
    struct test_site site;
    test_site_open(&site, "vault");
    test_environment();
    test_credentials(&site);
    const bool softhsm_is_installed = access(MODULE, R_OK) == 0; /* tools/packages.txt */
    CHECK(softhsm_is_installed);
    const bool token_is_prepared = softhsm_is_installed && prepare(&site);
    CHECK(token_is_prepared);
    if (token_is_prepared) {
        test_token();
        test_token_refusals();
    }
    test_site_close(&site);
    return CHECK_DONE();
}
