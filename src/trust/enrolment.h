/*
 * trust/enrolment - the site CA's register: whom the operator has invited, what was certified, what
 * is withdrawn.
 *
 * An invitation is a one-time token of 128 random bits, bound to one role and name, for a limited
 * time; only its SHA-256 is stored. The register also makes the CA's list of withdrawn
 * certificates (CRL), whose number only grows: it is at least the time in seconds, so that a
 * register restored from a backup does not fall behind what devices have seen. Belongs to the
 * thread of its database connection, migrated as enrol; the time is a parameter.
 */
#pragma once

#include <stdbool.h>

#include "store/database.h"
#include "trust/authority_list.h"

enum {
    ENROLMENT_TOKEN_SIZE = 32,   /* 22 letters of base64url, and room */
    ENROLMENT_HOSTS_SIZE = 1024, /* all hosts of an invitation, parted by commas */
    ENROLMENT_LIFE_MAX_S = 30 * 24 * 3600,
    ENROLMENT_MEMBERS_MAX = 10000
};

struct enrolment;

/* `database` is borrowed. */
MUST_USE enum err enrolment_open(struct enrolment **out, struct database *database,
                                 struct why *why);
void enrolment_close(struct enrolment *enrolment); /* NULL is allowed */
CLEANUP_FOR(struct enrolment, enrolment_close)

/* ---- invitations ---- */

struct enrolment_invitation {
    enum role role;
    const char *name;
    const char *hosts; /* parted by commas; "" = none */
    int64_t now_us;
    int64_t life_s; /* 1 .. ENROLMENT_LIFE_MAX_S */
};

/*
 * Makes a token; an earlier one for the same role and name that was not used becomes void. Joins
 * the caller's transaction if there is one.
 * ERR_MALFORMED, ERR_RANGE: the invitation is not valid.
 */
MUST_USE enum err enrolment_invite(struct enrolment *enrolment,
                                   const struct enrolment_invitation *invitation,
                                   char token[static ENROLMENT_TOKEN_SIZE], struct why *why);

enum enrolment_answer {
    ENROLMENT_ANSWER_ADMITTED,
    ENROLMENT_ANSWER_UNKNOWN, /* no such token, or not for this name */
    ENROLMENT_ANSWER_USED,
    ENROLMENT_ANSWER_EXPIRED,
};
const char *enrolment_answer_name(enum enrolment_answer answer); /* "used" ... */

/* What a token is good for. */
struct enrolment_grant {
    enum role role;
    char name[IDENTITY_NAME_SIZE];
    char hosts[ENROLMENT_HOSTS_SIZE];
};

/* Who shows which token, and what comes of it. */
struct enrolment_claim {
    const char *name, *token;
    int64_t now_us;
    enum enrolment_answer answer;
    struct enrolment_grant grant; /* when ADMITTED */
};

/*
 * Uses up the token of `claim`. Run it in the transaction that also records the certificate: when
 * that is rolled back, the token is as before.
 */
MUST_USE enum err enrolment_redeem(struct enrolment *enrolment, struct enrolment_claim *claim,
                                   struct why *why);

/* ---- certificates ---- */

/* Writes down a certificate that was just made. */
MUST_USE enum err enrolment_record(struct enrolment *enrolment,
                                   const struct certificate *certificate, struct why *why);

/*
 * Whether a certificate (of a leaf) that is shown for renewal may be renewed, and if so writes it
 * down when it was made by other means: then its member's withdrawal finds it. Not good is one that
 * is withdrawn, or that was not written down when its member was withdrawn after it was issued.
 */
MUST_USE enum err enrolment_meet(struct enrolment *enrolment, const struct certificate *certificate,
                                 bool *good, struct why *why);

MUST_USE enum err enrolment_withdrawn(struct enrolment *enrolment,
                                      const struct certificate *certificate, bool *withdrawn,
                                      struct why *why);

/* Withdraws every certificate of the member that has not run out; `*count` says how many. Unused
 * invitations become void, and what the register does not know is not renewed (enrolment_meet). */
MUST_USE enum err enrolment_withdraw_member(struct enrolment *enrolment,
                                            const struct identity *member, int64_t now_us,
                                            int64_t *count, struct why *why);

/* Withdraws one certificate, also one that was made by other means (`tocsin ca issue`). */
MUST_USE enum err enrolment_withdraw(struct enrolment *enrolment,
                                     const struct certificate *certificate, int64_t now_us,
                                     struct why *why);

/* What is known of a member; `each` is called for every one. */
struct enrolment_member {
    enum role role;
    const char *name; /* borrowed until `each` returns */
    int64_t until_us; /* the end of its newest certificate */
    int64_t withdrawn, certificates;
};
struct enrolment_look {
    int64_t now_us;
    void (*each)(void *context, const struct enrolment_member *member);
    void *context;
};
MUST_USE enum err enrolment_members(struct enrolment *enrolment, const struct enrolment_look *look,
                                    struct why *why);

/* ---- the list ---- */

/*
 * Of the list's REVOCATION_ENTRY_MAX places, those that control may fill. The rest is for ops: a
 * control server that is somebody else's enrols and withdraws what it likes, and there must still
 * be room to withdraw it, and what it has made. A place is free again when its certificate has run
 * out.
 */
enum { ENROLMENT_LIST_SHARE_MAX = 768 };

/* ERR_LIMIT: with what was just withdrawn, more stand on the list than `share`. */
MUST_USE enum err enrolment_check_share(struct enrolment *enrolment, int64_t share, int64_t now_us,
                                        struct why *why);

/* Signs a new list of what is withdrawn, stores it, and appends its DER to `der`. */
MUST_USE enum err enrolment_sign_list(struct enrolment *enrolment,
                                      const struct authority *authority, int64_t now_us,
                                      struct text *der, struct why *why);

/* Appends the newest list; `*signed_us` is 0, and nothing is appended, when there is none. */
MUST_USE enum err enrolment_list(struct enrolment *enrolment, struct text *der, int64_t *signed_us,
                                 struct why *why);
