#include "trust/tier.h"

#include "base/clock.h"
#include "check.h"

/* The table of docs/protocols/envelope.md: who may sign what. */
static const struct {
    enum role role;
    bool may[TIER_COUNT];
} rules[] = {
    {ROLE_EDGE, {true, false, false, false, false}},
    {ROLE_GATEWAY, {true, true, false, false, false}},
    {ROLE_CONTROL, {true, true, true, true, false}},
    {ROLE_OPS, {true, true, true, true, false}},
    {ROLE_MAP, {false}},
    {ROLE_CLOUD, {false}},
    {ROLE_BROKER, {false}},
    {ROLE_ENROL, {true, false, false, false, false}},
    {ROLE_OPERATOR, {false}},
    {ROLE_EXERCISE, {false}}, /* nothing real */
};

int main(void)
{
    struct why why = {0};
    CHECK(ARRAY_LEN(rules) == ROLE_COUNT);
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        enum role role = ROLE_EDGE;
        CHECK(role_parse(&role, role_name(rules[i].role), &why) == OK && role == rules[i].role);
        for (int tier = 0; tier < TIER_COUNT; tier++) {
            CHECK(tier_allowed(rules[i].role, (enum tier)tier) == rules[i].may[tier]);
            const bool practises = rules[i].role == ROLE_EXERCISE && tier != TIER_IPAWS;
            CHECK(tier_exercise_allowed(rules[i].role, (enum tier)tier) == practises);
        }
    }
    for (int i = 0; i < TIER_COUNT; i++) {
        enum tier tier = TIER_IPAWS;
        CHECK(tier_parse(&tier, tier_name((enum tier)i), &why) == OK && (int)tier == i);
        CHECK(tier_validity_max_us(tier) > 0);
        CHECK(tier_approved(tier) == (tier == TIER_EMERGENCY));
    }
    CHECK(tier_validity_max_us(TIER_WARNING) == 5 * CLOCK_MINUTE_US);

    enum tier tier = TIER_WARNING;
    CHECK(tier_parse(&tier, "Emergency", &why) == ERR_MALFORMED && tier == TIER_WARNING);
    CHECK(strstr(why.text, "Emergency") && strstr(why.text, "expected"));
    CHECK(tier_parse(&tier, "", NULL) == ERR_MALFORMED);
    enum role role = ROLE_MAP;
    CHECK(role_parse(&role, "root", &why) == ERR_MALFORMED && role == ROLE_MAP);
    CHECK(strstr(why.text, "root") != NULL);
    return CHECK_DONE();
}
