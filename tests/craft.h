/*
 * tests/craft - certificates as no honest CA makes them, by OpenSSL itself.
 */
#pragma once

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "site.h"

/* What stands in a crafted certificate; NULL leaves the extension out. */
struct craft {
    const char *constraints; /* "critical,CA:FALSE" */
    const char *usage;       /* "critical,digitalSignature" */
    const char *names;       /* "URI:spiffe://..." */
    X509 *issuer;            /* borrowed; NULL = signs itself */
    EVP_PKEY *issuer_key;    /* borrowed */
    EVP_PKEY *key;           /* borrowed */
    const char *common_name;
    int64_t begin_us, end_us;
};

static inline EVP_PKEY *craft_key(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!key) { abort(); }
    return key;
}

/* The key and certificate of the site's CA. */
static inline EVP_PKEY *craft_read_key(const struct test_site *site, const char *file)
{
    FILE *stream = fopen(TEST_PATH(site, file), "r");
    EVP_PKEY *key = stream ? PEM_read_PrivateKey(stream, NULL, NULL, NULL) : NULL;
    if (!key) { abort(); }
    (void)fclose(stream);
    return key;
}

static inline X509 *craft_read_certificate(const struct test_site *site, const char *file)
{
    FILE *stream = fopen(TEST_PATH(site, file), "r");
    X509 *x509 = stream ? PEM_read_X509(stream, NULL, NULL, NULL) : NULL;
    if (!x509) { abort(); }
    (void)fclose(stream);
    return x509;
}

static inline void craft_extend(X509 *x509, X509 *issuer, int kind, const char *words)
{
    if (!words) { return; }
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, words);
    if (!extension || X509_add_ext(x509, extension, -1) != 1) { abort(); }
    X509_EXTENSION_free(extension);
}

/* The caller frees it. */
static inline X509 *craft_make(const struct craft *craft)
{
    X509 *x509 = X509_new();
    if (!x509) { abort(); }
    X509 *issuer = craft->issuer ? craft->issuer : x509;
    const int64_t begin_us = craft->begin_us ? craft->begin_us : TEST_NOW_US - CLOCK_DAY_US;
    const int64_t end_us = craft->end_us ? craft->end_us : TEST_NOW_US + CLOCK_DAY_US;
    const char *name = craft->common_name ? craft->common_name : "crafted";
    (void)X509_set_version(x509, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x509), 4711);
    (void)ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)(begin_us / CLOCK_SECOND_US));
    (void)ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)(end_us / CLOCK_SECOND_US));
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                                     (const uint8_t *)name, -1, -1, 0);
    (void)X509_set_issuer_name(x509, X509_get_subject_name(issuer));
    (void)X509_set_pubkey(x509, craft->key);
    craft_extend(x509, issuer, NID_basic_constraints, craft->constraints);
    craft_extend(x509, issuer, NID_key_usage, craft->usage);
    craft_extend(x509, issuer, NID_subject_key_identifier, "hash");
    if (craft->issuer) { craft_extend(x509, issuer, NID_authority_key_identifier, "keyid"); }
    craft_extend(x509, issuer, NID_subject_alt_name, craft->names);
    EVP_PKEY *signing = craft->issuer_key ? craft->issuer_key : craft->key;
    const EVP_MD *hash = EVP_PKEY_get_base_id(signing) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    if (X509_sign(x509, signing, hash) <= 0) { abort(); }
    return x509;
}

/* Its DER; text_deinit it. */
static inline struct text craft_der(X509 *x509)
{
    uint8_t *der = NULL;
    const int size = i2d_X509(x509, &der);
    if (size <= 0) { abort(); }
    struct text out = text_limited((size_t)64 * 1024);
    text_add_bytes(&out, span_of(der, (size_t)size));
    OPENSSL_free(der);
    return out;
}
