/*
 * Becoming a user: with an invitation, which anybody may hold, or by an administrator's hand.
 */
#include <sodium.h>

#include "programs/control/audit/call_audit.h"
#include "programs/control/route.h"

struct registration {
    char name[256];
    char password[PASSWORD_SIZE_MAX + 1];
    char hash[PASSWORD_HASH_SIZE];
    char token[128];
    enum user_role role;
    struct reach reach;
};

static void forget(struct registration *registration)
{
    sodium_memzero(registration, sizeof *registration);
}

static void answer_registered(struct call *call, const struct user_new *new)
{
    CLEANUP(value_free_p) struct value *user = value_object();
    value_set_text(user, "username", new->name);
    value_set_text(user, "role", user_role_name(new->role));
    value_set(user, "zones", reach_to_value(new->reach));
    http_answer_json(call->request, 201, user);
}

/* Ends the transaction in which somebody became a user, or was given a new password. */
static enum err end_added(struct call *call, const struct user_new *new, enum err err,
                          struct why *why)
{
    const struct call_deed deed = {"audit.user_added", "account", new->name};
    return call_audit_end(call, &deed, err, why);
}

/* ---- with an invitation ---- */

/* A link for somebody who is a user already: the password, and nothing else, is new. */
static enum err reset(struct call *call, const struct invitation *invitation,
                      struct registration *given, struct user_new *new, struct why *why)
{
    struct user user = {.must_change_password = false};
    enum err err = user_find(call->desk->users, invitation->name, &user, why);
    if (err) { return err; }
    if (user.disabled) { return why_set(why, ERR_DENIED, "this user is disabled"); }
    new->role = user.role; /* these may have changed since the link was made */
    given->reach = user.reach;
    err = user_set_password(call->desk->users, &user, given->hash, call->now_us, why);
    return err ? err : session_end_user(call->desk->sessions, user.id, why);
}

/* In a transaction: spends the invitation and does what it is for. */
static enum err redeem(struct call *call, struct registration *given, struct user_new *new,
                       struct why *why)
{
    struct invitation invitation = {.resets = false};
    enum err err =
        invitation_take(call->desk->invitations, given->token, call->now_us, &invitation, why);
    if (err) { return err; }
    return invitation.resets ? reset(call, &invitation, given, new, why)
                             : user_add(call->desk->users, new, why);
}

static enum err redeem_alone(struct call *call, struct registration *given, struct user_new *new,
                             struct why *why)
{
    enum err err = database_begin(call->desk->database, why);
    if (err) { return err; }
    return end_added(call, new, redeem(call, given, new, why), why);
}

/* Looks before it works: only a good invitation makes us hash a password. */
static enum err prepare(struct call *call, struct registration *given, struct why *why)
{
    struct invitation invitation = {.resets = false};
    enum err err =
        invitation_find(call->desk->invitations, given->token, call->now_us, &invitation, why);
    if (err) { return err; }
    if (*invitation.name && !text_copy(given->name, sizeof given->name, invitation.name)) {
        abort(); /* unreachable: the name is shorter */
    }
    given->role = invitation.role;
    given->reach = invitation.reach;
    err = password_check(given->password, given->name, why);
    return err ? err : password_hash(given->hash, span_text(given->password), why);
}

static void register_guest(struct call *call, const struct value *body)
{
    CLEANUP(forget) struct registration given = {.role = USER_ROLE_VIEWER};
    if (!call_text(call, body, "invitation", given.token, sizeof given.token) ||
        !call_text(call, body, "password", given.password, sizeof given.password) ||
        (value_get(body, "username") &&
         !call_text(call, body, "username", given.name, sizeof given.name))) {
        return;
    }
    struct why why = {""};
    enum err err = prepare(call, &given, &why);
    struct user_new new = {.name = given.name,
                           .role = given.role,
                           .reach = &given.reach,
                           .hash = given.hash,
                           .now_us = call->now_us};
    if (!err) { err = redeem_alone(call, &given, &new, &why); }
    if (err) {
        call_audit(call, "audit.registration_refused", "reason", err_name(err));
        call_failure(call, err, &why);
        return;
    }
    answer_registered(call, &new);
}

/* ---- by an administrator ---- */

/* The password is hashed before: that takes too long for a transaction. */
static enum err add_by_hand(struct call *call, struct registration *given, struct user_new *new,
                            struct why *why)
{
    enum err err = OK;
    if (!new->hash) {
        err = password_check(given->password, given->name, why);
        if (!err) { err = password_hash(given->hash, span_text(given->password), why); }
        new->hash = given->hash;
    }
    if (!err) { err = database_begin(call->desk->database, why); }
    return err ? err : end_added(call, new, user_add(call->desk->users, new, why), why);
}

static void register_by_hand(struct call *call, const struct value *body)
{
    CLEANUP(forget) struct registration given = {.role = USER_ROLE_VIEWER};
    char role[32];
    const bool hashed = value_get(body, "password_hash") != NULL;
    if (!call_text(call, body, "username", given.name, sizeof given.name) ||
        !(hashed ? call_text(call, body, "password_hash", given.hash, sizeof given.hash)
                 : call_text(call, body, "password", given.password, sizeof given.password)) ||
        !call_text(call, body, "role", role, sizeof role)) {
        return;
    }
    struct why why = {""};
    enum err err = user_role_parse(&given.role, role, &why);
    if (!err) { err = reach_parse(&given.reach, value_get(body, "zones"), &why); }
    struct user_new new = {.name = given.name,
                           .role = given.role,
                           .reach = &given.reach,
                           .hash = hashed ? given.hash : NULL,
                           .must_change = !hashed,
                           .now_us = call->now_us};
    if (!err) { err = add_by_hand(call, &given, &new, &why); }
    if (err) {
        call_failure(call, err, &why);
        return;
    }
    answer_registered(call, &new);
}

void register_user(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    if (!call_body(call, &body)) { return; }
    if (value_get(body, "invitation")) {
        register_guest(call, body);
    } else if (route_permits(call, PERMISSION_MANAGE_USERS)) {
        register_by_hand(call, body);
    }
}
