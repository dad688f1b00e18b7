#include "programs/control/route.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "people/session_cache.h"
#include "programs/control/audit/call_audit.h"
#include "store/guard.h"

/* More than all headers of a request together may have. */
enum { FORWARDED_SIZE_MAX = 64 * 1024, ALLOWED_SIZE = 64 };

const struct route ROUTES[] = {
    {"POST", "/auth/login", PERMISSION_PUBLIC, ROUTE_WAY_JSON, auth_login},
    {"POST", "/auth/refresh", PERMISSION_PUBLIC, ROUTE_WAY_JSON, token_api_refresh},
    {"GET", "/.well-known/jwks.json", PERMISSION_PUBLIC, ROUTE_WAY_JSON, token_api_keys},
    {"GET", "/auth/session", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, auth_session},
    {"POST", "/auth/password", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, auth_password},
    {"POST", "/auth/logout", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, auth_logout},
    {"POST", "/auth/register", PERMISSION_PUBLIC, ROUTE_WAY_JSON, register_user},
    {"GET", "/auth/provider", PERMISSION_PUBLIC, ROUTE_WAY_JSON, provider_api_about},
    {"POST", "/auth/provider/begin", PERMISSION_PUBLIC, ROUTE_WAY_JSON, provider_api_begin},
    {"GET", "/auth/provider/callback", PERMISSION_PUBLIC, ROUTE_WAY_JSON, provider_api_callback},
    {"POST", "/auth/provider/factor", PERMISSION_PUBLIC, ROUTE_WAY_JSON, provider_api_factor},
    {"POST", "/auth/provider/link", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, link_api_begin},
    {"GET", "/auth/provider/links", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, link_api_list},
    {"POST", "/auth/provider/links/{id}/remove", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON,
     link_api_remove},
    {"GET", "/auth/factors", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, factor_api_list},
    {"POST", "/auth/app", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, factor_api_app},
    {"POST", "/auth/app/confirm", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, factor_api_confirm},
    {"POST", "/auth/app/remove", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, factor_api_remove},
    {"POST", "/auth/passkeys/begin", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, passkey_api_begin},
    {"POST", "/auth/passkeys", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, passkey_api_add},
    {"POST", "/auth/passkeys/{id}/remove", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON,
     passkey_api_remove},
    {"GET", "/auth/sessions", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, session_api_list},
    {"DELETE", "/auth/sessions/{id}", PERMISSION_OWN_SESSION, ROUTE_WAY_JSON, session_api_end},
    {"GET", "/api/users", PERMISSION_SEE_USERS, ROUTE_WAY_JSON, user_api_list},
    {"GET", "/api/users/{name}", PERMISSION_SEE_USERS, ROUTE_WAY_JSON, user_api_get},
    {"PUT", "/api/users/{name}", PERMISSION_MANAGE_USERS, ROUTE_WAY_JSON, user_api_change},
    {"POST", "/api/users/{name}/reset", PERMISSION_MANAGE_USERS, ROUTE_WAY_JSON, user_api_reset},
    {"GET", "/api/users/{name}/sessions", PERMISSION_MANAGE_USERS, ROUTE_WAY_JSON,
     user_api_sessions},
    {"DELETE", "/api/users/{name}/sessions", PERMISSION_MANAGE_USERS, ROUTE_WAY_JSON,
     user_api_end_sessions},
    {"GET", "/api/invitations", PERMISSION_MANAGE_USERS, ROUTE_WAY_JSON, invitation_api_list},
    {"POST", "/api/invitations", PERMISSION_MANAGE_USERS, ROUTE_WAY_JSON, invitation_api_make},
    {"DELETE", "/api/invitations/{id}", PERMISSION_MANAGE_USERS, ROUTE_WAY_JSON,
     invitation_api_withdraw},
    {"GET", "/api/resources", PERMISSION_SEE, ROUTE_WAY_JSON, fleet_api_resources},
    {"GET", "/api/events", PERMISSION_SEE, ROUTE_WAY_JSON, event_api_list},
    {"GET", "/api/events/{id}", PERMISSION_SEE, ROUTE_WAY_JSON, event_api_get},
    {"POST", "/api/events/{id}/stream", PERMISSION_WATCH_MEDIA, ROUTE_WAY_JSON, media_api_grant},
    {"GET", "/stream/{id}/{operation}", PERMISSION_WATCH_MEDIA, ROUTE_WAY_JSON, media_api_stream},
    {"GET", "/api/alerts", PERMISSION_SEE, ROUTE_WAY_JSON, alert_api_list},
    {"POST", "/api/alerts", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON, alert_api_create},
    {"POST", "/api/alerts/preview", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON, alert_api_preview},
    {"GET", "/api/alerts/{id}", PERMISSION_SEE, ROUTE_WAY_JSON, alert_api_get},
    {"PUT", "/api/alerts/{id}", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON, alert_api_update},
    {"POST", "/api/alerts/{id}/cancel", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON, alert_api_cancel},
    {"GET", "/api/drafts", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON, draft_api_list},
    {"POST", "/api/drafts", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON, draft_api_create},
    {"GET", "/api/drafts/{id}", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON, draft_api_get},
    {"POST", "/api/drafts/{id}/challenge", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON,
     draft_api_challenge},
    {"POST", "/api/drafts/{id}/approve", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON, draft_api_approve},
    {"POST", "/api/drafts/{id}/withdraw", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON,
     draft_api_withdraw},
    {"GET", "/api/zones", PERMISSION_SEE, ROUTE_WAY_JSON, fleet_api_zones},
    {"GET", "/api/devices", PERMISSION_SEE, ROUTE_WAY_JSON, fleet_api_devices},
    {"GET", "/api/devices/{name}", PERMISSION_SEE, ROUTE_WAY_JSON, fleet_api_device},
    {"POST", "/api/devices/{name}/clear", PERMISSION_SEND_ALERT, ROUTE_WAY_JSON, fleet_api_clear},
    {"GET", "/api/devices/{name}/sign/frames", PERMISSION_WATCH_MEDIA, ROUTE_WAY_JSON,
     media_api_sign},
    {"GET", "/api/cameras", PERMISSION_SEE, ROUTE_WAY_JSON, fleet_api_cameras},
    {"GET", "/api/map", PERMISSION_SEE, ROUTE_WAY_JSON, fleet_api_map},
    {"POST", "/api/map/pass", PERMISSION_SEE_EXACT_MAP, ROUTE_WAY_JSON, map_api_pass},
    {"GET", "/api/audit", PERMISSION_SEE_AUDIT, ROUTE_WAY_JSON, audit_api_list},
    {"GET", "/api/audit/checkpoint", PERMISSION_SEE_AUDIT, ROUTE_WAY_JSON, audit_api_checkpoint},
    {"GET", "/api/audit/log/checkpoint", PERMISSION_PUBLIC, ROUTE_WAY_JSON, log_api_checkpoint},
    {"GET", "/api/audit/log/tile/{path...}", PERMISSION_PUBLIC, ROUTE_WAY_JSON, log_api_tile},
    {"GET", "/api/audit/{index}", PERMISSION_SEE_AUDIT, ROUTE_WAY_JSON, audit_api_get},
    {"GET", "/api/live", PERMISSION_SEE, ROUTE_WAY_JSON, state_live},
    {"GET", "/api/openapi.json", PERMISSION_PUBLIC, ROUTE_WAY_JSON, state_openapi},
    {"GET", "/health", PERMISSION_PUBLIC, ROUTE_WAY_JSON, state_health},
    {"GET", "/metrics", PERMISSION_SEE_METRICS, ROUTE_WAY_LOOPBACK, state_metrics},
    {"GET", "/service-worker.js", PERMISSION_PUBLIC, ROUTE_WAY_PAGE, page_service_worker},
    {"GET", "/assets/{file}", PERMISSION_PUBLIC, ROUTE_WAY_PAGE, page_asset},
    {"GET", "/{page...}", PERMISSION_PUBLIC, ROUTE_WAY_PAGE, page_index},
};
const size_t ROUTE_COUNT = ARRAY_LEN(ROUTES);

/* Slow: they hash a password. Direct: they read a little and wait for nobody. Else common. */
static const struct {
    void (*handle)(struct call *call);
    enum http_lane lane;
} LANES[] = {
    {auth_login, HTTP_LANE_SLOW},
    {auth_password, HTTP_LANE_SLOW},
    {register_user, HTTP_LANE_SLOW},
    {factor_api_app, HTTP_LANE_SLOW},
    {factor_api_remove, HTTP_LANE_SLOW},
    {passkey_api_begin, HTTP_LANE_SLOW},
    {passkey_api_remove, HTTP_LANE_SLOW},
    {auth_session, HTTP_LANE_DIRECT},
    {fleet_api_resources, HTTP_LANE_DIRECT},
    {event_api_get, HTTP_LANE_DIRECT},
    {state_health, HTTP_LANE_DIRECT},
};

/* Cuts the part of *path that stands for a {name} out into *buffer; its size. */
static size_t cut_part(const char *path, bool rest, char **buffer)
{
    const size_t size = rest ? strlen(path) : strcspn(path, "/");
    memcpy(*buffer, path, size);
    (*buffer)[size] = '\0';
    *buffer += size + 1;
    return size;
}

bool route_matches(const char *pattern, const char *path, char buffer[static HTTP_PATH_SIZE],
                   const char *arguments[static CALL_ARGUMENT_MAX])
{
    size_t count = 0;
    for (; *pattern; pattern++) {
        if (*pattern != '{' && *pattern != *path++) { return false; }
        if (*pattern != '{') { continue; }
        pattern = strchr(pattern, '}');
        const bool rest = pattern[-1] == '.';
        if (count == CALL_ARGUMENT_MAX) { return false; }
        arguments[count] = buffer;
        path += cut_part(path, rest, &buffer);
        if (!rest && !*arguments[count]) { return false; }
        count++;
    }
    return *path == '\0';
}

/* ---- who asks ---- */

static bool loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/*
 * Behind proxies of ours the client is who they say; their list may come in several lines. None of
 * it is cut off: what the nearest proxy wrote, the only part that counts, stands at the end.
 */
static void find_address(struct call *call)
{
    const struct control *control = call->desk->control;
    const char *peer = http_peer_address(call->request);
    CLEANUP(text_deinit) struct text lines = text_limited(FORWARDED_SIZE_MAX);
    http_header_lines(call->request, "X-Forwarded-For", &lines);
    call->direct = loopback(peer) && lines.size == 0;
    const bool believed = control->options->http_behind_proxy && !lines.overflow;
    client_find(&control->proxies, peer, believed ? text_c(&lines) : "", call->address);
}

static void refuse(struct call *call, int status, const char *reason, const char *detail)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "reason=\"%s\"", reason);
    metric_add(metric_counter("tocsin_http_refused_total", "Requests refused, by reason", labels),
               1);
    call_audit(call, "audit.refused", "reason", reason);
    if (status == 401) { http_add_header(call->request, "WWW-Authenticate", "Bearer"); }
    call_refuse(call, status,
                status == 401   ? "Unauthorized"
                : status == 429 ? "Too Many Requests"
                                : "Forbidden",
                detail);
}

static bool refuse_wait(struct call *call, int64_t wait_us)
{
    if (wait_us == 0) { return false; }
    http_add_header(call->request, "Retry-After", "1");
    refuse(call, 429, "too_often", "Too many requests. Wait a second, then try again.");
    return true;
}

/*
 * A token that we have not seen costs a signature: from where forged ones come, no new one is
 * looked at for a while. Good ones cost nothing, and one that was seen stays good.
 */
static bool forged_too_often(struct call *call)
{
    char group[CLIENT_ADDRESS_SIZE];
    client_group(call->address, group);
    return refuse_wait(
        call, rate_limit_wait_us(call->desk->control->forgers, group, clock_monotonic_us()));
}

/* A program asks often: its session is looked up twice a second, and after any change. */
static enum err find_session_of(struct call *call, const char *id, struct why *why)
{
    struct session_cache *cache = call->desk->control->sessions;
    const int64_t now_us = clock_monotonic_us();
    if (session_cache_find(cache, id, now_us, &call->session)) { return OK; }
    const uint64_t epoch = session_cache_epoch(cache);
    const enum err err =
        session_find_id(call->desk->sessions, id, call->now_us, &call->session, why);
    if (!err) { session_cache_put(cache, epoch, &call->session, now_us); }
    return err;
}

/* The session that an access token names, if the token and the rights that it was made for count.
 */
static enum err find_bearer(struct call *call, struct why *why)
{
    struct token_claims claims = {.generation = 0};
    struct tokens *tokens = call->desk->control->tokens;
    enum token_answer answer = TOKEN_ANSWER_MALFORMED;
    if (!token_recall(tokens, call->token, call->now_us, &answer, &claims)) {
        if (forged_too_often(call)) { return OK; }
        answer = token_verify(tokens, call->token, call->now_us, &claims);
    }
    if (answer != TOKEN_ANSWER_GOOD) {
        call->refused = token_answer_name(answer);
        return OK;
    }
    const enum err err = find_session_of(call, claims.session_id, why);
    if (err) { return err; }
    call->signed_in = call->session.generation == claims.generation;
    if (!call->signed_in) { call->refused = "token_outdated"; }
    return OK;
}

static enum err find_person(struct call *call, struct why *why)
{
    const char *bearer = http_header(call->request, "Authorization");
    enum err err = OK;
    call->refused = "session_ended";
    if (bearer && strncmp(bearer, "Bearer ", 7) == 0) {
        call->token = bearer + 7;
        err = find_bearer(call, why);
        return err == ERR_NOT_FOUND ? OK : err;
    }
    call->token = http_cookie(call->request, "tocsin_session");
    call->by_cookie = call->token != NULL;
    if (!call->token) { return OK; }
    err = session_find(call->desk->sessions, call->token, call->now_us, &call->session, why);
    call->signed_in = !err;
    return err == ERR_NOT_FOUND ? OK : err;
}

static bool unsafe(const struct call *call)
{
    const char *method = http_method(call->request);
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

/* A browser says where a request comes from; another site's page has no business here. */
static bool foreign_origin(const struct call *call)
{
    const char *origin = http_header(call->request, "Origin");
    const char *host = http_header(call->request, "Host");
    if (!origin) { return false; }
    const char *authority = strstr(origin, "://");
    return !authority || !host || strcmp(authority + 3, host) != 0;
}

static bool forged(const struct call *call)
{
    if (!unsafe(call) || !call->by_cookie || !call->signed_in) { return false; }
    const char *csrf = http_header(call->request, "X-CSRF-Token");
    return !csrf || !session_csrf_fits(csrf, call->token);
}

/* ---- the way of one request ---- */

/* True when the handler may have it; else it is answered. */
static bool admit(struct call *call, const struct route *route)
{
    const bool live =
        route->handle == state_live; /* a WebSocket: no other rule guards its origin */
    if ((unsafe(call) || live) && foreign_origin(call)) {
        refuse(call, 403, "foreign_origin", "The request comes from another site's page.");
        return false;
    }
    if (forged(call)) {
        refuse(call, 403, "csrf", "The request lacks the X-CSRF-Token of its session.");
        return false;
    }
    if (route->way == ROUTE_WAY_LOOPBACK && call->direct) { return true; }
    return route_permits(call, route->permission);
}

bool route_permits(struct call *call, enum permission permission)
{
    switch (permission_judge(permission, call->signed_in ? &call->session : NULL)) {
    case PERMISSION_ANSWER_YES: return true;
    case PERMISSION_ANSWER_SIGN_IN:
        refuse(call, 401, call->token ? call->refused : "not_signed_in", "Sign in first.");
        return false;
    case PERMISSION_ANSWER_CHANGE_PASSWORD:
        refuse(call, 403, "password_change_required", "Choose a new password first.");
        return false;
    case PERMISSION_ANSWER_SET_UP_FACTOR:
        refuse(call, 403, "second_factor_missing", "Set up a second factor first.");
        return false;
    case PERMISSION_ANSWER_NO:
        refuse(call, 403, "not_permitted", "Your role does not permit this.");
        return false;
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

static enum err find_session(struct call *call, struct why *why)
{
    const enum err err = find_person(call, why);
    const unsigned int needed = call->desk->control->factor_roles;
    if (err || !call->signed_in) { return err; }
    call->session.lacks_factor = !call->session.has_factor && (needed & 1U << call->session.role);
    return OK;
}

/* An account, or where nobody is signed in a network, asks as often as the site lets it. */
static bool too_often(struct call *call)
{
    const struct control *control = call->desk->control;
    const int64_t now_us = clock_monotonic_us();
    char group[CLIENT_ADDRESS_SIZE];
    if (call->signed_in) {
        return refuse_wait(call,
                           rate_limit_take_us(control->accounts, call->session.user_id, now_us));
    }
    client_group(call->address, group);
    if (call->token && !call->by_cookie) { rate_limit_failed(control->forgers, group, now_us); }
    return refuse_wait(call, rate_limit_take_us(control->strangers, group, now_us));
}

static void serve(struct call *call, const struct route *route)
{
    struct why why = {""};
    const bool limited = route->way != ROUTE_WAY_PAGE && route->handle != state_health;
    const enum err err = limited ? find_session(call, &why) : OK;
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    if (http_status(call->request) || (limited && too_often(call))) { return; }
    if (call->signed_in) { guard_scope(call->desk->database, call->session.reach.zones); }
    if (admit(call, route)) { route->handle(call); }
}

/* What may have changed a session or somebody's rights: before its answer leaves, all are asked for
 * again. */
static void forget_sessions(struct call *call, const struct route *route)
{
    if (unsafe(call) || strncmp(route->pattern, "/auth/", 6) == 0) {
        session_cache_forget(call->desk->control->sessions);
    }
}

static const struct route *find_route(struct call *call, char buffer[static HTTP_PATH_SIZE],
                                      char *allowed, size_t allowed_size)
{
    const char *path = http_path(call->request);
    const char *method = http_method(call->request);
    const char *asked = strcmp(method, "HEAD") == 0 ? "GET" : method;
    size_t size = 0;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *route = &ROUTES[i];
        if (!route_matches(route->pattern, path, buffer, call->arguments)) { continue; }
        if (strcmp(route->method, asked) == 0) {
            /* The page's catch-all hides no API route of another method. */
            return route->way == ROUTE_WAY_PAGE && size > 0 ? NULL : route;
        }
        if (route->way == ROUTE_WAY_PAGE) { continue; } /* nothing is ever sent to a page */
        size += (size_t)snprintf(allowed + size, allowed_size - size, "%s%s", size ? ", " : "",
                                 route->method);
    }
    return NULL;
}

enum http_lane route_lane(const struct http_request *request)
{
    char buffer[HTTP_PATH_SIZE + CALL_ARGUMENT_MAX];
    char allowed[ALLOWED_SIZE] = "";
    struct call call = {.request = (struct http_request *)(uintptr_t)request};
    const struct route *route = find_route(&call, buffer, allowed, sizeof allowed);
    for (size_t i = 0; route && i < ARRAY_LEN(LANES); i++) {
        if (LANES[i].handle == route->handle) { return LANES[i].lane; }
    }
    return HTTP_LANE_COMMON;
}

enum http_lane route_lane_waiting(const struct http_request *request)
{
    const enum http_lane lane = route_lane(request);
    return lane == HTTP_LANE_DIRECT ? HTTP_LANE_COMMON : lane;
}

static void count_request(const struct route *route, int64_t begin_us)
{
    char labels[160];
    (void)snprintf(labels, sizeof labels, "route=\"%s %s\"", route->method, route->pattern);
    metric_observe_us(
        metric_histogram("tocsin_http_request_seconds", "Time in the handler of a route", labels),
        clock_monotonic_us() - begin_us);
}

void route_answer(void *context, void *state, struct http_request *request)
{
    (void)context;
    if (!state) {
        http_answer_problem(request, 503, "Service Unavailable", "The database cannot be opened.");
        return;
    }
    const int64_t begin_us = clock_monotonic_us();
    struct call call = {.desk = state, .request = request, .now_us = clock_wall_us()};
    char buffer[HTTP_PATH_SIZE + CALL_ARGUMENT_MAX];
    char allowed[ALLOWED_SIZE] = "";
    find_address(&call);
    guard_scope(call.desk->database, NULL); /* until it is known who asks */
    const struct route *route = find_route(&call, buffer, allowed, sizeof allowed);
    if (route) {
        serve(&call, route);
        forget_sessions(&call, route);
        count_request(route, begin_us);
    } else if (*allowed) {
        http_add_header(request, "Allow", allowed);
        call_refuse(&call, 405, "Method Not Allowed", "This address knows other methods only.");
    } else {
        call_refuse(&call, 404, "Not Found", "There is nothing at this address.");
    }
}

void route_print(void)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        printf("%s %s\n", ROUTES[i].method, ROUTES[i].pattern);
    }
}
