#include "trust/revocation.h"

#include <assert.h>
#include <openssl/err.h>
#include <pthread.h>

#include "system/file.h"
#include "trust/x509.h"

/* One list; its entries are sorted as bytes. */
struct list {
    int64_t number;
    size_t count;
    struct certificate_serial entries[]; /* owned */
};

struct revocations {
    char *path;                    /* owned, may be NULL */
    pthread_mutex_t lock;          /* for what follows */
    const struct anchors *anchors; /* borrowed */
    struct list *list;             /* owned, never NULL */
};

static const char *const answers[] = {
    [REVOCATION_ANSWER_TAKEN] = "taken",         [REVOCATION_ANSWER_KNOWN] = "known",
    [REVOCATION_ANSWER_OLDER] = "older",         [REVOCATION_ANSWER_FORGED] = "forged",
    [REVOCATION_ANSWER_MALFORMED] = "malformed",
};

const char *revocation_answer_name(enum revocation_answer answer)
{
    return answers[answer];
}

/* ---- reading ---- */

static int compare(const void *a, const void *b)
{
    const struct certificate_serial *one = a;
    const struct certificate_serial *other = b;
    if (one->size != other->size) { return one->size < other->size ? -1 : 1; }
    return memcmp(one->bytes, other->bytes, one->size);
}

static bool read_serial(struct certificate_serial *serial, const ASN1_INTEGER *number)
{
    CLEANUP(BN_free_p) BIGNUM *value = ASN1_INTEGER_to_BN(number, NULL);
    if (!value || BN_is_negative(value) || BN_num_bytes(value) > CERTIFICATE_SERIAL_SIZE) {
        return false;
    }
    serial->size = (size_t)BN_bn2bin(value, serial->bytes);
    return true;
}

static enum err read_number(int64_t *out, const X509_CRL *crl, struct why *why)
{
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    const bool read = number && ASN1_INTEGER_get_int64(out, number) == 1 && *out > 0;
    ASN1_INTEGER_free(number);
    return read ? OK
                : why_set(why, ERR_MALFORMED, "the list of withdrawn certificates has no number");
}

static enum err read_entries(struct list **out, X509_CRL *crl, struct why *why)
{
    const STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
    const int count = revoked ? sk_X509_REVOKED_num(revoked) : 0;
    if (count > REVOCATION_ENTRY_MAX) {
        return why_set(why, ERR_LIMIT, "the list has %d entries, at most %d are allowed", count,
                       REVOCATION_ENTRY_MAX);
    }
    CLEANUP(mem_free_p)
    struct list *list =
        mem_zeroed(sizeof *list + (size_t)count * sizeof(struct certificate_serial));
    for (int i = 0; i < count; i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(revoked, i);
        if (!read_serial(&list->entries[i], X509_REVOKED_get0_serialNumber(entry))) {
            return why_set(why, ERR_MALFORMED, "entry %d of the list is no serial number", i);
        }
    }
    list->count = (size_t)count;
    qsort(list->entries, list->count, sizeof list->entries[0], compare);
    const enum err err = read_number(&list->number, crl, why);
    if (!err) { *out = TAKE(list); }
    return err;
}

/* ERR_DENIED: a sound list that none of the site's CAs has signed. */
static enum err read_list(struct list **out, const struct anchors *anchors, struct span der,
                          struct why *why)
{
    if (der.size > REVOCATION_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "the list has %zu bytes, at most %d are allowed", der.size,
                       REVOCATION_SIZE_MAX);
    }
    const uint8_t *at = der.data;
    CLEANUP(X509_CRL_free_p) X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.size);
    if (!crl || at != der.data + der.size) {
        return x509_failed(why, ERR_MALFORMED, "not a list of withdrawn certificates (CRL) in DER");
    }
    bool signed_by_site = false;
    for (size_t i = 0; i < anchors_count(anchors) && !signed_by_site; i++) {
        X509 *issuer = x509_of(anchors_at(anchors, i));
        signed_by_site =
            X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) == 0 &&
            X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
    }
    ERR_clear_error();
    if (!signed_by_site) {
        return why_set(why, ERR_DENIED, "the list is signed by none of the site's CAs");
    }
    return read_entries(out, crl, why);
}

/* ---- life ---- */

static enum err recall(struct revocations *revocations, struct why *why)
{
    if (!revocations->path || !file_exists(revocations->path)) { return OK; }
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    struct list *list = NULL;
    enum err err = file_read(&der, revocations->path, why);
    if (err) { return err; }
    err = read_list(&list, revocations->anchors, text_span(&der), why);
    if (err) { return why_prefix(why, err, revocations->path); }
    free(revocations->list);
    revocations->list = list;
    return OK;
}

enum err revocations_open(struct revocations **out, const struct anchors *anchors, const char *path,
                          struct why *why)
{
    struct revocations *revocations = MEM_NEW(struct revocations);
    revocations->anchors = anchors;
    revocations->path = path ? mem_text(path) : NULL;
    revocations->list = mem_zeroed(sizeof(struct list));
    if (pthread_mutex_init(&revocations->lock, NULL)) { abort(); }
    *out = revocations;
    return recall(revocations, why);
}

void revocations_close(struct revocations *revocations)
{
    if (!revocations) { return; }
    (void)pthread_mutex_destroy(&revocations->lock);
    free(revocations->list);
    free(revocations->path);
    free(revocations);
}

/* ---- taking and asking ---- */

static enum revocation_answer answer_of(enum err err)
{
    return err == ERR_DENIED ? REVOCATION_ANSWER_FORGED : REVOCATION_ANSWER_MALFORMED;
}

/* Puts `list` in the place of an older one; gives back what is to be freed. */
static struct list *replace(struct revocations *revocations, struct list *list,
                            enum revocation_answer *answer)
{
    (void)pthread_mutex_lock(&revocations->lock);
    struct list *known = revocations->list;
    *answer = REVOCATION_ANSWER_TAKEN;
    if (list->number == known->number) { *answer = REVOCATION_ANSWER_KNOWN; }
    if (list->number < known->number) { *answer = REVOCATION_ANSWER_OLDER; }
    const bool newer = *answer == REVOCATION_ANSWER_TAKEN;
    if (newer) { revocations->list = list; }
    (void)pthread_mutex_unlock(&revocations->lock);
    return newer ? known : list;
}

enum err revocations_take(struct revocations *revocations, struct span der,
                          enum revocation_answer *answer, struct why *why)
{
    struct list *list = NULL;
    (void)pthread_mutex_lock(&revocations->lock);
    const enum err err = read_list(&list, revocations->anchors, der, why);
    (void)pthread_mutex_unlock(&revocations->lock);
    if (err) {
        *answer = answer_of(err);
        return OK;
    }
    assert(list); /* with OK there is one */
    const int64_t number = list->number;
    free(replace(revocations, list, answer));
    if (*answer == REVOCATION_ANSWER_OLDER) {
        (void)why_set(why, ERR_DENIED, "list %lld is older than list %lld, which is in force",
                      (long long)number, (long long)revocations_number(revocations));
    }
    if (*answer != REVOCATION_ANSWER_TAKEN || !revocations->path) { return OK; }
    return file_write(revocations->path, der, 0600, why);
}

void revocations_trust(struct revocations *revocations, const struct anchors *anchors)
{
    (void)pthread_mutex_lock(&revocations->lock);
    revocations->anchors = anchors;
    (void)pthread_mutex_unlock(&revocations->lock);
}

bool revocations_hold(struct revocations *revocations, const struct certificate_serial *serial)
{
    (void)pthread_mutex_lock(&revocations->lock);
    const struct list *list = revocations->list;
    const bool held =
        bsearch(serial, list->entries, list->count, sizeof list->entries[0], compare) != NULL;
    (void)pthread_mutex_unlock(&revocations->lock);
    return held;
}

int64_t revocations_number(struct revocations *revocations)
{
    (void)pthread_mutex_lock(&revocations->lock);
    const int64_t number = revocations->list->number;
    (void)pthread_mutex_unlock(&revocations->lock);
    return number;
}

size_t revocations_count(struct revocations *revocations)
{
    (void)pthread_mutex_lock(&revocations->lock);
    const size_t count = revocations->list->count;
    (void)pthread_mutex_unlock(&revocations->lock);
    return count;
}
