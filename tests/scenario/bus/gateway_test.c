/*
 * tocsin-gateway with real brokers: what the zone's broker loses comes back, who does not answer is
 * asked again, a cancel stays a cancel, and nothing of that is lost with kill -9.
 */
#include "alert/alert.h"
#include "alert/receipt.h"
#include "check.h"
#include "fleet/status.h"
#include "lib/site.h"

enum { GATEWAY_RSS_MAX_KB = 30 * 1024, ANSWER_SIZE = 64 * 1024 };

static struct site site;
static int http_port;

/* ---- the gateway ---- */

static struct process *start_gateway(void)
{
    char settings[12][SITE_PATH_SIZE + 64];
    char paths[2][SITE_PATH_SIZE];
    size_t count = 0;
    const char *arguments[32] = {BUILD_DIR "/tocsin-gateway"};
#define SET(...) (void)snprintf(settings[count++], sizeof settings[0], __VA_ARGS__)
    SET("site.name=demo");
    SET("site.ca=%s", site.ca);
    SET("identity.certificate=%s", site_path(paths[0], &site, "gateway-gw-north", ".crt"));
    SET("identity.key=%s", site_path(paths[1], &site, "gateway-gw-north", ".key"));
    SET("broker.port=%d", site.zone.port);
    SET("zone.name=north");
    SET("state.folder=%s/gateway", site.folder);
    SET("http.port=%d", http_port);
#undef SET
    for (size_t i = 0; i < count; i++) {
        arguments[1 + 2 * i] = "--set";
        arguments[2 + 2 * i] = settings[i];
    }
    static const char *const environment[] = {
        "TOCSIN_DATABASE_KEY=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "ASAN_OPTIONS=detect_leaks=1", NULL};
    char log[SITE_PATH_SIZE];
    const struct process_plan plan = {.arguments = arguments,
                                      .environment = environment,
                                      .output = PROCESS_OUTPUT_FILE,
                                      .output_path = site_path(log, &site, "gateway", ".log"),
                                      .die_with_parent = true};
    struct process *gateway = NULL;
    struct why why = {0};
    if (process_start(&gateway, &plan, &why) != OK) { printf("# %s\n", why.text); }
    return gateway;
}

/* GET `path` of the gateway into `answer`; the status, or 0 when nobody answers. */
static int get(const char *path, char answer[static ANSWER_SIZE])
{
    CLEANUP(file_close_p) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char request[256];
    const int size = snprintf(request, sizeof request,
                              "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    answer[0] = '\0';
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        send(fd, request, (size_t)size, MSG_NOSIGNAL) != size) {
        return 0;
    }
    size_t used = 0;
    ssize_t got = 1;
    while (got > 0 && used < ANSWER_SIZE - 1) {
        got = recv(fd, answer + used, ANSWER_SIZE - 1 - used, 0);
        used += got > 0 ? (size_t)got : 0;
    }
    answer[used] = '\0';
    return used > 12 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

/* The value behind `name` (with its labels and a space), -1 when there is none. */
static long metric(const char *name)
{
    static char answer[ANSWER_SIZE];
    char start[128];
    (void)snprintf(start, sizeof start, "\n%s", name);
    if (get("/metrics", answer) != 200) { return -1; }
    const char *line = strstr(answer, start);
    return line != NULL ? strtol(line + strlen(start), NULL, 10) : -1;
}

static bool wait_metric(const char *name, long value)
{
    const int64_t deadline = clock_monotonic_us() + 15 * CLOCK_SECOND_US;
    long seen = metric(name);
    while (seen < value && clock_monotonic_us() < deadline) {
        broker_pause();
        seen = metric(name);
    }
    if (seen < value) { printf("# %s is %ld\n", name, seen); }
    return seen >= value;
}

static bool wait_health(int status)
{
    static char answer[ANSWER_SIZE];
    const int64_t deadline = clock_monotonic_us() + 15 * CLOCK_SECOND_US;
    while (get("/health", answer) != status && clock_monotonic_us() < deadline) {
        broker_pause();
    }
    return get("/health", answer) == status;
}

/* ---- what others say ---- */

static struct signer *signer_of(const char *file)
{
    char paths[2][SITE_PATH_SIZE];
    struct signer *signer = NULL;
    struct why why = {0};
    if (signer_open(&signer, site_path(paths[0], &site, file, ".key"),
                    site_path(paths[1], &site, file, ".crt"), &why) != OK) {
        printf("# %s\n", why.text);
    }
    return signer;
}

/* Signs `content` (taken) as `file`; the caller frees. */
static char *sign(const char *file, enum tier tier, struct value *content)
{
    CLEANUP(signer_close_p) struct signer *signer = signer_of(file);
    struct text out = text_limited(ENVELOPE_SIZE_MAX);
    struct why why = {0};
    if (envelope_sign(
            signer,
            &(struct envelope_draft){.tier = tier, .now_us = clock_wall_us(), .content = content},
            &out, &why) != OK) {
        printf("# %s\n", why.text);
    }
    return text_take(&out);
}

static char *signed_alert(const char *id, int64_t revision, enum alert_action action)
{
    static struct target_name zones[] = {{"north"}};
    static struct alert_text texts[] = {{"en", "Path closed, use the north gate"}};
    const int64_t now_us = clock_wall_us();
    struct alert alert = {.revision = revision,
                          .action = action,
                          .tier = TIER_ADVISORY,
                          .targets = {.zones = zones, .zone_count = 1},
                          .texts = texts,
                          .text_count = 1,
                          .begin_us = now_us,
                          .expire_us = now_us + CLOCK_HOUR_US};
    memcpy(alert.id, id, ID_TEXT_SIZE);
    return sign("control-main", TIER_ADVISORY, alert_to_value(&alert));
}

static char *signed_receipt(const char *file, const char *id, int64_t revision)
{
    struct receipt receipt = {
        .revision = revision, .state = RECEIPT_STATE_RECEIVED, .at_us = clock_wall_us()};
    memcpy(receipt.alert_id, id, ID_TEXT_SIZE);
    return sign(file, TIER_INFORMATIONAL, receipt_to_value(&receipt));
}

static char *signed_status(const char *file, bool online)
{
    struct status *status = MEM_NEW(struct status);
    status->online = online;
    status->kind = STATUS_KIND_EDGE;
    (void)!text_copy(status->zone, sizeof status->zone, "north");
    (void)!text_copy(status->version, sizeof status->version, "1");
    status->started_us = status->at_us = clock_wall_us();
    struct value *content = status_to_value(status);
    free(status);
    return sign(file, TIER_INFORMATIONAL, content);
}

/* Publishes `payload` and frees it. */
static bool say(struct mailbox *box, const char *topic, char *payload, bool retain)
{
    const bool sent = mailbox_send(box, topic, payload, retain) == OK;
    free(payload);
    return sent;
}

static struct mailbox *edge(const char *name, const char *filter)
{
    const struct site_client wanted = {
        .broker = &site.zone, .role = ROLE_EDGE, .name = name, .filters = {filter}};
    return site_connect(&site, &wanted);
}

/* Whether somebody who comes now finds `expected` retained on `topic`, within a while. */
static bool stands(const char *where, const char *expected)
{
    bool found = false;
    const int64_t deadline = clock_monotonic_us() + 15 * CLOCK_SECOND_US;
    while (!found && clock_monotonic_us() < deadline) {
        struct mailbox *late = edge("late", where);
        found = mailbox_wait_count(late, 1, 300) && strcmp(mailbox_payload(late, 0), expected) == 0;
        mailbox_free(late);
    }
    return found;
}

/* The zone's broker dies and forgets everything. */
static void forgetful_restart(void)
{
    char path[SITE_PATH_SIZE];
    broker_end(&site.zone, SIGKILL);
    (void)snprintf(path, sizeof path, "%s/mosquitto.db", site.zone.folder);
    (void)unlink(path);
    CHECK(broker_start(&site.zone));
}

/* ---- the story ---- */

static struct id alert_id;
static char topic[MQTT_TOPIC_SIZE];

static void test_remind(struct mailbox *control)
{
    char device_topic[MQTT_TOPIC_SIZE];
    (void)snprintf(device_topic, sizeof device_topic, "tocsin/alerts/device/gate-1/%s",
                   alert_id.text);
    struct mailbox *gate = edge("gate-1", "tocsin/alerts/device/gate-1/#");
    CHECK(say(gate, "tocsin/devices/gate-1/status", signed_status("edge-gate-1", true), true));
    char *alert = signed_alert(alert_id.text, 1, ALERT_ACTION_SHOW);
    const int64_t begin_us = clock_monotonic_us();
    CHECK(mailbox_send(control, topic, alert, true) == OK);
    CHECK(wait_metric("tocsin_messages_received_total{type=\"alert\"} ", 1));
    CHECK(mailbox_wait_topic(gate, device_topic, 10 * 1000));
    CHECK(clock_monotonic_us() - begin_us > 2900 * 1000);
    CHECK_TEXT(mailbox_payload(gate, 0), alert); /* the original, byte for byte */
    CHECK(say(gate, "tocsin/devices/gate-1/ack", signed_receipt("edge-gate-1", alert_id.text, 1),
              false));
    CHECK(wait_metric("tocsin_messages_received_total{type=\"receipt\"} ", 1));
    CHECK(metric("tocsin_gateway_said_again_total{deed=\"remind\"} ") == 1);
    free(alert);
    mailbox_free(gate);
}

static void test_refuse(struct mailbox *in_zone)
{
    /* gate-2's signature on gate-1's topic, carried there by somebody who may write it */
    CHECK(say(in_zone, "tocsin/devices/gate-1/ack", signed_receipt("edge-gate-2", alert_id.text, 1),
              false));
    CHECK(wait_metric("tocsin_messages_refused_total{reason=\"misplaced\"} ", 1));
    char *forged = signed_alert(alert_id.text, 9, ALERT_ACTION_CANCEL);
    char *tampered = strstr(forged, "north gate");
    CHECK(tampered != NULL);
    if (tampered != NULL) { memcpy(tampered, "south gate", 10); }
    CHECK(say(in_zone, topic, forged, false));
    CHECK(wait_metric("tocsin_messages_refused_total{reason=\"forged\"} ", 1));
    CHECK(mailbox_send(in_zone, topic, "nonsense", false) == OK);
    CHECK(wait_metric("tocsin_messages_refused_total{reason=\"malformed\"} ", 1));
    CHECK(metric("tocsin_gateway_alerts ") == 1);
}

/* The site is away, the zone's broker forgets, and later the gateway dies too. */
static void test_restore(struct process **gateway)
{
    broker_end(&site.central, SIGTERM);
    struct mailbox *before = edge("late", topic);
    CHECK(mailbox_wait_count(before, 1, 5000));
    char *alert = mem_text(mailbox_payload(before, 0));
    mailbox_free(before);
    forgetful_restart();
    CHECK(stands(topic, alert));
    CHECK(metric("tocsin_gateway_said_again_total{deed=\"restore\"} ") >= 1);

    const struct site_client wanted = {
        .broker = &site.zone, .role = ROLE_CONTROL, .name = "main", .client_id = "control-main:z"};
    struct mailbox *in_zone = site_connect(&site, &wanted);
    char *cancel = signed_alert(alert_id.text, 2, ALERT_ACTION_CANCEL);
    CHECK(mailbox_send(in_zone, topic, cancel, true) == OK);
    CHECK(wait_metric("tocsin_messages_received_total{type=\"alert\"} ", 2));
    CHECK(mailbox_send(in_zone, topic, alert, true) == OK); /* an echo of the older one */
    CHECK(stands(topic, cancel));
    process_signal(*gateway, SIGKILL);
    process_free(TAKE(*gateway));
    CHECK(mailbox_send(in_zone, topic, alert, true) == OK);
    mailbox_free(in_zone);
    *gateway = start_gateway();
    CHECK(stands(topic, cancel)); /* after its restart it still knows better */
    forgetful_restart();
    CHECK(stands(topic, cancel));
    free(cancel);
    free(alert);
}

static long rss_kb(const struct process *process)
{
    char path[64];
    struct text about = text_limited(64 * 1024);
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)process_pid(process));
    const bool read = file_read(&about, path, NULL) == OK;
    const char *line = read ? strstr(text_c(&about), "VmRSS:") : NULL;
    const long size = line != NULL ? strtol(line + 6, NULL, 10) : -1;
    text_deinit(&about);
    return size;
}

static void test_end(struct process *gateway)
{
    struct mailbox *watcher = NULL;
    const struct site_client wanted = {.broker = &site.zone,
                                       .role = ROLE_CONTROL,
                                       .name = "main",
                                       .client_id = "control-main:w",
                                       .filters = {"tocsin/devices/gw-north/status"}};
    watcher = site_connect(&site, &wanted);
    CHECK(mailbox_wait_count(watcher, 1, 5000));
    const long size_kb = rss_kb(gateway);
    printf("# resident: %.1f MB\n", (double)size_kb / 1024);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(size_kb > 0 && size_kb <= GATEWAY_RSS_MAX_KB);
#endif
    const int64_t begin_us = clock_monotonic_us();
    const struct process_end end = process_stop(gateway, 10 * CLOCK_SECOND_US);
    printf("# ended in %.0f ms\n", (double)(clock_monotonic_us() - begin_us) / 1000);
    CHECK(end.status == 0);
    CHECK(clock_monotonic_us() - begin_us < CLOCK_SECOND_US);
    CHECK(mailbox_wait_count(watcher, 2, 5000));
    CHECK(strstr(mailbox_payload(watcher, mailbox_count(watcher) - 1), "offline") != NULL);
    mailbox_free(watcher);
}

static void run(void)
{
    struct process *gateway = start_gateway();
    CHECK(gateway != NULL && wait_health(200));
    const struct site_client main_client = {
        .broker = &site.central, .role = ROLE_CONTROL, .name = "main"};
    const struct site_client zone_client = {.broker = &site.zone,
                                            .role = ROLE_CONTROL,
                                            .name = "main",
                                            .client_id = "control-main:zone"};
    struct mailbox *control = site_connect(&site, &main_client);
    struct mailbox *in_zone = site_connect(&site, &zone_client);
    alert_id = id_new(clock_wall_us());
    (void)snprintf(topic, sizeof topic, "tocsin/alerts/zone/north/%s", alert_id.text);
    test_remind(control);
    test_refuse(in_zone);
    mailbox_free(in_zone);
    mailbox_free(control);
    test_restore(&gateway);
    CHECK(wait_health(200));
    test_end(gateway);
    process_free(gateway);
}

int main(void)
{
    static const char *const edges[] = {"gate-1", "gate-2", "late"};
    if (!broker_here()) { return CHECK_SKIP_ALL("mosquitto is not installed"); }
    http_port = broker_free_port();
    CHECK(site_make(&site));
    CHECK(site_issue(&site, site.authority, ROLE_CONTROL, "main"));
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        CHECK(site_issue(&site, site.authority, ROLE_EDGE, edges[i]));
    }
    const bool started = site_start(&site, BUILD_DIR "/tocsin-broker.so");
    CHECK(started);
    if (started) { run(); }
    site_deinit(&site);
    return CHECK_DONE();
}
