/*
 * fleet/topic_rule with topics, filters and client ids from outside: whatever they are, an edge
 * must stay within its own branch, and nobody leaves the prefix.
 */
#include "base/base.h"
#include "fleet/topic_rule.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct topic_place place = {.site = "demo", .prefix = "tocsin", .zone = "north"};
    if (size < 2) { return 0; }
    const struct identity who = {
        .site = "demo", .role = (enum role)(data[0] % (ROLE_BROKER + 1)), .name = "gate-1"};
    const enum topic_access access = (enum topic_access)(data[1] % 3);
    CLEANUP(mem_free_p) char *topic = mem_text_of((const char *)data + 2, size - 2);
    (void)topic_connect(&place, &who, topic);
    if (topic_judge(&place, &who, access, topic, size) != TOPIC_ANSWER_ALLOWED) { return 0; }
    const bool shared = access == TOPIC_ACCESS_SUBSCRIBE && begins(topic, "$share/");
    assert(shared || strcmp(topic, "tocsin") == 0 || begins(topic, "tocsin/"));
    assert(who.role <= ROLE_OPS);
    if (who.role == ROLE_EDGE && access == TOPIC_ACCESS_PUBLISH) {
        assert(begins(topic, "tocsin/devices/gate-1"));
        assert(strpbrk(topic, "+#") == NULL);
    }
    if (who.role == ROLE_EDGE && access != TOPIC_ACCESS_PUBLISH) {
        assert(strstr(topic, "tocsin/devices") == NULL || strstr(topic, "tocsin/devices") != topic);
    }
    return 0;
}
