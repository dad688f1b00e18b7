#include "vault/source.h"

#include <string.h>

#include "trust/token_key.h"

enum { URI_SIZE = 1025 };

/* What the token is asked to make a key of: another one for each use. */
#define DATABASE_PURPOSE "tocsin database key"
#define COLUMN_PURPOSE "tocsin column key"

/* The token's PIN, asked for once, when the first key is in a token. */
struct pin {
    bool asked;
    struct secret *words; /* owned, NULL: none was given */
};

static void pin_deinit(struct pin *pin)
{
    secret_free(pin->words);
}

static enum err derive(struct secret **out, struct span uri, struct pin *pin, const char *purpose,
                       struct why *why)
{
    char words[URI_SIZE] = "";
    if (uri.size >= sizeof words || memchr(uri.data, 0, uri.size)) {
        return why_set(why, ERR_MALFORMED, "the pkcs11 URI is too long");
    }
    memcpy(words, uri.data, uri.size);
    if (!pin->asked) {
        const enum err err = secret_from_environment(&pin->words, "TOCSIN_TOKEN_PIN", why);
        if (err && err != ERR_NOT_FOUND) { return err; }
        pin->asked = true;
    }
    return token_key_derive(out, words, pin->words, purpose, why);
}

static enum err take(struct secret **out, const char *name, struct pin *pin, const char *purpose,
                     struct why *why)
{
    static const char scheme[] = "pkcs11:";
    CLEANUP(secret_free_p) struct secret *given = NULL;
    enum err err = secret_from_environment(&given, name, why);
    if (err) { return err; }
    const struct span bytes = secret_bytes(given);
    if (bytes.size > strlen(scheme) && memcmp(bytes.data, scheme, strlen(scheme)) == 0) {
        err = derive(out, bytes, pin, purpose, why);
        return err ? why_prefix(why, err, name) : OK;
    }
    if (secret_from_hex(out, bytes, DATABASE_KEY_SIZE)) { return OK; }
    return why_set(why, ERR_MALFORMED, "%s must be %d hexadecimal digits, or a pkcs11: URI", name,
                   2 * DATABASE_KEY_SIZE);
}

enum err source_take_named(struct source_keys *keys, const struct source_names *names,
                           struct why *why)
{
    CLEANUP(pin_deinit) struct pin pin = {.asked = false};
    struct source_keys taken = {.database = NULL};
    enum err err = take(&taken.database, names->database, &pin, DATABASE_PURPOSE, why);
    if (err) { return err; }
    err = take(&taken.column, names->column, &pin, COLUMN_PURPOSE, why);
    if (err && err != ERR_NOT_FOUND) {
        source_keys_deinit(&taken);
        return err;
    }
    *keys = taken;
    return OK;
}

enum err source_take(struct source_keys *keys, struct why *why)
{
    static const struct source_names names = {"TOCSIN_DATABASE_KEY", "TOCSIN_COLUMN_KEY"};
    return source_take_named(keys, &names, why);
}

enum err source_database_key(struct secret **key, struct why *why)
{
    CLEANUP(pin_deinit) struct pin pin = {.asked = false};
    return take(key, "TOCSIN_DATABASE_KEY", &pin, DATABASE_PURPOSE, why);
}

void source_keys_deinit(struct source_keys *keys)
{
    secret_free(keys->database);
    secret_free(keys->column);
    *keys = (struct source_keys){.database = NULL};
}
