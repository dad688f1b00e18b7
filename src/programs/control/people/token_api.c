/*
 * Tokens of programs: the next ones for a refresh token, and the keys with which others verify
 * them.
 */
#include <sodium.h>

#include "programs/control/audit/call_audit.h"
#include "programs/control/route.h"

enum err token_api_add(struct call *call, struct value *body, const struct session *session,
                       int64_t number, struct why *why)
{
    const struct tokens *tokens = call->desk->control->tokens;
    struct token_claims claims = {.generation = session->generation};
    char access[TOKEN_ACCESS_SIZE] = "";
    memcpy(claims.session_id, session->id, sizeof claims.session_id);
    memcpy(claims.user_id, session->user_id, sizeof claims.user_id);
    const enum err err = token_sign(tokens, &claims, call->now_us, access, why);
    if (err) { return err; }
    value_set_text(body, "access_token", access);
    value_set_text(body, "token_type", "Bearer");
    value_set_integer(body, "expires_in", TOKEN_LIFE_US / CLOCK_SECOND_US);
    sodium_memzero(access, sizeof access);
    if (number < 0) { return OK; }
    char refresh[TOKEN_REFRESH_SIZE];
    token_refresh_write(tokens, session->id, number, refresh);
    value_set_text(body, "refresh_token", refresh);
    sodium_memzero(refresh, sizeof refresh);
    return OK;
}

static void refuse(struct call *call)
{
    call_refuse(call, 401, "Unauthorized", "This refresh token opens nothing. Sign in again.");
}

struct refresh {
    char token[TOKEN_REFRESH_SIZE];
    struct session_turn turn;
    struct session session;
};

static enum err turn(struct call *call, struct refresh *refresh, struct why *why)
{
    static const struct call_deed reused = {"audit.refresh_refused", "reason", "reused"};
    struct desk *desk = call->desk;
    enum err err = database_begin(desk->database, why);
    if (err) { return err; }
    err = session_refresh(desk->sessions, &refresh->turn, why);
    if (!err && refresh->turn.answer <= SESSION_REFRESH_AGAIN) {
        err =
            session_find_id(desk->sessions, refresh->turn.id, call->now_us, &refresh->session, why);
    }
    if (!err && refresh->turn.answer == SESSION_REFRESH_REUSED) {
        return call_audit_end(call, &reused, err, why); /* the session has ended with it */
    }
    database_end(desk->database, &err, why);
    return err;
}

static void answer_refreshed(struct call *call, const struct refresh *refresh)
{
    struct why why = {""};
    CLEANUP(value_free_p) struct value *body = value_object();
    value_set_time(body, "expires_at", session_expires_us(&refresh->session));
    const enum err err = token_api_add(call, body, &refresh->session, refresh->turn.number, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    http_answer_json(call->request, 200, body);
}

void token_api_refresh(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    struct refresh refresh = {.turn = {.now_us = call->now_us}};
    if (!call_body(call, &body) ||
        !call_text(call, body, "refresh_token", refresh.token, sizeof refresh.token)) {
        return;
    }
    struct why why = {""};
    const bool ours = token_refresh_read(call->desk->control->tokens, refresh.token,
                                         refresh.turn.id, &refresh.turn.number);
    sodium_memzero(refresh.token, sizeof refresh.token);
    if (!ours) {
        call_audit(call, "audit.refresh_refused", "reason", "malformed");
        refuse(call);
        return;
    }
    const enum err err = turn(call, &refresh, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    switch (refresh.turn.answer) {
    case SESSION_REFRESH_NEXT:
    case SESSION_REFRESH_AGAIN: answer_refreshed(call, &refresh); return;
    case SESSION_REFRESH_REUSED:
        memcpy(refresh.session.id, refresh.turn.id, sizeof refresh.session.id);
        live_end_session(call->desk->control->live, &refresh.session);
        refuse(call);
        return;
    case SESSION_REFRESH_ENDED:
        call_audit(call, "audit.refresh_refused", "reason", "session_ended");
        refuse(call);
        return;
    }
}

void token_api_keys(struct call *call)
{
    struct why why = {""};
    struct value *set = NULL;
    const enum err err = token_keys(call->desk->control->tokens, call->now_us, &set, &why);
    if (!err) { http_add_header(call->request, "Cache-Control", "public, max-age=60"); }
    call_answer(call, err, 200, &set, &why);
}
