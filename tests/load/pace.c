/*
 * pace - asks at a constant rate, whether or not answers come: an open loop.
 *
 *   pace --port PORT [--ca FILE] [--path /api/resources] [--rate 1000] [--seconds 60]
 *        [--connections 32]
 *
 * Each request has a moment at which it is due; its latency counts from there, also when no
 * connection was free then (nothing that a slow server holds up is left out). TLS 1.3 with --ca,
 * else plain; connections are kept alive. PACE_TOKEN in the environment is sent as the bearer's
 * token. Prints `name<TAB>value<TAB>unit`: pace_requests, pace_errors (no answer, or a status that
 * is not 200), pace_p50, _p95, _p99, _max in ms, and pace_late: requests that left 1 ms or more
 * after they were due because every connection was busy. Exit status 1 when nothing was answered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum {
    CONNECTIONS_MAX = 512,
    STACK_SIZE = 256 * 1024,
    ANSWER_SIZE = 256 * 1024,
    REQUEST_SIZE = 4096,
    LATE_US = 1000,
    TIMEOUT_S = 10,
};

static struct {
    const char *ca, *path;
    int port, rate, seconds, connections;
} settings = {.path = "/api/resources", .rate = 1000, .seconds = 60, .connections = 32};

static SSL_CTX *tls;
static char request[REQUEST_SIZE];
static int64_t begin_us;
static atomic_llong next_number, errors, late;
static int32_t *latencies_us; /* by number; -1 = no good answer */
static int64_t number_max;

struct link {
    int fd;
    SSL *ssl;
};

static void hang_up(struct link *link)
{
    if (link->ssl) { SSL_free(link->ssl); }
    if (link->fd >= 0) { (void)close(link->fd); }
    *link = (struct link){.fd = -1};
}

static bool connect_to(struct link *link)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)settings.port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};
    const int on = 1;
    *link = (struct link){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    bool good = connect(link->fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (good && tls) {
        link->ssl = SSL_new(tls);
        good = SSL_set_fd(link->ssl, link->fd) == 1 && SSL_connect(link->ssl) == 1;
    }
    if (!good) { hang_up(link); }
    return good;
}

static bool send_all(struct link *link)
{
    const size_t size = strlen(request);
    if (link->ssl) { return SSL_write(link->ssl, request, (int)size) == (int)size; }
    return send(link->fd, request, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static long receive(struct link *link, char *at, size_t room)
{
    if (link->ssl) { return SSL_read(link->ssl, at, (int)room); }
    return recv(link->fd, at, room, 0);
}

/* How long the answer in `answer` is in all; 0 = its head is not whole. */
static size_t answer_size(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *length = strcasestr(answer, "\r\nContent-Length:");
    if (!end || !length || length > end) { return 0; }
    return (size_t)(end - answer) + 4 + strtoul(length + 17, NULL, 10);
}

static bool ask(struct link *link, char *answer)
{
    if (link->fd < 0 && !connect_to(link)) { return false; }
    if (!send_all(link)) { return false; }
    size_t size = 0;
    for (;;) {
        const long got = receive(link, answer + size, ANSWER_SIZE - 1 - size);
        if (got <= 0) { return false; }
        size += (size_t)got;
        answer[size] = '\0';
        const size_t whole = answer_size(answer);
        if (whole >= ANSWER_SIZE) { return false; }
        if (whole > 0 && size >= whole) { return strncmp(answer, "HTTP/1.1 200 ", 13) == 0; }
    }
}

static void wait_until(int64_t at_us)
{
    const struct timespec at = {.tv_sec = at_us / CLOCK_SECOND_US,
                                .tv_nsec = at_us % CLOCK_SECOND_US * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {}
}

static void *run(void *context)
{
    (void)context;
    struct link link = {.fd = -1};
    char *answer = malloc(ANSWER_SIZE);
    if (!answer) { abort(); }
    (void)connect_to(&link); /* before the clock runs */
    for (;;) {
        const int64_t number = atomic_fetch_add(&next_number, 1);
        if (number >= number_max) { break; }
        const int64_t due_us = begin_us + number * CLOCK_SECOND_US / settings.rate;
        wait_until(due_us);
        if (clock_monotonic_us() - due_us >= LATE_US) { atomic_fetch_add(&late, 1); }
        const bool good = ask(&link, answer);
        latencies_us[number] = good ? (int32_t)(clock_monotonic_us() - due_us) : -1;
        if (!good) {
            atomic_fetch_add(&errors, 1);
            hang_up(&link);
        }
    }
    hang_up(&link);
    free(answer);
    return NULL;
}

static int compare(const void *left, const void *right)
{
    const int32_t a = *(const int32_t *)left;
    const int32_t b = *(const int32_t *)right;
    return a < b ? -1 : a > b;
}

static int report(void)
{
    int64_t good = 0;
    for (int64_t i = 0; i < number_max; i++) {
        if (latencies_us[i] >= 0) { latencies_us[good++] = latencies_us[i]; }
    }
    qsort(latencies_us, (size_t)good, sizeof *latencies_us, compare);
    static const struct {
        const char *name;
        double share;
    } points[] = {{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}, {"max", 1.0}};
    for (size_t i = 0; good > 0 && i < ARRAY_LEN(points); i++) {
        const int64_t at = (int64_t)(points[i].share * (double)(good - 1));
        printf("pace_%s\t%.3f\tms\n", points[i].name, latencies_us[at] / 1e3);
    }
    printf("pace_requests\t%lld\t\npace_errors\t%lld\t\npace_late\t%lld\t\n", (long long)number_max,
           (long long)errors, (long long)late);
    return good > 0 ? 0 : 1;
}

static bool read_settings(int argc, char *argv[])
{
    const struct {
        const char *name;
        const char **text;
        int *number;
    } known[] = {
        {"--ca", &settings.ca, NULL},           {"--path", &settings.path, NULL},
        {"--port", NULL, &settings.port},       {"--rate", NULL, &settings.rate},
        {"--seconds", NULL, &settings.seconds}, {"--connections", NULL, &settings.connections}};
    for (int i = 1; i + 1 < argc; i += 2) {
        size_t at = 0;
        while (at < ARRAY_LEN(known) && strcmp(known[at].name, argv[i]) != 0) {
            at++;
        }
        if (at == ARRAY_LEN(known)) { return false; }
        if (known[at].text) { *known[at].text = argv[i + 1]; }
        if (known[at].number) { *known[at].number = (int)strtol(argv[i + 1], NULL, 10); }
    }
    return argc % 2 == 1 && settings.port > 0 && settings.rate > 0 && settings.seconds > 0 &&
           settings.connections > 0 && settings.connections <= CONNECTIONS_MAX;
}

static bool open_tls(void)
{
    if (!settings.ca) { return true; }
    tls = SSL_CTX_new(TLS_client_method());
    if (!tls || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1 ||
        SSL_CTX_load_verify_locations(tls, settings.ca, NULL) != 1) {
        return false;
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    return true;
}

int main(int argc, char *argv[])
{
    if (!read_settings(argc, argv) || !open_tls()) {
        (void)fprintf(stderr, "usage: pace --port PORT [--ca FILE] [--path PATH] [--rate N] "
                              "[--seconds N] [--connections 1..512]\n");
        return 2;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet */
    const char *token = getenv("PACE_TOKEN");
    (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n",
                   settings.path, token ? "Authorization: Bearer " : "", token ? token : "",
                   token ? "\r\n" : "");
    number_max = (int64_t)settings.rate * settings.seconds;
    latencies_us = MEM_ARRAY(int32_t, (size_t)number_max);
    begin_us = clock_monotonic_us() + CLOCK_SECOND_US; /* time to connect */
    pthread_t threads[CONNECTIONS_MAX];
    pthread_attr_t small;
    if (pthread_attr_init(&small) || pthread_attr_setstacksize(&small, STACK_SIZE)) { abort(); }
    for (int i = 0; i < settings.connections; i++) {
        if (pthread_create(&threads[i], &small, run, NULL)) { abort(); }
    }
    for (int i = 0; i < settings.connections; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    (void)pthread_attr_destroy(&small);
    const int status = report();
    free(latencies_us);
    SSL_CTX_free(tls);
    return status;
}
