/*
 * control/people/fresh_factor - a second factor that is shown together with an act, whatever the
 * session has shown before: a browser that was left open does nothing grave.
 *
 * A code of the app or a recovery code stands in the body as "code"; a passkey answers a challenge
 * that was given for exactly this act, and stands there as "passkey".
 */
#pragma once

#include "programs/control/route.h"

/* Of exactly what is to be done, as SHA-256. */
struct fresh_factor_subject {
    uint8_t digest[CHALLENGE_SUBJECT_SIZE];
};

/* Answers with what the person may show: {"app","challenge","domain","credentials":[...]}. */
void fresh_factor_ask(struct call *call, const struct fresh_factor_subject *subject);

/*
 * Whether the body shows one; it is spent, and call->factor says which. Else the request is
 * answered, and the refusal is on record as `event`.
 */
MUST_USE bool fresh_factor_shown(struct call *call, const struct value *body,
                                 const struct fresh_factor_subject *subject, const char *event);
