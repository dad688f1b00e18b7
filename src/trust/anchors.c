#include "trust/anchors.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/clock.h"
#include "base/encode.h"
#include "system/file.h"
#include "trust/x509.h"

struct anchors {
    struct certificate *items[ANCHORS_MAX]; /* owned */
    size_t count;
};

void anchors_free(struct anchors *anchors)
{
    if (!anchors) { return; }
    for (size_t i = 0; i < anchors->count; i++) {
        certificate_free(anchors->items[i]);
    }
    free(anchors);
}

size_t anchors_count(const struct anchors *anchors)
{
    return anchors->count;
}

const struct certificate *anchors_at(const struct anchors *anchors, size_t index)
{
    return anchors->items[index];
}

const char *anchors_site(const struct anchors *anchors)
{
    return certificate_authority_site(anchors->items[0]);
}

static bool same(const struct certificate *a, const struct certificate *b)
{
    return span_equal(certificate_der(a), certificate_der(b));
}

static bool holds(const struct anchors *anchors, const struct certificate *certificate)
{
    for (size_t i = 0; i < anchors->count; i++) {
        if (same(anchors->items[i], certificate)) { return true; }
    }
    return false;
}

/* Adds a copy when it is a CA that signed itself, of the site of those before it. */
static enum err add(struct anchors *anchors, const struct certificate *certificate, struct why *why)
{
    const char *site = certificate_authority_site(certificate);
    if (!site || X509_self_signed(x509_of(certificate), 1) != 1) {
        ERR_clear_error();
        return why_set(why, ERR_MALFORMED,
                       "a certificate to be trusted is not that of a CA that "
                       "signed itself");
    }
    if (holds(anchors, certificate)) { return OK; }
    if (anchors->count > 0 && strcmp(anchors_site(anchors), site) != 0) {
        return why_set(why, ERR_MALFORMED, "CAs of the sites \"%s\" and \"%s\" in one file",
                       anchors_site(anchors), site);
    }
    if (anchors->count == ANCHORS_MAX) {
        return why_set(why, ERR_LIMIT, "more than %d CAs", ANCHORS_MAX);
    }
    const enum err err =
        certificate_from_der(&anchors->items[anchors->count], certificate_der(certificate), why);
    if (!err) { anchors->count++; }
    return err;
}

enum err anchors_from_pem(struct anchors **out, struct span pem, struct why *why)
{
    struct certificate *read[CHAIN_COUNT_MAX];
    size_t count = 0;
    CLEANUP(anchors_free_p) struct anchors *anchors = MEM_NEW(struct anchors);
    enum err err = certificate_chain_from_pem(read, &count, pem, why);
    for (size_t i = 0; i < count; i++) {
        if (!err) { err = add(anchors, read[i], why); }
        certificate_free(read[i]);
    }
    if (!err) { *out = TAKE(anchors); }
    return err;
}

enum err anchors_open(struct anchors **out, const char *path, struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    enum err err = file_read(&pem, path, why);
    if (err) { return err; } /* names the path already */
    err = anchors_from_pem(out, text_span(&pem), why);
    return err ? why_prefix(why, err, path) : OK;
}

static const struct certificate *
find(const struct certificate_bag *bag,
     const uint8_t fingerprint[static CERTIFICATE_FINGERPRINT_SIZE])
{
    for (size_t i = 0; i < bag->count; i++) {
        uint8_t digest[CERTIFICATE_FINGERPRINT_SIZE];
        certificate_fingerprint(bag->items[i], digest);
        if (memcmp(digest, fingerprint, sizeof digest) == 0) { return bag->items[i]; }
    }
    return NULL;
}

enum err anchors_pin(struct anchors **out, const struct certificate_bag *bag,
                     const uint8_t fingerprint[static CERTIFICATE_FINGERPRINT_SIZE],
                     struct why *why)
{
    const struct certificate *pinned = find(bag, fingerprint);
    if (!pinned) {
        return why_set(why, ERR_DENIED,
                       "the server shows no CA with the pinned fingerprint; is "
                       "this the right server?");
    }
    CLEANUP(anchors_free_p) struct anchors *anchors = MEM_NEW(struct anchors);
    const enum err err = add(anchors, pinned, why);
    if (!err) { *out = TAKE(anchors); }
    return err;
}

bool anchors_issued(const struct anchors *anchors, const struct certificate *certificate)
{
    X509 *issued = x509_of(certificate);
    for (size_t i = 0; i < anchors->count; i++) {
        X509 *issuer = x509_of(anchors->items[i]);
        if (X509_NAME_cmp(X509_get_issuer_name(issued), X509_get_subject_name(issuer)) == 0 &&
            X509_verify(issued, X509_get0_pubkey(issuer)) == 1) {
            return true;
        }
    }
    ERR_clear_error();
    return false;
}

/* Whether `voucher` was issued by one of `trusted` over the key and the name of `ca`. */
static bool vouches(const struct anchors *trusted, const struct certificate *voucher,
                    const struct certificate *ca, int64_t now_us)
{
    X509 *word = x509_of(voucher);
    X509 *other = x509_of(ca);
    const char *site = certificate_authority_site(voucher);
    if (!site || strcmp(site, anchors_site(trusted)) != 0 ||
        now_us < certificate_begin_us(voucher) || now_us > certificate_end_us(voucher) ||
        X509_NAME_cmp(X509_get_subject_name(word), X509_get_subject_name(other)) != 0 ||
        EVP_PKEY_eq(X509_get0_pubkey(word), X509_get0_pubkey(other)) != 1) {
        return false;
    }
    for (size_t i = 0; i < trusted->count; i++) {
        X509 *issuer = x509_of(trusted->items[i]);
        if (now_us <= certificate_end_us(trusted->items[i]) &&
            X509_NAME_cmp(X509_get_issuer_name(word), X509_get_subject_name(issuer)) == 0 &&
            X509_verify(word, X509_get0_pubkey(issuer)) == 1) {
            return true;
        }
    }
    return false;
}

static bool trusted_now(const struct anchors *trusted, const struct certificate_bag *bag,
                        const struct certificate *ca, int64_t now_us)
{
    if (holds(trusted, ca)) { return true; }
    const char *site = certificate_authority_site(ca);
    if (!site || strcmp(site, anchors_site(trusted)) != 0) { return false; }
    for (size_t i = 0; i < bag->count; i++) {
        if (vouches(trusted, bag->items[i], ca, now_us)) { return true; }
    }
    return false;
}

enum err anchors_renew(struct anchors **out, const struct anchors *trusted,
                       const struct certificate_bag *bag, int64_t now_us, struct why *why)
{
    CLEANUP(anchors_free_p) struct anchors *anchors = MEM_NEW(struct anchors);
    for (size_t i = 0; i < bag->count; i++) {
        const struct certificate *ca = bag->items[i];
        const bool self_signed = X509_self_signed(x509_of(ca), 1) == 1;
        if (!self_signed || !trusted_now(trusted, bag, ca, now_us)) { continue; }
        const enum err err = add(anchors, ca, why);
        if (err) { return err; }
    }
    ERR_clear_error();
    if (anchors->count == 0) {
        return why_set(why, ERR_DENIED,
                       "none of the CAs that the server names is trusted, and no "
                       "trusted one vouches for them");
    }
    *out = TAKE(anchors);
    return OK;
}

bool anchors_equal(const struct anchors *a, const struct anchors *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++) {
        equal = holds(b, a->items[i]);
    }
    return equal;
}

void anchors_write_pem(const struct anchors *anchors, struct text *out)
{
    for (size_t i = 0; i < anchors->count; i++) {
        certificate_write_pem(anchors->items[i], out);
    }
}
