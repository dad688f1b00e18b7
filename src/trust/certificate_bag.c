#include "trust/certificate_bag.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>

#include "trust/x509.h"

void certificate_bag_deinit(struct certificate_bag *bag)
{
    for (size_t i = 0; i < bag->count; i++) {
        certificate_free(bag->items[i]);
    }
    *bag = (struct certificate_bag){0};
}

/* An empty SignedData: no signers, no content. NULL when OpenSSL has no memory. */
static PKCS7 *new_bag(void)
{
    CLEANUP(PKCS7_free_p) PKCS7 *bag = PKCS7_new();
    if (!bag || PKCS7_set_type(bag, NID_pkcs7_signed) != 1) { return NULL; }
    bag->d.sign->contents->type = OBJ_nid2obj(NID_pkcs7_data);
    return TAKE(bag);
}

enum err certificate_bag_write(struct text *out, const struct certificate *const *items,
                               size_t count, struct why *why)
{
    CLEANUP(PKCS7_free_p) PKCS7 *bag = new_bag();
    if (!bag) { abort(); }
    for (size_t i = 0; i < count; i++) {
        if (PKCS7_add_certificate(bag, x509_of(items[i])) != 1) { abort(); }
    }
    uint8_t *der = NULL;
    const int size = i2d_PKCS7(bag, &der);
    if (size <= 0) { return x509_failed(why, ERR_MALFORMED, "cannot write a PKCS#7"); }
    text_add_bytes(out, span_of(der, (size_t)size));
    OPENSSL_free(der);
    return out->overflow ? why_set(why, ERR_LIMIT, "the PKCS#7 does not fit") : OK;
}

static enum err read_items(struct certificate_bag *bag, const PKCS7 *pkcs7, struct why *why)
{
    STACK_OF(X509) *list = pkcs7->d.sign ? pkcs7->d.sign->cert : NULL;
    const int count = list ? sk_X509_num(list) : 0;
    if (count < 1 || count > CERTIFICATE_BAG_MAX) {
        return why_set(why, ERR_LIMIT, "the PKCS#7 has %d certificates, expected 1 to %d", count,
                       CERTIFICATE_BAG_MAX);
    }
    for (int i = 0; i < count; i++) {
        X509 *x509 = sk_X509_value(list, i);
        if (X509_up_ref(x509) != 1) { abort(); }
        const enum err err = x509_certificate(&bag->items[bag->count], x509, why);
        if (err) { return err; }
        bag->count++;
    }
    return OK;
}

enum err certificate_bag_from_der(struct certificate_bag *out, struct span der, struct why *why)
{
    if (der.size > CERTIFICATE_BAG_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "the PKCS#7 has %zu bytes, at most %d are allowed", der.size,
                       CERTIFICATE_BAG_SIZE_MAX);
    }
    const uint8_t *at = der.data;
    CLEANUP(PKCS7_free_p) PKCS7 *pkcs7 = d2i_PKCS7(NULL, &at, (long)der.size);
    if (!pkcs7 || at != der.data + der.size || !PKCS7_type_is_signed(pkcs7)) {
        return x509_failed(why, ERR_MALFORMED, "not a PKCS#7 with certificates in DER");
    }
    CLEANUP(certificate_bag_deinit) struct certificate_bag bag = {0};
    const enum err err = read_items(&bag, pkcs7, why);
    ERR_clear_error();
    if (err) { return err; }
    *out = bag;
    bag = (struct certificate_bag){0};
    return OK;
}
