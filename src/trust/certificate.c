#include "trust/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <time.h>

#include "base/clock.h"
#include "trust/x509.h"

enum { CHAIN_FILE_SIZE_MAX = 64 * 1024 };

struct certificate {
    X509 *x509;   /* owned */
    uint8_t *der; /* owned */
    size_t der_size;
    bool authority;
    struct identity identity;      /* of a leaf */
    char site[IDENTITY_NAME_SIZE]; /* of a CA, may be empty */
    int64_t begin_us, end_us;
};

X509 *x509_of(const struct certificate *certificate)
{
    return certificate->x509;
}

void certificate_free(struct certificate *certificate)
{
    if (!certificate) { return; }
    X509_free(certificate->x509);
    free(certificate->der);
    free(certificate);
}

/* The one URI of the subject alternative name. ERR_NOT_FOUND when there is none. */
static enum err read_uri(const X509 *x509, char uri[static 256], struct why *why)
{
    CLEANUP(GENERAL_NAMES_free_p)
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    const ASN1_STRING *found = NULL;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI) { continue; }
        if (found) { return why_set(why, ERR_MALFORMED, "the certificate has more than one URI"); }
        found = name->d.uniformResourceIdentifier;
    }
    if (!found) { return why_set(why, ERR_NOT_FOUND, "the certificate has no SPIFFE URI"); }
    const size_t size = (size_t)ASN1_STRING_length(found);
    const uint8_t *letters = ASN1_STRING_get0_data(found);
    if (size > 255 || memchr(letters, '\0', size)) {
        return why_set(why, ERR_MALFORMED, "the certificate's URI is not a SPIFFE ID");
    }
    memcpy(uri, letters, size);
    uri[size] = '\0';
    return OK;
}

static enum err read_leaf(struct certificate *certificate, struct why *why)
{
    const uint32_t usage = X509_get_key_usage(certificate->x509); /* all bits when absent */
    if (usage == UINT32_MAX || !(usage & KU_DIGITAL_SIGNATURE) ||
        (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN))) {
        return why_set(why, ERR_MALFORMED,
                       "the certificate's key usage must be digitalSignature, and not to sign "
                       "certificates");
    }
    char uri[256];
    const enum err err = read_uri(certificate->x509, uri, why);
    if (err) { return ERR_MALFORMED; }
    return identity_parse(&certificate->identity, uri, why);
}

static enum err read_authority(struct certificate *certificate, struct why *why)
{
    static const char scheme[] = "spiffe://";
    char uri[256];
    const enum err err = read_uri(certificate->x509, uri, why);
    if (err == ERR_NOT_FOUND) { return OK; }
    const char *site = uri + sizeof scheme - 1;
    if (err || strncmp(uri, scheme, sizeof scheme - 1) != 0 || !identity_name_valid(site) ||
        !text_copy(certificate->site, sizeof certificate->site, site)) {
        return why_set(why, ERR_MALFORMED, "the CA's one URI must be spiffe://SITE");
    }
    return OK;
}

static bool read_time(const ASN1_TIME *time, int64_t *wall_us)
{
    struct tm date;
    if (!time || ASN1_TIME_to_tm(time, &date) != 1) { return false; }
    *wall_us = (int64_t)timegm(&date) * CLOCK_SECOND_US;
    return true;
}

static enum err read_whole(struct certificate *certificate, struct why *why)
{
    X509 *x509 = certificate->x509;
    const uint32_t flags = X509_get_extension_flags(x509);
    if ((flags & EXFLAG_INVALID) || X509_get_version(x509) != X509_VERSION_3) {
        return why_set(why, ERR_MALFORMED, "not a valid X.509 certificate of version 3");
    }
    if (!read_time(X509_get0_notBefore(x509), &certificate->begin_us) ||
        !read_time(X509_get0_notAfter(x509), &certificate->end_us)) {
        return why_set(why, ERR_MALFORMED, "the certificate's validity is not a time");
    }
    certificate->authority = (flags & EXFLAG_CA) != 0;
    return certificate->authority ? read_authority(certificate, why) : read_leaf(certificate, why);
}

enum err x509_certificate(struct certificate **out, X509 *x509, struct why *why)
{
    CLEANUP(certificate_free_p) struct certificate *certificate = MEM_NEW(struct certificate);
    certificate->x509 = x509;
    const int size = i2d_X509(x509, &certificate->der);
    if (size <= 0) { return x509_failed(why, ERR_MALFORMED, "the certificate has no DER form"); }
    certificate->der_size = (size_t)size;
    if (size > CERTIFICATE_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "the certificate has %d bytes, at most %d are allowed", size,
                       CERTIFICATE_SIZE_MAX);
    }
    const enum err err = read_whole(certificate, why);
    ERR_clear_error();
    if (!err) { *out = TAKE(certificate); }
    return err;
}

enum err certificate_from_der(struct certificate **out, struct span der, struct why *why)
{
    if (der.size > CERTIFICATE_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "the certificate has %zu bytes, at most %d are allowed",
                       der.size, CERTIFICATE_SIZE_MAX);
    }
    const uint8_t *at = der.data;
    CLEANUP(X509_free_p) X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
    if (!x509) { return x509_failed(why, ERR_MALFORMED, "not a certificate in DER"); }
    if (at != der.data + der.size) {
        return why_set(why, ERR_MALFORMED, "bytes follow the end of the certificate");
    }
    return x509_certificate(out, TAKE(x509), why);
}

/* The next PEM block. ERR_NOT_FOUND at the end of the file. */
static enum err next_block(struct certificate **out, BIO *reader, struct why *why)
{
    CLEANUP(X509_free_p) X509 *x509 = PEM_read_bio_X509(reader, NULL, NULL, NULL);
    if (x509) { return x509_certificate(out, TAKE(x509), why); }
    const bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    return x509_failed(why, end ? ERR_NOT_FOUND : ERR_MALFORMED, "not a certificate in PEM");
}

enum err certificate_from_pem(struct certificate **out, struct span pem, struct why *why)
{
    if (pem.size > CHAIN_FILE_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "PEM has %zu bytes, at most %d are allowed", pem.size,
                       CHAIN_FILE_SIZE_MAX);
    }
    CLEANUP(BIO_free_all_p) BIO *reader = x509_reader(pem);
    const enum err err = next_block(out, reader, why);
    return err == ERR_NOT_FOUND ? ERR_MALFORMED : err;
}

static enum err read_blocks(struct certificate *chain[static CHAIN_COUNT_MAX], size_t *count,
                            BIO *reader, struct why *why)
{
    for (;;) {
        CLEANUP(certificate_free_p) struct certificate *next = NULL;
        const enum err err = next_block(&next, reader, why);
        if (err == ERR_NOT_FOUND && *count > 0) { return OK; }
        if (err) { return ERR_MALFORMED; }
        if (*count == CHAIN_COUNT_MAX) {
            return why_set(why, ERR_LIMIT, "more than %d certificates", CHAIN_COUNT_MAX);
        }
        chain[(*count)++] = TAKE(next);
    }
}

enum err certificate_chain_from_pem(struct certificate *chain[static CHAIN_COUNT_MAX],
                                    size_t *count, struct span pem, struct why *why)
{
    if (pem.size > CHAIN_FILE_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "PEM has %zu bytes, at most %d are allowed", pem.size,
                       CHAIN_FILE_SIZE_MAX);
    }
    CLEANUP(BIO_free_all_p) BIO *reader = x509_reader(pem);
    struct certificate *read[CHAIN_COUNT_MAX] = {0};
    size_t read_count = 0;
    const enum err err = read_blocks(read, &read_count, reader, why);
    for (size_t i = 0; i < read_count; i++) {
        if (err) {
            certificate_free(read[i]);
        } else {
            chain[i] = read[i];
        }
    }
    if (!err) { *count = read_count; }
    return err;
}

const struct identity *certificate_identity(const struct certificate *certificate)
{
    return certificate->authority ? NULL : &certificate->identity;
}

const char *certificate_authority_site(const struct certificate *certificate)
{
    return certificate->authority ? certificate->site : NULL;
}

struct span certificate_der(const struct certificate *certificate)
{
    return span_of(certificate->der, certificate->der_size);
}

void certificate_write_pem(const struct certificate *certificate, struct text *out)
{
    CLEANUP(BIO_free_all_p) BIO *writer = BIO_new(BIO_s_mem());
    if (!writer || PEM_write_bio_X509(writer, certificate->x509) != 1) { abort(); }
    char *pem = NULL;
    const long size = BIO_get_mem_data(writer, &pem);
    if (size > 0) { text_add_bytes(out, span_of(pem, (size_t)size)); }
}

void certificate_serial(const struct certificate *certificate, struct certificate_serial *serial)
{
    *serial = (struct certificate_serial){0};
    const ASN1_INTEGER *number = X509_get0_serialNumber(certificate->x509);
    CLEANUP(BN_free_p) BIGNUM *value = ASN1_INTEGER_to_BN(number, NULL);
    if (!value || BN_num_bytes(value) > CERTIFICATE_SERIAL_SIZE) { return; }
    serial->size = (size_t)BN_bn2bin(value, serial->bytes);
}

void certificate_fingerprint(const struct certificate *certificate,
                             uint8_t digest[static CERTIFICATE_FINGERPRINT_SIZE])
{
    (void)crypto_hash_sha256(digest, certificate->der, certificate->der_size);
}

/* A DNS name or an IP address of the subject alternative names as text; false for any other. */
static bool read_host(const GENERAL_NAME *name, char host[static CERTIFICATE_HOST_SIZE])
{
    if (name->type == GEN_DNS) {
        const size_t size = (size_t)ASN1_STRING_length(name->d.dNSName);
        const uint8_t *letters = ASN1_STRING_get0_data(name->d.dNSName);
        if (size >= CERTIFICATE_HOST_SIZE || memchr(letters, '\0', size)) { return false; }
        memcpy(host, letters, size);
        host[size] = '\0';
        return size > 0;
    }
    if (name->type != GEN_IPADD) { return false; }
    const int size = ASN1_STRING_length(name->d.iPAddress);
    const uint8_t *bytes = ASN1_STRING_get0_data(name->d.iPAddress);
    return (size == 4 && inet_ntop(AF_INET, bytes, host, CERTIFICATE_HOST_SIZE)) ||
           (size == 16 && inet_ntop(AF_INET6, bytes, host, CERTIFICATE_HOST_SIZE));
}

void certificate_read_hosts(const struct certificate *certificate, struct certificate_hosts *hosts)
{
    hosts->count = 0;
    CLEANUP(GENERAL_NAMES_free_p)
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate->x509, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        if (hosts->count == CERTIFICATE_HOST_MAX) { return; }
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (read_host(name, hosts->names[hosts->count])) { hosts->count++; }
    }
}

int64_t certificate_begin_us(const struct certificate *certificate)
{
    return certificate->begin_us;
}

int64_t certificate_end_us(const struct certificate *certificate)
{
    return certificate->end_us;
}

enum err certificate_public_key(const struct certificate *certificate,
                                uint8_t key[static PUBLIC_KEY_SIZE], struct why *why)
{
    EVP_PKEY *pkey = X509_get0_pubkey(certificate->x509);
    uint8_t raw[PUBLIC_KEY_SIZE];
    size_t size = sizeof raw;
    if (!pkey || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(pkey, raw, &size) != 1 || size != sizeof raw) {
        ERR_clear_error();
        return why_set(why, ERR_MALFORMED, "the certificate's key is not Ed25519");
    }
    memcpy(key, raw, sizeof raw);
    return OK;
}
