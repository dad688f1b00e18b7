#include "fleet/topic_rule.h"

#include <string.h>

enum { RULE_WORDS_MAX = 3 };

#define AT_SITE 1U
#define AT_ZONE 2U
#define MAY(role) (1U << (role))

/* In place of a word: the identity's own name, or the broker's zone. */
static const char own_name[] = "{name}";
static const char own_zone[] = "{zone}";

/* One line of the table: the words, and everything below them. */
struct rule {
    unsigned roles;
    bool publish; /* else subscribe and receive */
    unsigned brokers;
    const char *words[RULE_WORDS_MAX]; /* none: everything under the prefix */
};

static const struct rule rules[] = {
    {MAY(ROLE_EDGE), true, AT_SITE | AT_ZONE, {"devices", own_name}},
    {MAY(ROLE_EDGE), false, AT_SITE | AT_ZONE, {"alerts", "broadcast"}},
    {MAY(ROLE_EDGE), false, AT_ZONE, {"alerts", "zone", own_zone}},
    {MAY(ROLE_EDGE), false, AT_SITE | AT_ZONE, {"alerts", "device", own_name}},
    {MAY(ROLE_EDGE), false, AT_SITE | AT_ZONE, {"commands", own_name}},
    {MAY(ROLE_EDGE), false, AT_SITE | AT_ZONE, {"system"}},
    {MAY(ROLE_GATEWAY), true, AT_ZONE, {"alerts"}},
    {MAY(ROLE_GATEWAY), true, AT_ZONE, {"devices", own_name}},
    {MAY(ROLE_GATEWAY), true, AT_SITE, {"devices"}}, /* its bridge carries the zone's devices */
    {MAY(ROLE_GATEWAY), true, AT_SITE | AT_ZONE, {"system", "health", own_name}},
    {MAY(ROLE_GATEWAY), false, AT_SITE | AT_ZONE, {NULL}},
    {MAY(ROLE_ENROL), true, AT_SITE | AT_ZONE, {"system", "revocation"}},
    {MAY(ROLE_CONTROL) | MAY(ROLE_OPS), true, AT_SITE | AT_ZONE, {NULL}},
    {MAY(ROLE_CONTROL) | MAY(ROLE_OPS), false, AT_SITE | AT_ZONE, {NULL}},
};

static const char *const answers[] = {
    [TOPIC_ANSWER_ALLOWED] = "allowed",     [TOPIC_ANSWER_SITE] = "site",
    [TOPIC_ANSWER_ROLE] = "role",           [TOPIC_ANSWER_FOREIGN] = "foreign",
    [TOPIC_ANSWER_MALFORMED] = "malformed", [TOPIC_ANSWER_OVERSIZED] = "oversized",
    [TOPIC_ANSWER_CLIENT] = "client",
};

const char *topic_answer_name(enum topic_answer answer)
{
    return answers[answer];
}

/*
 * Moves `*at` behind the levels in `levels` when it begins with exactly them, up to a whole level.
 * NULL in `*at` afterwards: the topic ended there.
 */
static bool skip_levels(const char **at, const char *levels)
{
    const size_t size = strlen(levels);
    if (*at == NULL || strncmp(*at, levels, size) != 0) { return false; }
    const char *end = *at + size;
    if (*end != '\0' && *end != '/') { return false; }
    *at = *end == '/' ? end + 1 : NULL;
    return true;
}

static const char *word_of(const char *word, const struct topic_place *place,
                           const struct identity *who)
{
    if (word == own_name) { return who->name; }
    if (word == own_zone) { return place->zone; }
    return word;
}

static bool covers(const struct rule *rule, const struct topic_place *place,
                   const struct identity *who, const char *below_prefix)
{
    const char *at = below_prefix;
    for (size_t i = 0; i < RULE_WORDS_MAX && rule->words[i] != NULL; i++) {
        if (!skip_levels(&at, word_of(rule->words[i], place, who))) { return false; }
    }
    return true;
}

static bool any_rule_covers(const struct topic_place *place, const struct identity *who,
                            bool publish, const char *below_prefix)
{
    const unsigned broker = place->zone != NULL && place->zone[0] != '\0' ? AT_ZONE : AT_SITE;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const struct rule *rule = &rules[i];
        if ((rule->roles & MAY(who->role)) == 0 || rule->publish != publish ||
            (rule->brokers & broker) == 0) {
            continue;
        }
        if (covers(rule, place, who, below_prefix)) { return true; }
    }
    return false;
}

static enum topic_answer role_answer(const struct topic_place *place, const struct identity *who)
{
    if (strcmp(who->site, place->site) != 0) { return TOPIC_ANSWER_SITE; }
    const unsigned on_bus =
        MAY(ROLE_EDGE) | MAY(ROLE_GATEWAY) | MAY(ROLE_CONTROL) | MAY(ROLE_OPS) | MAY(ROLE_ENROL);
    return (MAY(who->role) & on_bus) != 0 ? TOPIC_ANSWER_ALLOWED : TOPIC_ANSWER_ROLE;
}

enum topic_answer topic_connect(const struct topic_place *place, const struct identity *who,
                                const char *client_id)
{
    const enum topic_answer answer = role_answer(place, who);
    if (answer != TOPIC_ANSWER_ALLOWED) { return answer; }
    const char *role = role_name(who->role);
    const size_t role_size = strlen(role);
    const size_t name_size = strlen(who->name);
    if (strncmp(client_id, role, role_size) != 0 || client_id[role_size] != '-') {
        return TOPIC_ANSWER_CLIENT;
    }
    const char *name = client_id + role_size + 1;
    if (strncmp(name, who->name, name_size) != 0) { return TOPIC_ANSWER_CLIENT; }
    const char end = name[name_size];
    return end == '\0' || end == ':' ? TOPIC_ANSWER_ALLOWED : TOPIC_ANSWER_CLIENT;
}

/* What stands behind `$share/GROUP/`, or NULL when nothing does. */
static const char *unshared(const char *topic)
{
    static const char share[] = "$share/";
    if (strncmp(topic, share, strlen(share)) != 0) { return topic; }
    const char *slash = strchr(topic + strlen(share), '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : NULL;
}

/* What a broker keeps for ever is bounded: of an edge one message. */
static bool may_stay(const struct identity *who, const char *below_prefix)
{
    if (who->role != ROLE_EDGE) { return true; }
    const char *at = below_prefix;
    return skip_levels(&at, "devices") && skip_levels(&at, who->name) &&
           skip_levels(&at, "status") && !at;
}

enum topic_answer topic_judge(const struct topic_place *place, const struct identity *who,
                              enum topic_access access, const char *topic, size_t size)
{
    const enum topic_answer answer = role_answer(place, who);
    if (answer != TOPIC_ANSWER_ALLOWED) { return answer; }
    const bool publish = access == TOPIC_ACCESS_PUBLISH || access == TOPIC_ACCESS_RETAIN;
    if (publish && size > TOPIC_PAYLOAD_SIZE_MAX) { return TOPIC_ANSWER_OVERSIZED; }
    if (publish && strpbrk(topic, "+#") != NULL) { return TOPIC_ANSWER_MALFORMED; }
    const char *at = access == TOPIC_ACCESS_SUBSCRIBE ? unshared(topic) : topic;
    if (at == NULL) { return TOPIC_ANSWER_MALFORMED; }
    if (!skip_levels(&at, place->prefix)) { return TOPIC_ANSWER_FOREIGN; }
    if (access == TOPIC_ACCESS_RETAIN && at && !may_stay(who, at)) { return TOPIC_ANSWER_FOREIGN; }
    return any_rule_covers(place, who, publish, at) ? TOPIC_ANSWER_ALLOWED : TOPIC_ANSWER_FOREIGN;
}
