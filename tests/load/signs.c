/*
 * signs - many simulated signs in one process, for the figure of a large site.
 *
 *   signs --ca FOLDER --port PORT [--host 127.0.0.1] [--zone north] [--count 200] [--alerts 50]
 *         [--seconds 120] [--first 1]
 *
 * FOLDER holds ca.crt and ca.key of the site: each sign gets a certificate of its own (load-0001
 * ...), a connection of its own to the zone's broker, and says that it is online. It prints `ready`
 * when all are subscribed. A sign checks an alert as the edge does and answers with signed
 * receipts, received and lit. What all signs get is the same message, so its signature is judged
 * once for each thread: a hundred signs have a hundred processors, this machine has few.
 *
 * A text of an alert may carry the moment of the operator's order as `@SECONDS.MICROSECONDS`; else
 * the envelope's timestamp counts. After --alerts shown alerts reached every sign, or --seconds, it
 * prints `name<TAB>value<TAB>unit` lines: median, p99 and worst of all signs and alerts, and how
 * many are missing. Exit status 1 when any is.
 */
#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alert/alert.h"
#include "alert/receipt.h"
#include "base/clock.h"
#include "fleet/status.h"
#include "system/file.h"
#include "trust/authority.h"
#include "trust/envelope.h"
#include "wire/mqtt_tls.h"

enum { COUNT_MAX = 2000, ALERTS_MAX = 1000, THREADS = 2, OWED_MAX = 16, NAME_SIZE = 16 };

struct settings {
    const char *ca, *host, *zone;
    int port, count, alerts, seconds, first;
};

struct owed {
    char alert_id[ID_TEXT_SIZE];
    int64_t revision;
    enum receipt_state state;
    int64_t at_us;
};

struct group;

struct sign {
    struct group *group;
    char name[NAME_SIZE];
    struct mosquitto *client;
    SSL_CTX *tls;
    struct signer *signer;
    bool subscribed;
    struct owed owed[OWED_MAX];
    size_t owed_count;
};

/* The signs of one thread. */
struct group {
    struct sign *signs;
    size_t count;
    struct verifier *verifier;
    struct text judged; /* the last envelope that was admitted */
    struct alert alert; /* and what it says */
    int64_t ordered_us; /* when the operator gave the order */
    struct pollfd *polls;
    pthread_t thread;
};

static struct settings settings = {
    .host = "127.0.0.1", .zone = "north", .count = 200, .alerts = 50, .seconds = 120, .first = 1};
static char folder[] = "/tmp/tocsin-signs-XXXXXX";
static char ca_path[FILE_PATH_SIZE];
static atomic_bool stop;
static atomic_int ready, refused;
static int64_t begun_us;

/* All delays so far, of shown alerts only. */
static pthread_mutex_t figures_lock = PTHREAD_MUTEX_INITIALIZER;
static double *delays_ms;
static size_t delay_count;

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "signs: %s: %s\n", what, why);
    exit(1);
}

/* ---- what a sign says ---- */

static void say(struct sign *sign, const char *topic_end, struct value *content, bool retain)
{
    CLEANUP(text_deinit) struct text payload = text_limited(ENVELOPE_SIZE_MAX);
    char topic[128];
    struct why why = {0};
    (void)snprintf(topic, sizeof topic, "tocsin/devices/%s/%s", sign->name, topic_end);
    if (envelope_sign(sign->signer,
                      &(struct envelope_draft){.now_us = clock_wall_us(), .content = content},
                      &payload, &why)) {
        die("signing", why.text);
    }
    (void)mosquitto_publish_v5(sign->client, NULL, topic, (int)payload.size, payload.data, 1,
                               retain, NULL);
}

static void say_status(struct sign *sign, bool online)
{
    CLEANUP(mem_free_p) struct status *status = MEM_NEW(struct status);
    status->online = online;
    status->kind = STATUS_KIND_EDGE;
    status->sign_width = 64;
    status->sign_height = 32;
    status->started_us = begun_us;
    status->at_us = clock_wall_us();
    (void)snprintf(status->zone, sizeof status->zone, "%s", settings.zone);
    (void)snprintf(status->version, sizeof status->version, "%s", TOCSIN_VERSION);
    say(sign, "status", status_to_value(status), true);
}

/* Signed after every sign has looked at its message: on real signs nobody waits for another. */
static void say_owed(struct sign *sign)
{
    for (size_t i = 0; i < sign->owed_count; i++) {
        struct receipt receipt = {.revision = sign->owed[i].revision,
                                  .state = sign->owed[i].state,
                                  .at_us = sign->owed[i].at_us};
        memcpy(receipt.alert_id, sign->owed[i].alert_id, sizeof receipt.alert_id);
        say(sign, "ack", receipt_to_value(&receipt), false);
    }
    sign->owed_count = 0;
}

static void owe(struct sign *sign, enum receipt_state state, int64_t at_us)
{
    if (sign->owed_count == OWED_MAX) { return; }
    struct owed *owed = &sign->owed[sign->owed_count++];
    *owed = (struct owed){.revision = sign->group->alert.revision, .state = state, .at_us = at_us};
    memcpy(owed->alert_id, sign->group->alert.id, sizeof owed->alert_id);
}

/* ---- what a sign hears ---- */

static int64_t order_time(const struct alert *alert, int64_t signed_us)
{
    for (size_t i = 0; i < alert->text_count; i++) {
        const char *mark = strchr(alert->texts[i].text, '@');
        const double seconds = mark ? strtod(mark + 1, NULL) : 0;
        if (seconds > 1e9) { return (int64_t)(seconds * 1e6); }
    }
    return signed_us;
}

/* Whether the message is an alert that a sign may follow; group->alert is what it says. */
static bool judge(struct group *group, struct span payload)
{
    if (span_equal(text_span(&group->judged), payload)) { return true; }
    struct why why = {0};
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    struct alert alert = {0};
    const enum verdict verdict =
        verifier_judge(group->verifier, payload, clock_wall_us(), &envelope, &why);
    if (verdict != VERDICT_ADMIT || strcmp(envelope.type, "alert") != 0 ||
        alert_parse(&alert, envelope.content, &why)) {
        atomic_fetch_add(&refused, 1);
        return false;
    }
    alert_deinit(&group->alert);
    group->alert = alert;
    group->ordered_us = order_time(&alert, envelope.timestamp_us);
    text_clear(&group->judged);
    text_add_bytes(&group->judged, payload);
    return true;
}

static void note(int64_t ordered_us, int64_t lit_us)
{
    (void)pthread_mutex_lock(&figures_lock);
    if (delay_count < (size_t)settings.alerts * (size_t)settings.count) {
        delays_ms[delay_count++] = (double)(lit_us - ordered_us) / 1000;
    }
    if (delay_count == (size_t)settings.alerts * (size_t)settings.count) {
        atomic_store(&stop, true);
    }
    (void)pthread_mutex_unlock(&figures_lock);
}

static void on_message(struct mosquitto *client, void *context,
                       const struct mosquitto_message *message, const mosquitto_property *unused)
{
    (void)client, (void)unused;
    struct sign *sign = context;
    const struct span payload = span_of(message->payload, (size_t)message->payloadlen);
    /* Retained ones are of before we came: not measured. */
    if (payload.size == 0 || message->retain || !judge(sign->group, payload)) { return; }
    const int64_t now_us = clock_wall_us();
    if (sign->group->alert.action == ALERT_ACTION_SHOW) {
        note(sign->group->ordered_us, now_us);
        owe(sign, RECEIPT_STATE_RECEIVED, now_us);
        owe(sign, RECEIPT_STATE_LIT, now_us);
    } else {
        owe(sign, RECEIPT_STATE_CLEARED, now_us);
    }
}

static void on_connect(struct mosquitto *client, void *context, int code, int flags,
                       const mosquitto_property *unused)
{
    (void)flags, (void)unused;
    struct sign *sign = context;
    if (code != 0) { die(sign->name, mosquitto_reason_string(code)); }
    char filters[3][128];
    (void)snprintf(filters[0], sizeof filters[0], "tocsin/alerts/broadcast/#");
    (void)snprintf(filters[1], sizeof filters[1], "tocsin/alerts/zone/%s/#", settings.zone);
    (void)snprintf(filters[2], sizeof filters[2], "tocsin/alerts/device/%s/#", sign->name);
    char *list[] = {filters[0], filters[1], filters[2]};
    (void)mosquitto_subscribe_multiple(client, NULL, 3, list, 1, 0, NULL);
}

static void on_subscribe(struct mosquitto *client, void *context, int message_id, int count,
                         const int *granted, const mosquitto_property *unused)
{
    (void)client, (void)message_id, (void)unused;
    struct sign *sign = context;
    for (int i = 0; i < count; i++) {
        if (granted[i] > 2) { die(sign->name, mosquitto_reason_string(granted[i])); }
    }
    if (!sign->subscribed) { atomic_fetch_add(&ready, 1); }
    sign->subscribed = true;
    say_status(sign, true);
}

/* ---- connections ---- */

static void issue(struct sign *sign, const struct authority *authority)
{
    struct authority_issued issued = {0};
    const struct authority_request request = {.role = ROLE_EDGE, .name = sign->name, .days = 1};
    struct why why = {0};
    char key[FILE_PATH_SIZE];
    char chain[FILE_PATH_SIZE];
    (void)snprintf(key, sizeof key, "%s/%s.key", folder, sign->name);
    (void)snprintf(chain, sizeof chain, "%s/%s.crt", folder, sign->name);
    enum err err = authority_issue(&issued, authority, &request, clock_wall_us(), &why);
    if (!err) { err = authority_issued_save(&issued, folder, sign->name, &why); }
    authority_issued_deinit(&issued);
    if (!err) { err = signer_open(&sign->signer, key, chain, &why); }
    if (!err) { err = mqtt_tls_new(&sign->tls, ca_path, chain, key, &why); }
    (void)unlink(key);
    (void)unlink(chain);
    if (err) { die(sign->name, why.text); }
}

static void open_sign(struct sign *sign)
{
    char client_id[NAME_SIZE + 8];
    (void)snprintf(client_id, sizeof client_id, "edge-%s", sign->name);
    sign->client = mosquitto_new(client_id, true, sign);
    if (!sign->client) { die(sign->name, "no memory"); }
    (void)mosquitto_int_option(sign->client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    (void)mosquitto_int_option(sign->client, MOSQ_OPT_TCP_NODELAY, 1);
    (void)mosquitto_void_option(sign->client, MOSQ_OPT_SSL_CTX, sign->tls);
    (void)mosquitto_int_option(sign->client, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
    mosquitto_connect_v5_callback_set(sign->client, on_connect);
    mosquitto_subscribe_v5_callback_set(sign->client, on_subscribe);
    mosquitto_message_v5_callback_set(sign->client, on_message);
    const int rc =
        mosquitto_connect_bind_v5(sign->client, settings.host, settings.port, 60, NULL, NULL);
    if (rc != MOSQ_ERR_SUCCESS) { die(sign->name, mosquitto_strerror(rc)); }
}

static void serve(struct sign *sign, const struct pollfd *poll_of)
{
    int rc = MOSQ_ERR_SUCCESS;
    if (poll_of->revents & (POLLIN | POLLHUP | POLLERR)) {
        rc = mosquitto_loop_read(sign->client, 1);
    }
    if (rc == MOSQ_ERR_SUCCESS && mosquitto_want_write(sign->client)) {
        rc = mosquitto_loop_write(sign->client, 1);
    }
    if (rc != MOSQ_ERR_SUCCESS && !atomic_load(&stop)) { die(sign->name, mosquitto_strerror(rc)); }
}

static void poll_once(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        const bool write = mosquitto_want_write(group->signs[i].client);
        group->polls[i] = (struct pollfd){.fd = mosquitto_socket(group->signs[i].client),
                                          .events = (short)(POLLIN | (write ? POLLOUT : 0))};
    }
    if (poll(group->polls, group->count, 200) < 0 && errno != EINTR) { die("poll", "failed"); }
    for (size_t i = 0; i < group->count; i++) {
        serve(&group->signs[i], &group->polls[i]);
    }
    for (size_t i = 0; i < group->count; i++) {
        say_owed(&group->signs[i]);
    }
}

/* Once a second: keep-alive, and every half minute the status that a device owes. */
static void tend(struct group *group, bool tell)
{
    for (size_t i = 0; i < group->count; i++) {
        (void)mosquitto_loop_misc(group->signs[i].client);
        if (tell) { say_status(&group->signs[i], true); }
    }
}

/* Says good-bye; what was said last must leave. */
static void end(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->signs[i].subscribed) { say_status(&group->signs[i], false); }
    }
    const int64_t until_us = clock_monotonic_us() + CLOCK_SECOND_US;
    while (clock_monotonic_us() < until_us) {
        poll_once(group);
    }
}

static void *run(void *context)
{
    struct group *group = context;
    for (size_t i = 0; i < group->count; i++) {
        open_sign(&group->signs[i]);
    }
    int64_t due_us = clock_monotonic_us();
    for (int seconds = 1; !atomic_load(&stop);) {
        poll_once(group);
        if (clock_monotonic_us() < due_us) { continue; }
        due_us += CLOCK_SECOND_US;
        tend(group, seconds++ % 30 == 0);
    }
    end(group);
    return NULL;
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static int print_figures(void)
{
    const size_t expected = (size_t)settings.alerts * (size_t)settings.count;
    qsort(delays_ms, delay_count, sizeof *delays_ms, by_size);
    const double worst = delay_count ? delays_ms[delay_count - 1] : 0;
    const double p99 = delay_count ? delays_ms[delay_count * 99 / 100] : 0;
    const double median = delay_count ? delays_ms[delay_count / 2] : 0;
    (void)printf(
        "signs_swap_median\t%.3f\tms\nsigns_swap_p99\t%.3f\tms\nsigns_swap_worst\t%.3f\tms\n",
        median, p99, worst);
    (void)printf("signs_missing\t%zu\tswaps\nsigns_refused\t%d\tmessages\n", expected - delay_count,
                 atomic_load(&refused));
    return delay_count == expected ? 0 : 1;
}

/* ---- start ---- */

static int number_of(const char *text, int most)
{
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    if (*end || number < 1 || number > most) { die(text, "not a number in range"); }
    return (int)number;
}

static void read_settings(int argc, char *argv[])
{
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i];
        const char *value = argv[i + 1];
        if (strcmp(name, "--ca") == 0) {
            settings.ca = value;
        } else if (strcmp(name, "--host") == 0) {
            settings.host = value;
        } else if (strcmp(name, "--zone") == 0) {
            settings.zone = value;
        } else if (strcmp(name, "--port") == 0) {
            settings.port = number_of(value, 65535);
        } else if (strcmp(name, "--count") == 0) {
            settings.count = number_of(value, COUNT_MAX);
        } else if (strcmp(name, "--alerts") == 0) {
            settings.alerts = number_of(value, ALERTS_MAX);
        } else if (strcmp(name, "--seconds") == 0) {
            settings.seconds = number_of(value, 3600);
        } else if (strcmp(name, "--first") == 0) {
            settings.first = number_of(value, 9999);
        } else {
            die(name, "unknown");
        }
    }
    if (!settings.ca || !settings.port || argc % 2 == 0) {
        die("usage", "--ca FOLDER --port PORT");
    }
}

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop, true);
}

static struct sign *make_signs(void)
{
    CLEANUP(authority_close_p) struct authority *authority = NULL;
    char key[FILE_PATH_SIZE];
    struct why why = {0};
    (void)snprintf(ca_path, sizeof ca_path, "%s/ca.crt", settings.ca);
    (void)snprintf(key, sizeof key, "%s/ca.key", settings.ca);
    if (!mkdtemp(folder)) { die(folder, "cannot be made"); }
    if (authority_open(&authority, key, ca_path, NULL, &why)) { die("--ca", why.text); }
    struct sign *signs = MEM_ARRAY(struct sign, (size_t)settings.count);
    for (int i = 0; i < settings.count; i++) {
        (void)snprintf(signs[i].name, NAME_SIZE, "load-%04d", settings.first + i);
        issue(&signs[i], authority);
    }
    (void)rmdir(folder);
    return signs;
}

static void start_group(struct group *group, struct sign *signs, size_t count)
{
    const struct identity *self = signer_identity(signs[0].signer);
    const struct verifier_config trust = {.site = self->site, .ca_path = ca_path};
    struct why why = {0};
    group->signs = signs;
    group->count = count;
    group->judged = text_limited(ENVELOPE_SIZE_MAX);
    group->polls = MEM_ARRAY(struct pollfd, count);
    if (verifier_open(&group->verifier, &trust, &why)) { die("--ca", why.text); }
    for (size_t i = 0; i < count; i++) {
        signs[i].group = group;
    }
    if (pthread_create(&group->thread, NULL, run, group)) { die("thread", "cannot be started"); }
}

static void wait_until_done(void)
{
    const struct timespec tick = {.tv_nsec = 20000000L};
    bool told = false;
    while (!atomic_load(&stop) && clock_wall_us() - begun_us < settings.seconds * CLOCK_SECOND_US) {
        if (!told && atomic_load(&ready) == settings.count) {
            told = true;
            (void)puts("ready");
            (void)fflush(stdout);
        }
        (void)nanosleep(&tick, NULL);
    }
    atomic_store(&stop, true);
}

int main(int argc, char *argv[])
{
    read_settings(argc, argv);
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)mosquitto_lib_init();
    begun_us = clock_wall_us();
    delays_ms = MEM_ARRAY(double, (size_t)settings.alerts *(size_t)settings.count);
    struct sign *signs = make_signs();
    static struct group groups[THREADS];
    const size_t half = (size_t)settings.count / THREADS;
    size_t begin = 0;
    size_t started = 0;
    for (size_t i = 0; i < THREADS; i++) {
        const size_t count = i + 1 == THREADS ? (size_t)settings.count - begin : half;
        if (count == 0) { continue; }
        start_group(&groups[started++], signs + begin, count);
        begin += count;
    }
    wait_until_done();
    for (size_t i = 0; i < started; i++) {
        (void)pthread_join(groups[i].thread, NULL);
    }
    return print_figures();
}
