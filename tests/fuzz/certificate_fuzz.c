/*
 * Any bytes as a certificate, in DER and in PEM: what is read has an identity or is a CA.
 */
#include <assert.h>

#include "trust/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(struct certificate *certificate)
{
    uint8_t key[PUBLIC_KEY_SIZE];
    const struct identity *identity = certificate_identity(certificate);
    assert(identity || certificate_authority_site(certificate));
    if (identity) {
        struct identity again;
        struct text uri = text_limited(256);
        identity_write(identity, &uri);
        const enum err err = identity_parse(&again, text_c(&uri), NULL);
        assert(!err && again.role == identity->role);
        text_deinit(&uri);
    }
    (void)certificate_public_key(certificate, key, &(struct why){""});
    assert(certificate_der(certificate).size <= CERTIFICATE_SIZE_MAX);
    certificate_free(certificate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct certificate *certificate = NULL;
    struct certificate *chain[CHAIN_COUNT_MAX];
    size_t count = 0;
    if (!certificate_from_der(&certificate, span_of(data, size), NULL)) { look_at(certificate); }
    if (!certificate_from_pem(&certificate, span_of(data, size), NULL)) { look_at(certificate); }
    if (!certificate_chain_from_pem(chain, &count, span_of(data, size), NULL)) {
        assert(count >= 1 && count <= CHAIN_COUNT_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        look_at(chain[i]);
    }
    return 0;
}
