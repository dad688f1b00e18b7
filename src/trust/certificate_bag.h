/*
 * trust/certificate_bag - certificates on their own in a PKCS#7 (RFC 5652 SignedData without
 * signers), as EST hands them out (RFC 7030 sections 4.1.3 and 4.2.3).
 *
 * Nothing vouches for what is in a bag: the reader judges each certificate. No I/O, any thread.
 */
#pragma once

#include "trust/certificate.h"

enum { CERTIFICATE_BAG_MAX = 8, CERTIFICATE_BAG_SIZE_MAX = 32 * 1024 };

struct certificate_bag {
    struct certificate *items[CERTIFICATE_BAG_MAX]; /* owned when read */
    size_t count;
};
void certificate_bag_deinit(struct certificate_bag *bag);

/* Appends the DER form. The certificates are borrowed. */
MUST_USE enum err certificate_bag_write(struct text *out, const struct certificate *const *items,
                                        size_t count, struct why *why);

/* Reads DER of at most CERTIFICATE_BAG_SIZE_MAX bytes with 1 to CERTIFICATE_BAG_MAX certificates.
 */
MUST_USE enum err certificate_bag_from_der(struct certificate_bag *out, struct span der,
                                           struct why *why);
