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

struct names {
    const char *database, *column;
};
static const struct names NOW = {"TOCSIN_DATABASE_KEY", "TOCSIN_COLUMN_KEY"};
static const struct names NEXT = {"TOCSIN_DATABASE_KEY_NEW", "TOCSIN_COLUMN_KEY_NEW"};

/* NULL for what is not there. */
static enum err take_both(struct source_keys *keys, const struct names *names, struct pin *pin,
                          struct why *why)
{
    struct source_keys taken = {.database = NULL};
    enum err err = take(&taken.database, names->database, pin, DATABASE_PURPOSE, why);
    if (!err || err == ERR_NOT_FOUND) {
        err = take(&taken.column, names->column, pin, COLUMN_PURPOSE, why);
    }
    if (err && err != ERR_NOT_FOUND) {
        source_keys_deinit(&taken);
        return err;
    }
    *keys = taken;
    return OK;
}

static enum err take_now(struct source_keys *keys, struct pin *pin, struct why *why)
{
    const enum err err = take_both(keys, &NOW, pin, why);
    if (err || keys->database) { return err; }
    source_keys_deinit(keys);
    return why_set(why, ERR_NOT_FOUND,
                   "environment variable %s is not set, and there is no credential of that name",
                   NOW.database);
}

enum err source_take(struct source_keys *keys, struct why *why)
{
    CLEANUP(pin_deinit) struct pin pin = {.asked = false};
    return take_now(keys, &pin, why);
}

enum err source_take_change(struct source_keys *now, struct source_keys *next, struct why *why)
{
    CLEANUP(pin_deinit) struct pin pin = {.asked = false};
    enum err err = take_now(now, &pin, why);
    if (err) { return err; }
    err = take_both(next, &NEXT, &pin, why);
    if (!err && !next->database && !next->column) {
        err = why_set(why, ERR_NOT_FOUND, "neither %s nor %s is set", NEXT.database, NEXT.column);
    }
    if (err) { source_keys_deinit(now); }
    return err;
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
