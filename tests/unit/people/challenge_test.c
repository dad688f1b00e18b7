#include "people/challenge.h"

#include "base/text.h"
#include "check.h"
#include "unit/people/people_database.h"

static const int64_t NOW_US = 1800000000000000;

static struct challenge give(struct challenges *challenges, const char *user_id,
                             enum challenge_purpose purpose, int64_t now_us)
{
    struct challenge challenge = {.purpose = purpose};
    (void)!text_copy(challenge.user_id, sizeof challenge.user_id, user_id);
    CHECK(challenges_give(challenges, &challenge, now_us, NULL) == OK);
    return challenge;
}

static bool take(struct challenges *challenges, const struct challenge *challenge, int64_t now_us)
{
    bool open = true;
    CHECK(challenges_take(challenges, challenge, now_us, &open, NULL) == OK);
    return open;
}

/* Given on one server, taken on another; and only for just that. */
static void test_meaning(struct challenges *here, struct challenges *there)
{
    const struct challenge one = give(here, "asha", CHALLENGE_PURPOSE_SIGN_IN, NOW_US);
    struct challenge other = one;
    other.purpose = CHALLENGE_PURPOSE_REGISTER;
    CHECK(!take(there, &other, NOW_US));
    other = one;
    (void)!text_copy(other.user_id, sizeof other.user_id, "ravi");
    CHECK(!take(there, &other, NOW_US));
    other = one;
    other.bytes[5] ^= 1;
    CHECK(!take(there, &other, NOW_US));
    CHECK(take(there, &one, NOW_US));
    CHECK(!take(here, &one, NOW_US)); /* once */

    struct challenge act = {.purpose = CHALLENGE_PURPOSE_APPROVE, .subject = {1}};
    CHECK(challenges_give(here, &act, NOW_US, NULL) == OK);
    other = act;
    other.subject[CHALLENGE_SUBJECT_SIZE - 1] = 1; /* touched for something else */
    CHECK(!take(there, &other, NOW_US));
    other = act;
    other.purpose = CHALLENGE_PURPOSE_SIGN_IN;
    CHECK(!take(there, &other, NOW_US));
    CHECK(take(there, &act, NOW_US));
    const struct challenge nothing = {.purpose = CHALLENGE_PURPOSE_SIGN_IN};
    CHECK(!take(here, &nothing, NOW_US));
}

static void test_bounds(struct challenges *challenges)
{
    const struct challenge late = give(challenges, "asha", CHALLENGE_PURPOSE_SIGN_IN, NOW_US);
    CHECK(!take(challenges, &late, NOW_US + CHALLENGE_LIFE_US));
    const struct challenge others = give(challenges, "mira", CHALLENGE_PURPOSE_SIGN_IN, NOW_US);
    const struct challenge first = give(challenges, "ravi", CHALLENGE_PURPOSE_SIGN_IN, NOW_US);
    struct challenge newest = first;
    for (int i = 1; i <= CHALLENGE_OF_USER_MAX; i++) {
        newest = give(challenges, "ravi", CHALLENGE_PURPOSE_SIGN_IN, NOW_US + i);
    }
    CHECK(!take(challenges, &first, NOW_US)); /* forgotten: there is no endless room */
    CHECK(take(challenges, &newest, NOW_US) && take(challenges, &others, NOW_US));
}

int main(void)
{
    struct people_database people;
    struct challenges *here = NULL;
    struct challenges *there = NULL;
    people_database_open(&people);
    CHECK(challenges_open(&here, people.database, NULL) == OK);
    CHECK(challenges_open(&there, people.database, NULL) == OK);
    test_meaning(here, there);
    test_bounds(here);
    challenges_close(here);
    challenges_close(there);
    people_database_close(&people);
    return CHECK_DONE();
}
