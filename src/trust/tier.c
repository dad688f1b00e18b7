#include "trust/tier.h"

#include <string.h>

#include "base/clock.h"

#define MAY(role) (1U << (role))

struct tier_rule {
    const char *name;
    int64_t validity_max_us;
    unsigned signers; /* MAY(role) of every role that may sign it */
    bool approved;    /* by operators' own keys; the signer only carries it */
    bool practised;   /* there are exercises and tests of it, by the key for them */
};

/* The longest anything of a lower tier may stand is two days: as long as a part lives on alone. */
static const struct tier_rule rules[TIER_COUNT] = {
    [TIER_INFORMATIONAL] = {"informational", 48 * CLOCK_HOUR_US,
                            MAY(ROLE_EDGE) | MAY(ROLE_GATEWAY) | MAY(ROLE_CONTROL) | MAY(ROLE_OPS) |
                                MAY(ROLE_ENROL),
                            .practised = true},
    [TIER_ADVISORY] = {"advisory", 48 * CLOCK_HOUR_US,
                       MAY(ROLE_GATEWAY) | MAY(ROLE_CONTROL) | MAY(ROLE_OPS), .practised = true},
    [TIER_WARNING] = {"warning", 5 * CLOCK_MINUTE_US, MAY(ROLE_CONTROL) | MAY(ROLE_OPS),
                      .practised = true},
    [TIER_EMERGENCY] = {"emergency", 24 * CLOCK_HOUR_US, MAY(ROLE_CONTROL) | MAY(ROLE_OPS),
                        .approved = true, .practised = true},
    [TIER_IPAWS] = {"ipaws", 24 * CLOCK_HOUR_US, 0},
};

static const char *const roles[] = {
    [ROLE_EDGE] = "edge",         [ROLE_GATEWAY] = "gateway", [ROLE_CONTROL] = "control",
    [ROLE_OPS] = "ops",           [ROLE_MAP] = "map",         [ROLE_CLOUD] = "cloud",
    [ROLE_BROKER] = "broker",     [ROLE_ENROL] = "enrol",     [ROLE_OPERATOR] = "operator",
    [ROLE_EXERCISE] = "exercise",
};

const char *tier_name(enum tier tier)
{
    return rules[tier].name;
}

enum err tier_parse(enum tier *tier, const char *name, struct why *why)
{
    for (int i = 0; i < TIER_COUNT; i++) {
        if (strcmp(rules[i].name, name) == 0) {
            *tier = (enum tier)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED,
                   "tier is \"%.32s\", expected informational, advisory, warning, emergency or "
                   "ipaws",
                   name);
}

const char *role_name(enum role role)
{
    return roles[role];
}

enum err role_parse(enum role *role, const char *name, struct why *why)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (strcmp(roles[i], name) == 0) {
            *role = (enum role)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED,
                   "role is \"%.32s\", expected edge, gateway, control, ops, map, cloud, broker, "
                   "enrol, operator or exercise",
                   name);
}

bool tier_allowed(enum role role, enum tier tier)
{
    return (rules[tier].signers & MAY(role)) != 0;
}

bool tier_exercise_allowed(enum role role, enum tier tier)
{
    return role == ROLE_EXERCISE && rules[tier].practised;
}

bool tier_approved(enum tier tier)
{
    return rules[tier].approved;
}

int64_t tier_validity_max_us(enum tier tier)
{
    return rules[tier].validity_max_us;
}
