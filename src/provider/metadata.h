/*
 * provider/metadata - what an identity provider says of itself (OpenID Connect Discovery 1.0).
 *
 * Its issuer must be the very one that was configured, letter by letter: with that, and the issuer
 * in every answer, no other provider can be mixed up with it (RFC 9207). Endpoints must be https.
 * Pure; any thread.
 */
#pragma once

#include "base/span.h"
#include "provider/address.h"

enum { METADATA_SIZE_MAX = 64 * 1024 };

struct metadata {
    char authorization[ADDRESS_SIZE], token[ADDRESS_SIZE], keys[ADDRESS_SIZE];
    unsigned int algorithms; /* bits by enum jws_algorithm: those of its ID tokens that we take */
    bool basic;              /* the client's secret goes by HTTP Basic, else in the body */
    bool names_issuer;       /* its answers carry `iss` */
};

/* ERR_MALFORMED, ERR_LIMIT: no such document; ERR_DENIED: of another issuer, or not for us. */
MUST_USE enum err metadata_read(struct metadata *out, struct span json, const char *issuer,
                                struct why *why);
