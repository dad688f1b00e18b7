#include "people/permission.h"

#include "check.h"
#include "people/session.h"

/* Written out a second time, by hand: a slip in the table shows here. A O S E U V. */
static const struct {
    enum permission permission;
    const char *roles;
} EXPECTED[] = {
    {PERMISSION_PUBLIC, "yyyyyy"},       {PERMISSION_OWN_SESSION, "yyyyyy"},
    {PERMISSION_SEE, "yyyyyy"},          {PERMISSION_WATCH_MEDIA, "yyyy--"},
    {PERMISSION_SEND_ALERT, "yyy---"},   {PERMISSION_SEE_USERS, "y-y-y-"},
    {PERMISSION_MANAGE_USERS, "y-----"}, {PERMISSION_SEE_METRICS, "y-----"},
};

static void test_table(void)
{
    for (size_t i = 0; i < ARRAY_LEN(EXPECTED); i++) {
        const enum permission permission = EXPECTED[i].permission;
        for (int role = 0; role < USER_ROLE_COUNT; role++) {
            const struct session session = {.role = (enum user_role)role};
            CHECK(permission_judge(permission, &session) ==
                  (EXPECTED[i].roles[role] == 'y' ? PERMISSION_ANSWER_YES : PERMISSION_ANSWER_NO));
        }
        CHECK(
            permission_judge(permission, NULL) ==
            (permission == PERMISSION_PUBLIC ? PERMISSION_ANSWER_YES : PERMISSION_ANSWER_SIGN_IN));
    }
}

static void test_must_change(void)
{
    const struct session administrator = {.must_change_password = true};
    CHECK(permission_judge(PERMISSION_PUBLIC, &administrator) == PERMISSION_ANSWER_YES);
    CHECK(permission_judge(PERMISSION_OWN_SESSION, &administrator) == PERMISSION_ANSWER_YES);
    CHECK(permission_judge(PERMISSION_SEE, &administrator) == PERMISSION_ANSWER_CHANGE_PASSWORD);
    CHECK(permission_judge(PERMISSION_SEND_ALERT, &administrator) ==
          PERMISSION_ANSWER_CHANGE_PASSWORD);
}

static void test_lacks_factor(void)
{
    const struct session person = {.role = USER_ROLE_OPERATOR, .lacks_factor = true};
    CHECK(permission_judge(PERMISSION_OWN_SESSION, &person) == PERMISSION_ANSWER_YES);
    CHECK(permission_judge(PERMISSION_SEE, &person) == PERMISSION_ANSWER_SET_UP_FACTOR);
    CHECK(permission_judge(PERMISSION_SEND_ALERT, &person) == PERMISSION_ANSWER_SET_UP_FACTOR);
}

static void test_names(void)
{
    for (int i = 0; i < USER_ROLE_COUNT; i++) {
        enum user_role role = USER_ROLE_ADMINISTRATOR;
        CHECK(user_role_parse(&role, user_role_name((enum user_role)i), NULL) == OK);
        CHECK((int)role == i);
    }
    enum user_role role = USER_ROLE_ADMINISTRATOR;
    CHECK_TEXT(user_role_name(USER_ROLE_EVIDENCE_OFFICER), "evidence_officer");
    CHECK(user_role_parse(&role, "root", NULL) == ERR_MALFORMED);
    unsigned int roles = 7;
    CHECK(user_roles_parse(&roles, "", NULL) == OK && roles == 0);
    CHECK(user_roles_parse(&roles, "  operator  administrator ", NULL) == OK && roles == 3);
    CHECK(user_roles_parse(&roles, "operator, administrator", NULL) == ERR_MALFORMED && roles == 3);
}

static void test_reach(void)
{
    struct session session = {.role = USER_ROLE_OPERATOR};
    CHECK(permission_reaches(&session, "north") && permission_reaches(&session, ""));
    (void)!text_copy(session.reach.zones, sizeof session.reach.zones, ",north,");
    CHECK(permission_reaches(&session, "north") && !permission_reaches(&session, "south"));
    CHECK(!permission_reaches(&session, ""));
    session.role = USER_ROLE_AUDITOR; /* of one zone: not of the whole site's record */
    CHECK(permission_judge(PERMISSION_SEE, &session) == PERMISSION_ANSWER_YES);
    CHECK(permission_judge(PERMISSION_SEE_AUDIT, &session) == PERMISSION_ANSWER_NO);
    CHECK(permission_judge(PERMISSION_SEE_USERS, &session) == PERMISSION_ANSWER_NO);
}

int main(void)
{
    test_table();
    test_must_change();
    test_lacks_factor();
    test_names();
    test_reach();
    return CHECK_DONE();
}
