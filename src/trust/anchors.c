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
    if (!*site) {
        return why_set(why, ERR_MALFORMED,
                       "a CA to be trusted names no site; a root above sites is pinned by its "
                       "fingerprint, and trusted for the CAs that it vouches for");
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

/* Whether the certificate `word` was issued by `issuer` over the key and the name of `ca`. */
static bool says(const struct certificate *issuer, const struct certificate *word,
                 const struct certificate *ca)
{
    X509 *x509 = x509_of(word);
    X509 *other = x509_of(ca);
    X509 *by = x509_of(issuer);
    const char *site = certificate_authority_site(word);
    return site && strcmp(site, certificate_authority_site(ca)) == 0 &&
           X509_NAME_cmp(X509_get_subject_name(x509), X509_get_subject_name(other)) == 0 &&
           EVP_PKEY_eq(X509_get0_pubkey(x509), X509_get0_pubkey(other)) == 1 &&
           X509_NAME_cmp(X509_get_issuer_name(x509), X509_get_subject_name(by)) == 0 &&
           X509_verify(x509, X509_get0_pubkey(by)) == 1;
}

static bool holds_at(const struct certificate *certificate, int64_t now_us)
{
    return now_us >= certificate_begin_us(certificate) && now_us <= certificate_end_us(certificate);
}

/* The word of `issuer` for `ca` in the bag, NULL when there is none that holds now. */
static const struct certificate *word_of(const struct certificate *issuer,
                                         const struct certificate_bag *bag,
                                         const struct certificate *ca, int64_t now_us)
{
    for (size_t i = 0; i < bag->count; i++) {
        const struct certificate *word = bag->items[i];
        if (holds_at(word, now_us) && says(issuer, word, ca)) { return word; }
    }
    return NULL;
}

static bool self_signed(const struct certificate *certificate)
{
    return X509_self_signed(x509_of(certificate), 1) == 1;
}

/* The root that is pinned, as the bag shows it; NULL when what is pinned is no root. */
static const struct certificate *root_of(const struct certificate_bag *bag,
                                         const struct anchors_pin *pin)
{
    const struct certificate *found = pin->given ? find(bag, pin->fingerprint) : NULL;
    const char *site = found ? certificate_authority_site(found) : NULL;
    const bool root = site && !*site && self_signed(found) && holds_at(found, pin->now_us);
    return root ? found : NULL;
}

/* Whether it is a self-signed CA of the site that is asked for. */
static bool of_site(const struct certificate *certificate, const char *site)
{
    const char *own = certificate_authority_site(certificate);
    return own && strcmp(own, site) == 0 && self_signed(certificate);
}

/* Adds what `root` has vouched for since `after_us`. */
static enum err add_vouched(struct anchors *anchors, const struct certificate *root,
                            const struct certificate_bag *bag, const struct anchors_pin *pin,
                            int64_t after_us)
{
    enum err err = OK;
    for (size_t i = 0; root && !err && i < bag->count; i++) {
        const struct certificate *ca = bag->items[i];
        if (!of_site(ca, pin->site)) { continue; }
        const struct certificate *word = word_of(root, bag, ca, pin->now_us);
        if (word && certificate_begin_us(word) > after_us) { err = add(anchors, ca, NULL); }
    }
    ERR_clear_error();
    return err;
}

enum err anchors_pin(struct anchors **out, const struct certificate_bag *bag,
                     const struct anchors_pin *pin, struct why *why)
{
    const struct certificate *pinned = pin->given ? find(bag, pin->fingerprint) : NULL;
    if (!pinned) {
        return why_set(why, ERR_DENIED,
                       "the server shows no CA with the pinned fingerprint; is "
                       "this the right server?");
    }
    CLEANUP(anchors_free_p) struct anchors *anchors = MEM_NEW(struct anchors);
    const struct certificate *root = root_of(bag, pin);
    const char *site = certificate_authority_site(pinned);
    if (!root && site && !*site) {
        return why_set(why, ERR_DENIED, "the pinned root has run out, or did not sign itself");
    }
    const enum err err =
        root ? add_vouched(anchors, root, bag, pin, INT64_MIN) : add(anchors, pinned, why);
    if (err) { return err; }
    if (anchors->count == 0) {
        return why_set(why, ERR_DENIED, "the pinned root vouches for no CA of site \"%.63s\"",
                       pin->site);
    }
    if (strcmp(anchors_site(anchors), pin->site) != 0) {
        return why_set(why, ERR_DENIED, "the pinned CA is of site \"%s\", expected \"%.63s\"",
                       anchors_site(anchors), pin->site);
    }
    *out = TAKE(anchors);
    return OK;
}

static bool trusted_now(const struct anchors *trusted, const struct certificate_bag *bag,
                        const struct certificate *ca, const struct anchors_pin *pin)
{
    if (holds(trusted, ca)) { return true; }
    if (!of_site(ca, anchors_site(trusted))) { return false; }
    const struct certificate *root = root_of(bag, pin);
    if (root && word_of(root, bag, ca, pin->now_us)) { return true; }
    for (size_t i = 0; i < trusted->count; i++) {
        const struct certificate *issuer = trusted->items[i];
        if (pin->now_us <= certificate_end_us(issuer) && word_of(issuer, bag, ca, pin->now_us)) {
            return true;
        }
    }
    return false;
}

enum err anchors_renew(struct anchors **out, const struct anchors *trusted,
                       const struct certificate_bag *bag, const struct anchors_pin *pin,
                       struct why *why)
{
    CLEANUP(anchors_free_p) struct anchors *anchors = MEM_NEW(struct anchors);
    for (size_t i = 0; i < bag->count; i++) {
        const struct certificate *ca = bag->items[i];
        if (!self_signed(ca) || !trusted_now(trusted, bag, ca, pin)) { continue; }
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

enum err anchors_succeed(struct anchors **out, const struct anchors *trusted,
                         const struct certificate_bag *bag, const struct anchors_pin *pin,
                         struct why *why)
{
    CLEANUP(anchors_free_p) struct anchors *anchors = MEM_NEW(struct anchors);
    int64_t after_us = INT64_MIN;
    enum err err = OK;
    for (size_t i = 0; !err && i < trusted->count; i++) {
        const int64_t begin_us = certificate_begin_us(trusted->items[i]);
        if (begin_us > after_us) { after_us = begin_us; }
        err = add(anchors, trusted->items[i], why);
    }
    if (!err) { err = add_vouched(anchors, root_of(bag, pin), bag, pin, after_us); }
    if (err) { return err; }
    if (anchors->count == trusted->count) {
        return why_set(why, ERR_DENIED,
                       "the server's certificate is of no trusted CA, and no pinned root vouches "
                       "for a newer one");
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
