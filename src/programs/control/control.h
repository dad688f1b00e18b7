/*
 * control/control - what the parts of tocsin-control share.
 *
 * `struct control` is filled by main before any thread starts and stays as it is; its parts guard
 * themselves. `struct desk` belongs to one HTTP worker: a database connection and what is prepared
 * on it. `struct call` is one request on its way through route, permission and handler.
 */
#pragma once

#include "alert/delivery_board.h"
#include "alert/dispatch.h"
#include "alert/draft.h"
#include "fleet/device.h"
#include "fleet/event_store.h"
#include "ledger/journal.h"
#include "people/client.h"
#include "people/invitation.h"
#include "people/rate_limit.h"
#include "people/sign_in.h"
#include "people/token.h"
#include "programs/control/bus.h"
#include "programs/control/grants.h"
#include "programs/control/identity/own.h"
#include "programs/control/ingest.h"
#include "programs/control/live.h"
#include "programs/control/options.h"
#include "programs/control/outbox.h"
#include "programs/control/peer/peers.h"
#include "wire/http.h"

enum { CALL_ARGUMENT_MAX = 2, CALL_BODY_SIZE_MAX = 256 * 1024 };

struct control {
    const struct control_options *options;
    struct database_config database;
    struct own *own;
    struct signer *signer, *exercises; /* own's; exercises: NULL when there is no key for them */
    struct sign_in_limits *limits;
    struct session_cache *sessions;
    struct rate_limit *accounts, *strangers; /* of requests */
    struct rate_limit *forgers, *refusals; /* false tokens, by address; what the audit log takes */
    struct client_networks proxies;
    struct tokens *tokens;
    struct outside *outside;   /* the identity provider; NULL: none is set up */
    unsigned int factor_roles; /* bits by enum user_role: they need a second factor */
    struct live *live;
    struct bus *bus;
    struct ingest *ingest;
    struct outbox *outbox;
    struct scribe *scribe;
    struct clerk *clerk;           /* NULL: tocsin-enrol is not known */
    struct peers *peers;           /* NULL: this is the only server */
    struct redis *redis;           /* NULL: counted in memory */
    struct secret *redis_password; /* NULL: none */
    bool redis_away;               /* of the thread of peers: and the log knows it */
    struct sign_studio *studio;
    const struct secret *map_token; /* of private archives; NULL: there is none */
    struct rate_limit *previews;    /* per user */
};

struct desk {
    struct control *control;
    struct database *database;
    struct user_store *users;
    struct session_store *sessions;
    struct invitation_store *invitations;
    struct factor_store *factors;
    struct passkey_store *passkeys;
    struct link_store *links;
    struct attempt_store *attempts;
    struct challenges *challenges;
    struct grants *grants;
    struct sign_in sign_in;
    struct dispatch *dispatch;
    struct draft_store *drafts;
    struct anchors *anchors;
    struct chain_judge *approvers; /* of the CAs as they were at ca_news `trusted` */
    uint64_t trusted;
    struct delivery_board *board;
    struct device_store *devices;
    struct event_store *events;
    struct zone_store *zones;
    struct tally_store *tallies;
    struct journal *journal;
};

/* NULL when the database cannot be opened: the reason is logged, every request is answered 503. */
struct desk *desk_open(struct control *control);
void desk_close(struct desk *desk); /* NULL is allowed */
/* Who judges operators' approvals, by the CAs of the day; an error keeps those of before. */
MUST_USE enum err desk_court(struct desk *desk, struct why *why);

struct call {
    struct desk *desk;
    struct http_request *request;
    const char *arguments[CALL_ARGUMENT_MAX]; /* what stands for {..} in the route's pattern */
    char address[CLIENT_ADDRESS_SIZE];        /* of the client, also behind proxies */
    bool direct;         /* the peer is on this machine, and speaks for nobody else */
    const char *token;   /* cookie or bearer; NULL = none was shown */
    const char *refused; /* why the token is worth nothing, or NULL */
    bool by_cookie;
    bool signed_in; /* `session` is filled */
    struct session session;
    const char *factor; /* how the act itself was authorised, "session+passkey"; or NULL */
    int64_t now_us;
};

/* ---- call.c: what handlers need ---- */

/* The JSON body. On failure the request is answered and the result is false. */
MUST_USE bool call_body(struct call *call, struct value **body);
/* A text member of the body, at most `size` - 1 bytes; answers 400 and returns false otherwise. */
MUST_USE bool call_text(struct call *call, const struct value *body, const char *key, char *text,
                        size_t size);
/* ?limit; 0 when absent. Answers 400 and returns false when it is no number of 1..200. */
MUST_USE bool call_limit(struct call *call, int64_t *limit);
/* ?NAME as RFC 3339; 0 when absent. */
MUST_USE bool call_time(struct call *call, const char *name, int64_t *wall_us);
/* Answers with `*value` and frees it when `err` is OK, else with the problem. */
void call_answer(struct call *call, enum err err, int status, struct value **value,
                 const struct why *why);
void call_problem(struct call *call, enum err err, const struct why *why);
/* The same where passwords are hashed: too many at once is our limit, not the client's size. */
void call_failure(struct call *call, enum err err, const struct why *why);
void call_refuse(struct call *call, int status, const char *title, const char *detail);
/*
 * Objects by their id, if they stand where the person may look: another zone's are as unknown as
 * none (ERR_NOT_FOUND, in the same words). The caller owns `*out`.
 */
MUST_USE enum err call_find_event(struct call *call, const char *id, struct value **out,
                                  struct why *why);
MUST_USE enum err call_find_device(struct call *call, const char *name, struct value **out,
                                   struct why *why);
/* The members of `list` whose `key` is a zone that the person reaches; frees `list`. */
struct value *call_keep_reached(const struct call *call, const char *key, struct value *list);
