/*
 * people/permission - who may do what: one table, one function that answers for every route.
 *
 * A person has one role. Today there is the administrator, who may do everything; the table has a
 * column for each role to come. Somebody who must change a password may do nothing else first.
 * Pure, any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum permission {
    PERMISSION_PUBLIC,      /* no sign-in */
    PERMISSION_OWN_SESSION, /* see and end one's session, change one's password */
    PERMISSION_SEE,         /* events, alerts, devices, live messages */
    PERMISSION_WATCH_MEDIA, /* clips, snapshots, a sign's frames */
    PERMISSION_SEND_ALERT,  /* create, change, cancel */
    PERMISSION_MANAGE_USERS,
    PERMISSION_SEE_METRICS,
};

enum user_role { USER_ROLE_ADMINISTRATOR };
const char *user_role_name(enum user_role role); /* "administrator" */
MUST_USE enum err user_role_parse(enum user_role *role, const char *name, struct why *why);

struct session;

enum permission_answer {
    PERMISSION_ANSWER_YES,
    PERMISSION_ANSWER_SIGN_IN,         /* nobody is signed in */
    PERMISSION_ANSWER_CHANGE_PASSWORD, /* only after a new password */
    PERMISSION_ANSWER_NO,
};

/* `session` is NULL when nobody is signed in. */
enum permission_answer permission_judge(enum permission permission, const struct session *session);
