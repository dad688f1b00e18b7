/*
 * people/invitation - a link that makes a guest a user, or lets a user choose a new password.
 *
 * The token in the link is random and works once, within INVITATION_LIFE_US; only its hash is kept.
 * Role and reach are those that the inviting administrator chose. JSON objects are those of
 * docs/protocols/api.md. Belongs to the thread of its database connection; the time is a parameter.
 */
#pragma once

#include "people/session.h"

#define INVITATION_LIFE_US (72 * CLOCK_HOUR_US)

enum { INVITATION_MAX = 1000, INVITATION_TOKEN_SIZE = 44 };

struct invitation {
    char id[ID_TEXT_SIZE];
    char name[USER_NAME_SIZE]; /* "" = the guest chooses */
    enum user_role role;
    struct reach reach;
    bool resets; /* of a user that is there: a new password, nothing else */
    char created_by[USER_NAME_SIZE];
};

struct invitation_store;

MUST_USE enum err invitation_store_open(struct invitation_store **out, struct database *database,
                                        struct why *why);
void invitation_store_close(struct invitation_store *store); /* NULL is allowed */
CLEANUP_FOR(struct invitation_store, invitation_store_close)

/*
 * Makes one of everything but `id`, which is filled in; a reset withdraws earlier ones of that
 * name. ERR_LIMIT: INVITATION_MAX are open; ERR_RANGE: an administrator of single zones. Joins the
 * caller's transaction.
 */
MUST_USE enum err invitation_make(struct invitation_store *store, struct invitation *invitation,
                                  int64_t now_us, char token[static INVITATION_TOKEN_SIZE],
                                  struct why *why);

/* What a token is for, without spending it. ERR_NOT_FOUND. */
MUST_USE enum err invitation_find(struct invitation_store *store, const char *token, int64_t now_us,
                                  struct invitation *invitation, struct why *why);

/* Spends it. ERR_NOT_FOUND: unknown, used, withdrawn or over. Joins the caller's transaction. */
MUST_USE enum err invitation_take(struct invitation_store *store, const char *token, int64_t now_us,
                                  struct invitation *invitation, struct why *why);

/* `[{"id","username","role","zones","resets","created_by","created_at","expires_at"},...]` */
MUST_USE enum err invitation_list(struct invitation_store *store, int64_t now_us,
                                  struct value **out, struct why *why);
/* ERR_NOT_FOUND. */
MUST_USE enum err invitation_withdraw(struct invitation_store *store, const char *id,
                                      struct why *why);
/* All that `creator` made: they are a way back in for somebody who may no longer invite. */
MUST_USE enum err invitation_withdraw_by(struct invitation_store *store, const char *creator,
                                         struct why *why);
