#include "trust/chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <sodium.h>

#include "base/clock.h"
#include "base/encode.h"
#include "trust/x509.h"

enum { DIGEST_SIZE = 32, WAY_COUNT = 4, SET_COUNT = CHAIN_MEMORY_COUNT / WAY_COUNT };

struct remembered {
    uint8_t digest[DIGEST_SIZE];
    uint64_t used; /* the judge's count at its last use; 0 = free */
    struct chain_leaf leaf;
};

struct chain_judge {
    X509_STORE *store; /* owned; the CAs are all it holds */
    char site[IDENTITY_NAME_SIZE];
    uint64_t uses;
    struct remembered
        *memory; /* owned; SET_COUNT sets of WAY_COUNT. Untouched pages cost nothing. */
};

/* The certificates of one message while they are judged. */
struct parsed {
    struct certificate *certificates[CHAIN_COUNT_MAX]; /* owned */
    size_t count;
};

static void parsed_deinit(struct parsed *parsed)
{
    for (size_t i = 0; i < parsed->count; i++) {
        certificate_free(parsed->certificates[i]);
    }
}

enum err chain_judge_new(struct chain_judge **out, const struct anchors *anchors, const char *site,
                         struct why *why)
{
    const char *own = anchors_site(anchors);
    if (*own && strcmp(own, site) != 0) {
        return why_set(why, ERR_MALFORMED, "the CA is of site \"%s\", expected \"%.63s\"", own,
                       site);
    }
    CLEANUP(chain_judge_free_p) struct chain_judge *judge = MEM_NEW(struct chain_judge);
    if (!text_copy(judge->site, sizeof judge->site, site) || !identity_name_valid(site)) {
        return why_set(why, ERR_MALFORMED, "site \"%.63s\" is not a valid site name", site);
    }
    if (sodium_init() < 0) { abort(); }
    judge->store = X509_STORE_new();
    if (!judge->store) { abort(); }
    for (size_t i = 0; i < anchors_count(anchors); i++) {
        if (X509_STORE_add_cert(judge->store, x509_of(anchors_at(anchors, i))) != 1) { abort(); }
    }
    judge->memory = MEM_ARRAY(struct remembered, CHAIN_MEMORY_COUNT);
    *out = TAKE(judge);
    return OK;
}

void chain_judge_free(struct chain_judge *judge)
{
    if (!judge) { return; }
    X509_STORE_free(judge->store);
    free(judge->memory);
    free(judge);
}

/* ---- memory ---- */

static void digest_of(const struct chain_text *chain, uint8_t digest[static DIGEST_SIZE])
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, DIGEST_SIZE);
    for (size_t i = 0; i < chain->count; i++) {
        const char *text = chain->certificates[i];
        /* The terminator goes in too: it parts one certificate from the next. */
        (void)crypto_generichash_update(&state, (const uint8_t *)text, strlen(text) + 1);
    }
    (void)crypto_generichash_final(&state, digest, DIGEST_SIZE);
}

static struct remembered *set_of(struct chain_judge *judge,
                                 const uint8_t digest[static DIGEST_SIZE])
{
    const size_t set = ((size_t)digest[0] << 8 | digest[1]) % SET_COUNT;
    return judge->memory + set * WAY_COUNT;
}

static struct remembered *recall(struct chain_judge *judge,
                                 const uint8_t digest[static DIGEST_SIZE])
{
    struct remembered *set = set_of(judge, digest);
    for (size_t i = 0; i < WAY_COUNT; i++) {
        if (set[i].used && memcmp(set[i].digest, digest, DIGEST_SIZE) == 0) {
            set[i].used = ++judge->uses;
            return &set[i];
        }
    }
    return NULL;
}

static void memorise(struct chain_judge *judge, const uint8_t digest[static DIGEST_SIZE],
                     const struct chain_leaf *leaf)
{
    struct remembered *set = set_of(judge, digest);
    struct remembered *oldest = set;
    for (size_t i = 1; i < WAY_COUNT; i++) {
        if (set[i].used < oldest->used) { oldest = &set[i]; }
    }
    memcpy(oldest->digest, digest, DIGEST_SIZE);
    oldest->leaf = *leaf;
    oldest->used = ++judge->uses;
}

/* ---- judging ---- */

static bool parse(struct parsed *parsed, const struct chain_text *chain, struct why *why)
{
    for (size_t i = 0; i < chain->count; i++) {
        uint8_t der[CERTIFICATE_SIZE_MAX];
        size_t size = 0;
        if (decode_base64(der, sizeof der, &size, chain->certificates[i], why) ||
            certificate_from_der(&parsed->certificates[i], span_of(der, size), why)) {
            return false;
        }
        parsed->count++;
    }
    return true;
}

static bool leaf_suits(const struct chain_judge *judge, const struct certificate *certificate,
                       struct chain_leaf *leaf, struct why *why)
{
    const struct identity *identity = certificate_identity(certificate);
    if (!identity) {
        (void)why_set(why, ERR_DENIED, "the signer's certificate is that of a CA");
        return false;
    }
    if (strcmp(identity->site, judge->site) != 0) {
        (void)why_set(why, ERR_DENIED, "the signer is of site \"%s\", expected \"%s\"",
                      identity->site, judge->site);
        return false;
    }
    if (certificate_public_key(certificate, leaf->public_key, why)) { return false; }
    leaf->identity = *identity;
    return true;
}

static void set_parameters(X509_STORE_CTX *context, int64_t now_us)
{
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)(now_us / CLOCK_SECOND_US));
    X509_VERIFY_PARAM_set_depth(parameters, CHAIN_COUNT_MAX);
    (void)X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
}

static void narrow(struct chain_leaf *leaf, const struct certificate *certificate)
{
    const int64_t begin_us = certificate_begin_us(certificate);
    const int64_t end_us = certificate_end_us(certificate);
    if (begin_us > leaf->begin_us) { leaf->begin_us = begin_us; }
    if (end_us < leaf->end_us) { leaf->end_us = end_us; }
}

/* Narrows the leaf's time to that of the CA at the end of the path. */
static bool narrow_to_authority(struct chain_leaf *leaf, X509_STORE_CTX *context)
{
    STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
    X509 *last = sk_X509_value(path, sk_X509_num(path) - 1);
    CLEANUP(certificate_free_p) struct certificate *authority = NULL;
    if (X509_up_ref(last) != 1 || x509_certificate(&authority, last, NULL)) { return false; }
    narrow(leaf, authority);
    return true;
}

/* The path as OpenSSL builds and checks it: leaf, the others that came along, the site CA. */
static bool path_leads(const struct chain_judge *judge, const struct parsed *parsed, int64_t now_us,
                       struct chain_leaf *proven, struct why *why)
{
    CLEANUP(X509_STORE_CTX_free_p) X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *others = sk_X509_new_null();
    if (!context || !others) { abort(); }
    for (size_t i = 1; i < parsed->count; i++) {
        if (!sk_X509_push(others, x509_of(parsed->certificates[i]))) { abort(); }
    }
    X509 *leaf = x509_of(parsed->certificates[0]);
    if (X509_STORE_CTX_init(context, judge->store, leaf, others) != 1) { abort(); }
    set_parameters(context, now_us);
    const bool leads = X509_verify_cert(context) == 1 && narrow_to_authority(proven, context);
    const int length = leads ? sk_X509_num(X509_STORE_CTX_get0_chain(context)) : 0;
    const char *reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    sk_X509_free(others);
    ERR_clear_error();
    if (!leads) {
        (void)why_set(why, ERR_DENIED, "the chain does not lead to the site CA: %s", reason);
    } else if ((size_t)length != parsed->count + 1) {
        (void)why_set(why, ERR_DENIED, "a certificate came along that is not part of the path");
    }
    return leads && (size_t)length == parsed->count + 1;
}

static bool judge_afresh(const struct chain_judge *judge, const struct chain_text *chain,
                         int64_t now_us, struct chain_leaf *leaf, struct why *why)
{
    CLEANUP(parsed_deinit) struct parsed parsed = {0};
    leaf->begin_us = INT64_MIN;
    leaf->end_us = INT64_MAX;
    if (!parse(&parsed, chain, why) || !leaf_suits(judge, parsed.certificates[0], leaf, why) ||
        !path_leads(judge, &parsed, now_us, leaf, why)) {
        return false;
    }
    for (size_t i = 0; i < parsed.count; i++) {
        narrow(leaf, parsed.certificates[i]);
        certificate_serial(parsed.certificates[i], &leaf->serials[i]);
    }
    leaf->count = parsed.count;
    return true;
}

bool chain_trusted(struct chain_judge *judge, const struct chain_text *chain, int64_t now_us,
                   struct chain_leaf *leaf, struct why *why)
{
    uint8_t digest[DIGEST_SIZE];
    digest_of(chain, digest);
    const struct remembered *known = recall(judge, digest);
    if (known && now_us >= known->leaf.begin_us && now_us <= known->leaf.end_us) {
        *leaf = known->leaf;
        return true;
    }
    struct chain_leaf judged = {0};
    if (!judge_afresh(judge, chain, now_us, &judged, why)) { return false; }
    if (!known) { memorise(judge, digest, &judged); }
    *leaf = judged;
    return true;
}
