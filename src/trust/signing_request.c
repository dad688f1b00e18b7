#include "trust/signing_request.h"

#include <openssl/err.h>

#include "trust/x509.h"

enum { URI_SIZE = 256, COMMON_NAME_SIZE = 128 };

struct signing_request {
    X509_REQ *pkcs10; /* owned */
    EVP_PKEY *key;    /* owned */
    char common[COMMON_NAME_SIZE];
    bool named;           /* it has a common name */
    GENERAL_NAMES *names; /* owned, may be NULL */
};

EVP_PKEY *x509_requested_key(const struct signing_request *request)
{
    return request->key;
}

/* ---- making ---- */

static bool add_names(X509_REQ *pkcs10, const struct identity *identity)
{
    CLEANUP(text_deinit) struct text uri = text_limited(URI_SIZE);
    text_add(&uri, "URI:");
    identity_write(identity, &uri);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, NULL, NULL, pkcs10, NULL, 0);
    X509_EXTENSION *name = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, text_c(&uri));
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    const bool pushed = name && list && sk_X509_EXTENSION_push(list, name) > 0;
    const bool added = pushed && X509_REQ_add_extensions(pkcs10, list) == 1;
    if (!pushed) { X509_EXTENSION_free(name); }
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    return added;
}

enum err signing_request_make(struct text *out, const struct key *key,
                              const struct identity *identity, struct why *why)
{
    CLEANUP(X509_REQ_free_p) X509_REQ *pkcs10 = X509_REQ_new();
    if (!pkcs10) { abort(); }
    X509_NAME *subject = X509_REQ_get_subject_name(pkcs10);
    const uint8_t *name = (const uint8_t *)identity->name;
    uint8_t *der = NULL;
    int size = 0;
    if (X509_REQ_set_version(pkcs10, X509_REQ_VERSION_1) == 1 &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
        X509_REQ_set_pubkey(pkcs10, x509_key(key)) == 1 && add_names(pkcs10, identity) &&
        X509_REQ_sign(pkcs10, x509_key(key), NULL) > 0) {
        size = i2d_X509_REQ(pkcs10, &der);
    }
    if (size <= 0) { return x509_failed(why, ERR_MALFORMED, "cannot make a signing request"); }
    text_add_bytes(out, span_of(der, (size_t)size));
    OPENSSL_free(der);
    return out->overflow ? why_set(why, ERR_LIMIT, "the signing request does not fit") : OK;
}

/* ---- reading ---- */

static enum err read_key(struct signing_request *request, struct why *why)
{
    request->key = X509_REQ_get_pubkey(request->pkcs10);
    if (!request->key || EVP_PKEY_get_base_id(request->key) != EVP_PKEY_ED25519) {
        return x509_failed(why, ERR_MALFORMED, "the request's key is not Ed25519");
    }
    if (X509_REQ_verify(request->pkcs10, request->key) != 1) {
        return x509_failed(why, ERR_MALFORMED, "the request is not signed with its own key");
    }
    return OK;
}

static enum err read_common_name(struct signing_request *request, struct why *why)
{
    X509_NAME *subject = X509_REQ_get_subject_name(request->pkcs10);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) { return OK; }
    const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    const size_t size = (size_t)ASN1_STRING_length(text);
    const uint8_t *letters = ASN1_STRING_get0_data(text);
    if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0 || size == 0 ||
        size >= sizeof request->common || memchr(letters, '\0', size)) {
        return why_set(why, ERR_MALFORMED, "the request's common name is not one short text");
    }
    memcpy(request->common, letters, size);
    request->named = true;
    return OK;
}

static void read_names(struct signing_request *request)
{
    STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(request->pkcs10);
    request->names = X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

enum err signing_request_from_der(struct signing_request **out, struct span der, struct why *why)
{
    if (der.size > SIGNING_REQUEST_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "the request has %zu bytes, at most %d are allowed",
                       der.size, SIGNING_REQUEST_SIZE_MAX);
    }
    CLEANUP(signing_request_free_p)
    struct signing_request *request = MEM_NEW(struct signing_request);
    const uint8_t *at = der.data;
    request->pkcs10 = d2i_X509_REQ(NULL, &at, (long)der.size);
    if (!request->pkcs10) {
        return x509_failed(why, ERR_MALFORMED, "not a signing request (PKCS#10) in DER");
    }
    if (at != der.data + der.size) {
        return why_set(why, ERR_MALFORMED, "bytes follow the end of the request");
    }
    enum err err = read_key(request, why);
    if (!err) { err = read_common_name(request, why); }
    if (err) { return err; }
    read_names(request);
    ERR_clear_error();
    *out = TAKE(request);
    return OK;
}

void signing_request_free(struct signing_request *request)
{
    if (!request) { return; }
    X509_REQ_free(request->pkcs10);
    EVP_PKEY_free(request->key);
    GENERAL_NAMES_free(request->names);
    free(request);
}

enum err signing_request_suits(const struct signing_request *request,
                               const struct identity *identity, struct why *why)
{
    if (request->named && strcmp(request->common, identity->name) != 0) {
        char common[COMMON_NAME_SIZE];
        memcpy(common, request->common, sizeof common);
        text_scrub(common);
        return why_set(why, ERR_DENIED, "the request is for \"%.80s\", expected \"%s\"", common,
                       identity->name);
    }
    CLEANUP(text_deinit) struct text own = text_limited(URI_SIZE);
    identity_write(identity, &own);
    for (int i = 0; request->names && i < sk_GENERAL_NAME_num(request->names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(request->names, i);
        if (name->type != GEN_URI) { continue; } /* hosts are the operator's to give */
        const ASN1_STRING *uri = name->d.uniformResourceIdentifier;
        const struct span text =
            span_of(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
        if (!span_equal(text, text_span(&own))) {
            return why_set(why, ERR_DENIED, "the request names another identity than %s",
                           text_c(&own));
        }
    }
    return OK;
}

void signing_request_public_key(const struct signing_request *request,
                                uint8_t key[static PUBLIC_KEY_SIZE])
{
    size_t size = PUBLIC_KEY_SIZE;
    if (EVP_PKEY_get_raw_public_key(request->key, key, &size) != 1 || size != PUBLIC_KEY_SIZE) {
        abort(); /* read_key has seen that it is Ed25519 */
    }
}
