#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/metric.h"
#include "programs/control/audit/call_audit.h"
#include "programs/control/relay.h"
#include "programs/control/route.h"

enum { TOKEN_SIZE_MAX = 4096 };

/* ---- giving out a token ---- */

/* The content of docs/protocols/media.md. */
static struct value *token_content(const struct call *call, const struct grant *grant)
{
    const struct id token_id = id_new(call->now_us);
    struct value *content = value_object();
    value_set_text(content, "type", "stream_token");
    value_set_text(content, "token_id", token_id.text);
    value_set_text(content, "event_id", grant->event_id);
    value_set_text(content, "operation", media_kind_name(grant->kind));
    value_set_text(content, "device", grant->device);
    value_set_text(content, "subject", call->session.user);
    value_set_time(content, "not_after", grant->not_after_us);
    return content;
}

static enum err sign_token(const struct call *call, const struct grant *grant, struct text *token,
                           struct why *why)
{
    CLEANUP(text_deinit) struct text envelope = text_limited(TOKEN_SIZE_MAX);
    const struct envelope_draft draft = {
        .tier = TIER_INFORMATIONAL, .now_us = call->now_us, .content = token_content(call, grant)};
    const enum err err = envelope_sign(call->desk->control->signer, &draft, &envelope, why);
    if (err) { return err; }
    encode_base64_url(token, text_span(&envelope));
    return token->overflow ? why_set(why, ERR_LIMIT, "the stream token is too long") : OK;
}

/* Whether the event has what is asked for; fills the grant's device. */
static enum err find_media(struct call *call, struct grant *grant, struct why *why)
{
    CLEANUP(value_free_p) struct value *event = NULL;
    enum err err = call_find_event(call, call->arguments[0], &event, why);
    if (!err) { err = value_need_text(event, "device", grant->device, sizeof grant->device, why); }
    if (err) { return err; }
    const struct value *clip = value_get(event, "clip");
    const bool there = grant->kind == MEDIA_KIND_CLIP
                           ? clip && value_kind(clip) == VALUE_KIND_OBJECT
                           : value_boolean_or(value_get(event, "snapshot"), false);
    if (there) { return OK; }
    return why_set(why, ERR_NOT_FOUND, "this event has no %s", media_kind_name(grant->kind));
}

static void answer_grant(struct call *call, const struct grant *grant, const char *token)
{
    /* Nobody is given a way to a clip without a record of it. */
    struct why why = {""};
    const struct call_deed deed = {"audit.stream_granted", "operation",
                                   media_kind_name(grant->kind)};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = grants_give(call->desk->grants, token, grant, call->now_us, &why);
        err = call_audit_end(call, &deed, err, &why);
    }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    char href[128];
    (void)snprintf(href, sizeof href, "/stream/%s/%s", grant->event_id,
                   media_kind_name(grant->kind));
    CLEANUP(value_free_p) struct value *body = value_object();
    value_set_text(body, "token", token);
    value_set_time(body, "expires_at", grant->not_after_us);
    value_set_text(body, "href", href);
    http_answer_json(call->request, 201, body);
}

void media_api_grant(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    char operation[16];
    if (!call_body(call, &body) ||
        !call_text(call, body, "operation", operation, sizeof operation)) {
        return;
    }
    struct grant grant = {.not_after_us = call->now_us + GRANT_LIFE_US};
    memcpy(grant.session, call->session.key, sizeof grant.session);
    struct why why = {""};
    CLEANUP(text_deinit) struct text token = text_limited(TOKEN_SIZE_MAX);
    enum err err = media_kind_parse(&grant.kind, operation, &why);
    if (!err && !text_copy(grant.event_id, sizeof grant.event_id, call->arguments[0])) {
        err = why_set(&why, ERR_NOT_FOUND, "there is no such event");
    }
    if (!err) { err = find_media(call, &grant, &why); }
    if (!err) { err = sign_token(call, &grant, &token, &why); }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    answer_grant(call, &grant, text_c(&token));
}

/* ---- opening with a token ---- */

/* A problem with the member `reason`, as the edge's own (docs/protocols/media.md). */
static void refuse_stream(struct call *call, const char *reason)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "reason=\"%s\"", reason);
    metric_add(
        metric_counter("tocsin_streams_refused_total", "Stream tokens refused, by reason", labels),
        1);
    call_audit(call, "audit.stream_refused", "reason", reason);
    CLEANUP(value_free_p) struct value *problem = value_object();
    value_set_text(problem, "type", "about:blank");
    value_set_text(problem, "title", "Forbidden");
    value_set_integer(problem, "status", 403);
    value_set_text(problem, "detail", "This token does not open this stream. Ask for a new one.");
    value_set_text(problem, "reason", reason);
    http_answer_json(call->request, 403, problem);
}

/* Where the device's media are; false when it is answered. */
static bool find_device(struct call *call, const char *device, char url[static STATUS_URL_SIZE])
{
    struct why why = {""};
    CLEANUP(value_free_p) struct value *reached = NULL;
    enum err err = call_find_device(call, device, &reached, &why);
    if (!err) { err = device_store_media_url(call->desk->devices, device, url, &why); }
    if (err == ERR_NOT_FOUND) {
        call_refuse(call, 404, "Not Found", "No such device serves media.");
    } else if (err) {
        call_problem(call, err, &why);
    }
    return !err;
}

/* Whether the token opens it; false when it is answered. */
static bool take(struct call *call, struct grant_try *attempt)
{
    struct why why = {""};
    const enum err err = grants_take(call->desk->grants, attempt, &why);
    if (err) {
        call_problem(call, err, &why);
    } else if (attempt->answer != GRANT_ANSWER_OPEN) {
        refuse_stream(call, grant_answer_name(attempt->answer));
    }
    return !err && attempt->answer == GRANT_ANSWER_OPEN;
}

void media_api_stream(struct call *call)
{
    const char *token = http_header(call->request, "Tocsin-Stream-Token");
    struct grant_try attempt = {.token = token, .now_us = call->now_us};
    struct grant *wanted = &attempt.wanted;
    memcpy(wanted->session, call->session.key, sizeof wanted->session);
    if (!text_copy(wanted->event_id, sizeof wanted->event_id, call->arguments[0]) ||
        media_kind_parse(&wanted->kind, call->arguments[1], NULL)) {
        call_refuse(call, 404, "Not Found", "There is nothing at this address.");
        return;
    }
    if (!token) {
        refuse_stream(call, "malformed");
        return;
    }
    char url[STATUS_URL_SIZE];
    char path[96];
    if (!take(call, &attempt) || !find_device(call, wanted->device, url)) { return; }
    (void)snprintf(path, sizeof path, "/media/%s/%s", wanted->event_id,
                   media_kind_name(wanted->kind));
    call_audit(call, "audit.stream_opened", "device", wanted->device);
    const struct relay_source source = {
        .media_url = url, .path = path, .device = wanted->device, .token = token};
    relay_answer(call, &source);
}

void media_api_sign(struct call *call)
{
    char url[STATUS_URL_SIZE];
    if (!find_device(call, call->arguments[0], url)) { return; }
    call_audit(call, "audit.stream_opened", "device", call->arguments[0]);
    const struct relay_source source = {
        .media_url = url, .path = "/sign/frames", .device = call->arguments[0]};
    relay_answer(call, &source);
}
