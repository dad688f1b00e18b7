#include "people/permission.h"

#include "people/session.h"

static const char *const ROLE_NAMES[] = {[USER_ROLE_ADMINISTRATOR] = "administrator"};

/* One line per permission, one column per role. */
static const bool ALLOWED[][ARRAY_LEN(ROLE_NAMES)] = {
    [PERMISSION_PUBLIC] = {[USER_ROLE_ADMINISTRATOR] = true},
    [PERMISSION_OWN_SESSION] = {[USER_ROLE_ADMINISTRATOR] = true},
    [PERMISSION_SEE] = {[USER_ROLE_ADMINISTRATOR] = true},
    [PERMISSION_WATCH_MEDIA] = {[USER_ROLE_ADMINISTRATOR] = true},
    [PERMISSION_SEND_ALERT] = {[USER_ROLE_ADMINISTRATOR] = true},
    [PERMISSION_MANAGE_USERS] = {[USER_ROLE_ADMINISTRATOR] = true},
    [PERMISSION_SEE_METRICS] = {[USER_ROLE_ADMINISTRATOR] = true},
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
    return why_set(why, ERR_MALFORMED, "role is \"%.40s\", expected administrator", name);
}

enum permission_answer permission_judge(enum permission permission, const struct session *session)
{
    if (permission == PERMISSION_PUBLIC) { return PERMISSION_ANSWER_YES; }
    if (!session) { return PERMISSION_ANSWER_SIGN_IN; }
    if (session->must_change_password && permission != PERMISSION_OWN_SESSION) {
        return PERMISSION_ANSWER_CHANGE_PASSWORD;
    }
    return ALLOWED[permission][session->role] ? PERMISSION_ANSWER_YES : PERMISSION_ANSWER_NO;
}
