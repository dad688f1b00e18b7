/* wire/mqtt against a real broker: what is promised about order, loss and refusal. */
#include "check.h"
#include "lib/broker.h"
#include "lib/mailbox.h"

static struct mqtt_config config_for(const struct broker *broker, const char *client_id,
                                     const char *filter)
{
    return (struct mqtt_config){.host = "127.0.0.1",
                                .port = broker->port,
                                .client_id = client_id,
                                .session_expiry_s = 600,
                                .subscriptions = {filter}};
}

static struct mailbox *open_box(const struct broker *broker, const char *client_id,
                                const char *filter)
{
    struct mailbox *box = mailbox_new();
    const struct mqtt_config config = config_for(broker, client_id, filter);
    CHECK(mailbox_open(box, &config));
    CHECK(mailbox_connect(box));
    return box;
}

static void send_numbers(struct mailbox *box, const char *topic, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", first + i);
        while (mailbox_send(box, topic, number, false) != OK) {
            broker_pause();
        }
    }
}

static void test_topics(void)
{
    CHECK(mqtt_topic_matches("a/b", "a/b"));
    CHECK(!mqtt_topic_matches("a/b", "a/c"));
    CHECK(mqtt_topic_matches("a/+/c", "a/b/c"));
    CHECK(!mqtt_topic_matches("a/+/c", "a/b/d/c"));
    CHECK(mqtt_topic_matches("a/#", "a/b/c"));
    CHECK(mqtt_topic_matches("a/#", "a"));
    CHECK(!mqtt_topic_matches("a/#", "ab"));
    CHECK(!mqtt_topic_matches("#", "$SYS/x"));
    CHECK(!mqtt_topic_matches("a/#/b", "a/x/b"));
    CHECK(!mqtt_topic_matches("", "a"));
}

static void test_refusals_at_open(void)
{
    struct mqtt *mqtt = NULL;
    struct why why = {0};
    struct mqtt_config config = {.host = "192.0.2.1", .port = 1883, .client_id = "x"};
    CHECK(mqtt_open(&mqtt, &config, &why) == ERR_DENIED);
    config.host = "127.0.0.1";
    config.port = 70000;
    CHECK(mqtt_open(&mqtt, &config, &why) == ERR_RANGE);
    config.port = 1883;
    config.ca_path = "/nonexistent/ca.crt";
    CHECK(mqtt_open(&mqtt, &config, &why) == ERR_IO);
    CHECK(strstr(why.text, "/nonexistent/ca.crt") != NULL);
    config.ca_path = TESTS_DIR "/check.h";
    CHECK(mqtt_open(&mqtt, &config, &why) == ERR_MALFORMED);
    CHECK(mqtt == NULL);
}

static void test_there_and_back(const struct broker *broker)
{
    struct mailbox *to = open_box(broker, "to", "t/#");
    struct mailbox *from = open_box(broker, "from", NULL);
    CHECK(mailbox_send(from, "t/1", "hello", true) == OK);
    CHECK(mailbox_wait_count(to, 1, 5000));
    CHECK_TEXT(to->letters[0].topic, "t/1");
    CHECK_TEXT(mailbox_payload(to, 0), "hello");
    CHECK(!to->letters[0].retained);
    struct mailbox *late = open_box(broker, "late", "t/#");
    CHECK(mailbox_wait_count(late, 1, 5000));
    CHECK(late->letters[0].retained);
    CHECK(mailbox_send(from, "t/+", "x", false) == ERR_RANGE);
    CHECK(mailbox_send(from, "t/1", "", true) == OK);
    CHECK(mailbox_wait_count(to, 2, 5000));
    CHECK(to->letters[1].size == 0);
    mailbox_free(late);
    mailbox_free(from);
    mailbox_free(to);
}

static bool is_connected_again(const struct mailbox *box)
{
    return box->connected && box->connects == 2;
}

static void test_refused_message_comes_again(const struct broker *broker)
{
    struct mailbox *to = open_box(broker, "again", "again/#");
    struct mailbox *from = open_box(broker, "again-from", NULL);
    to->refuse = 2; /* then once more, before the next connect is complete */
    send_numbers(from, "again/x", 0, 200);
    CHECK(mailbox_wait_numbers(to, 200, 20 * 1000));
    CHECK(mailbox_wait(to, is_connected_again, 5000));
    mailbox_free(from);
    mailbox_free(to);
}

static bool is_delivered(const struct mailbox *box)
{
    return box->published == 100;
}

static void test_broker_away(struct broker *broker)
{
    struct mailbox *to = open_box(broker, "stay", "stay/#");
    struct mailbox *from = open_box(broker, "stay-from", NULL);
    send_numbers(from, "stay/x", 0, 50);
    CHECK(mailbox_wait_numbers(to, 50, 5000));
    broker_end(broker, SIGTERM);
    CHECK(mailbox_wait(from, mailbox_is_away, 5000));
    CHECK(mailbox_wait(to, mailbox_is_away, 5000));
    CHECK(mailbox_send(from, "stay/x", "no", false) == ERR_UNAVAILABLE);
    CHECK(!mqtt_connected(from->mqtt));
    CHECK(broker_start(broker));
    CHECK(mailbox_connect(from));
    CHECK(mailbox_connect(to));
    send_numbers(from, "stay/x", 50, 50);
    CHECK(mailbox_wait_numbers(to, 100, 5000));
    CHECK(mailbox_wait(from, is_delivered, 5000));
    CHECK(from->failed == 0);
    mailbox_free(from);
    mailbox_free(to);
}

static void test_flight_limit(struct broker *broker)
{
    struct mailbox *from = open_box(broker, "flood", NULL);
    process_signal(broker->process, SIGSTOP);
    size_t sent = 0;
    enum err err = OK;
    while (sent < 2 * MQTT_FLIGHT_MAX && err == OK) {
        err = mailbox_send(from, "flood/x", "y", false);
        sent += err == OK ? 1 : 0;
    }
    CHECK(sent == MQTT_FLIGHT_MAX);
    CHECK(err == ERR_LIMIT);
    const int64_t begin_us = clock_monotonic_us();
    struct mqtt *mqtt = TAKE(from->mqtt);
    mqtt_close(mqtt); /* the broker does not answer: every flight is told, in bounded time */
    CHECK(clock_monotonic_us() - begin_us < CLOCK_SECOND_US);
    CHECK(from->failed == MQTT_FLIGHT_MAX && from->last_failure == ERR_CLOSED);
    process_signal(broker->process, SIGCONT);
    mailbox_free(from);
}

static void make_will(void *context, struct text *payload)
{
    (void)context;
    text_add(payload, "fresh");
}

static void test_will(const struct broker *broker)
{
    struct mailbox *watcher = open_box(broker, "watcher", "will/#");
    struct mailbox *box = mailbox_new();
    struct mqtt_config config = config_for(broker, "dying", NULL);
    config.will_topic = "will/1";
    config.will_payload = span_text("gone");
    CHECK(mailbox_open(box, &config) && mailbox_connect(box));
    mailbox_free(box);
    CHECK(mailbox_wait_count(watcher, 1, 5000));
    CHECK_TEXT(mailbox_payload(watcher, 0), "gone");
    box = mailbox_new();
    config.make_will = make_will;
    CHECK(mailbox_open(box, &config) && mailbox_connect(box));
    mailbox_free(box);
    CHECK(mailbox_wait_count(watcher, 2, 5000));
    CHECK_TEXT(mailbox_payload(watcher, 1), "fresh");
    mailbox_free(watcher);
}

static bool is_twice_connected(const struct mailbox *box)
{
    return box->connected && box->connects >= 2;
}

/* Renewing is short, without the will, and loses nothing that waits. */
static void test_renew(const struct broker *broker)
{
    struct mailbox *watcher = open_box(broker, "renew-watcher", "renew-will");
    struct mailbox *from = open_box(broker, "renew-from", NULL);
    struct mailbox *box = mailbox_new();
    struct mqtt_config config = config_for(broker, "renewer", "renew/#");
    config.will_topic = "renew-will";
    config.will_payload = span_text("gone");
    CHECK(mailbox_open(box, &config) && mailbox_connect(box));
    const int64_t begin_us = clock_monotonic_us();
    mqtt_renew(box->mqtt);
    send_numbers(from, "renew/x", 0, 50);
    CHECK(mailbox_wait(box, is_twice_connected, 5000));
    printf("# connected again after %lld ms\n",
           (long long)((clock_monotonic_us() - begin_us) / 1000));
    CHECK(mailbox_wait_count(box, 50, 5000));
    CHECK(mailbox_send(from, "renew-will", "end", false) == OK);
    CHECK(mailbox_wait_count(watcher, 1, 5000));
    CHECK_TEXT(mailbox_payload(watcher, 0), "end"); /* and not "gone" before it */
    mailbox_free(box);
    mailbox_free(from);
    mailbox_free(watcher);
}

static void test_nobody_there(void)
{
    struct broker nowhere = {.port = broker_free_port()};
    struct mailbox *box = mailbox_new();
    const struct mqtt_config config = config_for(&nowhere, "lonely", NULL);
    CHECK(mailbox_open(box, &config));
    CHECK(mailbox_wait(box, mailbox_is_away, 5000));
    CHECK_TEXT(box->reason, "Connection refused");
    mailbox_free(box);
}

/* A host that answers nothing: closing must not wait for the system's connect timeout. */
static void test_close_while_connecting(void)
{
    CLEANUP(file_close_p) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    CHECK(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    struct broker deaf = {.port = ntohs(address.sin_port)};
    struct mailbox *box = mailbox_new();
    const struct mqtt_config config = config_for(&deaf, "patient", NULL);
    CHECK(mailbox_open(box, &config));
    const int64_t begin_us = clock_monotonic_us();
    mailbox_free(box);
    CHECK(clock_monotonic_us() - begin_us < CLOCK_SECOND_US);
}

int main(void)
{
    test_topics();
    test_refusals_at_open();
    test_nobody_there();
    test_close_while_connecting();
    if (!broker_here()) {
        printf("# mosquitto is not installed: tests against a broker left out\n");
        return CHECK_DONE();
    }
    struct broker broker = {0};
    CHECK(broker_start_plain(&broker, "max_inflight_messages 64"));
    test_there_and_back(&broker);
    test_refused_message_comes_again(&broker);
    test_broker_away(&broker);
    test_will(&broker);
    test_renew(&broker);
    test_flight_limit(&broker);
    broker_deinit(&broker);
    return CHECK_DONE();
}
