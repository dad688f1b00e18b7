/*
 * control/audit/call_audit - how a request's deeds come into the audit log: every action goes
 * through here, and is told to the program's own log as well.
 *
 * On the desk's thread and database. A deed is entered in the transaction that does it; what is
 * only told (a refusal) is entered by itself.
 */
#pragma once

#include "programs/control/control.h"

/* Who did or was refused what: an entry of the audit log, and a line of the program's log. */
void call_audit(const struct call *call, const char *event, const char *key, const char *value);
/* The same for a sign-in that was refused. */
void call_audit_sign_in_refused(const struct call *call, const char *name, const char *reason);

/* A deed, which must not be without its entry. */
struct call_deed {
    const char *event, *key, *value;
};
/*
 * Ends the transaction of `desk->database` in which the deed was done (`err`: or was not): enters
 * it there, commits both or neither, and tells of what was committed.
 */
MUST_USE enum err call_audit_end(const struct call *call, const struct call_deed *deed,
                                 enum err err, struct why *why);
/*
 * The same in two halves, for what ends its transaction elsewhere: the entry joins it; after the
 * commit the `done` tells of it.
 */
MUST_USE enum err call_audit_enter(const struct call *call, const char *event, const char *key,
                                   const char *value, struct why *why);
void call_audit_done(const struct call *call, const char *event, const char *key,
                     const char *value);
MUST_USE enum err call_audit_enter_sign_in(const struct call *call, const char *name,
                                           const char *method, struct why *why);
void call_audit_sign_in_done(const struct call *call, const char *name, const char *method);
