/*
 * people/session - that somebody has signed in: a random token at the person's side, its hash at
 * ours.
 *
 * A session ends 30 minutes after its last use, 12 hours after its begin, at sign-out, when its
 * person or an administrator ends it, is disabled, or changes the password elsewhere. Role and
 * reach are those of this moment, not of the sign-in. A program's session also has refresh tokens,
 * each with a number of which one counts (people/token makes them). The CSRF token is derived from
 * the token, so that whoever has only our database has neither. Belongs to the thread of its
 * database connection; the time is a parameter.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/id.h"
#include "people/permission.h"
#include "people/reach.h"
#include "people/user.h"
#include "store/database.h"

#define SESSION_IDLE_US (30 * CLOCK_MINUTE_US)
#define SESSION_AGE_US (12 * CLOCK_HOUR_US)

enum {
    SESSION_TOKEN_SIZE = 44, /* 32 bytes in base64url, terminated */
    SESSION_KEY_SIZE = 32,
    SESSION_PER_USER_MAX = 32, /* the longest unused go */
};

struct session {
    uint8_t key[SESSION_KEY_SIZE]; /* the token's hash: names the session, opens nothing */
    char id[ID_TEXT_SIZE];         /* names it to people and in access tokens */
    char user_id[ID_TEXT_SIZE];
    char user[USER_NAME_SIZE];
    enum user_role role;
    struct reach reach;
    int64_t generation; /* of the user's rights */
    bool must_change_password;
    bool has_factor;   /* the person has set up a second one */
    bool lacks_factor; /* ... or has not, although the role needs it: the caller says so */
    int64_t created_us, used_us;
};
int64_t session_expires_us(const struct session *session); /* if it is not used again */

struct session_store;

MUST_USE enum err session_store_open(struct session_store **out, struct database *database,
                                     struct why *why);
void session_store_close(struct session_store *store); /* NULL is allowed */
CLEANUP_FOR(struct session_store, session_store_close)

struct session_begin {
    const struct user *user;
    const char *address;
    const char *agent;  /* what the client calls itself; NULL = nothing */
    const char *method; /* how it was begun; NULL = "password" */
    bool refreshable;   /* a program's: it gets refresh tokens */
    int64_t now_us;
};
/* Begins a session; joins the caller's transaction. `token` is for the person alone. */
MUST_USE enum err session_begin(struct session_store *store, const struct session_begin *begin,
                                char token[static SESSION_TOKEN_SIZE], struct session *session,
                                struct why *why);

/* ERR_NOT_FOUND for an unknown, ended or malformed token. Counts as use. */
MUST_USE enum err session_find(struct session_store *store, const char *token, int64_t now_us,
                               struct session *session, struct why *why);

/* The same by its id: an access token and a live link name it so; `session` may be NULL. */
MUST_USE enum err session_find_id(struct session_store *store, const char *id, int64_t now_us,
                                  struct session *session, struct why *why);

MUST_USE enum err session_end(struct session_store *store, const struct session *session,
                              struct why *why);
/* Ends one of a person's sessions by its id. ERR_NOT_FOUND. */
MUST_USE enum err session_end_id(struct session_store *store, const char *user_id, const char *id,
                                 struct why *why);
MUST_USE enum err session_end_user(struct session_store *store, const char *user_id,
                                   struct why *why);
/* `[{"id","created_at","used_at","address","agent","kind","method"},...]` of a person, last used
 * first. */
MUST_USE enum err session_list(struct session_store *store, const char *user, int64_t now_us,
                               struct value **out, struct why *why);

enum session_refresh {
    SESSION_REFRESH_NEXT,   /* `number` is the next one */
    SESSION_REFRESH_AGAIN,  /* asked twice within the grace: the same next one once more */
    SESSION_REFRESH_REUSED, /* used long ago: somebody has a copy; the session is ended */
    SESSION_REFRESH_ENDED,  /* there is no such session, or it has no refresh tokens */
};
/* How long a refresh token that has been used gives the same successor: lost answers, races. */
#define SESSION_GRACE_US (20 * CLOCK_SECOND_US)
/* The refresh token `number` of session `id` is shown: fills in the next number and the answer.
 * Joins the caller's transaction. */
struct session_turn {
    char id[ID_TEXT_SIZE];
    int64_t number, now_us;
    enum session_refresh answer;
};
MUST_USE enum err session_refresh(struct session_store *store, struct session_turn *turn,
                                  struct why *why);

/* Ends every other session of the same person. */
MUST_USE enum err session_end_others(struct session_store *store, const struct session *session,
                                     struct why *why);
/* Forgets the sessions that have ended by themselves. */
MUST_USE enum err session_sweep(struct session_store *store, int64_t now_us, struct why *why);

/* The CSRF token that belongs to a session token. */
void session_csrf(char csrf[static SESSION_TOKEN_SIZE], const char *token);
bool session_csrf_fits(const char *csrf, const char *token);
