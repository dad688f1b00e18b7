#include "trust/authority.h"

#include <arpa/inet.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "system/file.h"
#include "trust/x509.h"

enum {
    AUTHORITY_PATH_LENGTH = 1, /* room for one issuing CA between the site CA and its leaves */
    SERIAL_SIZE = 16,
    NAMES_SIZE = 8192,
    FILE_NAME_SIZE = 80
};

static const int64_t backdate_us = AUTHORITY_BACKDATE_S * CLOCK_SECOND_US;

struct authority {
    struct key *key;                 /* owned */
    struct certificate *certificate; /* owned */
};

/* One certificate while it is made. */
struct draft {
    X509 *x509;   /* owned */
    X509 *issuer; /* borrowed; x509 itself for a CA */
    int64_t begin_us, end_us;
};

/* When something is made, and where it is said why it failed. */
struct moment {
    int64_t now_us;
    struct why *why;
};

static void draft_deinit(struct draft *draft)
{
    X509_free(draft->x509);
}

/* ---- parts of a certificate ---- */

static bool set_serial(X509 *x509)
{
    uint8_t bytes[SERIAL_SIZE];
    if (RAND_bytes(bytes, sizeof bytes) != 1) { return false; }
    bytes[0] &= 0x7F; /* positive, and still 16 bytes or fewer (RFC 5280 section 4.1.2.2) */
    bytes[0] |= 0x40;
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    const bool set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
    BN_free(number);
    return set;
}

static bool set_time(ASN1_TIME *time, int64_t wall_us)
{
    return ASN1_TIME_set(time, (time_t)(wall_us / CLOCK_SECOND_US)) != NULL;
}

static bool add_name(X509_NAME *subject, const char *field, const char *text)
{
    return X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, (const uint8_t *)text, -1, -1,
                                      0) == 1;
}

static bool set_subject(X509 *x509, const char *site, const char *unit, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(x509);
    return add_name(subject, "O", site) && add_name(subject, "OU", unit) &&
           add_name(subject, "CN", name);
}

/* `words` as in openssl's configuration files; nothing of it comes from outside unchecked. */
static bool add_extension(const struct draft *draft, int kind, const char *words)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, draft->issuer, draft->x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, words);
    const bool added = extension && X509_add_ext(draft->x509, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool begin(struct draft *draft, EVP_PKEY *pkey)
{
    draft->x509 = X509_new();
    if (!draft->x509) { abort(); }
    return X509_set_version(draft->x509, X509_VERSION_3) == 1 && set_serial(draft->x509) &&
           set_time(X509_getm_notBefore(draft->x509), draft->begin_us) &&
           set_time(X509_getm_notAfter(draft->x509), draft->end_us) &&
           X509_set_pubkey(draft->x509, pkey) == 1;
}

static enum err finish(struct certificate **out, struct draft *draft, const struct key *signing,
                       struct why *why)
{
    if (X509_set_issuer_name(draft->x509, X509_get_subject_name(draft->issuer)) != 1 ||
        !x509_sign(draft->x509, signing)) {
        return x509_failed(why, ERR_UNAVAILABLE, "cannot sign the certificate");
    }
    return x509_certificate(out, TAKE(draft->x509), why);
}

/* ---- the CA ---- */

/* What a CA is called, and whether it stands above sites. */
struct title {
    const char *name;
    bool root;
};

static const char *unit_name(const struct authority *authority, const struct title *title)
{
    if (title->root) { return "root CA"; }
    return key_kind(authority->key) == KEY_KIND_P256 ? "web CA" : "site CA";
}

static enum err draft_authority(struct authority *authority, const struct title *title,
                                int64_t now_us, struct why *why)
{
    CLEANUP(draft_deinit)
    struct draft draft = {.begin_us = now_us - backdate_us,
                          .end_us = now_us + AUTHORITY_DAYS_MAX * CLOCK_DAY_US};
    char constraints[48];
    char uri[96];
    (void)snprintf(constraints, sizeof constraints, "critical,CA:TRUE,pathlen:%d",
                   title->root ? AUTHORITY_PATH_LENGTH + 1 : AUTHORITY_PATH_LENGTH);
    (void)snprintf(uri, sizeof uri, "URI:spiffe://%s", title->name);
    const bool begun = begin(&draft, x509_key(authority->key));
    draft.issuer = draft.x509;
    if (!begun || !set_subject(draft.x509, title->name, "tocsin", unit_name(authority, title)) ||
        !add_extension(&draft, NID_basic_constraints, constraints) ||
        !add_extension(&draft, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(&draft, NID_subject_key_identifier, "hash") ||
        (!title->root && !add_extension(&draft, NID_subject_alt_name, uri))) {
        return x509_failed(why, ERR_UNAVAILABLE, "cannot make the CA's certificate");
    }
    return finish(&authority->certificate, &draft, authority->key, why);
}

static enum err adopt(struct authority **out, const struct title *title, struct key *key,
                      int64_t now_us, struct why *why)
{
    CLEANUP(authority_close_p) struct authority *authority = MEM_NEW(struct authority);
    authority->key = key;
    if (!identity_name_valid(title->name)) {
        return why_set(why, ERR_MALFORMED,
                       "%s is \"%.80s\", expected at most 63 lower-case letters, digits, dots "
                       "and hyphens",
                       title->root ? "root" : "site", title->name);
    }
    const enum err err = draft_authority(authority, title, now_us, why);
    if (!err) { *out = TAKE(authority); }
    return err;
}

enum err authority_adopt(struct authority **out, const char *site, struct key *key, int64_t now_us,
                         struct why *why)
{
    return adopt(out, &(struct title){site, false}, key, now_us, why);
}

enum err authority_adopt_root(struct authority **out, const char *name, struct key *key,
                              int64_t now_us, struct why *why)
{
    return adopt(out, &(struct title){name, true}, key, now_us, why);
}

enum err authority_new(struct authority **out, const char *site, enum key_kind kind, int64_t now_us,
                       struct why *why)
{
    struct key *key = NULL;
    const enum err err = key_generate(&key, kind, why);
    return err ? err : authority_adopt(out, site, key, now_us, why);
}

static enum err read_certificate(struct certificate **out, const char *path, struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited(KEY_FILE_SIZE_MAX);
    enum err err = file_read(&pem, path, why);
    if (err) { return err; }
    err = certificate_from_pem(out, text_span(&pem), why);
    return err ? why_prefix(why, err, path) : OK;
}

enum err authority_open_any(struct authority **out, const char *key_path,
                            const char *certificate_path, const struct secret *passphrase,
                            struct why *why)
{
    CLEANUP(authority_close_p) struct authority *authority = MEM_NEW(struct authority);
    enum err err = read_certificate(&authority->certificate, certificate_path, why);
    if (!err) { err = key_load(&authority->key, key_path, passphrase, why); }
    if (err) { return err; }
    if (!certificate_authority_site(authority->certificate)) {
        return why_set(why, ERR_MALFORMED,
                       "%.120s is not the certificate of a CA; make one with `tocsin ca init`",
                       certificate_path);
    }
    if (X509_check_private_key(x509_of(authority->certificate), x509_key(authority->key)) != 1) {
        return x509_failed(why, ERR_MALFORMED,
                           "the CA's key and certificate do not belong together");
    }
    *out = TAKE(authority);
    return OK;
}

enum err authority_open(struct authority **out, const char *key_path, const char *certificate_path,
                        const struct secret *passphrase, struct why *why)
{
    CLEANUP(authority_close_p) struct authority *authority = NULL;
    const enum err err =
        authority_open_any(&authority, key_path, certificate_path, passphrase, why);
    if (err) { return err; }
    if (!authority || !*authority_site(authority)) {
        return why_set(why, ERR_MALFORMED,
                       "%.120s is not the certificate of a site's CA; make one with `tocsin ca "
                       "init`",
                       certificate_path);
    }
    *out = TAKE(authority);
    return OK;
}

static enum err save_certificate(const struct certificate *certificate, const char *path,
                                 struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited(KEY_FILE_SIZE_MAX);
    certificate_write_pem(certificate, &pem);
    return file_write(path, text_span(&pem), 0644, why);
}

enum err authority_save(const struct authority *authority, const char *key_path,
                        const char *certificate_path, const struct secret *passphrase,
                        struct why *why)
{
    const bool stays = key_in_token(authority->key);
    const enum err err = stays ? OK : key_save(authority->key, key_path, passphrase, why);
    return err ? err : save_certificate(authority->certificate, certificate_path, why);
}

void authority_close(struct authority *authority)
{
    if (!authority) { return; }
    key_free(authority->key);
    certificate_free(authority->certificate);
    free(authority);
}

const char *authority_site(const struct authority *authority)
{
    return certificate_authority_site(authority->certificate);
}

const struct key *x509_authority_key(const struct authority *authority)
{
    return authority->key;
}

const struct certificate *authority_certificate(const struct authority *authority)
{
    return authority->certificate;
}

/* ---- certificates of the site ---- */

static bool is_address(const char *host)
{
    uint8_t bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* Letters, digits, dots, hyphens; a leading "*." for a wildcard. Commas would add extensions. */
static bool is_dns_name(const char *host)
{
    const char *at = strncmp(host, "*.", 2) == 0 ? host + 2 : host;
    const size_t size = strlen(at);
    return size > 0 && strlen(host) < AUTHORITY_HOST_SIZE && at[0] != '.' && at[0] != '-' &&
           strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == size;
}

static enum err write_names(const struct authority *authority,
                            const struct authority_request *request, struct text *out,
                            struct why *why)
{
    text_format(out, "URI:spiffe://%s/%s/%s", authority_site(authority), role_name(request->role),
                request->name);
    for (size_t i = 0; i < request->host_count; i++) {
        const char *host = request->hosts[i];
        const bool address = is_address(host);
        if (!address && !is_dns_name(host)) {
            return why_set(why, ERR_MALFORMED,
                           "host is \"%.80s\", expected a DNS name or an IP address", host);
        }
        text_format(out, ",%s:%s", address ? "IP" : "DNS", host);
    }
    return OK;
}

static enum err check_request(const struct authority *authority,
                              const struct authority_request *request, struct why *why)
{
    const bool web = key_kind(authority->key) == KEY_KIND_P256;
    if (!*authority_site(authority)) {
        return why_set(why, ERR_DENIED,
                       "a root certifies no parts of a site: it vouches for the sites' CAs");
    }
    if (!identity_name_valid(request->name)) {
        return why_set(why, ERR_MALFORMED,
                       "name is \"%.80s\", expected at most 63 lower-case letters, digits, dots "
                       "and hyphens",
                       request->name);
    }
    if (request->days < 0 || request->days > AUTHORITY_DAYS_MAX) {
        return why_set(why, ERR_RANGE, "%d days asked for, expected 1 to %d", request->days,
                       AUTHORITY_DAYS_MAX);
    }
    if (request->life_s < 0 ||
        request->life_s > AUTHORITY_DAYS_MAX * (CLOCK_DAY_US / CLOCK_SECOND_US)) {
        return why_set(why, ERR_RANGE, "%lld s asked for, at most %d days are allowed",
                       (long long)request->life_s, AUTHORITY_DAYS_MAX);
    }
    if (request->host_count > AUTHORITY_HOST_MAX) {
        return why_set(why, ERR_LIMIT, "%zu hosts asked for, at most %d are allowed",
                       request->host_count, AUTHORITY_HOST_MAX);
    }
    if (web && request->host_count == 0) {
        return why_set(why, ERR_MALFORMED,
                       "a web certificate needs at least one host that browsers will ask for");
    }
    return OK;
}

static struct draft draft_for(const struct authority *authority,
                              const struct authority_request *request, int64_t now_us)
{
    const bool street = request->role == ROLE_EDGE || request->role == ROLE_GATEWAY;
    const int usual = street ? AUTHORITY_DAYS_STREET : AUTHORITY_DAYS_INDOORS;
    const int days = request->days ? request->days : usual;
    const int64_t authority_end_us = certificate_end_us(authority->certificate);
    const int64_t life_us =
        request->life_s ? request->life_s * CLOCK_SECOND_US : days * CLOCK_DAY_US;
    const int64_t end_us = now_us + life_us;
    return (struct draft){.issuer = x509_of(authority->certificate),
                          .begin_us = now_us - backdate_us,
                          .end_us = end_us < authority_end_us ? end_us : authority_end_us};
}

/* The certificate of `pkey` for what `request` asks. */
static enum err make(struct certificate **out, const struct authority *authority,
                     const struct authority_request *request, EVP_PKEY *pkey,
                     const struct moment *moment)
{
    struct why *why = moment->why;
    CLEANUP(text_deinit) struct text names = text_limited(NAMES_SIZE);
    const enum err err = write_names(authority, request, &names, why);
    if (err) { return err; }
    CLEANUP(draft_deinit) struct draft draft = draft_for(authority, request, moment->now_us);
    if (draft.end_us <= moment->now_us) {
        return why_set(why, ERR_DENIED, "the CA itself has run out; make a new one");
    }
    const bool web = key_kind(authority->key) == KEY_KIND_P256;
    const char *purposes = web ? "serverAuth" : "clientAuth,serverAuth";
    if (!begin(&draft, pkey) ||
        !set_subject(draft.x509, authority_site(authority), role_name(request->role),
                     request->name) ||
        !add_extension(&draft, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(&draft, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(&draft, NID_ext_key_usage, purposes) ||
        !add_extension(&draft, NID_subject_key_identifier, "hash") ||
        !add_extension(&draft, NID_authority_key_identifier, "keyid:always") ||
        !add_extension(&draft, NID_subject_alt_name, text_c(&names))) {
        return x509_failed(why, ERR_UNAVAILABLE, "cannot make the certificate");
    }
    return finish(out, &draft, authority->key, why);
}

enum err authority_issue(struct authority_issued *out, const struct authority *authority,
                         const struct authority_request *request, int64_t now_us, struct why *why)
{
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    const struct moment moment = {now_us, why};
    enum err err = check_request(authority, request, why);
    if (!err) { err = key_generate(&issued.key, key_kind(authority->key), why); }
    if (!err) {
        err = make(&issued.certificate, authority, request, x509_key(issued.key), &moment);
    }
    if (err) { return err; }
    out->key = TAKE(issued.key);
    out->certificate = TAKE(issued.certificate);
    return OK;
}

enum err authority_certify(struct certificate **out, const struct authority *authority,
                           const struct authority_request *request, int64_t now_us, struct why *why)
{
    const struct moment moment = {now_us, why};
    struct identity identity = {.role = request->role};
    enum err err = check_request(authority, request, why);
    if (err) { return err; }
    if (!request->asked || key_kind(authority->key) != KEY_KIND_ED25519) {
        return why_set(why, ERR_RANGE, "a signing request is certified by the site CA only");
    }
    (void)!text_copy(identity.site, sizeof identity.site, authority_site(authority));
    (void)!text_copy(identity.name, sizeof identity.name, request->name);
    err = signing_request_suits(request->asked, &identity, why);
    EVP_PKEY *pkey = x509_requested_key(request->asked);
    return err ? err : make(out, authority, request, pkey, &moment);
}

enum err authority_vouch(struct certificate **out, const struct authority *authority,
                         const struct certificate *other, int64_t now_us, struct why *why)
{
    const char *site = certificate_authority_site(other);
    X509 *x509 = x509_of(other);
    if (!site || !*site || X509_self_signed(x509, 1) != 1) {
        return why_set(why, ERR_MALFORMED,
                       "only the certificate of a site's CA can be vouched for");
    }
    const int64_t own_end_us = certificate_end_us(authority->certificate);
    const int64_t end_us = certificate_end_us(other);
    CLEANUP(draft_deinit)
    struct draft draft = {.issuer = x509_of(authority->certificate),
                          .begin_us = now_us - backdate_us,
                          .end_us = end_us < own_end_us ? end_us : own_end_us};
    char uri[96];
    (void)snprintf(uri, sizeof uri, "URI:spiffe://%s", site);
    if (!begin(&draft, X509_get0_pubkey(x509)) ||
        X509_set_subject_name(draft.x509, X509_get_subject_name(x509)) != 1 ||
        !add_extension(&draft, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(&draft, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(&draft, NID_subject_key_identifier, "hash") ||
        !add_extension(&draft, NID_authority_key_identifier, "keyid:always") ||
        !add_extension(&draft, NID_subject_alt_name, uri)) {
        return x509_failed(why, ERR_UNAVAILABLE, "cannot vouch for the other CA");
    }
    return finish(out, &draft, authority->key, why);
}

void authority_issued_deinit(struct authority_issued *issued)
{
    key_free(issued->key);
    certificate_free(issued->certificate);
    *issued = (struct authority_issued){0};
}

enum err authority_issued_save(const struct authority_issued *issued, const char *folder,
                               const char *name, struct why *why)
{
    char file[FILE_NAME_SIZE];
    char path[FILE_PATH_SIZE];
    (void)snprintf(file, sizeof file, "%s.key", name);
    enum err err = file_join(path, folder, file, why);
    if (!err) { err = key_save(issued->key, path, NULL, why); }
    (void)snprintf(file, sizeof file, "%s.crt", name);
    if (!err) { err = file_join(path, folder, file, why); }
    return err ? err : save_certificate(issued->certificate, path, why);
}
