/*
 * trust/signing_request - a request for a certificate (PKCS#10, RFC 2986): made by a device for its
 * own key, read by the site CA.
 *
 * The device's key signs the request, which proves that it has it; the key itself is not inside.
 * Only Ed25519 keys are asked for and granted. Who may have which identity is not decided here: a
 * token or an older certificate says it, and the request must not contradict. Requests are
 * immutable: any thread. No I/O.
 */
#pragma once

#include "trust/certificate.h"
#include "trust/key.h"

enum { SIGNING_REQUEST_SIZE_MAX = 4096 };

struct signing_request;

/* Appends the DER form of a request for `identity`, signed with `key`. */
MUST_USE enum err signing_request_make(struct text *out, const struct key *key,
                                       const struct identity *identity, struct why *why);

/*
 * From DER, of at most SIGNING_REQUEST_SIZE_MAX bytes. ERR_MALFORMED: not a request, not of an
 * Ed25519 key, or not signed with that key.
 */
MUST_USE enum err signing_request_from_der(struct signing_request **out, struct span der,
                                           struct why *why);
void signing_request_free(struct signing_request *request); /* NULL is allowed */
CLEANUP_FOR(struct signing_request, signing_request_free)

/*
 * Whether the request agrees with `identity`: its common name, when it has one, is the name; its
 * URIs, when it has some, are the SPIFFE ID. ERR_DENIED says what differs.
 */
MUST_USE enum err signing_request_suits(const struct signing_request *request,
                                        const struct identity *identity, struct why *why);

void signing_request_public_key(const struct signing_request *request,
                                uint8_t key[static PUBLIC_KEY_SIZE]);
