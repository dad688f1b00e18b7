/*
 * A certificate authority for tests: Ed25519 keys and leaf certificates with a SPIFFE ID, as PEM
 * files in a folder.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct pki {
    EVP_PKEY *key;
    X509 *certificate;
    long serial;
};

static inline void pki_add(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    if (!extension || !X509_add_ext(certificate, extension, -1)) { abort(); }
    X509_EXTENSION_free(extension);
}

static inline X509 *pki_certificate(struct pki *pki, EVP_PKEY *key, const char *name)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++pki->serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    return certificate;
}

static inline void pki_write(const char *folder, const char *name, X509 *certificate, EVP_PKEY *key)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s.crt", folder, name);
    FILE *file = fopen(path, "w");
    if (!file || !PEM_write_X509(file, certificate) || fclose(file)) { abort(); }
    (void)snprintf(path, sizeof path, "%s/%s.key", folder, name);
    file = fopen(path, "w");
    if (!file || !PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) || fclose(file)) {
        abort();
    }
}

/* Makes FOLDER/NAME.crt and .key of a new authority. */
static inline struct pki pki_open(const char *folder, const char *name)
{
    struct pki pki = {.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};
    pki.certificate = pki_certificate(&pki, pki.key, name);
    X509_set_issuer_name(pki.certificate, X509_get_subject_name(pki.certificate));
    pki_add(pki.certificate, pki.certificate, NID_basic_constraints, "critical,CA:TRUE");
    pki_add(pki.certificate, pki.certificate, NID_key_usage, "critical,keyCertSign");
    if (!X509_sign(pki.certificate, pki.key, NULL)) { abort(); }
    pki_write(folder, name, pki.certificate, pki.key);
    return pki;
}

/* Makes FOLDER/NAME.crt and .key with the subject alternative names `names`, such as "URI:..." */
static inline void pki_issue(struct pki *pki, const char *folder, const char *name,
                             const char *names)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509 *certificate = pki_certificate(pki, key, name);
    X509_set_issuer_name(certificate, X509_get_subject_name(pki->certificate));
    pki_add(certificate, pki->certificate, NID_basic_constraints, "critical,CA:FALSE");
    pki_add(certificate, pki->certificate, NID_ext_key_usage, "serverAuth,clientAuth");
    pki_add(certificate, pki->certificate, NID_subject_alt_name, names);
    if (!X509_sign(certificate, pki->key, NULL)) { abort(); }
    pki_write(folder, name, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static inline void pki_close(struct pki *pki)
{
    X509_free(pki->certificate);
    EVP_PKEY_free(pki->key);
}
