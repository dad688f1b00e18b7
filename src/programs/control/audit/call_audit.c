#include <stdio.h>
#include <strings.h>

#include "base/log.h"
#include "base/metric.h"
#include "programs/control/audit/call_audit.h"
#include "programs/control/audit/scribe.h"

/* "audit.alert_sent" is the action "alert_sent". */
static const char *action_of(const char *event)
{
    const char *dot = strchr(event, '.');
    return dot ? dot + 1 : event;
}

static const char *authorisation_of(const struct call *call)
{
    if (call->factor) { return call->factor; }
    if (call->signed_in) { return call->by_cookie ? "session" : "bearer"; }
    return "none";
}

/* What it was done to: the value, unless that only says why or how. */
static const char *resource_of(const struct call *call, const char *key, const char *value)
{
    const bool names = strcmp(key, "reason") != 0 && strcmp(key, "operation") != 0;
    return names ? value : http_path(call->request);
}

static struct value *details_of(const struct call *call, const char *key, const char *value)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%.*s", (int)sizeof path - 1, http_path(call->request));
    struct value *details = value_object();
    value_set_text(details, key, value);
    value_set_text(details, "method", http_method(call->request));
    value_set_text(details, "path", path);
    return details;
}

enum err call_audit_enter(const struct call *call, const char *event, const char *key,
                          const char *value, struct why *why)
{
    CLEANUP(value_free_p) struct value *details = details_of(call, key, value);
    const struct entry_fact fact = {.at_us = call->now_us,
                                    .user = call->signed_in ? call->session.user : NULL,
                                    .action = action_of(event),
                                    .resource = resource_of(call, key, value),
                                    .authorisation = authorisation_of(call),
                                    .details = details,
                                    .address = call->address,
                                    .agent = http_header(call->request, "User-Agent")};
    return journal_enter(call->desk->journal, &fact, why);
}

static void log_call(const struct call *call, const char *event, const char *key, const char *value)
{
    log_event(LOG_LEVEL_INFO, event, "user", call->signed_in ? call->session.user : NULL, "address",
              call->address, "method", http_method(call->request), "path", http_path(call->request),
              key, value, NULL);
}

void call_audit_done(const struct call *call, const char *event, const char *key, const char *value)
{
    scribe_wake(call->desk->control->scribe);
    log_call(call, event, key, value);
}

enum err call_audit_end(const struct call *call, const struct call_deed *deed, enum err err,
                        struct why *why)
{
    if (!err) { err = call_audit_enter(call, deed->event, deed->key, deed->value, why); }
    database_end(call->desk->database, &err, why);
    if (!err) { call_audit_done(call, deed->event, deed->key, deed->value); }
    return err;
}

static void log_unwritten(const char *event, const struct why *why)
{
    log_event(LOG_LEVEL_ERROR, "audit.unwritten", "event", event, "why", why->text, NULL);
}

/* Refusals that always get an entry. */
static bool uncounted(const char *event, const char *value)
{
    return strcmp(event, "audit.refresh_refused") == 0 && strcmp(value, "reused") == 0;
}

static bool unrecorded(const char *labels)
{
    metric_add(metric_counter("tocsin_audit_unrecorded_total",
                              "Refusals and failed sign-ins, too many a minute for the log.",
                              labels),
               1);
    return false;
}

/*
 * Whoever can send requests must not fill the disk, nor crowd out what counts. What needs a secret
 * (to come in, to use a stolen token) is always entered; that somebody asks too often never is; of
 * other refusals as many as the limits let through, people signed in each by themselves.
 */
static bool takes(const struct call *call, const char *event, const char *value)
{
    const struct control *control = call->desk->control;
    const bool refused = strcmp(event, "audit.refused") == 0;
    if (uncounted(event, value)) { return true; }
    if (strcmp(value, "too_often") == 0 || strcmp(value, "wait") == 0) { return false; }
    if (call->signed_in) {
        return !refused ||
               rate_limit_take_us(control->refusals, call->session.user_id, clock_monotonic_us()) ==
                   0 ||
               unrecorded("who=\"account\"");
    }
    return !refused &&
           (scribe_takes_stranger(control->scribe, call->now_us) || unrecorded("who=\"stranger\""));
}

/* ---- sign-ins: the account is the caller's word, not yet a session ---- */

static enum err enter_sign_in(const struct call *call, const struct call_deed *deed,
                              const char *name, struct why *why)
{
    const bool welcome = strcmp(deed->key, "method") == 0;
    CLEANUP(value_free_p) struct value *details = details_of(call, deed->key, deed->value);
    const struct entry_fact fact = {.at_us = call->now_us,
                                    .user = welcome ? name : NULL,
                                    .action = action_of(deed->event),
                                    .resource = name,
                                    .authorisation = welcome ? deed->value : "none",
                                    .details = details,
                                    .address = call->address,
                                    .agent = http_header(call->request, "User-Agent")};
    return journal_enter(call->desk->journal, &fact, why);
}

static void log_sign_in(const struct call *call, const struct call_deed *deed, const char *name)
{
    log_event(LOG_LEVEL_INFO, deed->event, "account", name, "address", call->address, deed->key,
              deed->value, NULL);
}

enum err call_audit_enter_sign_in(const struct call *call, const char *name, const char *method,
                                  struct why *why)
{
    const struct call_deed deed = {"audit.signed_in", "method", method};
    return enter_sign_in(call, &deed, name, why);
}

void call_audit_sign_in_done(const struct call *call, const char *name, const char *method)
{
    const struct call_deed deed = {"audit.signed_in", "method", method};
    scribe_wake(call->desk->control->scribe);
    log_sign_in(call, &deed, name);
}

void call_audit_sign_in_refused(const struct call *call, const char *name, const char *reason)
{
    const struct call_deed deed = {"audit.sign_in_refused", "reason", reason};
    struct why why = {""};
    log_sign_in(call, &deed, name);
    if (!takes(call, deed.event, reason)) { return; }
    if (enter_sign_in(call, &deed, name, &why) != OK) { log_unwritten(deed.event, &why); }
    scribe_wake(call->desk->control->scribe);
}

/* ---- all others ---- */

void call_audit(const struct call *call, const char *event, const char *key, const char *value)
{
    struct why why = {""};
    if (!takes(call, event, value)) {
        log_call(call, event, key, value);
        return;
    }
    if (call_audit_enter(call, event, key, value, &why) != OK) { log_unwritten(event, &why); }
    call_audit_done(call, event, key, value);
}
