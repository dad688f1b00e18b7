#include "people/permission.h"

#include "check.h"
#include "people/session.h"

int main(void)
{
    struct session administrator = {.role = USER_ROLE_ADMINISTRATOR};
    for (int i = PERMISSION_PUBLIC; i <= PERMISSION_SEE_METRICS; i++) {
        const enum permission permission = (enum permission)i;
        CHECK(permission_judge(permission, &administrator) == PERMISSION_ANSWER_YES);
        CHECK(
            permission_judge(permission, NULL) ==
            (permission == PERMISSION_PUBLIC ? PERMISSION_ANSWER_YES : PERMISSION_ANSWER_SIGN_IN));
    }
    administrator.must_change_password = true;
    CHECK(permission_judge(PERMISSION_PUBLIC, &administrator) == PERMISSION_ANSWER_YES);
    CHECK(permission_judge(PERMISSION_OWN_SESSION, &administrator) == PERMISSION_ANSWER_YES);
    CHECK(permission_judge(PERMISSION_SEE, &administrator) == PERMISSION_ANSWER_CHANGE_PASSWORD);
    CHECK(permission_judge(PERMISSION_SEND_ALERT, &administrator) ==
          PERMISSION_ANSWER_CHANGE_PASSWORD);
    enum user_role role = USER_ROLE_ADMINISTRATOR;
    CHECK(user_role_parse(&role, "administrator", NULL) == OK);
    CHECK_TEXT(user_role_name(role), "administrator");
    CHECK(user_role_parse(&role, "root", NULL) == ERR_MALFORMED);
    return CHECK_DONE();
}
