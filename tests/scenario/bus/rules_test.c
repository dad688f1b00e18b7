/* A real broker with tocsin-broker.so: who gets in, and what each may do. */
#include "check.h"
#include "lib/site.h"

static struct site site;

static struct mailbox *client(enum role role, const char *name, const char *filter)
{
    const struct site_client wanted = {
        .broker = &site.zone, .role = role, .name = name, .filters = {filter}};
    return site_connect(&site, &wanted);
}

/* Whether the broker refuses what is asked, for `needle`; the client keeps trying meanwhile. */
static bool is_refused(const struct site_client *asked, const char *needle)
{
    struct mailbox *box = site_open(&site, asked);
    const bool away = mailbox_wait(box, mailbox_is_away, 5000);
    const bool said = strstr(box->reason, needle) != NULL;
    if (!away || !said) { printf("# %s\n", box->reason); }
    mailbox_free(box);
    return away && said;
}

static bool subscription_refused(enum role role, const char *name, const char *filter)
{
    const struct site_client asked = {
        .broker = &site.zone, .role = role, .name = name, .filters = {filter}};
    return is_refused(&asked, "refuses the subscription");
}

static bool is_answered(const struct mailbox *box)
{
    return box->published + box->failed > 0;
}

/* Whether the PUBACK says not authorized. */
static bool publication_refused(enum role role, const char *name, const char *topic)
{
    struct mailbox *box = client(role, name, NULL);
    const bool sent = mailbox_send(box, topic, "x", false) == OK;
    const bool answered = mailbox_wait(box, is_answered, 5000);
    const bool refused = box->failed == 1 && box->last_failure == ERR_DENIED;
    mailbox_free(box);
    return sent && answered && refused;
}

static void test_topics(void)
{
    struct mailbox *control = client(ROLE_CONTROL, "main", "tocsin/#");
    struct mailbox *edge = client(ROLE_EDGE, "gate-1", "tocsin/alerts/zone/north/#");
    CHECK(mailbox_send(edge, "tocsin/devices/gate-1/status", "mine", true) == OK);
    CHECK(mailbox_wait_count(control, 1, 5000));
    CHECK_TEXT(mailbox_payload(control, 0), "mine");
    CHECK(mailbox_send(control, "tocsin/alerts/zone/north/a", "alert", true) == OK);
    CHECK(mailbox_wait_count(edge, 1, 5000));
    mailbox_free(edge);
    CHECK(publication_refused(ROLE_EDGE, "gate-1", "tocsin/devices/gate-2/status"));
    CHECK(publication_refused(ROLE_EDGE, "gate-1", "tocsin/alerts/zone/north/a"));
    CHECK(publication_refused(ROLE_GATEWAY, "gw-north", "tocsin/devices/gate-1/status"));
    CHECK(subscription_refused(ROLE_EDGE, "gate-1", "#"));
    CHECK(subscription_refused(ROLE_EDGE, "gate-1", "tocsin/#"));
    CHECK(subscription_refused(ROLE_EDGE, "gate-1", "tocsin/devices/gate-2/#"));
    CHECK(subscription_refused(ROLE_EDGE, "gate-1", "tocsin/alerts/zone/south/#"));
    CHECK(subscription_refused(ROLE_EDGE, "gate-1", "$share/g/tocsin/devices/#"));
    CHECK(subscription_refused(ROLE_CONTROL, "second", "#"));
    CHECK(mailbox_wait_count(control, 2, 5000));
    CHECK(mailbox_count(control) == 2); /* nothing that was refused went through */
    CHECK(mailbox_send(control, "tocsin/alerts/zone/north/a", "", true) == OK);
    CHECK(mailbox_send(control, "tocsin/devices/gate-1/status", "", true) == OK);
    mailbox_free(control);
}

/* The newest letter is the will; before it may come what was retained. */
static bool is_gone(const struct mailbox *box)
{
    return box->count > 0 && strncmp(box->letters[box->count - 1].payload, "gone", 5) == 0;
}

/* A will is a publication too: one on another's topic must not leave the broker. */
static void test_will_of_another(void)
{
    struct mailbox *control = client(ROLE_CONTROL, "second", "tocsin/devices/+/status");
    static const char *const topics[] = {"tocsin/devices/gate-2/status",
                                         "tocsin/devices/gate-1/status"};
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        char paths[2][SITE_PATH_SIZE];
        const struct mqtt_config config = {
            .host = "127.0.0.1",
            .port = site.zone.port,
            .client_id = "edge-gate-1",
            .ca_path = site.ca,
            .certificate_path = site_path(paths[0], &site, "edge-gate-1", ".crt"),
            .key_path = site_path(paths[1], &site, "edge-gate-1", ".key"),
            .will_topic = topics[i],
            .will_payload = span_text("gone"),
        };
        struct mailbox *edge = mailbox_new();
        CHECK(mailbox_open(edge, &config) && mailbox_connect(edge));
        mailbox_free(edge);
    }
    CHECK(mailbox_wait(control, is_gone, 5000));
    const size_t count = mailbox_count(control);
    for (size_t i = 0; i < count; i++) {
        CHECK_TEXT(control->letters[i].topic, topics[1]);
    }
    mailbox_free(control);
}

static void test_payload_limit(void)
{
    struct mailbox *box = client(ROLE_EDGE, "gate-1", NULL);
    char *big = mem_zeroed(70 * 1024);
    memset(big, 'x', 64 * 1024 + 1);
    CHECK(mailbox_send(box, "tocsin/devices/gate-1/event", big, false) == OK);
    CHECK(mailbox_wait(box, is_answered, 5000) || mailbox_wait(box, mailbox_is_away, 100));
    CHECK(box->published == 0);
    free(big);
    mailbox_free(box);
}

static void test_who_gets_in(void)
{
    CHECK(site_issue(&site, site.authority, ROLE_MAP, "tiles"));
    const struct site_client map = {.broker = &site.zone, .role = ROLE_MAP, .name = "tiles"};
    CHECK(is_refused(&map, "Not authorized"));
    const struct site_client thief = {
        .broker = &site.zone, .role = ROLE_EDGE, .name = "gate-1", .client_id = "edge-gate-2"};
    CHECK(is_refused(&thief, "Not authorized"));
    struct site other = {0};
    CHECK(site_make(&other));
    CHECK(site_issue(&site, other.authority, ROLE_CONTROL, "stranger"));
    const struct site_client stranger = {
        .broker = &site.zone, .role = ROLE_CONTROL, .name = "stranger"};
    struct mailbox *box = site_open(&site, &stranger);
    CHECK(mailbox_wait(box, mailbox_is_away, 5000));
    CHECK(!box->connected);
    mailbox_free(box);
    site_deinit(&other);
    struct mqtt_config bare = {
        .host = "127.0.0.1", .port = site.zone.port, .client_id = "control-main"};
    box = mailbox_new();
    CHECK(mailbox_open(box, &bare)); /* no TLS at all */
    CHECK(mailbox_wait(box, mailbox_is_away, 5000));
    CHECK(box->connects == 0);
    mailbox_free(box);
}

/* Whoever answers at the broker's address must be a broker by its certificate. */
static void test_who_may_be_a_broker(void)
{
    char from[2][SITE_PATH_SIZE];
    char to[2][SITE_PATH_SIZE];
    broker_end(&site.zone, SIGTERM);
    CHECK(rename(site_path(from[0], &site, "edge-gate-2", ".crt"),
                 site_path(to[0], &site, "broker-north", ".crt")) == 0);
    CHECK(rename(site_path(from[1], &site, "edge-gate-2", ".key"),
                 site_path(to[1], &site, "broker-north", ".key")) == 0);
    CHECK(broker_start(&site.zone));
    const struct site_client edge = {.broker = &site.zone, .role = ROLE_EDGE, .name = "gate-1"};
    CHECK(is_refused(&edge, "certificate verify failed"));
}

int main(void)
{
    if (!broker_here()) { return CHECK_SKIP_ALL("mosquitto is not installed"); }
    CHECK(site_make(&site));
    CHECK(site_issue(&site, site.authority, ROLE_CONTROL, "main"));
    CHECK(site_issue(&site, site.authority, ROLE_CONTROL, "second"));
    CHECK(site_issue(&site, site.authority, ROLE_EDGE, "gate-1"));
    CHECK(site_issue(&site, site.authority, ROLE_EDGE, "gate-2"));
    const bool started = site_start(&site, BUILD_DIR "/tocsin-broker.so");
    CHECK(started);
    if (!started) {
        site_deinit(&site);
        return CHECK_DONE();
    }
    test_topics();
    test_will_of_another();
    test_payload_limit();
    test_who_gets_in();
    test_who_may_be_a_broker();
    site_deinit(&site);
    return CHECK_DONE();
}
