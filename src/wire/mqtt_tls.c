#include "wire/mqtt_tls.h"

#include "base/span.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

static const char spiffe_scheme[] = "spiffe://";
static const char broker_role[] = "/broker/";

/* Whether `uri` is spiffe://<site>/broker/<name>. The site is the CA's: it signs only its own. */
static bool names_broker(const char *uri, size_t size)
{
    if (size <= strlen(spiffe_scheme) || memcmp(uri, spiffe_scheme, strlen(spiffe_scheme)) != 0) {
        return false;
    }
    const char *site = uri + strlen(spiffe_scheme);
    const char *slash = memchr(site, '/', size - strlen(spiffe_scheme));
    if (slash == NULL || slash == site) { return false; }
    size_t rest = size - (size_t)(slash - uri);
    return rest > strlen(broker_role) && memcmp(slash, broker_role, strlen(broker_role)) == 0;
}

static bool is_broker(X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI) { continue; }
        const ASN1_STRING *uri = name->d.uniformResourceIdentifier;
        found = found || names_broker((const char *)ASN1_STRING_get0_data(uri),
                                      (size_t)ASN1_STRING_length(uri));
    }
    GENERAL_NAMES_free(names);
    return found;
}

static int verify_peer(int chain_ok, X509_STORE_CTX *store)
{
    if (!chain_ok || X509_STORE_CTX_get_error_depth(store) != 0) { return chain_ok; }
    if (is_broker(X509_STORE_CTX_get_current_cert(store))) { return 1; }
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static enum err refuse(struct why *why, const char *path, const char *expected)
{
    unsigned long code = ERR_get_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    if (access(path, R_OK) != 0) {
        return why_set(why, ERR_IO, "%s cannot be read; expected %s", path, expected);
    }
    return why_set(why, ERR_MALFORMED, "%s is not %s (%s)", path, expected,
                   reason != NULL ? reason : "no reason given");
}

enum err mqtt_tls_new(SSL_CTX **out, const char *ca_path, const char *certificate_path,
                      const char *key_path, struct why *why)
{
    ERR_clear_error();
    CLEANUP(SSL_CTX_free_p) SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1) {
        return why_set(why, ERR_UNAVAILABLE, "OpenSSL offers no TLS 1.3");
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, verify_peer);
    (void)SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_load_verify_file(tls, ca_path) != 1) {
        return refuse(why, ca_path, "the site CA's certificate in PEM form");
    }
    if (certificate_path == NULL || key_path == NULL) {
        return why_set(why, ERR_RANGE, "the bus needs a certificate and its key; none is named");
    }
    if (SSL_CTX_use_certificate_chain_file(tls, certificate_path) != 1) {
        return refuse(why, certificate_path, "a certificate in PEM form, leaf first");
    }
    if (SSL_CTX_use_PrivateKey_file(tls, key_path, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls) != 1) {
        return refuse(why, key_path, "the private key of the certificate in PEM form");
    }
    *out = TAKE(tls);
    return OK;
}

bool mqtt_tls_reload(SSL_CTX *tls, const char *ca_path, const char *certificate_path,
                     const char *key_path)
{
    /* A context of its own first: what does not fit must not spoil the one in use. */
    CLEANUP(SSL_CTX_free_p) SSL_CTX *fresh = NULL;
    if (mqtt_tls_new(&fresh, ca_path, certificate_path, key_path, NULL) != OK) { return false; }
    X509_STORE *store = SSL_CTX_get_cert_store(fresh);
    STACK_OF(X509) *chain = NULL;
    if (SSL_CTX_get0_chain_certs(fresh, &chain) != 1 || X509_STORE_up_ref(store) != 1) {
        return false;
    }
    SSL_CTX_set_cert_store(tls, store);
    return SSL_CTX_use_cert_and_key(tls, SSL_CTX_get0_certificate(fresh),
                                    SSL_CTX_get0_privatekey(fresh), chain, 1) == 1;
}
