/*
 * control/people/auth_api - what every way of signing in ends with.
 */
#pragma once

#include "programs/control/route.h"

/* A welcome's entry of the audit log, in its transaction: `record.enter` of a sign_in_try, whose
 * context is the call. */
MUST_USE enum err auth_enter(void *context, const struct sign_in_result *result, struct why *why);
/* Tells of what came of it; a welcome is entered already. */
void auth_audit(struct call *call, const char *name, const struct sign_in_result *result);

/* Gives the browser the session's cookie. */
void auth_keep(struct call *call, const struct sign_in_result *result);
/* Answers as POST /auth/login does, with the cookie or a program's tokens. */
void auth_answer(struct call *call, const struct sign_in_result *result, bool program);
