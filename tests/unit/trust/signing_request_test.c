#include "trust/signing_request.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "check.h"
#include "site.h"

static struct identity north(void)
{
    return (struct identity){.site = "riverside", .role = ROLE_EDGE, .name = "north-1"};
}

static struct text make(const struct key *key, const struct identity *identity)
{
    struct why why = {0};
    struct text der = text_limited(SIGNING_REQUEST_SIZE_MAX);
    test_must(signing_request_make(&der, key, identity, &why), &why);
    return der;
}

static void test_round(const struct key *key)
{
    struct why why = {0};
    const struct identity identity = north();
    CLEANUP(text_deinit) struct text der = make(key, &identity);
    CLEANUP(signing_request_free_p) struct signing_request *request = NULL;
    CHECK(signing_request_from_der(&request, text_span(&der), &why) == OK);
    CHECK(signing_request_suits(request, &identity, &why) == OK);
    struct identity other = identity;
    other.role = ROLE_CONTROL;
    CHECK(signing_request_suits(request, &other, &why) == ERR_DENIED);
    CHECK(strstr(why.text, "spiffe://riverside/control/north-1") != NULL);
    other = identity;
    (void)!text_copy(other.name, sizeof other.name, "north-2");
    CHECK(signing_request_suits(request, &other, &why) == ERR_DENIED);
    CHECK(strstr(why.text, "north-1") && strstr(why.text, "north-2"));
}

static void test_damage(const struct key *key)
{
    struct why why = {0};
    const struct identity identity = north();
    CLEANUP(text_deinit) struct text der = make(key, &identity);
    int refused = 0;
    for (size_t i = 0; i < der.size; i++) {
        struct signing_request *none = NULL;
        der.data[i] = (char)(der.data[i] ^ 1);
        refused += signing_request_from_der(&none, text_span(&der), &why) != OK && !none;
        signing_request_free(none);
        der.data[i] = (char)(der.data[i] ^ 1);
    }
    CHECK((size_t)refused == der.size); /* every byte is under the signature, or is it */
    struct signing_request *none = NULL;
    CHECK(signing_request_from_der(&none, span_of(der.data, der.size - 1), &why) == ERR_MALFORMED);
    text_add_char(&der, 'x');
    CHECK(signing_request_from_der(&none, text_span(&der), &why) == ERR_MALFORMED);
    static uint8_t large[SIGNING_REQUEST_SIZE_MAX + 1];
    CHECK(signing_request_from_der(&none, span_of(large, sizeof large), &why) == ERR_LIMIT);
    CHECK(signing_request_from_der(&none, span_of("", 0), &why) == ERR_MALFORMED);
    CHECK(!none && ERR_peek_error() == 0);
}

/* A request of a P-256 key, sound in itself, as a device of another make would send it. */
static void test_other_kind(void)
{
    struct why why = {0};
    CLEANUP(key_free_p) struct key *key = NULL;
    test_must(key_generate(&key, KEY_KIND_P256, &why), &why);
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509_REQ *pkcs10 = X509_REQ_new();
    uint8_t *der = NULL;
    CHECK(X509_REQ_set_pubkey(pkcs10, pkey) == 1 && X509_REQ_sign(pkcs10, pkey, EVP_sha256()) > 0);
    const int size = i2d_X509_REQ(pkcs10, &der);
    struct signing_request *none = NULL;
    CHECK(signing_request_from_der(&none, span_of(der, (size_t)size), &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "Ed25519") != NULL && !none);
    OPENSSL_free(der);
    X509_REQ_free(pkcs10);
    EVP_PKEY_free(pkey);
}

int main(void)
{
    struct why why = {0};
    CLEANUP(key_free_p) struct key *key = NULL;
    test_must(key_generate(&key, KEY_KIND_ED25519, &why), &why);
    test_round(key);
    test_damage(key);
    test_other_kind();
    signing_request_free(NULL);
    return CHECK_DONE();
}
