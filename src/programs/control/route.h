/*
 * control/route - the table of everything that control answers: method, pattern, permission,
 * handler.
 *
 * One function takes a request through it: route, session, origin and CSRF, permission, handler;
 * what is refused is audited. A pattern's {name} stands for one segment, {name...} for the rest.
 */
#pragma once

#include "programs/control/control.h"

enum route_way {
    ROUTE_WAY_JSON,     /* an API route */
    ROUTE_WAY_LOOPBACK, /* peers on loopback need no sign-in */
    ROUTE_WAY_PAGE,     /* the web page: nothing to sign in for */
};

struct route {
    const char *method, *pattern;
    enum permission permission;
    enum route_way way;
    void (*handle)(struct call *call);
};

extern const struct route ROUTES[];
extern const size_t ROUTE_COUNT;

/* Whether `path` has the form of `pattern`; its parts are cut out of `buffer`. */
bool route_matches(const char *pattern, const char *path, char buffer[static HTTP_PATH_SIZE],
                   const char *arguments[static CALL_ARGUMENT_MAX]);

/* Whether the caller has a permission that the handler needs besides; else it is answered. */
MUST_USE bool route_permits(struct call *call, enum permission permission);

/* wire/http's lane: of the route, before anything is known of who asks. */
enum http_lane route_lane(const struct http_request *request);
/* The same where the database is a server: it may keep us waiting, which no epoll thread can. */
enum http_lane route_lane_waiting(const struct http_request *request);

/* Answers one request: wire/http's handle. `state` is the worker's desk; NULL: 503. */
void route_answer(void *context, void *state, struct http_request *request);

/* The table as text, one route a line: for tests and people. */
void route_print(void);

/* Whether `password` is the caller's, tried as often as sign-in allows; else it is answered. */
MUST_USE bool auth_confirm(struct call *call, const char *password, struct user *user);

/* The same with the password of the request's body, for what an open browser may not do alone. */
MUST_USE bool factor_api_confirmed(struct call *call);

/* Adds an access token of the session to an answer, and refresh token `number` unless negative. */
MUST_USE enum err token_api_add(struct call *call, struct value *body,
                                const struct session *session, int64_t number, struct why *why);

/* Whether all of `content`'s targets are the person's to alert; else it is answered. */
MUST_USE bool alert_api_may(struct call *call, const struct value *content);

/* The handlers, each in the file of its noun. */
void auth_login(struct call *call);
void auth_session(struct call *call);
void auth_password(struct call *call);
void auth_logout(struct call *call);
void token_api_refresh(struct call *call);
void token_api_keys(struct call *call);
void factor_api_list(struct call *call);
void factor_api_app(struct call *call);
void factor_api_confirm(struct call *call);
void factor_api_remove(struct call *call);
void passkey_api_begin(struct call *call);
void passkey_api_add(struct call *call);
void passkey_api_remove(struct call *call);
void provider_api_about(struct call *call);
void provider_api_begin(struct call *call);
void provider_api_callback(struct call *call);
void provider_api_factor(struct call *call);
void link_api_begin(struct call *call);
void link_api_list(struct call *call);
void link_api_remove(struct call *call);
void register_user(struct call *call);
void user_api_list(struct call *call);
void user_api_get(struct call *call);
void user_api_change(struct call *call);
void user_api_reset(struct call *call);
void user_api_sessions(struct call *call);
void user_api_end_sessions(struct call *call);
void invitation_api_list(struct call *call);
void invitation_api_make(struct call *call);
void invitation_api_withdraw(struct call *call);
void session_api_list(struct call *call);
void session_api_end(struct call *call);
void alert_api_list(struct call *call);
void alert_api_get(struct call *call);
void alert_api_create(struct call *call);
void alert_api_update(struct call *call);
void alert_api_cancel(struct call *call);
void alert_api_preview(struct call *call);
void draft_api_list(struct call *call);
void draft_api_create(struct call *call);
void draft_api_get(struct call *call);
void draft_api_challenge(struct call *call);
void draft_api_approve(struct call *call);
void draft_api_withdraw(struct call *call);
void event_api_list(struct call *call);
void event_api_get(struct call *call);
void fleet_api_resources(struct call *call);
void fleet_api_zones(struct call *call);
void fleet_api_devices(struct call *call);
void fleet_api_device(struct call *call);
void fleet_api_clear(struct call *call);
void fleet_api_cameras(struct call *call);
void fleet_api_map(struct call *call);
void map_api_pass(struct call *call);
void audit_api_list(struct call *call);
void audit_api_get(struct call *call);
void audit_api_checkpoint(struct call *call);
void log_api_checkpoint(struct call *call);
void log_api_tile(struct call *call);
void media_api_grant(struct call *call);
void media_api_stream(struct call *call);
void media_api_sign(struct call *call);
void state_live(struct call *call);
void state_health(struct call *call);
void state_metrics(struct call *call);
void state_openapi(struct call *call);
void page_index(struct call *call);
void page_asset(struct call *call);
void page_service_worker(struct call *call);
