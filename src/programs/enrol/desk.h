/*
 * enrol/desk - the one place where the CA's key is used: the register and the CA, behind one lock.
 *
 * The HTTP worker and the main loop both come here; each call holds the lock for itself and is one
 * transaction of the register, with an entry for the audit log (enrol/deeds) of what it does.
 * Whatever changes who is withdrawn makes a new list and calls `withdrawn` (desk_config).
 */
#pragma once

#include "base/value.h"
#include "programs/enrol/deeds.h"
#include "programs/enrol/options.h"
#include "trust/enrolment.h"

struct desk;

struct desk_config {
    const struct options *options; /* borrowed */
    void *context;
    void (*withdrawn)(void *context); /* a new list is there; on the caller's thread, unlocked */
};

/* Opens register and CA, and makes this server's own certificate, server.crt and .key in the state
 * folder. */
MUST_USE enum err desk_open(struct desk **out, const struct desk_config *config, struct why *why);
void desk_close(struct desk *desk); /* NULL is allowed */
CLEANUP_FOR(struct desk, desk_close)

const char *desk_site(const struct desk *desk);
/* Whose fingerprint new devices pin: the root in ca.also, or else our CA. */
const struct certificate *desk_pinned(const struct desk *desk);
const char *desk_certificate_path(const struct desk *desk);
const char *desk_key_path(const struct desk *desk);
const char *desk_anchors_path(const struct desk *desk); /* PEM of every CA that clients may have */
int64_t desk_until_us(const struct desk *desk);         /* when the own certificate runs out */

/* Appends the PKCS#7 (DER) of /cacerts. */
MUST_USE enum err desk_authorities(struct desk *desk, struct text *der, struct why *why);

/* Why nobody was certified, or somebody was. */
enum desk_answer {
    DESK_ANSWER_CERTIFIED,
    DESK_ANSWER_TOKEN,     /* no such token for that name, used, or too old */
    DESK_ANSWER_REQUEST,   /* the request is not one, or asks for another identity */
    DESK_ANSWER_WITHDRAWN, /* the old certificate is withdrawn */
};

/* One who wants a certificate: with a token (name, token), or with an older certificate. */
struct desk_caller {
    const char *name, *token;
    const struct certificate *old;
    struct span request; /* PKCS#10, DER */
    struct asker asker;
};

/* Appends the PKCS#7 with the new certificate. A refusal says why. */
MUST_USE enum err desk_certify(struct desk *desk, const struct desk_caller *caller,
                               enum desk_answer *answer, struct text *der, struct why *why);

/* Whether the bearer of `certificate` may invite and withdraw: control or ops, not withdrawn. */
MUST_USE enum err desk_may_administer(struct desk *desk, const struct certificate *certificate,
                                      bool *may, struct why *why);

MUST_USE enum err desk_invite(struct desk *desk, const struct enrolment_invitation *invitation,
                              const struct asker *asker, char token[static ENROLMENT_TOKEN_SIZE],
                              struct why *why);

/* Withdraws a member's certificates, or the one in `certificate` unless it is NULL. ERR_DENIED when
 * no CA of the site has issued that; ERR_LIMIT when the list has no room for it: then nothing is
 * withdrawn, and nothing that was is forgotten. */
struct desk_withdrawal {
    struct identity member;
    const struct certificate *certificate;
    struct asker asker;
    bool by_ops;   /* the whole list is theirs (ENROLMENT_LIST_SHARE_MAX) */
    int64_t count; /* out: how many are withdrawn now that were not before */
};
MUST_USE enum err desk_withdraw(struct desk *desk, struct desk_withdrawal *withdrawal,
                                struct why *why);

/* Puts on record that somebody was refused at `path`. */
MUST_USE enum err desk_refuse(struct desk *desk, const struct asker *asker, const char *path,
                              struct why *why);

/* What was done since the deed numbered `after` (deeds_since). */
MUST_USE enum err desk_deeds(struct desk *desk, int64_t after, struct value **out, struct why *why);

MUST_USE enum err desk_members(struct desk *desk, struct value *list, struct why *why);

/* Appends the newest list (DER). desk_renew_list signs a new one when it is older than a day. */
MUST_USE enum err desk_list(struct desk *desk, struct text *der, struct why *why);
MUST_USE enum err desk_renew_list(struct desk *desk, struct why *why);
