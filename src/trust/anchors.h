/*
 * trust/anchors - the CAs that a part of the site trusts: one, or two while one replaces the other.
 *
 * They stand in one PEM file, each self-signed and of the same site. A site changes its CA without
 * a visit to its devices: a device asks EST for the CAs of the day, and takes a new one only with a
 * certificate over the same key that a CA it trusts already has issued (authority_vouch; RFC 7030
 * section 4.1.3). Who holds only the TLS key of a server so cannot plant a CA. Immutable: any
 * thread. File I/O where a path is named.
 */
#pragma once

#include "trust/certificate_bag.h"

enum { ANCHORS_MAX = 4, ANCHORS_FILE_SIZE_MAX = 32 * 1024 };

struct anchors;

/* From PEM, 1 to ANCHORS_MAX self-signed CAs of one site. ERR_MALFORMED says what is wrong. */
MUST_USE enum err anchors_from_pem(struct anchors **out, struct span pem, struct why *why);
MUST_USE enum err anchors_open(struct anchors **out, const char *path, struct why *why);
void anchors_free(struct anchors *anchors); /* NULL is allowed */
CLEANUP_FOR(struct anchors, anchors_free)

size_t anchors_count(const struct anchors *anchors);
const struct certificate *anchors_at(const struct anchors *anchors, size_t index);
/* The site of the CAs; "" when they name none. */
const char *anchors_site(const struct anchors *anchors);

/* Whether one of the CAs has signed the certificate, whenever that was and however long it holds.
 */
bool anchors_issued(const struct anchors *anchors, const struct certificate *certificate);

/*
 * The CA among what EST handed out whose fingerprint (SHA-256) was pinned by the operator: the
 * first trust of a new device. ERR_DENIED when it is not among them.
 */
MUST_USE enum err anchors_pin(struct anchors **out, const struct certificate_bag *bag,
                              const uint8_t fingerprint[static CERTIFICATE_FINGERPRINT_SIZE],
                              struct why *why);

/*
 * What to trust from now on: the self-signed CAs of the bag that are trusted already, or that a
 * trusted one vouches for at `now_us`. Those that the bag leaves out are trusted no longer.
 * ERR_DENIED, and nothing changes, when none is left.
 */
MUST_USE enum err anchors_renew(struct anchors **out, const struct anchors *trusted,
                                const struct certificate_bag *bag, int64_t now_us, struct why *why);

bool anchors_equal(const struct anchors *a, const struct anchors *b);
void anchors_write_pem(const struct anchors *anchors, struct text *out);
