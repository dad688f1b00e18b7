#include "trust/authority_list.h"

#include <time.h>

#include "base/clock.h"
#include "trust/x509.h"

CLEANUP_FOR(ASN1_INTEGER, ASN1_INTEGER_free)
CLEANUP_FOR(ASN1_TIME, ASN1_TIME_free)

static ASN1_TIME *time_of(int64_t wall_us)
{
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)(wall_us / CLOCK_SECOND_US));
    if (!time) { abort(); }
    return time;
}

static void add_entry(X509_CRL *crl, const struct authority_list_entry *entry)
{
    CLEANUP(BN_free_p)
    BIGNUM *number = BN_bin2bn(entry->serial.bytes, (int)entry->serial.size, NULL);
    CLEANUP(ASN1_INTEGER_free_p) ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
    CLEANUP(ASN1_TIME_free_p) ASN1_TIME *at = time_of(entry->at_us);
    X509_REVOKED *revoked = X509_REVOKED_new();
    if (!serial || !revoked || X509_REVOKED_set_serialNumber(revoked, serial) != 1 ||
        X509_REVOKED_set_revocationDate(revoked, at) != 1 ||
        X509_CRL_add0_revoked(crl, revoked) != 1) {
        abort(); /* only memory can fail here */
    }
}

static bool set_head(X509_CRL *crl, const struct authority *authority,
                     const struct authority_list *list)
{
    X509 *issuer = x509_of(authority_certificate(authority));
    CLEANUP(ASN1_TIME_free_p) ASN1_TIME *now = time_of(list->now_us);
    CLEANUP(ASN1_TIME_free_p) ASN1_TIME *next = time_of(list->next_us);
    CLEANUP(ASN1_INTEGER_free_p) ASN1_INTEGER *number = ASN1_INTEGER_new();
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, NULL, NULL, crl, 0);
    X509_EXTENSION *key =
        X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    const bool set = key && number && ASN1_INTEGER_set_int64(number, list->number) == 1 &&
                     X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
                     X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1 &&
                     X509_CRL_set1_lastUpdate(crl, now) == 1 &&
                     X509_CRL_set1_nextUpdate(crl, next) == 1 &&
                     X509_CRL_add_ext(crl, key, -1) == 1 &&
                     X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;
    X509_EXTENSION_free(key);
    return set;
}

enum err authority_list_sign(struct text *out, const struct authority *authority,
                             const struct authority_list *list, struct why *why)
{
    CLEANUP(X509_CRL_free_p) X509_CRL *crl = X509_CRL_new();
    if (!crl) { abort(); }
    for (size_t i = 0; i < list->count; i++) {
        add_entry(crl, &list->entries[i]);
    }
    const struct key *key = x509_authority_key(authority);
    uint8_t *der = NULL;
    int size = 0;
    if (set_head(crl, authority, list) && X509_CRL_sort(crl) == 1 && x509_sign_list(crl, key)) {
        size = i2d_X509_CRL(crl, &der);
    }
    if (size <= 0) { return x509_failed(why, ERR_UNAVAILABLE, "cannot sign the list"); }
    text_add_bytes(out, span_of(der, (size_t)size));
    OPENSSL_free(der);
    return out->overflow ? why_set(why, ERR_LIMIT, "%zu withdrawn certificates do not fit a list",
                                   list->count)
                         : OK;
}
