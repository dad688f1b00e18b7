/*
 * trust/x509 - the OpenSSL objects inside trust's own types, for files of this folder only.
 *
 * Nobody outside src/trust includes this header: elsewhere a certificate is a struct certificate
 * and a private key a struct key. Pointers are borrowed.
 */
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "trust/certificate.h"
#include "trust/key.h"

CLEANUP_FOR(X509, X509_free)
CLEANUP_FOR(BIO, BIO_free_all)
CLEANUP_FOR(EVP_PKEY, EVP_PKEY_free)
CLEANUP_FOR(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
CLEANUP_FOR(ASN1_OBJECT, ASN1_OBJECT_free)
CLEANUP_FOR(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
CLEANUP_FOR(X509_SIG, X509_SIG_free)
CLEANUP_FOR(GENERAL_NAMES, GENERAL_NAMES_free)
CLEANUP_FOR(X509_STORE, X509_STORE_free)
CLEANUP_FOR(X509_STORE_CTX, X509_STORE_CTX_free)
CLEANUP_FOR(BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
CLEANUP_FOR(BIGNUM, BN_free)
CLEANUP_FOR(X509_REQ, X509_REQ_free)
CLEANUP_FOR(X509_CRL, X509_CRL_free)
CLEANUP_FOR(PKCS7, PKCS7_free)

struct authority;
struct signing_request;

X509 *x509_of(const struct certificate *certificate);
EVP_PKEY *x509_key(const struct key *key);
EVP_PKEY *x509_requested_key(const struct signing_request *request);
const struct key *x509_authority_key(const struct authority *authority);

/* Signs with `key`, which may be in a token. */
bool x509_sign(X509 *x509, const struct key *key);
bool x509_sign_list(X509_CRL *crl, const struct key *key);

/* Takes `x509` in every case, also when it is refused. */
MUST_USE enum err x509_certificate(struct certificate **out, X509 *x509, struct why *why);

/* A BIO that reads `bytes`, which must outlive it. */
BIO *x509_reader(struct span bytes);

/* Puts what OpenSSL said last behind `what`, empties its error queue, and returns `err`. */
enum err x509_failed(struct why *why, enum err err, const char *what);
