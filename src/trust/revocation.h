/*
 * trust/revocation - which certificates the site CA has withdrawn: the newest list (CRL, RFC 5280
 * section 5), checked, remembered on disk, asked.
 *
 * A list is taken when one of the site's CAs has signed it and its number (CRL number) is higher
 * than that of the one known: an older list, replayed, is refused. A serial number is 126 random
 * bits, so one set serves all CAs of the site, also while two overlap. `nextUpdate` is not looked
 * at: what was withdrawn stays so for a device that hears nothing for months. File I/O only in
 * revocations_open and revocations_take. Any thread, at any time: a list is replaced as a whole.
 */
#pragma once

#include <stdbool.h>

#include "trust/anchors.h"

enum { REVOCATION_SIZE_MAX = 40 * 1024, REVOCATION_ENTRY_MAX = 1024 };

struct revocations;

/*
 * `anchors` is borrowed for the life of the result. `path` (copied; NULL: nowhere) is where the
 * newest list is kept. A file that is not there is an empty list; one that cannot be read or is no
 * list of the site is told in `why` with its error, and `*out` is given all the same, empty: a sign
 * must not stay dark for a damaged file, and the bus brings the list again.
 */
MUST_USE enum err revocations_open(struct revocations **out, const struct anchors *anchors,
                                   const char *path, struct why *why);
void revocations_close(struct revocations *revocations); /* NULL is allowed */
CLEANUP_FOR(struct revocations, revocations_close)

enum revocation_answer {
    REVOCATION_ANSWER_TAKEN,
    REVOCATION_ANSWER_KNOWN,     /* the same list again */
    REVOCATION_ANSWER_OLDER,     /* a lower number than that of the list known */
    REVOCATION_ANSWER_FORGED,    /* signed by none of the site's CAs */
    REVOCATION_ANSWER_MALFORMED, /* not a list, too large, or without a number */
};
const char *revocation_answer_name(enum revocation_answer answer); /* "older" ... */

/*
 * Judges a list in DER; a newer one is in force when this returns, and on the disk unless that
 * failed (ERR_IO, with REVOCATION_ANSWER_TAKEN). A refusal says why.
 */
MUST_USE enum err revocations_take(struct revocations *revocations, struct span der,
                                   enum revocation_answer *answer, struct why *why);

/* Believes other CAs of the site from now on; `anchors` is borrowed as before. */
void revocations_trust(struct revocations *revocations, const struct anchors *anchors);

bool revocations_hold(struct revocations *revocations, const struct certificate_serial *serial);
int64_t revocations_number(struct revocations *revocations); /* 0: there is no list yet */
size_t revocations_count(struct revocations *revocations);
