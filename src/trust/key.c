#include "trust/key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <sodium.h>
#include <sys/stat.h>

#include "system/file.h"
#include "trust/x509.h"

enum { SEAL_SALT_SIZE = 16 };

/* 16 MiB and about 50 ms for each guess; OpenSSL itself refuses more than 32 MiB when reading. */
static const uint64_t seal_n = 16384;
static const uint64_t seal_r = 8;
static const uint64_t seal_p = 1;

struct key {
    EVP_PKEY *pkey; /* owned */
    enum key_kind kind;
};

EVP_PKEY *x509_key(const struct key *key)
{
    return key->pkey;
}

BIO *x509_reader(struct span bytes)
{
    BIO *reader = bytes.size <= INT32_MAX ? BIO_new_mem_buf(bytes.data, (int)bytes.size) : NULL;
    if (!reader) { abort(); }
    return reader;
}

enum err x509_failed(struct why *why, enum err err, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason ? why_set(why, err, "%s: %.100s", what, reason) : why_set(why, err, "%s", what);
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

enum err key_load(struct key **out, const char *path, const struct secret *passphrase,
                  struct why *why)
{
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
    if (key->kind != KEY_KIND_ED25519 ||
        EVP_PKEY_get_raw_private_key(key->pkey, bytes, &size) != 1 || size != sizeof bytes) {
        return why_set(why, ERR_MALFORMED, "messages are signed with Ed25519, this key is P-256");
    }
    const enum err err = secret_new(seed, span_of(bytes, sizeof bytes), why);
    sodium_memzero(bytes, sizeof bytes);
    return err;
}
