/*
 * trust/certificate - an X.509 certificate of the site, and the identity inside it.
 *
 * Wraps OpenSSL. An identity is the one URI of the subject alternative name, a SPIFFE ID
 * `spiffe://<site>/<role>/<name>` (SPIFFE X.509-SVID): site, name = [a-z0-9.-], at most 63 letters,
 * the first and the last a letter or digit (so a name is a safe file name).
 *
 * A struct certificate is either a CA or a leaf that follows the X.509-SVID rules: exactly one URI,
 * key usage with digitalSignature and without keyCertSign and cRLSign. Anything else is refused
 * when it is read. Whether the chain leads to the site CA is trust/chain's question. Immutable: any
 * thread may use it. No I/O.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"
#include "trust/tier.h"

enum {
    CERTIFICATE_SIZE_MAX = 4096,
    CHAIN_COUNT_MAX = 4,
    IDENTITY_NAME_SIZE = 64,
    PUBLIC_KEY_SIZE = 32,
    CERTIFICATE_SERIAL_SIZE = 20,      /* bytes at most, RFC 5280 section 4.1.2.2 */
    CERTIFICATE_FINGERPRINT_SIZE = 32, /* SHA-256 */
    CERTIFICATE_HOST_MAX = 16,
    CERTIFICATE_HOST_SIZE = 254 /* the longest DNS name, and its terminator */
};

struct identity {
    char site[IDENTITY_NAME_SIZE];
    enum role role;
    char name[IDENTITY_NAME_SIZE];
};

/* "spiffe://site/role/name" into and out of an identity. */
MUST_USE enum err identity_parse(struct identity *identity, const char *uri, struct why *why);
void identity_write(const struct identity *identity, struct text *out);

/* Whether `name` may stand as a site or a name in an identity. */
bool identity_name_valid(const char *name);

struct certificate;

/* From DER (message envelopes) or from the first PEM block (files). */
MUST_USE enum err certificate_from_der(struct certificate **out, struct span der, struct why *why);
MUST_USE enum err certificate_from_pem(struct certificate **out, struct span pem, struct why *why);
void certificate_free(struct certificate *certificate);
CLEANUP_FOR(struct certificate, certificate_free)

/* Reads every PEM block of a chain file, leaf first; `chain` has room for CHAIN_COUNT_MAX. */
MUST_USE enum err certificate_chain_from_pem(struct certificate *chain[static CHAIN_COUNT_MAX],
                                             size_t *count, struct span pem, struct why *why);

const struct identity *
certificate_identity(const struct certificate *certificate); /* NULL for a CA */
/* The site of a CA, from its URI `spiffe://<site>`; "" when it names none; NULL for a leaf. */
const char *certificate_authority_site(const struct certificate *certificate);
struct span certificate_der(const struct certificate *certificate); /* borrowed */
int64_t certificate_begin_us(const struct certificate *certificate);
int64_t certificate_end_us(const struct certificate *certificate);
void certificate_write_pem(const struct certificate *certificate, struct text *out);

/* Its number, most significant byte first, without leading zeros. */
struct certificate_serial {
    uint8_t bytes[CERTIFICATE_SERIAL_SIZE];
    size_t size;
};
void certificate_serial(const struct certificate *certificate, struct certificate_serial *serial);

/* SHA-256 of the DER form, as `openssl x509 -fingerprint -sha256` shows it. */
void certificate_fingerprint(const struct certificate *certificate,
                             uint8_t digest[static CERTIFICATE_FINGERPRINT_SIZE]);

/* The DNS names and IP addresses beside the identity, as texts; what is beyond the limit is left
 * out. */
struct certificate_hosts {
    char names[CERTIFICATE_HOST_MAX][CERTIFICATE_HOST_SIZE];
    size_t count;
};
void certificate_read_hosts(const struct certificate *certificate, struct certificate_hosts *hosts);

/* The Ed25519 public key. ERR_MALFORMED when the key is of another kind (P-256 web certificates).
 */
MUST_USE enum err certificate_public_key(const struct certificate *certificate,
                                         uint8_t key[static PUBLIC_KEY_SIZE], struct why *why);
