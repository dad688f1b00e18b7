/*
 * Users, their sessions, and invitations: what an administrator does with people.
 */
#include <sodium.h>
#include <stdio.h>

#include "programs/control/audit/call_audit.h"
#include "programs/control/route.h"
#include "provider/link.h"

/* {"NAME": list} or the problem; takes `list`. */
static void answer_list(struct call *call, enum err err, const char *name, struct value *list,
                        const struct why *why)
{
    CLEANUP(value_free_p) struct value *body = value_object();
    if (!err) { value_set(body, name, list); }
    call_answer(call, err, 200, &body, why);
}

static void answer_empty(struct call *call)
{
    http_answer_bytes(call->request, 204, NULL, span_of("", 0));
}

/* The user that the path names; false when it is answered. */
static bool find(struct call *call, struct user *user)
{
    struct why why = {""};
    const enum err err = user_find(call->desk->users, call->arguments[0], user, &why);
    if (err) { call_problem(call, err, &why); }
    return !err;
}

/* ---- users ---- */

void user_api_list(struct call *call)
{
    struct why why = {""};
    struct value *list = NULL;
    const enum err err = user_list(call->desk->users, NULL, call->now_us, &list, &why);
    answer_list(call, err, "users", list, &why);
}

static void answer_user(struct call *call, const char *name)
{
    struct why why = {""};
    CLEANUP(value_free_p) struct value *list = NULL;
    enum err err = user_list(call->desk->users, name, call->now_us, &list, &why);
    if (!err && value_count(list) == 0) {
        err = why_set(&why, ERR_NOT_FOUND, "there is no user \"%.64s\"", name);
    }
    struct value *user = err ? NULL : value_copy(value_at(list, 0));
    call_answer(call, err, 200, &user, &why);
}

void user_api_get(struct call *call)
{
    answer_user(call, call->arguments[0]);
}

/* What the body changes of the present rights; what it does not name stays. */
static enum err read_change(const struct value *body, const struct user *user,
                            struct user_change *change, struct why *why)
{
    *change =
        (struct user_change){.role = user->role, .reach = user->reach, .disabled = user->disabled};
    const struct value *role = value_get(body, "role");
    const struct value *zones = value_get(body, "zones");
    const struct value *disabled = value_get(body, "disabled");
    enum err err = OK;
    if (role) { err = user_role_parse(&change->role, value_text_or(role, ""), why); }
    if (!err && zones) { err = reach_parse(&change->reach, zones, why); }
    if (!err && disabled && value_kind(disabled) != VALUE_KIND_BOOLEAN) {
        err = why_set(why, ERR_MALFORMED, "disabled is expected to be true or false");
    }
    if (!err) { change->disabled = value_boolean_or(disabled, change->disabled); }
    return err;
}

/* In a transaction: the rights may not change between reading and writing them. */
static enum err change_inside(struct call *call, const struct value *body, struct user *user,
                              struct user_change *change, struct why *why)
{
    struct desk *desk = call->desk;
    enum err err = user_find(desk->users, call->arguments[0], user, why);
    if (!err) { err = read_change(body, user, change, why); }
    if (!err) { err = user_change(desk->users, user, change, why); }
    if (!err && change->disabled) { err = session_end_user(desk->sessions, user->id, why); }
    if (!err && (change->disabled || change->role != USER_ROLE_ADMINISTRATOR)) {
        err = invitation_withdraw_by(desk->invitations, user->name, why);
    }
    return err;
}

static enum err end_change(struct call *call, const struct user *user,
                           const struct user_change *change, enum err err, struct why *why)
{
    char words[USER_NAME_SIZE + REACH_SIZE + 64];
    const struct call_deed deed = {"audit.user_changed", "account", words};
    (void)snprintf(words, sizeof words, "%s: %s, %s%s", user->name, user_role_name(change->role),
                   reach_whole(&change->reach) ? "the whole site" : change->reach.zones,
                   change->disabled ? ", disabled" : "");
    return call_audit_end(call, &deed, err, why);
}

void user_api_change(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    if (!call_body(call, &body)) { return; }
    struct user user = {.disabled = false};
    struct user_change change = {.disabled = false};
    struct why why = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = change_inside(call, body, &user, &change, &why);
        err = end_change(call, &user, &change, err, &why);
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    live_end_user(call->desk->control->live, user.id);
    answer_user(call, user.name);
}

/* ---- sessions of others ---- */

void user_api_sessions(struct call *call)
{
    struct user user = {.disabled = false};
    if (!find(call, &user)) { return; }
    struct why why = {""};
    struct value *list = NULL;
    const enum err err = session_list(call->desk->sessions, user.name, call->now_us, &list, &why);
    answer_list(call, err, "sessions", list, &why);
}

void user_api_end_sessions(struct call *call)
{
    struct user user = {.disabled = false};
    if (!find(call, &user)) { return; }
    const struct call_deed deed = {"audit.sessions_ended", "account", user.name};
    struct why why = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = session_end_user(call->desk->sessions, user.id, &why);
        err = call_audit_end(call, &deed, err, &why);
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    live_end_user(call->desk->control->live, user.id);
    answer_empty(call);
}

/* ---- invitations ---- */

/* The token is in the fragment, which browsers do not send: it stands in no log of ours. */
static void answer_invitation(struct call *call, const struct invitation *invitation,
                              const char *token)
{
    char href[64 + INVITATION_TOKEN_SIZE];
    (void)snprintf(href, sizeof href, "/invitation#%s", token);
    CLEANUP(value_free_p) struct value *body = value_object();
    value_set_text(body, "id", invitation->id);
    value_set_text(body, "token", token);
    value_set_text(body, "href", href);
    value_set_time(body, "expires_at", call->now_us + INVITATION_LIFE_US);
    http_answer_json(call->request, 201, body);
    sodium_memzero(href, sizeof href);
}

static enum err make_inside(struct call *call, struct invitation *invitation,
                            const struct user *reset, char token[static INVITATION_TOKEN_SIZE],
                            struct why *why)
{
    struct desk *desk = call->desk;
    (void)!text_copy(invitation->created_by, sizeof invitation->created_by, call->session.user);
    enum err err = OK;
    if (reset) {
        err = user_reset(desk->users, reset, call->now_us, why);
        if (!err) { err = session_end_user(desk->sessions, reset->id, why); }
        if (!err) { err = factor_remove_all(desk->factors, reset->id, why); }
        if (!err) { err = link_remove_all(desk->links, reset->id, why); }
    }
    return err ? err : invitation_make(desk->invitations, invitation, call->now_us, token, why);
}

/* Makes the invitation, for a reset together with what it resets, and answers. */
static void make(struct call *call, struct invitation *invitation, const struct user *reset)
{
    char token[INVITATION_TOKEN_SIZE] = "";
    const char *whom = *invitation->name ? invitation->name : user_role_name(invitation->role);
    const struct call_deed deed = {reset ? "audit.user_reset" : "audit.user_invited", "account",
                                   whom};
    struct why why = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = make_inside(call, invitation, reset, token, &why);
        err = call_audit_end(call, &deed, err, &why);
    }
    if (err) {
        call_problem(call, err == ERR_LIMIT ? ERR_CONFLICT : err, &why);
        return;
    }
    if (reset) { live_end_user(call->desk->control->live, reset->id); }
    answer_invitation(call, invitation, token);
    sodium_memzero(token, sizeof token);
}

void user_api_reset(struct call *call)
{
    struct user user = {.disabled = false};
    if (!find(call, &user)) { return; }
    struct invitation invitation = {.role = user.role, .reach = user.reach, .resets = true};
    (void)!text_copy(invitation.name, sizeof invitation.name, user.name);
    make(call, &invitation, &user);
}

static enum err read_invitation(struct call *call, const struct value *body,
                                struct invitation *invitation, struct why *why)
{
    const char *name = value_text_or(value_get(body, "username"), "");
    enum err err =
        user_role_parse(&invitation->role, value_text_or(value_get(body, "role"), ""), why);
    if (!err) { err = reach_parse(&invitation->reach, value_get(body, "zones"), why); }
    if (err || !*name) { return err; }
    struct user user = {.disabled = false};
    if (!user_name_valid(name) || !text_copy(invitation->name, sizeof invitation->name, name)) {
        return why_set(why, ERR_RANGE, "\"%.64s\" cannot be a user's name", name);
    }
    err = user_find(call->desk->users, name, &user, why);
    if (err == ERR_NOT_FOUND) { return OK; }
    return err ? err : why_set(why, ERR_CONFLICT, "there is a user \"%.64s\" already", name);
}

void invitation_api_make(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    if (!call_body(call, &body)) { return; }
    struct invitation invitation = {.resets = false};
    struct why why = {""};
    const enum err err = read_invitation(call, body, &invitation, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    make(call, &invitation, NULL);
}

void invitation_api_list(struct call *call)
{
    struct why why = {""};
    struct value *list = NULL;
    const enum err err = invitation_list(call->desk->invitations, call->now_us, &list, &why);
    answer_list(call, err, "invitations", list, &why);
}

void invitation_api_withdraw(struct call *call)
{
    const struct call_deed deed = {"audit.invitation_withdrawn", "invitation", call->arguments[0]};
    struct why why = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = invitation_withdraw(call->desk->invitations, call->arguments[0], &why);
        err = call_audit_end(call, &deed, err, &why);
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    answer_empty(call);
}
