#include "trust/key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <sodium.h>
#include <sys/stat.h>

#include "system/file.h"
#include "trust/token_key.h"
#include "trust/x509.h"

enum { SEAL_SALT_SIZE = 16 };

/* 16 MiB and about 50 ms for each guess; OpenSSL itself refuses more than 32 MiB when reading. */
static const uint64_t seal_n = 16384;
static const uint64_t seal_r = 8;
static const uint64_t seal_p = 1;

struct key {
    EVP_PKEY *pkey; /* owned; of a key in a token only the public half */
    enum key_kind kind;
    struct token_key *token; /* owned; NULL: the key is here */
};

EVP_PKEY *x509_key(const struct key *key)
{
    return key->pkey;
}

/* Takes `pkey`. */
static enum err wrap(struct key **out, EVP_PKEY *pkey, struct why *why)
{
    CLEANUP(EVP_PKEY_free_p) EVP_PKEY *held = pkey;
    const int id = EVP_PKEY_get_base_id(held);
    char curve[32] = "";
    if (id == EVP_PKEY_EC) { (void)EVP_PKEY_get_group_name(held, curve, sizeof curve, NULL); }
    if (id != EVP_PKEY_ED25519 && strcmp(curve, "prime256v1") != 0) {
        return why_set(why, ERR_MALFORMED, "the key is neither Ed25519 nor P-256");
    }
    struct key *key = MEM_NEW(struct key);
    key->kind = id == EVP_PKEY_ED25519 ? KEY_KIND_ED25519 : KEY_KIND_P256;
    key->pkey = TAKE(held);
    *out = key;
    return OK;
}

enum err key_generate(struct key **out, enum key_kind kind, struct why *why)
{
    EVP_PKEY *pkey = kind == KEY_KIND_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                              : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (!pkey) { return x509_failed(why, ERR_UNAVAILABLE, "cannot generate a key"); }
    return wrap(out, pkey, why);
}

void key_free(struct key *key)
{
    if (!key) { return; }
    EVP_PKEY_free(key->pkey);
    token_key_close(key->token);
    free(key);
}

enum key_kind key_kind(const struct key *key)
{
    return key->kind;
}

/* OpenSSL asks for the passphrase here; with none given it must not ask the terminal. */
static int give_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)writing;
    const struct secret *passphrase = context;
    if (!passphrase) { return -1; }
    const struct span words = secret_bytes(passphrase);
    if (size < 0 || words.size > (size_t)size) { return -1; }
    memcpy(buffer, words.data, words.size);
    return (int)words.size;
}

static enum err parse(struct key **out, struct span pem, const struct secret *passphrase,
                      struct why *why)
{
    CLEANUP(BIO_free_all_p) BIO *reader = x509_reader(pem);
    void *context = (void *)(uintptr_t)passphrase; /* give_passphrase only reads it */
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(reader, NULL, give_passphrase, context);
    if (pkey) { return wrap(out, pkey, why); }
    const bool sealed = memmem(pem.data, pem.size, "ENCRYPTED", 9) != NULL;
    ERR_clear_error();
    if (!sealed) { return why_set(why, ERR_MALFORMED, "not a private key in PEM PKCS#8"); }
    return why_set(why, ERR_DENIED,
                   passphrase ? "the passphrase does not open this key"
                              : "the key is sealed, and no passphrase was given");
}

static enum err load(struct key **out, const char *path, const struct secret *passphrase,
                     struct why *why)
{
    struct stat facts;
    if (stat(path, &facts) == 0 && (facts.st_mode & 077) != 0) {
        return why_set(why, ERR_DENIED, "mode is %04o, expected 0600; run chmod 600 on it",
                       (unsigned)facts.st_mode & 07777U);
    }
    struct text pem = text_limited(KEY_FILE_SIZE_MAX);
    enum err err = file_read(&pem, path, why);
    if (!err) { err = parse(out, text_span(&pem), passphrase, why); }
    if (pem.data) { sodium_memzero(pem.data, pem.capacity); }
    text_deinit(&pem);
    return err;
}

static enum err open_token(struct key **out, const char *uri, const struct secret *pin,
                           struct why *why)
{
    CLEANUP(key_free_p) struct key *key = MEM_NEW(struct key);
    uint8_t public_key[PUBLIC_KEY_SIZE];
    const enum err err = token_key_open(&key->token, uri, pin, why);
    if (err) { return err; }
    token_key_public(key->token, public_key);
    key->kind = KEY_KIND_ED25519;
    key->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, sizeof public_key);
    if (!key->pkey) { return x509_failed(why, ERR_MALFORMED, "the token's public key is no key"); }
    *out = TAKE(key);
    return OK;
}

bool key_in_token(const struct key *key)
{
    return key->token != NULL;
}

enum err key_load(struct key **out, const char *path, const struct secret *passphrase,
                  struct why *why)
{
    if (token_key_named(path)) { return open_token(out, path, passphrase, why); }
    const enum err err = load(out, path, passphrase, why);
    if (err == ERR_DENIED || err == ERR_MALFORMED) {
        char name[96];
        (void)snprintf(name, sizeof name, "key %.88s", path);
        return why_prefix(why, err, name);
    }
    return err;
}

/* PKCS#8 encrypted with AES-256-CBC under scrypt (PBES2), as PEM into `writer`. */
static bool write_sealed(BIO *writer, const struct key *key, const struct secret *passphrase)
{
    CLEANUP(PKCS8_PRIV_KEY_INFO_free_p) PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key->pkey);
    uint8_t salt[SEAL_SALT_SIZE];
    if (!plain || RAND_bytes(salt, sizeof salt) != 1) { return false; }
    X509_ALGOR *scheme =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof salt, NULL, seal_n, seal_r, seal_p);
    if (!scheme) { return false; }
    const struct span words = secret_bytes(passphrase);
    CLEANUP(X509_SIG_free_p)
    X509_SIG *sealed = PKCS8_set0_pbe((const char *)words.data, (int)words.size, plain, scheme);
    if (!sealed) {
        X509_ALGOR_free(scheme);
        return false;
    }
    return PEM_write_bio_PKCS8(writer, sealed) == 1;
}

enum err key_save(const struct key *key, const char *path, const struct secret *passphrase,
                  struct why *why)
{
    if (key->token) { return why_set(why, ERR_DENIED, "the key is in a token and stays there"); }
    CLEANUP(BIO_free_all_p) BIO *writer = BIO_new(BIO_s_secmem());
    if (!writer) { abort(); }
    const bool written = passphrase ? write_sealed(writer, key, passphrase)
                                    : PEM_write_bio_PKCS8PrivateKey(writer, key->pkey, NULL, NULL,
                                                                    0, NULL, NULL) == 1;
    if (!written) { return x509_failed(why, ERR_UNAVAILABLE, "cannot encode the key"); }
    char *pem = NULL;
    const long size = BIO_get_mem_data(writer, &pem);
    if (size <= 0) { abort(); }
    return file_write(path, span_of(pem, (size_t)size), 0600, why);
}

enum err key_seed(const struct key *key, struct secret **seed, struct why *why)
{
    uint8_t bytes[KEY_SEED_SIZE];
    size_t size = sizeof bytes;
    if (key->token) { return why_set(why, ERR_DENIED, "the key is in a token and stays there"); }
    if (key->kind != KEY_KIND_ED25519 ||
        EVP_PKEY_get_raw_private_key(key->pkey, bytes, &size) != 1 || size != sizeof bytes) {
        return why_set(why, ERR_MALFORMED, "messages are signed with Ed25519, this key is P-256");
    }
    const enum err err = secret_new(seed, span_of(bytes, sizeof bytes), why);
    sodium_memzero(bytes, sizeof bytes);
    return err;
}

/* ---- signing certificates and lists ---- */

/* The algorithm's name stands inside what is signed, so a throw-away key signs first. */
static EVP_PKEY *stand_in(const struct key *key)
{
    return key->token ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : key->pkey;
}

/* Puts the token's signature over `signed_bytes` in the place of the stand-in's. */
static bool replace_signature(const struct key *key, struct span signed_bytes,
                              const ASN1_BIT_STRING *signature)
{
    uint8_t bytes[TOKEN_KEY_SIGNATURE_SIZE];
    union {
        const ASN1_BIT_STRING *constant;
        ASN1_BIT_STRING *writable;
    } held = {.constant = signature}; /* OpenSSL offers it for reading only */
    return token_key_sign(key->token, signed_bytes, bytes, NULL) == OK &&
           ASN1_BIT_STRING_set(held.writable, bytes, sizeof bytes) == 1;
}

bool x509_sign(X509 *x509, const struct key *key)
{
    EVP_PKEY *signing = stand_in(key);
    const EVP_MD *hash = key->kind == KEY_KIND_P256 ? EVP_sha256() : NULL; /* Ed25519 has its own */
    bool made = signing && X509_sign(x509, signing, hash) > 0;
    if (!key->token) { return made; }
    EVP_PKEY_free(signing);
    uint8_t *der = NULL;
    const ASN1_BIT_STRING *signature = NULL;
    const int size = made ? i2d_re_X509_tbs(x509, &der) : 0;
    X509_get0_signature(&signature, NULL, x509);
    made = size > 0 && replace_signature(key, span_of(der, (size_t)size), signature);
    OPENSSL_free(der);
    return made;
}

bool x509_sign_list(X509_CRL *crl, const struct key *key)
{
    EVP_PKEY *signing = stand_in(key);
    const EVP_MD *hash = key->kind == KEY_KIND_P256 ? EVP_sha256() : NULL;
    bool made = signing && X509_CRL_sign(crl, signing, hash) > 0;
    if (!key->token) { return made; }
    EVP_PKEY_free(signing);
    uint8_t *der = NULL;
    const ASN1_BIT_STRING *signature = NULL;
    const int size = made ? i2d_re_X509_CRL_tbs(crl, &der) : 0;
    X509_CRL_get0_signature(crl, &signature, NULL);
    made = size > 0 && replace_signature(key, span_of(der, (size_t)size), signature);
    OPENSSL_free(der);
    return made;
}
