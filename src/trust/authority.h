/*
 * trust/authority - the site CA: makes itself, and certificates for the parts of the site.
 *
 * A site has two: the site CA (Ed25519) for everything that Tocsin's programs say to each other,
 * and the web CA (P-256) for the certificates that browsers see, because browsers know no Ed25519.
 * A browser that trusts the web CA so gives nobody a voice on the bus. Certificates follow RFC 5280
 * and the SPIFFE X.509-SVID rules; serial numbers are 128 random bits. There are no name
 * constraints: GnuTLS refuses any chain that has one on URIs; our own receivers check the site.
 * Opening and saving read and write files, issuing does no I/O. One thread each.
 */
#pragma once

#include "trust/certificate.h"
#include "trust/key.h"
#include "trust/signing_request.h"

enum {
    AUTHORITY_YEARS = 10,
    AUTHORITY_DAYS_MAX = AUTHORITY_YEARS * 365,
    AUTHORITY_HOST_MAX = CERTIFICATE_HOST_MAX, /* DNS names and addresses in one certificate */
    AUTHORITY_HOST_SIZE = CERTIFICATE_HOST_SIZE,
    /* So that a machine whose clock is a little slow accepts what was just made for it. */
    AUTHORITY_BACKDATE_S = 300,
    AUTHORITY_DAYS_STREET = 30,  /* edge, gateway: what may be stolen in the street */
    AUTHORITY_DAYS_INDOORS = 365 /* all other roles */
};

struct authority;

/* A new self-signed CA of `site`, path length 1, for AUTHORITY_YEARS from `now_us`. */
MUST_USE enum err authority_new(struct authority **out, const char *site, enum key_kind kind,
                                int64_t now_us, struct why *why);

/* The same with a key that is there already, such as one in a token; takes it in every case. */
MUST_USE enum err authority_adopt(struct authority **out, const char *site, struct key *key,
                                  int64_t now_us, struct why *why);

/*
 * A root above the CAs of one site or several: it names no site, certifies no part of one, and
 * only vouches for their CAs (authority_vouch). `name` is what people call it. Takes `key`.
 */
MUST_USE enum err authority_adopt_root(struct authority **out, const char *name, struct key *key,
                                       int64_t now_us, struct why *why);

/* From its two files; `key_path` may name a token. `passphrase` as in key_load. */
MUST_USE enum err authority_open(struct authority **out, const char *key_path,
                                 const char *certificate_path, const struct secret *passphrase,
                                 struct why *why);
/* The same, and it may be a root: then its site is "". */
MUST_USE enum err authority_open_any(struct authority **out, const char *key_path,
                                     const char *certificate_path, const struct secret *passphrase,
                                     struct why *why);

/* Writes the key (0600, sealed when `passphrase` is not NULL; one in a token stays there) and the
 * certificate (0644). */
MUST_USE enum err authority_save(const struct authority *authority, const char *key_path,
                                 const char *certificate_path, const struct secret *passphrase,
                                 struct why *why);
void authority_close(struct authority *authority); /* NULL is allowed */
CLEANUP_FOR(struct authority, authority_close)

const char *authority_site(const struct authority *authority);
const struct certificate *authority_certificate(const struct authority *authority);

/* What a certificate is asked for. */
struct authority_request {
    enum role role;
    const char *name;
    int days;                 /* 0 = AUTHORITY_DAYS_* by role */
    int64_t life_s;           /* instead of days, unless it is 0 */
    const char *const *hosts; /* DNS names and IP addresses beside the identity; may be NULL */
    size_t host_count;
    const struct signing_request *asked; /* authority_certify: of the key to be certified */
};

struct authority_issued {
    struct key *key;                 /* owned */
    struct certificate *certificate; /* owned */
};
void authority_issued_deinit(struct authority_issued *issued);

/* Writes NAME.key (0600) and NAME.crt (0644, PEM) into `folder`, which must exist. */
MUST_USE enum err authority_issued_save(const struct authority_issued *issued, const char *folder,
                                        const char *name, struct why *why);

/*
 * Makes a key and its certificate: of an Ed25519 CA for messages and mutual TLS (client and
 * server), of a P-256 CA for a browser's TLS server. Valid from 5 minutes before `now_us`, never
 * beyond the CA's own end. ERR_MALFORMED names what is wrong with the request. A web certificate is
 * asked for with at least one host.
 */
MUST_USE enum err authority_issue(struct authority_issued *out, const struct authority *authority,
                                  const struct authority_request *request, int64_t now_us,
                                  struct why *why);

/*
 * The same for a key that was made elsewhere and never comes here: `request->asked` is its request,
 * which must be there and agree with the identity (ERR_DENIED). Of an Ed25519 CA only.
 */
MUST_USE enum err authority_certify(struct certificate **out, const struct authority *authority,
                                    const struct authority_request *request, int64_t now_us,
                                    struct why *why);

/*
 * Vouches for another CA: a certificate over `other`'s key and subject, issued by `authority` (the
 * site's CA so far, or a root above several sites), until the earlier of their ends. Whoever trusts
 * `authority` may so come to trust `other` (trust/anchors). `other` must be the self-signed
 * certificate of a site's CA.
 */
MUST_USE enum err authority_vouch(struct certificate **out, const struct authority *authority,
                                  const struct certificate *other, int64_t now_us, struct why *why);
