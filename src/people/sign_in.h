/*
 * people/sign_in - whether somebody who says a name and a password gets a session.
 *
 * Limits tries per address and per account before it does any work, takes the same time for an
 * unknown name as for a wrong password, spends a one-time password with its first success, and
 * replaces a hash that could be better. Who has a second factor shows it in the same try; wrong
 * ones are counted for the account alone, since only who has the password gets to guess them. Who
 * is disabled is told what a stranger is told. Who comes from an outside identity provider is known
 * without a password, and shows the second factor all the same. `struct sign_in_limits` is shared
 * by all threads; the stores belong to the calling one.
 */
#pragma once

#include "people/challenge.h"
#include "people/factor.h"
#include "people/passkey_store.h"
#include "people/rate_limit.h"
#include "people/session.h"

struct sign_in_limits; /* one per program */
struct sign_in_limits *sign_in_limits_new(void);
void sign_in_limits_free(struct sign_in_limits *limits); /* NULL is allowed */
CLEANUP_FOR(struct sign_in_limits, sign_in_limits_free)
/* Before any thread uses them: count together with other servers (people/rate_limit). */
void sign_in_limits_share(struct sign_in_limits *limits, struct redis *redis);

struct sign_in {
    struct database *database; /* of the stores: the session begins in a transaction of its own */
    struct user_store *users;
    struct session_store *sessions;
    struct factor_store *factors;
    struct passkey_store *passkeys;
    struct challenges *challenges;
    struct sign_in_limits *limits;
};

/* A passkey's answer to the challenge of an earlier try, and the page that it came from. */
struct sign_in_passkey {
    struct span credential; /* its id */
    struct passkey_answer answer;
    const char *origin, *domain;
};

struct sign_in_result;

/* Puts a welcome on record, in its transaction: an error keeps the session from beginning. */
struct sign_in_record {
    void *context;
    enum err (*enter)(void *context, const struct sign_in_result *result, struct why *why);
};

struct sign_in_try {
    const char *name;
    const char *password;                  /* NULL: sign_in_vouched */
    const char *code;                      /* of the second factor; NULL = none was shown */
    const struct sign_in_passkey *passkey; /* or this; NULL = none was shown */
    const uint8_t *subject;                /* sign_in_factor: what the passkey's challenge was for,
                                            * CHALLENGE_SUBJECT_SIZE bytes; NULL = no passkey is taken */
    const char *address;                   /* of the client */
    const char *device; /* names one that was signed in from before (token_device_read); or NULL */
    const char *agent;  /* what it calls itself; may be NULL */
    bool program;       /* it wants refresh tokens */
    int64_t now_us, monotonic_us;
    struct sign_in_record record; /* of sign_in_try; `enter` may be NULL */
};

enum sign_in_answer {
    SIGN_IN_ANSWER_WELCOME,
    SIGN_IN_ANSWER_WRONG,      /* name or password; one answer for both */
    SIGN_IN_ANSWER_USED,       /* a one-time password for the second time */
    SIGN_IN_ANSWER_FACTOR,     /* the password is right, a second factor is needed: `factors` */
    SIGN_IN_ANSWER_WRONG_CODE, /* or it has been used */
    SIGN_IN_ANSWER_WAIT,       /* too many tries: `wait_us` */
};
const char *sign_in_answer_name(enum sign_in_answer answer); /* "wrong" ... */

struct sign_in_result {
    enum sign_in_answer answer;
    int64_t wait_us;
    struct factors factors;
    struct challenge challenge;     /* FACTOR, when the user has passkeys */
    const char *method;             /* WELCOME: "password", "provider+app" ... */
    char token[SESSION_TOKEN_SIZE]; /* WELCOME, as is `session` */
    struct session session;
};

/* ERR_LIMIT: too many passwords are being checked; else an error is the database's. */
MUST_USE enum err sign_in_try(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                              struct sign_in_result *result, struct why *why);

/*
 * The same for somebody whom an outside identity provider has vouched for: attempt->name, whose
 * rights have not changed since `generation`. WRONG: they have, or the user is disabled.
 */
MUST_USE enum err sign_in_vouched(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                                  int64_t generation, struct sign_in_result *result,
                                  struct why *why);

/*
 * The second factor of somebody who is signed in, once more, where an act may not rest on the
 * session alone: spends `code`, of the app or a recovery code, or takes the passkey's answer to a
 * challenge that was given for attempt->subject (CHALLENGE_PURPOSE_APPROVE), of the user `user_id`
 * named attempt->name. WELCOME with the `method` "app", "recovery" or "passkey", WRONG_CODE, WAIT,
 * or FACTOR when they have neither. Counts as a try.
 */
MUST_USE enum err sign_in_factor(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                                 const char *user_id, struct sign_in_result *result,
                                 struct why *why);

/* Whether `password` is the present one of the session's person; counts as a try. */
MUST_USE enum err sign_in_confirm(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                                  struct user *user, struct sign_in_result *result,
                                  struct why *why);
