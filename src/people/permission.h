/*
 * people/permission - who may do what, and where: one table, one function that answers for every
 * route, one for every object.
 *
 * A person has one role, and either the whole site or some zones of it; users, metrics, the audit
 * log and the exact map belong to the whole site. Somebody who must change a password, or whose
 * role needs a second factor that is not set up yet, may do nothing else first. Pure, any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum permission {
    PERMISSION_PUBLIC,      /* no sign-in */
    PERMISSION_OWN_SESSION, /* see and end one's sessions, change password and second factors */
    PERMISSION_SEE,         /* events, alerts, devices, live messages */
    PERMISSION_WATCH_MEDIA, /* clips, snapshots, a sign's frames */
    PERMISSION_SEND_ALERT,  /* create, change, cancel */
    PERMISSION_SEE_USERS,
    PERMISSION_MANAGE_USERS,
    PERMISSION_SEE_METRICS,
    PERMISSION_SEE_AUDIT,     /* the audit log, its proofs */
    PERMISSION_SEE_EXACT_MAP, /* where incidents really were: the archive of the field units */
};

enum user_role {
    USER_ROLE_ADMINISTRATOR,    /* everything */
    USER_ROLE_OPERATOR,         /* watches and warns */
    USER_ROLE_SUPERVISOR,       /* an operator who also sees who the others are */
    USER_ROLE_EVIDENCE_OFFICER, /* watches recordings, warns nobody */
    USER_ROLE_AUDITOR,          /* sees what was done and by whom, no pictures of people */
    USER_ROLE_VIEWER,           /* sees the situation */
};
enum { USER_ROLE_COUNT = USER_ROLE_VIEWER + 1 };

const char *user_role_name(enum user_role role); /* "administrator", "evidence_officer" ... */
MUST_USE enum err user_role_parse(enum user_role *role, const char *name, struct why *why);

/* "administrator operator" as bits, 1 << role. */
MUST_USE enum err user_roles_parse(unsigned int *roles, const char *words, struct why *why);

struct session;

enum permission_answer {
    PERMISSION_ANSWER_YES,
    PERMISSION_ANSWER_SIGN_IN,         /* nobody is signed in */
    PERMISSION_ANSWER_CHANGE_PASSWORD, /* only after a new password */
    PERMISSION_ANSWER_SET_UP_FACTOR,   /* only with a second factor */
    PERMISSION_ANSWER_NO,
};

/* `session` is NULL when nobody is signed in. */
enum permission_answer permission_judge(enum permission permission, const struct session *session);

/* Whether the session's person may see and touch what stands in `zone` ("" = nobody knows). */
bool permission_reaches(const struct session *session, const char *zone);
