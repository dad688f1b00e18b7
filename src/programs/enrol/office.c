#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/value.h"
#include "programs/enrol/routes.h"

enum { JSON_SIZE_MAX = 16 * 1024, LIFE_DEFAULT_S = 3600 };

static bool is_ops(const struct http_request *request)
{
    CLEANUP(certificate_free_p) struct certificate *peer = routes_peer(request);
    const struct identity *identity = peer ? certificate_identity(peer) : NULL;
    return identity && identity->role == ROLE_OPS;
}

static void refuse(struct http_request *request, const struct why *why)
{
    http_answer_problem(request, 400, "Bad Request", why->text);
}

static enum err read_role(enum role *role, const struct value *body, struct why *why)
{
    char name[IDENTITY_NAME_SIZE];
    const enum err err = value_need_text(body, "role", name, sizeof name, why);
    return err ? err : role_parse(role, name, why);
}

/* ---- inviting ---- */

static enum err read_hosts(struct text *hosts, const struct value *list, struct why *why)
{
    if (list && value_kind(list) != VALUE_KIND_ARRAY) {
        return why_set(why, ERR_MALFORMED, "member \"hosts\" must be an array of texts");
    }
    for (size_t i = 0; list && i < value_count(list); i++) {
        const char *host = value_text_or(value_at(list, i), "");
        if (!*host || strpbrk(host, ", ")) {
            return why_set(why, ERR_MALFORMED, "host %zu is not a DNS name or an address", i);
        }
        text_add(hosts, i ? "," : "");
        text_add(hosts, host);
    }
    return hosts->overflow ? why_set(why, ERR_LIMIT, "the hosts are too long") : OK;
}

static void answer_invitation(struct desk *desk, const struct enrolment_invitation *invitation,
                              const char *token, struct http_request *request)
{
    uint8_t digest[CERTIFICATE_FINGERPRINT_SIZE];
    CLEANUP(text_deinit) struct text hex = text_limited(sizeof digest * 2);
    certificate_fingerprint(desk_pinned(desk), digest);
    encode_hex(&hex, span_of(digest, sizeof digest));
    CLEANUP(value_free_p) struct value *body = value_object();
    value_set_text(body, "site", desk_site(desk));
    value_set_text(body, "role", role_name(invitation->role));
    value_set_text(body, "name", invitation->name);
    value_set_text(body, "token", token);
    value_set_text(body, "fingerprint", text_c(&hex));
    value_set_time(body, "expires", invitation->now_us + invitation->life_s * CLOCK_SECOND_US);
    http_add_header(request, "Cache-Control", "no-store");
    http_answer_json(request, 201, body);
}

/*
 * The server that carries emergencies must not make the people whose approvals it needs, nor one
 * who makes them, nor take them away, nor this server: that is for ops. `deed`: "invited" ...
 */
static enum err check_rank(const struct http_request *request, enum role role, const char *deed,
                           struct why *why)
{
    if (role != ROLE_OPERATOR && role != ROLE_OPS && role != ROLE_ENROL) { return OK; }
    if (is_ops(request)) { return OK; }
    return why_set(why, ERR_DENIED, "role %s is %s by ops, not by control", role_name(role), deed);
}

static void invite(struct desk *desk, const struct value *body, struct http_request *request)
{
    struct why why = {0};
    char name[IDENTITY_NAME_SIZE];
    char token[ENROLMENT_TOKEN_SIZE];
    CLEANUP(text_deinit) struct text hosts = text_limited(ENROLMENT_HOSTS_SIZE - 1);
    struct enrolment_invitation invitation = {
        .name = name,
        .now_us = clock_wall_us(),
        .life_s = value_integer_or(value_get(body, "life_s"), LIFE_DEFAULT_S)};
    enum err err = value_need_text(body, "name", name, sizeof name, &why);
    if (!err) { err = read_role(&invitation.role, body, &why); }
    if (!err) { err = check_rank(request, invitation.role, "invited", &why); }
    if (!err) { err = read_hosts(&hosts, value_get(body, "hosts"), &why); }
    invitation.hosts = text_c(&hosts);
    const struct asker asker = routes_asker(request);
    if (!err) { err = desk_invite(desk, &invitation, &asker, token, &why); }
    if (err == ERR_IO || err == ERR_TIMEOUT) {
        routes_fail(request, &why);
    } else if (err) {
        refuse(request, &why);
    } else {
        log_event(LOG_LEVEL_INFO, "enrol.invited", "role", role_name(invitation.role), "name", name,
                  "by", http_peer_identity(request), NULL);
        answer_invitation(desk, &invitation, token, request);
        explicit_bzero(token, sizeof token);
    }
}

/* ---- withdrawing ---- */

static enum err read_withdrawal(struct desk_withdrawal *withdrawal, struct certificate **held,
                                const struct value *body, struct why *why)
{
    const char *pem = value_text_or(value_get(body, "certificate"), NULL);
    if (pem) {
        const enum err err = certificate_from_pem(held, span_text(pem), why);
        withdrawal->certificate = *held;
        return err;
    }
    const enum err err =
        value_need_text(body, "name", withdrawal->member.name, sizeof withdrawal->member.name, why);
    return err ? err : read_role(&withdrawal->member.role, body, why);
}

static void withdraw(struct desk *desk, const struct value *body, struct http_request *request)
{
    struct why why = {0};
    struct desk_withdrawal withdrawal = {.asker = routes_asker(request), .by_ops = is_ops(request)};
    CLEANUP(certificate_free_p) struct certificate *held = NULL;
    enum err err = read_withdrawal(&withdrawal, &held, body, &why);
    if (!err && held && !certificate_identity(held)) {
        err = why_set(&why, ERR_MALFORMED, "the certificate is that of a CA");
    }
    if (err) {
        refuse(request, &why);
        return;
    }
    const enum role role = held ? certificate_identity(held)->role : withdrawal.member.role;
    err = check_rank(request, role, "withdrawn", &why);
    if (!err) { err = desk_withdraw(desk, &withdrawal, &why); }
    if (err == ERR_DENIED) {
        refuse(request, &why);
        return;
    }
    if (err == ERR_LIMIT) {
        log_event(LOG_LEVEL_ERROR, "enrol.list_full", "by", http_peer_identity(request), "why",
                  why.text, NULL);
        http_answer_problem(request, 409, "Conflict", why.text);
        return;
    }
    if (err) {
        routes_fail(request, &why);
        return;
    }
    log_event(LOG_LEVEL_INFO, "enrol.withdrawn", "name",
              held ? certificate_identity(held)->name : withdrawal.member.name, "count",
              LOG_NUMBER(withdrawal.count), "by", http_peer_identity(request), NULL);
    CLEANUP(value_free_p) struct value *answer = value_object();
    value_set_integer(answer, "withdrawn", withdrawal.count);
    http_answer_json(request, 200, answer);
}

/* ---- listing ---- */

static void list(struct desk *desk, struct http_request *request)
{
    struct why why = {0};
    CLEANUP(value_free_p) struct value *body = value_object();
    struct value *members = value_array();
    value_set(body, "members", members);
    if (desk_members(desk, members, &why)) {
        routes_fail(request, &why);
    } else {
        http_answer_json(request, 200, body);
    }
}

/* ---- what was done, for control's audit log ---- */

static void tell_deeds(struct desk *desk, struct http_request *request)
{
    struct why why = {0};
    char *end = NULL;
    const char *word = http_query(request, "after");
    const long long after = word ? strtoll(word, &end, 10) : 0;
    CLEANUP(certificate_free_p) struct certificate *peer = routes_peer(request);
    const struct identity *identity = peer ? certificate_identity(peer) : NULL;
    if (!identity || identity->role != ROLE_CONTROL) {
        http_answer_problem(request, 403, "Forbidden", "Control keeps the log; ask there.");
        return;
    }
    if (word && (*word < '0' || *word > '9' || *end)) {
        (void)why_set(&why, ERR_MALFORMED, "after must be a whole number");
        refuse(request, &why);
        return;
    }
    CLEANUP(value_free_p) struct value *answer = NULL;
    if (desk_deeds(desk, after, &answer, &why)) {
        routes_fail(request, &why);
    } else {
        http_answer_json(request, 200, answer);
    }
}

/* ---- who may ---- */

static bool may_come_in(struct desk *desk, struct http_request *request)
{
    struct why why = {0};
    bool may = false;
    CLEANUP(certificate_free_p) struct certificate *peer = routes_peer(request);
    if (peer && desk_may_administer(desk, peer, &may, &why)) {
        routes_fail(request, &why);
        return false;
    }
    if (!may) {
        log_event(LOG_LEVEL_WARNING, "enrol.stranger", "peer", http_peer_identity(request),
                  "address", http_peer_address(request), "path", http_path(request), NULL);
        const struct asker asker = routes_asker(request);
        if (desk_refuse(desk, &asker, http_path(request), &why)) {
            log_event(LOG_LEVEL_ERROR, "enrol.failed", "why", why.text, NULL);
        }
        http_answer_problem(request, 403, "Forbidden",
                            "Only control and ops of this site, with a certificate that is not "
                            "withdrawn, invite and withdraw.");
    }
    return may;
}

void office_handle(struct desk *desk, const char *path, struct http_request *request)
{
    if (!may_come_in(desk, request)) { return; }
    const bool post = strcmp(http_method(request), "POST") == 0;
    if (!post && strcmp(http_method(request), "GET") == 0 && strcmp(path, "/members") == 0) {
        list(desk, request);
        return;
    }
    if (!post && strcmp(path, "/deeds") == 0) {
        tell_deeds(desk, request);
        return;
    }
    const bool withdrawing = strcmp(path, "/members/revoke") == 0;
    if (!post || (!withdrawing && strcmp(path, "/members") != 0)) {
        http_answer_problem(request, 404, "Not Found",
                            "There is GET and POST /members, POST /members/revoke, GET /deeds.");
        return;
    }
    struct why why = {0};
    CLEANUP(value_free_p) struct value *body = NULL;
    if (value_parse(&body, http_body(request), JSON_SIZE_MAX, &why)) {
        refuse(request, &why);
    } else if (withdrawing) {
        withdraw(desk, body, request);
    } else {
        invite(desk, body, request);
    }
}
