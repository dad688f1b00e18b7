/* Topics of devices, with the prefix on and off. */
#include "fleet/topic.h"

#include "check.h"

static enum topic_kind kind(const char *topic, const char *device)
{
    struct topic_parts parts = {.kind = TOPIC_KIND_OTHER};
    if (!topic_split(&parts, "tocsin", topic)) { return TOPIC_KIND_OTHER; }
    return strcmp(parts.device, device) == 0 ? parts.kind : TOPIC_KIND_OTHER;
}

int main(void)
{
    struct topic_parts parts;
    char topic[TOPIC_SIZE];
    char longest[TOPIC_SIZE];
    CHECK(kind("tocsin/devices/sign-1/status", "sign-1") == TOPIC_KIND_STATUS);
    CHECK(kind("tocsin/devices/sign-1/ack", "sign-1") == TOPIC_KIND_ACK);
    CHECK(kind("tocsin/devices/sign-1/detection", "sign-1") == TOPIC_KIND_DETECTION);
    CHECK(kind("tocsin/devices/sign-1/telemetry", "sign-1") == TOPIC_KIND_TELEMETRY);
    CHECK(kind("tocsin/commands/sign-1/confirm", "sign-1") == TOPIC_KIND_CONFIRM);
    CHECK(kind("tocsin/commands/north/checkpoint", "north") == TOPIC_KIND_CHECKPOINT);
    CHECK(kind("tocsin/devices/north/cosignature", "north") == TOPIC_KIND_COSIGNATURE);
    CHECK(kind("tocsin/devices/north/checkpoint", "north") == TOPIC_KIND_OTHER);
    CHECK(kind("tocsin/alerts/zone/north/x", "") == TOPIC_KIND_ALERT);
    CHECK(kind("tocsin/system/revocation", "") == TOPIC_KIND_REVOCATION);
    CHECK(kind("tocsin/system/revocation/x", "") == TOPIC_KIND_OTHER);
    CHECK(kind("tocsin/devices/sign-1/confirm", "sign-1") == TOPIC_KIND_OTHER);
    CHECK(kind("tocsin/commands/sign-1/status", "sign-1") == TOPIC_KIND_OTHER);
    CHECK(!topic_split(&parts, "tocsin", "other/devices/sign-1/status"));
    CHECK(!topic_split(&parts, "tocsin", "tocsinx/devices/sign-1/status"));
    CHECK(!topic_split(&parts, "tocsin", "tocsin/devices/sign-1"));
    CHECK(!topic_split(&parts, "tocsin", "tocsin/devices//status"));
    CHECK(!topic_split(&parts, "tocsin", "tocsin/devices/Sign/status"));
    CHECK(topic_split(&parts, "tocsin", "tocsin/system/health") && parts.kind == TOPIC_KIND_OTHER &&
          parts.device[0] == '\0');
    CHECK(topic_of_device(topic, "a/b", TOPIC_KIND_CONFIRM, "sign-1") == OK);
    CHECK_TEXT(topic, "a/b/commands/sign-1/confirm");
    CHECK(topic_of_device(topic, "a", TOPIC_KIND_ALERT, "sign-1") == ERR_RANGE);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    CHECK(topic_join(topic, "tocsin", "system/health") == OK);
    CHECK_TEXT(topic, "tocsin/system/health");
    CHECK(topic_join(topic, "tocsin", longest) == ERR_LIMIT);
    CHECK(!topic_split(&parts, "tocsin", longest));
    return CHECK_DONE();
}
