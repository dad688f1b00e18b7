/*
 * trust/authority_list - the CA's list of withdrawn certificates (CRL, RFC 5280 section 5): made.
 *
 * The reading half is trust/revocation. A list names serial numbers, which are 126 random bits, and
 * has a number of its own that only grows: a receiver refuses an older one. No I/O.
 */
#pragma once

#include "trust/authority.h"

/* One withdrawn certificate. */
struct authority_list_entry {
    struct certificate_serial serial;
    int64_t at_us; /* when it was withdrawn */
};

struct authority_list {
    int64_t number; /* greater than that of every list before */
    int64_t now_us;
    int64_t next_us; /* when the next list will be there at the latest */
    const struct authority_list_entry *entries;
    size_t count;
};

/* Appends the signed list in DER. ERR_LIMIT when it does not fit `out`. */
MUST_USE enum err authority_list_sign(struct text *out, const struct authority *authority,
                                      const struct authority_list *list, struct why *why);
