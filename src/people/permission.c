#include "people/permission.h"

#include <stdio.h>

#include "people/session.h"

static const char *const ROLE_NAMES[USER_ROLE_COUNT] = {
    [USER_ROLE_ADMINISTRATOR] = "administrator",
    [USER_ROLE_OPERATOR] = "operator",
    [USER_ROLE_SUPERVISOR] = "supervisor",
    [USER_ROLE_EVIDENCE_OFFICER] = "evidence_officer",
    [USER_ROLE_AUDITOR] = "auditor",
    [USER_ROLE_VIEWER] = "viewer",
};

/* The roles of a permission: one letter per role, in the order of the enum. */
enum { A = 1 << 0, O = 1 << 1, S = 1 << 2, E = 1 << 3, U = 1 << 4, V = 1 << 5 };

static const unsigned char ALLOWED[] = {
    [PERMISSION_PUBLIC] = A | O | S | E | U | V,
    [PERMISSION_OWN_SESSION] = A | O | S | E | U | V,
    [PERMISSION_SEE] = A | O | S | E | U | V,
    [PERMISSION_WATCH_MEDIA] = A | O | S | E,
    [PERMISSION_SEND_ALERT] = A | O | S,
    [PERMISSION_SEE_USERS] = A | S | U,
    [PERMISSION_MANAGE_USERS] = A,
    [PERMISSION_SEE_METRICS] = A,
    [PERMISSION_SEE_AUDIT] = A | S | U,
    [PERMISSION_SEE_EXACT_MAP] = A | O | S,
};

const char *user_role_name(enum user_role role)
{
    return ROLE_NAMES[role];
}

enum err user_role_parse(enum user_role *role, const char *name, struct why *why)
{
    for (size_t i = 0; i < ARRAY_LEN(ROLE_NAMES); i++) {
        if (strcmp(ROLE_NAMES[i], name) != 0) { continue; }
        *role = (enum user_role)i;
        return OK;
    }
    return why_set(why, ERR_MALFORMED,
                   "role is \"%.40s\", expected administrator, operator, supervisor, "
                   "evidence_officer, auditor or viewer",
                   name);
}

enum err user_roles_parse(unsigned int *roles, const char *words, struct why *why)
{
    unsigned int found = 0;
    for (const char *at = words + strspn(words, " "); *at; at += strspn(at, " ")) {
        char name[32] = "?";
        enum user_role role = USER_ROLE_VIEWER;
        const size_t size = strcspn(at, " ");
        (void)snprintf(name, sizeof name, "%.*s", (int)size, at);
        const enum err err = user_role_parse(&role, name, why);
        if (err) { return err; }
        found |= 1U << role;
        at += size;
    }
    *roles = found;
    return OK;
}

/* What is of the whole site, and not of its zones, is for those who have the whole site. */
static bool site_wide(enum permission permission)
{
    return permission == PERMISSION_SEE_USERS || permission == PERMISSION_MANAGE_USERS ||
           permission == PERMISSION_SEE_METRICS || permission == PERMISSION_SEE_AUDIT ||
           permission == PERMISSION_SEE_EXACT_MAP;
}

enum permission_answer permission_judge(enum permission permission, const struct session *session)
{
    if (permission == PERMISSION_PUBLIC) { return PERMISSION_ANSWER_YES; }
    if (!session) { return PERMISSION_ANSWER_SIGN_IN; }
    if (session->must_change_password && permission != PERMISSION_OWN_SESSION) {
        return PERMISSION_ANSWER_CHANGE_PASSWORD;
    }
    if (session->lacks_factor && permission != PERMISSION_OWN_SESSION) {
        return PERMISSION_ANSWER_SET_UP_FACTOR;
    }
    if (site_wide(permission) && !reach_whole(&session->reach)) { return PERMISSION_ANSWER_NO; }
    return ALLOWED[permission] & (1 << session->role) ? PERMISSION_ANSWER_YES
                                                      : PERMISSION_ANSWER_NO;
}

bool permission_reaches(const struct session *session, const char *zone)
{
    return reach_includes(&session->reach, zone);
}
