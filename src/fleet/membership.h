/*
 * fleet/membership - how a part of the site comes by its identity and keeps it: the device's half
 * of enrolment (EST, RFC 7030; docs/protocols/enrolment.md).
 *
 * The key is made here and never leaves. A first certificate costs a one-time token; the server is
 * trusted for its CA's fingerprint alone. Later ones cost the certificate before. Files are
 * replaced so that a crash leaves the old pair or the new: the next certificate lies beside as
 * PATH.next once its key does, and `membership_begin` finishes what was left. Blocks on the
 * network; no threads of its own.
 */
#pragma once

#include "trust/anchors.h"

enum { MEMBERSHIP_TICKET_SIZE = 160 };

/* All borrowed. */
struct membership {
    const char *url; /* "https://enrol.site:8443"; "" = nobody renews here */
    /* SHA-256 of the certificate of the site's CA, or of the root above it, 64 hex digits; or "" */
    const char *fingerprint;
    const char *site;
    enum role role;
    const char *ca_path, *certificate_path, *key_path; /* PEM, written here */
};

/* How it stands at start. */
enum membership_state {
    MEMBERSHIP_STATE_GOOD,
    MEMBERSHIP_STATE_ENROLLED, /* just now */
    MEMBERSHIP_STATE_EXPIRED,  /* the certificate has run out, and there is no token: see `why` */
};

/*
 * At start: finishes a renewal that was broken off, and enrols when there is no certificate, or one
 * that has run out, with the token in TOCSIN_ENROL_TOKEN (taken from the environment in any case)
 * or in `token_file` (NULL or "": none; mode 0600, deleted once it is used). A token is
 * "NAME:LETTERS" as `tocsin device add` prints it. ERR_NOT_FOUND: no certificate and no token; else
 * as membership_enrol. `why` says what to do.
 */
MUST_USE enum err membership_begin(const struct membership *membership, const char *token_file,
                                   int64_t now_us, enum membership_state *state, struct why *why);

/* Makes a key, and has it certified. ERR_DENIED: the token, the server or the pin does not fit. */
MUST_USE enum err membership_enrol(const struct membership *membership, const char *ticket,
                                   struct why *why);

/* What a renewal has changed on the disk. */
struct membership_change {
    bool certificate, anchors;
};

/*
 * Asks which CAs are trusted today, and renews the certificate when it is due at `now_us`. What was
 * changed before a failure is in `change` too.
 */
MUST_USE enum err membership_renew(const struct membership *membership, int64_t now_us,
                                   struct membership_change *change, struct why *why);

/* When the certificate is to be renewed: at two thirds of its life. */
int64_t membership_due_us(const struct certificate *certificate);

/* The leaf in `path`. */
MUST_USE enum err membership_read(struct certificate **out, const char *path, struct why *why);
