#include "people/passkey.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <sodium.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/value.h"

enum {
    HASH_SIZE = 32,
    FLAGS_AT = HASH_SIZE, /* in authenticator data: hash of the domain, flags, count */
    COUNT_AT = FLAGS_AT + 1,
    HEAD_SIZE = COUNT_AT + 4,
    FLAG_PRESENT = 0x01,
    FLAG_CREDENTIAL = 0x40,
};

static void hash_of(uint8_t hash[static HASH_SIZE], struct span bytes)
{
    (void)crypto_hash_sha256(hash, bytes.data, bytes.size);
}

/* ---- what the browser swears to ---- */

bool passkey_challenge(struct span client_data, uint8_t challenge[static PASSKEY_CHALLENGE_SIZE])
{
    CLEANUP(value_free_p) struct value *said = NULL;
    uint8_t bytes[PASSKEY_CHALLENGE_SIZE + 1];
    size_t size = 0;
    if (value_parse(&said, client_data, PASSKEY_CLIENT_DATA_SIZE_MAX, NULL) ||
        decode_base64_url(bytes, sizeof bytes, &size,
                          value_text_or(value_get(said, "challenge"), ""), NULL) ||
        size != PASSKEY_CHALLENGE_SIZE) {
        return false;
    }
    memcpy(challenge, bytes, PASSKEY_CHALLENGE_SIZE);
    return true;
}

static bool says(const struct value *said, const char *member, const char *expected)
{
    return strcmp(value_text_or(value_get(said, member), ""), expected) == 0;
}

static enum err check_client(struct span client_data, const char *type,
                             const struct passkey_expected *expected, struct why *why)
{
    CLEANUP(value_free_p) struct value *said = NULL;
    CLEANUP(text_deinit) struct text challenge = text_limited(512);
    const enum err err = value_parse(&said, client_data, PASSKEY_CLIENT_DATA_SIZE_MAX, why);
    if (err) { return err; }
    encode_base64_url(&challenge, expected->challenge);
    if (!says(said, "type", type) || !says(said, "challenge", text_c(&challenge))) {
        return why_set(why, ERR_DENIED, "the passkey answers another question");
    }
    if (!says(said, "origin", expected->origin) || value_get(said, "topOrigin") ||
        value_boolean_or(value_get(said, "crossOrigin"), false)) {
        return why_set(why, ERR_DENIED, "the passkey was used on another page than ours");
    }
    return OK;
}

static enum err check_head(struct span data, unsigned int flags, const char *domain,
                           struct why *why)
{
    uint8_t hash[HASH_SIZE];
    if (data.size < HEAD_SIZE || data.size > PASSKEY_AUTHENTICATOR_DATA_SIZE_MAX) {
        return why_set(why, ERR_MALFORMED, "authenticator data has %zu bytes", data.size);
    }
    hash_of(hash, span_text(domain));
    if (memcmp(data.data, hash, sizeof hash) != 0) {
        return why_set(why, ERR_DENIED, "the passkey is one for another domain than %.100s",
                       domain);
    }
    if ((data.data[FLAGS_AT] & flags) != flags) {
        return why_set(why, ERR_DENIED, "nobody touched the passkey");
    }
    return OK;
}

static int64_t count_of(struct span data)
{
    const uint8_t *at = data.data + COUNT_AT;
    return (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | at[3];
}

/* ---- a new passkey ---- */

static void free_credential(fido_cred_t **credential)
{
    fido_cred_free(credential);
}

/* libfido2 reads a credential of the one algorithm that it is told. */
static bool read_credential(struct span data, int algorithm, struct passkey *passkey)
{
    CLEANUP(free_credential) fido_cred_t *credential = fido_cred_new();
    if (!credential || fido_cred_set_type(credential, algorithm) != FIDO_OK ||
        fido_cred_set_authdata_raw(credential, data.data, data.size) != FIDO_OK) {
        return false;
    }
    passkey->id_size = fido_cred_id_len(credential);
    passkey->key_size = fido_cred_pubkey_len(credential);
    if (passkey->id_size == 0 || passkey->id_size > sizeof passkey->id || passkey->key_size == 0 ||
        passkey->key_size > sizeof passkey->key) {
        return false;
    }
    memcpy(passkey->id, fido_cred_id_ptr(credential), passkey->id_size);
    memcpy(passkey->key, fido_cred_pubkey_ptr(credential), passkey->key_size);
    passkey->algorithm = algorithm;
    return true;
}

enum err passkey_register(const struct passkey_answer *answer,
                          const struct passkey_expected *expected, struct passkey *passkey,
                          struct why *why)
{
    static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
    const struct span data = answer->authenticator_data;
    struct passkey made = {.sign_count = 0};
    enum err err = check_client(answer->client_data, "webauthn.create", expected, why);
    if (!err) { err = check_head(data, FLAG_PRESENT | FLAG_CREDENTIAL, expected->domain, why); }
    if (err) { return err; }
    bool read = false;
    for (size_t i = 0; !read && i < ARRAY_LEN(algorithms); i++) {
        read = read_credential(data, algorithms[i], &made);
    }
    if (!read) {
        return why_set(why, ERR_MALFORMED,
                       "the passkey is expected to be one of ES256, EdDSA or RS256");
    }
    if (!text_copy(made.domain, sizeof made.domain, expected->domain)) {
        return why_set(why, ERR_LIMIT, "the domain is too long");
    }
    made.sign_count = count_of(data);
    *passkey = made;
    return OK;
}

/* ---- its use ---- */

/* libfido2's form of a public key, whatever its algorithm. */
union public_key {
    es256_pk_t *es256;
    eddsa_pk_t *eddsa;
    rs256_pk_t *rs256;
    void *any;
};

static bool read_key(union public_key *out, const struct passkey *passkey)
{
    int read = FIDO_ERR_INTERNAL;
    out->any = NULL;
    if (passkey->algorithm == COSE_ES256 && (out->es256 = es256_pk_new())) {
        read = es256_pk_from_ptr(out->es256, passkey->key, passkey->key_size);
    } else if (passkey->algorithm == COSE_EDDSA && (out->eddsa = eddsa_pk_new())) {
        read = eddsa_pk_from_ptr(out->eddsa, passkey->key, passkey->key_size);
    } else if (passkey->algorithm == COSE_RS256 && (out->rs256 = rs256_pk_new())) {
        read = rs256_pk_from_ptr(out->rs256, passkey->key, passkey->key_size);
    }
    return read == FIDO_OK;
}

static void free_key(union public_key *key, int64_t algorithm)
{
    if (algorithm == COSE_ES256) { es256_pk_free(&key->es256); }
    if (algorithm == COSE_EDDSA) { eddsa_pk_free(&key->eddsa); }
    if (algorithm == COSE_RS256) { rs256_pk_free(&key->rs256); }
}

static void free_assertion(fido_assert_t **assertion)
{
    fido_assert_free(assertion);
}

static bool signed_by(const struct passkey_answer *answer, const struct passkey *passkey,
                      const union public_key *key)
{
    uint8_t hash[HASH_SIZE];
    const struct span data = answer->authenticator_data;
    const struct span signature = answer->signature;
    CLEANUP(free_assertion) fido_assert_t *assertion = fido_assert_new();
    hash_of(hash, answer->client_data);
    return assertion && fido_assert_set_rp(assertion, passkey->domain) == FIDO_OK &&
           fido_assert_set_clientdata_hash(assertion, hash, sizeof hash) == FIDO_OK &&
           fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_count(assertion, 1) == FIDO_OK &&
           fido_assert_set_authdata_raw(assertion, 0, data.data, data.size) == FIDO_OK &&
           fido_assert_set_sig(assertion, 0, signature.data, signature.size) == FIDO_OK &&
           fido_assert_verify(assertion, 0, (int)passkey->algorithm, key->any) == FIDO_OK;
}

enum err passkey_verify(const struct passkey_answer *answer,
                        const struct passkey_expected *expected, struct passkey *passkey,
                        struct why *why)
{
    const struct span data = answer->authenticator_data;
    enum err err = check_client(answer->client_data, "webauthn.get", expected, why);
    if (!err) { err = check_head(data, FLAG_PRESENT, passkey->domain, why); }
    if (err) { return err; }
    if (strcmp(passkey->domain, expected->domain) != 0) {
        return why_set(why, ERR_DENIED, "the passkey is one for another domain");
    }
    union public_key key;
    const bool good = read_key(&key, passkey) && signed_by(answer, passkey, &key);
    free_key(&key, passkey->algorithm);
    if (!good) { return why_set(why, ERR_DENIED, "the passkey's signature is wrong"); }
    const int64_t count = count_of(data);
    if ((count > 0 || passkey->sign_count > 0) && count <= passkey->sign_count) {
        return why_set(why, ERR_DENIED, "the passkey counts backwards: there is a copy of it");
    }
    passkey->sign_count = count;
    return OK;
}
