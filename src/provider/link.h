/*
 * provider/link - who of an outside identity provider is which user here.
 *
 * Issuer and subject together name a person for ever; names and addresses of e-mail do not, and
 * link nobody. One such person is one user, who may have a few of them. Belongs to the thread of
 * its database connection; writing functions join the caller's transaction; the time is a
 * parameter.
 */
#pragma once

#include "people/user.h"
#include "provider/id_token.h"
#include "store/database.h"

enum { LINK_PER_USER_MAX = 8 };

struct link_store;

MUST_USE enum err link_store_open(struct link_store **out, struct database *database,
                                  struct why *why);
void link_store_close(struct link_store *store); /* NULL is allowed */
CLEANUP_FOR(struct link_store, link_store_close)

struct link_person {
    const char *issuer;
    const struct id_token *person;
    int64_t now_us;
};
/* Whom a person is linked to, and with which rights at that moment. */
struct link {
    char id[ID_TEXT_SIZE];
    char user_id[ID_TEXT_SIZE];
    char user[USER_NAME_SIZE];
    int64_t generation;
};
/* ERR_NOT_FOUND: to nobody. */
MUST_USE enum err link_find(struct link_store *store, const struct link_person *who,
                            struct link *link, struct why *why);
/* The same by its id: it may have been removed since. */
MUST_USE enum err link_find_id(struct link_store *store, const char *id, struct link *link,
                               struct why *why);
/* Enters that it signed somebody in. */
MUST_USE enum err link_used(struct link_store *store, const struct link *link, int64_t now_us,
                            struct why *why);
/* ERR_CONFLICT: that person is linked already, to whomever; ERR_LIMIT: the user has too many. */
MUST_USE enum err link_add(struct link_store *store, const struct link_person *who,
                           const char *user_id, struct why *why);
/* `[{"id","issuer","label","created_at","used_at"},...]` */
MUST_USE enum err link_list(struct link_store *store, const char *user_id, struct value **out,
                            struct why *why);
/* ERR_NOT_FOUND: none of that user. */
MUST_USE enum err link_remove(struct link_store *store, const char *user_id, const char *id,
                              struct why *why);
MUST_USE enum err link_remove_all(struct link_store *store, const char *user_id, struct why *why);
