#include "trust/token_key.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

enum { SLOT_MAX = 64, POINT_SIZE_MAX = 256, URI_SIZE_MAX = 1024, DERIVED_SIZE = 32 };

struct token_key {
    CK_FUNCTION_LIST *module; /* owned */
    bool initialized;
    CK_SESSION_HANDLE session; /* owned; 0 = none */
    CK_OBJECT_HANDLE private;
    uint8_t public_key[PUBLIC_KEY_SIZE];
};

static void free_uri(P11KitUri **uri)
{
    p11_kit_uri_free(*uri);
}

bool token_key_named(const char *path)
{
    return strncmp(path, "pkcs11:", 7) == 0;
}

static enum err refused(struct why *why, const char *what, CK_RV code)
{
    const bool pin = code == CKR_PIN_INCORRECT || code == CKR_PIN_LOCKED ||
                     code == CKR_PIN_INVALID || code == CKR_PIN_LEN_RANGE;
    return why_set(why, pin ? ERR_DENIED : ERR_UNAVAILABLE, "the token cannot %s: %s", what,
                   p11_kit_strerror(code));
}

/* ---- finding ---- */

static enum err load(struct token_key *key, const P11KitUri *uri, struct why *why)
{
    const char *path = p11_kit_uri_get_module_path(uri);
    if (!path) {
        return why_set(why, ERR_MALFORMED,
                       "the pkcs11 URI names no module-path: the library of "
                       "the token");
    }
    key->module = p11_kit_module_load(path, P11_KIT_MODULE_CRITICAL);
    if (!key->module) {
        return why_set(why, ERR_NOT_FOUND, "the token's library %.160s cannot be loaded", path);
    }
    const CK_RV code = p11_kit_module_initialize(key->module);
    key->initialized = code == CKR_OK;
    return key->initialized ? OK : refused(why, "be initialized", code);
}

/* The slot with the token of the URI. */
static enum err find_slot(const struct token_key *key, const P11KitUri *uri, CK_SLOT_ID *slot,
                          struct why *why)
{
    CK_SLOT_ID slots[SLOT_MAX];
    CK_ULONG count = SLOT_MAX;
    const CK_RV code = key->module->C_GetSlotList(CK_TRUE, slots, &count);
    if (code != CKR_OK) { return refused(why, "list its slots", code); }
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (key->module->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            p11_kit_uri_match_token_info(uri, &info)) {
            *slot = slots[i];
            return OK;
        }
    }
    return why_set(why, ERR_NOT_FOUND, "no token fits the pkcs11 URI");
}

static enum err log_in(struct token_key *key, CK_SLOT_ID slot, const struct secret *pin,
                       struct why *why)
{
    uint8_t letters[SECRET_SIZE_MAX];
    CK_RV code = key->module->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &key->session);
    if (code != CKR_OK) { return refused(why, "open a session", code); }
    if (!pin) {
        return why_set(why, ERR_DENIED, "the key is in a token, and its PIN was not given");
    }
    const struct span words = secret_bytes(pin);
    memcpy(letters, words.data, words.size);
    code = key->module->C_Login(key->session, CKU_USER, letters, words.size);
    explicit_bzero(letters, sizeof letters);
    return code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN ? OK : refused(why, "log in", code);
}

/* The one object of `kind` with the URI's label and id. */
static enum err find_object(const struct token_key *key, P11KitUri *uri, CK_OBJECT_CLASS kind,
                            CK_OBJECT_HANDLE *object, struct why *why)
{
    CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &kind, sizeof kind}};
    CK_ULONG count = 1;
    const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const CK_ATTRIBUTE *named = p11_kit_uri_get_attribute(uri, types[i]);
        if (named) { wanted[count++] = *named; }
    }
    CK_OBJECT_HANDLE found[2];
    CK_ULONG found_count = 0;
    CK_RV code = key->module->C_FindObjectsInit(key->session, wanted, count);
    if (code == CKR_OK) {
        code = key->module->C_FindObjects(key->session, found, 2, &found_count);
        (void)key->module->C_FindObjectsFinal(key->session);
    }
    if (code != CKR_OK) { return refused(why, "look for the key", code); }
    if (found_count != 1) {
        return why_set(why, ERR_NOT_FOUND, "%s key fits the pkcs11 URI; name it by object or id",
                       found_count == 0 ? "no" : "more than one");
    }
    *object = found[0];
    return OK;
}

/* The public half, an OCTET STRING of 32 bytes inside CKA_EC_POINT. */
static enum err read_public(struct token_key *key, CK_OBJECT_HANDLE object, struct why *why)
{
    uint8_t point[POINT_SIZE_MAX];
    CK_ATTRIBUTE wanted = {CKA_EC_POINT, point, sizeof point};
    const CK_RV code = key->module->C_GetAttributeValue(key->session, object, &wanted, 1);
    if (code != CKR_OK) { return refused(why, "show the public key", code); }
    if (wanted.ulValueLen != PUBLIC_KEY_SIZE + 2 || point[0] != 0x04 ||
        point[1] != PUBLIC_KEY_SIZE) {
        return why_set(why, ERR_MALFORMED, "the key in the token is not Ed25519");
    }
    memcpy(key->public_key, point + 2, PUBLIC_KEY_SIZE);
    return OK;
}

/* Loads the token's library, logs in, and leaves the parsed URI for finding objects. */
static enum err enter(struct token_key *key, P11KitUri **uri, const char *text,
                      const struct secret *pin, struct why *why)
{
    *uri = p11_kit_uri_new();
    if (!*uri) { abort(); }
    if (strlen(text) > URI_SIZE_MAX ||
        p11_kit_uri_parse(text, P11_KIT_URI_FOR_OBJECT_ON_TOKEN | P11_KIT_URI_FOR_MODULE, *uri)) {
        return why_set(why, ERR_MALFORMED, "\"%.120s\" is no pkcs11 URI (RFC 7512)", text);
    }
    CK_SLOT_ID slot = 0;
    enum err err = load(key, *uri, why);
    if (!err) { err = find_slot(key, *uri, &slot, why); }
    return err ? err : log_in(key, slot, pin, why);
}

enum err token_key_open(struct token_key **out, const char *text, const struct secret *pin,
                        struct why *why)
{
    CLEANUP(token_key_close_p) struct token_key *key = MEM_NEW(struct token_key);
    CLEANUP(free_uri) P11KitUri *uri = NULL;
    CK_OBJECT_HANDLE public = 0;
    enum err err = enter(key, &uri, text, pin, why);
    if (!err) { err = find_object(key, uri, CKO_PRIVATE_KEY, &key->private, why); }
    if (!err) { err = find_object(key, uri, CKO_PUBLIC_KEY, &public, why); }
    if (!err) { err = read_public(key, public, why); }
    if (!err) { *out = TAKE(key); }
    return err;
}

void token_key_close(struct token_key *key)
{
    if (!key) { return; }
    if (key->session) { (void)key->module->C_CloseSession(key->session); }
    if (key->initialized) { (void)p11_kit_module_finalize(key->module); }
    if (key->module) { p11_kit_module_release(key->module); }
    free(key);
}

/* ---- using ---- */

enum err token_key_derive(struct secret **out, const char *uri_text, const struct secret *pin,
                          const char *purpose, struct why *why)
{
    CLEANUP(token_key_close_p) struct token_key *key = MEM_NEW(struct token_key);
    CLEANUP(free_uri) P11KitUri *uri = NULL;
    CK_MECHANISM mechanism = {CKM_SHA256_HMAC, NULL, 0};
    uint8_t made[DERIVED_SIZE];
    CK_ULONG size = sizeof made;
    enum err err = enter(key, &uri, uri_text, pin, why);
    if (!err) { err = find_object(key, uri, CKO_SECRET_KEY, &key->private, why); }
    if (err) { return err; }
    CLEANUP(mem_free_p) char *words = mem_text(purpose); /* C_Sign wants it writable */
    CK_RV code = key->module->C_SignInit(key->session, &mechanism, key->private);
    if (code == CKR_OK) {
        code = key->module->C_Sign(key->session, (CK_BYTE_PTR)words, strlen(words), made, &size);
    }
    if (code != CKR_OK || size != sizeof made) { return refused(why, "derive a key", code); }
    err = secret_new(out, span_of(made, sizeof made), why);
    explicit_bzero(made, sizeof made);
    return err;
}

void token_key_public(const struct token_key *key, uint8_t public_key[static PUBLIC_KEY_SIZE])
{
    memcpy(public_key, key->public_key, PUBLIC_KEY_SIZE);
}

enum err token_key_sign(const struct token_key *key, struct span bytes,
                        uint8_t signature[static TOKEN_KEY_SIGNATURE_SIZE], struct why *why)
{
    CK_MECHANISM mechanism = {CKM_EDDSA, NULL, 0};
    CLEANUP(mem_free_p) uint8_t *copy = mem_zeroed(bytes.size + 1); /* C_Sign wants it writable */
    memcpy(copy, bytes.data, bytes.size);
    CK_ULONG size = TOKEN_KEY_SIGNATURE_SIZE;
    CK_RV code = key->module->C_SignInit(key->session, &mechanism, key->private);
    if (code == CKR_OK) {
        code = key->module->C_Sign(key->session, copy, bytes.size, signature, &size);
    }
    if (code != CKR_OK) { return refused(why, "sign", code); }
    return size == TOKEN_KEY_SIGNATURE_SIZE
               ? OK
               : why_set(why, ERR_UNAVAILABLE, "the token's signature has %lu bytes, expected %d",
                         size, TOKEN_KEY_SIGNATURE_SIZE);
}
