/* fleet/topic_rule: the table of docs/protocols/bus.md, line by line. */
#include "check.h"
#include "fleet/topic_rule.h"

static const struct topic_place site = {.site = "demo", .prefix = "tocsin", .zone = ""};
static const struct topic_place zone = {.site = "demo", .prefix = "tocsin", .zone = "north"};

static struct identity identity_of(enum role role, const char *name)
{
    struct identity who = {.site = "demo", .role = role};
    (void)snprintf(who.name, sizeof who.name, "%s", name);
    return who;
}

static const char *judge(const struct topic_place *place, enum role role, enum topic_access access,
                         const char *topic)
{
    const struct identity who = identity_of(role, "gate-1");
    return topic_answer_name(topic_judge(place, &who, access, topic, 100));
}

static const char *publish(enum role role, const char *topic)
{
    return judge(&zone, role, TOPIC_ACCESS_PUBLISH, topic);
}

static const char *subscribe(enum role role, const char *topic)
{
    return judge(&zone, role, TOPIC_ACCESS_SUBSCRIBE, topic);
}

static void test_edge(void)
{
    CHECK_TEXT(publish(ROLE_EDGE, "tocsin/devices/gate-1/status"), "allowed");
    CHECK_TEXT(publish(ROLE_EDGE, "tocsin/devices/gate-2/status"), "foreign");
    CHECK_TEXT(publish(ROLE_EDGE, "tocsin/devices/gate-11/status"), "foreign");
    CHECK_TEXT(publish(ROLE_EDGE, "tocsin/devices/gate/status"), "foreign");
    CHECK_TEXT(publish(ROLE_EDGE, "tocsin/devices/+/status"), "malformed");
    CHECK_TEXT(publish(ROLE_EDGE, "tocsin/alerts/broadcast/x"), "foreign");
    CHECK_TEXT(publish(ROLE_EDGE, "tocsin/commands/gate-1/confirm"), "foreign");
    CHECK_TEXT(publish(ROLE_EDGE, "tocsin/system/health/gate-1"), "foreign");
    CHECK_TEXT(publish(ROLE_EDGE, "other/devices/gate-1/status"), "foreign");
    CHECK_TEXT(publish(ROLE_EDGE, "$SYS/broker"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/alerts/broadcast/#"), "allowed");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/alerts/zone/north/#"), "allowed");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/alerts/zone/north"), "allowed");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/alerts/zone/south/#"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/alerts/zone/#"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/alerts/zone/+/x"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/alerts/device/gate-1/#"), "allowed");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/alerts/device/gate-2/#"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/alerts/device/+/x"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/commands/gate-1/#"), "allowed");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/commands/#"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/system/#"), "allowed");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/devices/gate-1/status"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin/#"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "tocsin"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "#"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "+/alerts/broadcast/#"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, ""), "foreign");
    CHECK_TEXT(judge(&zone, ROLE_EDGE, TOPIC_ACCESS_RECEIVE, "tocsin/alerts/broadcast/x"),
               "allowed");
    CHECK_TEXT(judge(&zone, ROLE_EDGE, TOPIC_ACCESS_RECEIVE, "tocsin/devices/gate-2/ack"),
               "foreign");
    CHECK_TEXT(judge(&zone, ROLE_EDGE, TOPIC_ACCESS_RETAIN, "tocsin/devices/gate-1/status"),
               "allowed");
    CHECK_TEXT(judge(&zone, ROLE_EDGE, TOPIC_ACCESS_RETAIN, "tocsin/devices/gate-1/status/x"),
               "foreign");
    CHECK_TEXT(judge(&zone, ROLE_EDGE, TOPIC_ACCESS_RETAIN, "tocsin/devices/gate-1/detection"),
               "foreign");
    CHECK_TEXT(judge(&zone, ROLE_EDGE, TOPIC_ACCESS_RETAIN, "tocsin/devices/gate-2/status"),
               "foreign");
    CHECK_TEXT(judge(&site, ROLE_GATEWAY, TOPIC_ACCESS_RETAIN, "tocsin/devices/other/status"),
               "allowed");
    CHECK_TEXT(judge(&site, ROLE_EDGE, TOPIC_ACCESS_SUBSCRIBE, "tocsin/alerts/zone/north/#"),
               "foreign");
}

static void test_shares(void)
{
    CHECK_TEXT(subscribe(ROLE_EDGE, "$share/g/tocsin/alerts/broadcast/#"), "allowed");
    CHECK_TEXT(subscribe(ROLE_EDGE, "$share/g/tocsin/devices/#"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "$share/g/$share/g/tocsin/alerts/broadcast"), "foreign");
    CHECK_TEXT(subscribe(ROLE_EDGE, "$share/g"), "malformed");
    CHECK_TEXT(subscribe(ROLE_EDGE, "$share/g/"), "malformed");
    CHECK_TEXT(subscribe(ROLE_CONTROL, "$share/g/tocsin/devices/#"), "allowed");
}

static void test_gateway(void)
{
    CHECK_TEXT(publish(ROLE_ENROL, "tocsin/system/revocation"), "allowed");
    CHECK_TEXT(publish(ROLE_ENROL, "tocsin/alerts/broadcast/x"), "foreign");
    CHECK_TEXT(publish(ROLE_ENROL, "tocsin/system/health/enrol"), "foreign");
    CHECK_TEXT(subscribe(ROLE_ENROL, "tocsin/devices/#"), "foreign");
    CHECK_TEXT(publish(ROLE_EDGE, "tocsin/system/revocation"), "foreign");
    CHECK_TEXT(publish(ROLE_GATEWAY, "tocsin/system/revocation"), "foreign");
    CHECK_TEXT(publish(ROLE_GATEWAY, "tocsin/alerts/zone/north/x"), "allowed");
    CHECK_TEXT(publish(ROLE_GATEWAY, "tocsin/devices/gate-1/status"), "allowed");
    CHECK_TEXT(publish(ROLE_GATEWAY, "tocsin/devices/other/status"), "foreign");
    CHECK_TEXT(publish(ROLE_GATEWAY, "tocsin/system/health/gate-1"), "allowed");
    CHECK_TEXT(publish(ROLE_GATEWAY, "tocsin/system/health/other"), "foreign");
    CHECK_TEXT(publish(ROLE_GATEWAY, "tocsin/system/updates"), "foreign");
    CHECK_TEXT(publish(ROLE_GATEWAY, "tocsin/commands/gate-1/confirm"), "foreign");
    CHECK_TEXT(subscribe(ROLE_GATEWAY, "tocsin/#"), "allowed");
    CHECK_TEXT(subscribe(ROLE_GATEWAY, "#"), "foreign");
    CHECK_TEXT(judge(&site, ROLE_GATEWAY, TOPIC_ACCESS_PUBLISH, "tocsin/devices/other/status"),
               "allowed");
    CHECK_TEXT(judge(&site, ROLE_GATEWAY, TOPIC_ACCESS_PUBLISH, "tocsin/alerts/broadcast/x"),
               "foreign");
}

static void test_others(void)
{
    CHECK_TEXT(publish(ROLE_CONTROL, "tocsin/alerts/broadcast/x"), "allowed");
    CHECK_TEXT(subscribe(ROLE_CONTROL, "tocsin/#"), "allowed");
    CHECK_TEXT(subscribe(ROLE_CONTROL, "#"), "foreign");
    CHECK_TEXT(subscribe(ROLE_CONTROL, "$SYS/#"), "foreign");
    CHECK_TEXT(publish(ROLE_OPS, "tocsin/alerts/broadcast/x"), "allowed");
    CHECK_TEXT(publish(ROLE_EXERCISE, "tocsin/alerts/broadcast/x"), "role");
    CHECK_TEXT(publish(ROLE_OPERATOR, "tocsin/alerts/broadcast/x"), "role");
    CHECK_TEXT(publish(ROLE_MAP, "tocsin/alerts/broadcast/x"), "role");
    CHECK_TEXT(subscribe(ROLE_CLOUD, "tocsin/alerts/broadcast/#"), "role");
    CHECK_TEXT(subscribe(ROLE_BROKER, "tocsin/alerts/broadcast/#"), "role");
    struct identity stranger = identity_of(ROLE_CONTROL, "main");
    (void)snprintf(stranger.site, sizeof stranger.site, "elsewhere");
    CHECK(topic_judge(&zone, &stranger, TOPIC_ACCESS_SUBSCRIBE, "tocsin/#", 0) ==
          TOPIC_ANSWER_SITE);
    CHECK(topic_connect(&zone, &stranger, "control-main") == TOPIC_ANSWER_SITE);
    const struct identity edge = identity_of(ROLE_EDGE, "gate-1");
    CHECK(topic_judge(&zone, &edge, TOPIC_ACCESS_PUBLISH, "tocsin/devices/gate-1/status",
                      TOPIC_PAYLOAD_SIZE_MAX + 1) == TOPIC_ANSWER_OVERSIZED);
    CHECK(topic_judge(&zone, &edge, TOPIC_ACCESS_PUBLISH, "tocsin/devices/gate-1/status",
                      TOPIC_PAYLOAD_SIZE_MAX) == TOPIC_ANSWER_ALLOWED);
}

static void test_prefix_of_two_levels(void)
{
    const struct topic_place deep = {.site = "demo", .prefix = "city/tocsin", .zone = "north"};
    CHECK_TEXT(judge(&deep, ROLE_EDGE, TOPIC_ACCESS_SUBSCRIBE, "city/tocsin/alerts/zone/north/#"),
               "allowed");
    CHECK_TEXT(judge(&deep, ROLE_EDGE, TOPIC_ACCESS_SUBSCRIBE, "city/alerts/zone/north/#"),
               "foreign");
}

static void test_client_ids(void)
{
    const struct identity edge = identity_of(ROLE_EDGE, "gate-1");
    CHECK(topic_connect(&zone, &edge, "edge-gate-1") == TOPIC_ANSWER_ALLOWED);
    CHECK(topic_connect(&zone, &edge, "edge-gate-1:media") == TOPIC_ANSWER_ALLOWED);
    CHECK(topic_connect(&zone, &edge, "edge-gate-11") == TOPIC_ANSWER_CLIENT);
    CHECK(topic_connect(&zone, &edge, "edge-gate-2") == TOPIC_ANSWER_CLIENT);
    CHECK(topic_connect(&zone, &edge, "control-gate-1") == TOPIC_ANSWER_CLIENT);
    CHECK(topic_connect(&zone, &edge, "gate-1") == TOPIC_ANSWER_CLIENT);
    CHECK(topic_connect(&zone, &edge, "") == TOPIC_ANSWER_CLIENT);
    const struct identity broker = identity_of(ROLE_BROKER, "site");
    CHECK(topic_connect(&zone, &broker, "broker-site") == TOPIC_ANSWER_ROLE);
}

int main(void)
{
    test_edge();
    test_shares();
    test_gateway();
    test_others();
    test_prefix_of_two_levels();
    test_client_ids();
    return CHECK_DONE();
}
