#include "alert/target.h"
#include "programs/control/route.h"
#include "sign/studio.h"

#include "alert/alert.h"
#include "base/encode.h"
#include "programs/control/audit/call_audit.h"
#include "sign/film.h"
#include "store/guard.h"

static struct dispatch_order order_of(const struct call *call, const struct value *body)
{
    return (struct dispatch_order){
        .alert_id = call->arguments[0], .body = body, .actor = call->session.user};
}

/* What every order ends with: the outbox publishes, the browsers hear of it, the caller sees it. */
static void answer_ordered(struct call *call, const char *alert_id, const char *audit)
{
    struct control *control = call->desk->control;
    outbox_wake(control->outbox);
    peers_wake(control->peers);
    struct why why = {""};
    struct value *alert = NULL;
    const enum err err =
        delivery_board_brief(call->desk->board, alert_id, call->now_us, &alert, &why);
    if (!err) { live_send(control->live, "alert", value_copy(alert)); }
    call_audit_done(call, audit, "alert", alert_id);
    call_answer(call, err, 202, &alert, &why);
}

/* Ends the transaction of an order: it counts only together with its entry of the audit log. */
static void end_order(struct call *call, const char *audit, const char *alert_id, enum err *err,
                      struct why *why)
{
    if (!*err) { *err = call_audit_enter(call, audit, "alert", alert_id, why); }
    database_end(call->desk->database, err, why);
}

/* A refused order is worth a line: somebody wanted to say something to the public. */
static void answer_refused(struct call *call, enum err err, const struct why *why)
{
    call_audit(call, "audit.alert_refused", "reason", why->text);
    call_problem(call, err, why);
}

/* ---- whose zones ---- */

/* Whether all of an alert is the person's to change; else it is answered: not seen, not found. */
static bool may_change(struct call *call)
{
    enum delivery_board_reach reach = DELIVERY_BOARD_REACH_SOME;
    struct why why = {""};
    /* To see whether it is also others'; then a change reaches who was told and has moved since. */
    guard_scope(call->desk->database, "");
    const enum err err = delivery_board_reach(call->desk->board, call->arguments[0],
                                              reach_filter(&call->session.reach), &reach, &why);
    if (err) {
        answer_refused(call, err, &why);
    } else if (reach != DELIVERY_BOARD_REACH_ALL) {
        (void)why_set(&why, ERR_DENIED, "this alert is also for zones that are not yours");
        answer_refused(call, ERR_DENIED, &why);
    }
    return !err && reach == DELIVERY_BOARD_REACH_ALL;
}

/* ERR_DENIED names what lies elsewhere. A device that nobody knows stands nowhere of theirs. */
static enum err check_targets(struct call *call, const struct target_set *targets, struct why *why)
{
    if (targets->broadcast) {
        return why_set(why, ERR_DENIED, "you may alert your own zones, not the whole site");
    }
    for (size_t i = 0; i < targets->zone_count; i++) {
        const char *zone = targets->zones[i].text;
        if (permission_reaches(&call->session, zone)) { continue; }
        return why_set(why, ERR_DENIED, "zone \"%.63s\" is not one of yours", zone);
    }
    for (size_t i = 0; i < targets->device_count; i++) {
        const char *device = targets->devices[i].text;
        char zone[IDENTITY_NAME_SIZE];
        const enum err err = device_store_zone(call->desk->devices, device, zone, why);
        if (err) { return err; }
        if (permission_reaches(&call->session, zone)) { continue; }
        return why_set(why, ERR_DENIED, "device \"%.63s\" is not in one of your zones", device);
    }
    return OK;
}

bool alert_api_may(struct call *call, const struct value *body)
{
    const struct value *list = value_get(body, "targets");
    CLEANUP(target_set_deinit) struct target_set targets = {.broadcast = false};
    struct why why = {""};
    if (reach_whole(&call->session.reach) || !list) {
        return true;
    } /* dispatch says what is wrong */
    enum err err = target_set_parse(&targets, list, &why);
    if (!err) { err = check_targets(call, &targets, &why); }
    if (err) { answer_refused(call, err, &why); }
    return !err;
}

/* ---- handlers ---- */

void alert_api_list(struct call *call)
{
    struct delivery_board_query query = {.before = http_query(call->request, "before"),
                                         .zones = reach_filter(&call->session.reach),
                                         .now_us = call->now_us};
    const char *state = http_query(call->request, "state");
    struct why why = {""};
    enum err err = delivery_board_filter_parse(&query.filter, state ? state : "all", &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    if (!call_limit(call, &query.limit)) { return; }
    struct value *page = NULL;
    err = delivery_board_list(call->desk->board, &query, &page, &why);
    call_answer(call, err, 200, &page, &why);
}

void alert_api_get(struct call *call)
{
    struct why why = {""};
    struct value *alert = NULL;
    const struct delivery_board_view view = {.alert_id = call->arguments[0],
                                             .zones = reach_filter(&call->session.reach),
                                             .now_us = call->now_us};
    enum delivery_board_reach reach = DELIVERY_BOARD_REACH_SOME;
    enum err err = delivery_board_reach(call->desk->board, view.alert_id, view.zones, &reach, &why);
    if (!err) { err = delivery_board_alert(call->desk->board, &view, &alert, &why); }
    call_answer(call, err, 200, &alert, &why);
}

void alert_api_create(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    if (!call_body(call, &body) || !alert_api_may(call, body)) { return; }
    struct dispatch_order order = order_of(call, body);
    order.alert_id = NULL;
    order.idempotency_key = http_header(call->request, "Idempotency-Key");
    struct why why = {""};
    struct id alert_id = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = dispatch_create(call->desk->dispatch, &order, call->now_us, &alert_id, &why);
        end_order(call, "audit.alert_sent", alert_id.text, &err, &why);
    }
    if (err) {
        answer_refused(call, err, &why);
        return;
    }
    answer_ordered(call, alert_id.text, "audit.alert_sent");
}

void alert_api_update(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    if (!call_body(call, &body) || !may_change(call)) { return; }
    const struct dispatch_order order = order_of(call, body);
    struct why why = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = dispatch_update(call->desk->dispatch, &order, call->now_us, &why);
        end_order(call, "audit.alert_changed", order.alert_id, &err, &why);
    }
    if (err) {
        answer_refused(call, err, &why);
        return;
    }
    answer_ordered(call, order.alert_id, "audit.alert_changed");
}

void alert_api_cancel(struct call *call)
{
    if (!may_change(call)) { return; }
    const struct dispatch_order order = order_of(call, NULL);
    struct why why = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (!err) {
        err = dispatch_cancel(call->desk->dispatch, &order, call->now_us, &why);
        end_order(call, "audit.alert_cancelled", order.alert_id, &err, &why);
    }
    if (err) {
        answer_refused(call, err, &why);
        return;
    }
    answer_ordered(call, order.alert_id, "audit.alert_cancelled");
}

/* ---- a draft as a sign would light it ---- */

enum { SIDE_LEAST = 16 };

static bool admit_preview(struct call *call)
{
    struct rate_limit *previews = call->desk->control->previews;
    const int64_t now_us = clock_monotonic_us();
    if (rate_limit_wait_us(previews, call->session.user, now_us) == 0) {
        rate_limit_failed(previews, call->session.user, now_us);
        return true;
    }
    http_add_header(call->request, "Retry-After", "1");
    call_refuse(call, 429, "Too Many Requests", "Too many previews. Wait a second, then go on.");
    return false;
}

static enum err read_screen(struct sign_screen *screen, const struct value *sign, struct why *why)
{
    int64_t width = 64;
    int64_t height = 32;
    enum err err = OK;
    if (sign) {
        int64_t range[2] = {SIDE_LEAST, SIGN_WIDTH_MAX};
        err = value_need_integer(sign, "width", range, &width, why);
        range[1] = SIGN_HEIGHT_MAX;
        if (!err) { err = value_need_integer(sign, "height", range, &height, why); }
    }
    *screen =
        (struct sign_screen){.width = (int)width, .height = (int)height, .brightness_percent = 100};
    return err ? why_prefix(why, err, "sign") : OK;
}

/* Tier, texts and sign of the body. */
static enum err read_draft(struct alert *draft, struct sign_screen *screen,
                           const struct value *body, struct why *why)
{
    char tier[16];
    char status[12];
    enum err err = value_need_text(body, "tier", tier, sizeof tier, why);
    if (!err) { err = tier_parse(&draft->tier, tier, why); }
    if (!err && value_get(body, "status")) {
        err = value_need_text(body, "status", status, sizeof status, why);
        if (!err) { err = alert_status_parse(&draft->status, status, why); }
    }
    if (!err) { err = read_screen(screen, value_get(body, "sign"), why); }
    if (err) { return err; }
    return alert_texts_parse(&draft->texts, &draft->text_count, value_get(body, "texts"), why);
}

static struct value *value_of_film(const struct sign_film *film)
{
    struct value *at_ms = value_array();
    for (size_t i = 0; i < film->count; i++) {
        value_append(at_ms, value_integer(film->at_us[i] / 1000));
    }
    struct value *colour = value_array();
    value_append(colour, value_integer(film->colour.red));
    value_append(colour, value_integer(film->colour.green));
    value_append(colour, value_integer(film->colour.blue));
    CLEANUP(text_deinit) struct text bits = text_limited((size_t)SIGN_FILM_SIZE_MAX * 2);
    encode_base64(&bits, text_span(&film->bits));
    struct value *answer = value_object();
    value_set_integer(answer, "width", film->width);
    value_set_integer(answer, "height", film->height);
    value_set(answer, "colour", colour);
    value_set_integer(answer, "cycle_ms", film->cycle_us / 1000);
    value_set_boolean(answer, "whole", film->whole);
    value_set_integer(answer, "unknown_letters", film->unknown_count);
    value_set(answer, "at_ms", at_ms);
    value_set_text(answer, "bits", text_c(&bits));
    return answer;
}

static enum err film_draft(struct sign_studio *studio, const struct value *body,
                           struct sign_film *film, struct why *why)
{
    CLEANUP(alert_deinit) struct alert draft = {0};
    struct sign_screen screen;
    const enum err err = read_draft(&draft, &screen, body, why);
    if (err) { return err; }
    struct sign_words words[ALERT_TEXT_MAX];
    for (size_t i = 0; i < draft.text_count; i++) {
        words[i] = (struct sign_words){draft.texts[i].language, draft.texts[i].text};
    }
    static const enum sign_purpose purposes[] = {SIGN_PURPOSE_ACTUAL, SIGN_PURPOSE_EXERCISE,
                                                 SIGN_PURPOSE_TEST};
    const struct sign_message message = {.tier = draft.tier,
                                         .words = words,
                                         .count = draft.text_count,
                                         .purpose = purposes[draft.status]};
    return sign_studio_film(studio, &screen, &message, film, why);
}

void alert_api_preview(struct call *call)
{
    if (!admit_preview(call)) { return; }
    CLEANUP(value_free_p) struct value *body = NULL;
    if (!call_body(call, &body)) { return; }
    CLEANUP(sign_film_deinit) struct sign_film film = {0};
    struct why why = {""};
    struct value *answer = NULL;
    const enum err err = film_draft(call->desk->control->studio, body, &film, &why);
    if (!err) { answer = value_of_film(&film); }
    call_answer(call, err, 200, &answer, &why);
}
