/*
 * trust/anchors - the CAs that a part of the site trusts: one, or two while one replaces the other.
 *
 * They stand in one PEM file, each self-signed and of the same site. A site changes its CA without
 * a visit to its devices: a device asks EST for the CAs of the day, and takes a new one only with a
 * certificate over the same key that a CA it trusts already has issued (authority_vouch; RFC 7030
 * section 4.1.3). Who holds only the TLS key of a server so cannot plant a CA.
 *
 * Above the CAs of one site or several there may be a root, kept offline: a CA that names no site.
 * It is never an anchor itself: a device has its fingerprint, and takes the CAs of its own site
 * that the root vouches for. So no sister site's CA comes into anybody's chain. Immutable: any
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
/* The site of the CAs. */
const char *anchors_site(const struct anchors *anchors);

/* Whether one of the CAs has signed the certificate, whenever that was and however long it holds.
 */
bool anchors_issued(const struct anchors *anchors, const struct certificate *certificate);

/* What the operator has written down for a device: its fingerprint is that of the site's CA, or of
 * the root above it. */
struct anchors_pin {
    bool given; /* `fingerprint` is filled */
    uint8_t fingerprint[CERTIFICATE_FINGERPRINT_SIZE];
    const char *site;
    int64_t now_us;
};

/*
 * The first trust of a new device, out of what EST handed out: the CA that is pinned, or the CAs of
 * the site that the pinned root vouches for. ERR_DENIED when there is none.
 */
MUST_USE enum err anchors_pin(struct anchors **out, const struct certificate_bag *bag,
                              const struct anchors_pin *pin, struct why *why);

/*
 * What to trust from now on: the self-signed CAs of the bag that are trusted already, or that a
 * trusted one or the pinned root vouches for. Those that the bag leaves out are trusted no longer.
 * ERR_DENIED, and nothing changes, when none is left.
 */
MUST_USE enum err anchors_renew(struct anchors **out, const struct anchors *trusted,
                                const struct certificate_bag *bag, const struct anchors_pin *pin,
                                struct why *why);

/*
 * The same for a bag from a server that shows a certificate of none of them, as when the site's CA
 * is lost: adds the CAs that the pinned root has vouched for after all that are trusted were made,
 * so that nobody brings back one that was dropped. Nothing is dropped. ERR_DENIED: there is none.
 */
MUST_USE enum err anchors_succeed(struct anchors **out, const struct anchors *trusted,
                                  const struct certificate_bag *bag, const struct anchors_pin *pin,
                                  struct why *why);

bool anchors_equal(const struct anchors *a, const struct anchors *b);
void anchors_write_pem(const struct anchors *anchors, struct text *out);
