#include "wire/http.h"

#include <fcntl.h>
#include <pthread.h>

#include "base/clock.h"
#include "check.h"
#include "unit/wire/http_client.h"

enum {
    HTTP_WORKER_TOO_MANY = 65,
    BODY_MAX = 4096,
    WORKERS = 3,
    QUEUE_MAX = 4,
    CLIENTS = 32,
    ASKED_EACH = 25,
    REQUEST_SIZE = 1 << 18
};

/* What the handlers share with the test. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool gate_shut;
    int inside, begun, ended;
    char file[64];
} scene = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void *begin(void *context)
{
    (void)context;
    (void)pthread_mutex_lock(&scene.lock);
    scene.begun++;
    (void)pthread_mutex_unlock(&scene.lock);
    return &scene;
}

static void end(void *context, void *state)
{
    (void)context;
    (void)pthread_mutex_lock(&scene.lock);
    scene.ended += state == &scene;
    (void)pthread_mutex_unlock(&scene.lock);
}

static void wait_at_gate(void)
{
    (void)pthread_mutex_lock(&scene.lock);
    scene.inside++;
    while (scene.gate_shut) {
        (void)pthread_cond_wait(&scene.changed, &scene.lock);
    }
    scene.inside--;
    (void)pthread_mutex_unlock(&scene.lock);
}

static void set_gate(bool shut)
{
    (void)pthread_mutex_lock(&scene.lock);
    scene.gate_shut = shut;
    (void)pthread_cond_broadcast(&scene.changed);
    (void)pthread_mutex_unlock(&scene.lock);
}

static void answer_about(struct http_request *request)
{
    CLEANUP(value_free_p) struct value *body = value_object();
    value_set_text(body, "method", http_method(request));
    value_set_text(body, "path", http_path(request));
    value_set_text(body, "q", http_query(request, "q"));
    value_set_text(body, "cookie", http_cookie(request, "tocsin_session"));
    value_set_text(body, "agent", http_header(request, "user-agent"));
    value_set_text(body, "peer", http_peer_address(request));
    value_set_text(body, "identity", http_peer_identity(request));
    http_add_header(request, "X-Mine", "1");
    http_add_header(request, "Referrer-Policy", "origin");
    http_answer_json(request, 200, body);
}

static void handle(void *context, void *state, struct http_request *request)
{
    (void)context, (void)state;
    const char *path = http_path(request);
    if (strcmp(path, "/about") == 0) {
        answer_about(request);
    } else if (strcmp(path, "/echo") == 0) {
        http_answer_bytes(request, 200, "text/plain", http_body(request));
    } else if (strcmp(path, "/gate") == 0) {
        wait_at_gate();
        http_answer_bytes(request, 200, "text/plain", span_text("through"));
    } else if (strcmp(path, "/file") == 0) {
        http_answer_file(request, "video/mp4", open(scene.file, O_RDONLY | O_CLOEXEC), "\"v1\"");
    } else if (strcmp(path, "/folder") == 0) {
        http_answer_file(request, "video/mp4", open("/tmp", O_RDONLY | O_CLOEXEC), NULL);
    } else if (strcmp(path, "/nothing") == 0) {
        http_answer_bytes(request, 204, NULL, span_of("", 0));
    } else if (strcmp(path, "/silent") != 0) {
        http_answer_problem(request, 404, "Not Found", "There is nothing here.");
    }
}

static struct http_server *start(size_t queue_max)
{
    static const char *const common[] = {"X-Content-Type-Options", "nosniff", "Referrer-Policy",
                                         "no-referrer", NULL};
    const struct http_config config = {.address = "127.0.0.1",
                                       .body_size_max = BODY_MAX,
                                       .connection_max = 200,
                                       .worker_count = WORKERS,
                                       .queue_max = queue_max,
                                       .common_headers = common,
                                       .worker_begin = begin,
                                       .worker_end = end,
                                       .handle = handle};
    struct http_server *server = NULL;
    struct why why = {""};
    if (http_server_open(&server, &config, &why)) {
        printf("# %s\n", why.text);
        abort();
    }
    return server;
}

static void test_requests(int port)
{
    struct answer answer =
        client_ask(port, "GET /about?q=a%20b HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\n"
                         "Cookie: other=1; tocsin_session=abc\r\n\r\n");
    CHECK(answer.status == 200);
    CHECK(strstr(answer.body, "{\"method\":\"GET\",\"path\":\"/about\",\"q\":\"a b\","
                              "\"cookie\":\"abc\",\"agent\":\"me\",\"peer\":\"127.0.0.1\","
                              "\"identity\":null}"));
    CHECK_TEXT(answer_header(&answer, "Content-Type"), "application/json");
    CHECK_TEXT(answer_header(&answer, "X-Mine"), "1");
    CHECK_TEXT(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
    CHECK_TEXT(answer_header(&answer, "Referrer-Policy"), "origin"); /* its own wins */
    answer_free(&answer);

    answer = client_ask(port, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    CHECK(answer.status == 200 && answer.body_size == 5 && !memcmp(answer.body, "hello", 5));
    answer_free(&answer);
    answer = client_ask(port, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
    CHECK(answer.status == 200 && answer.body_size == 5 && !memcmp(answer.body, "hello", 5));
    answer_free(&answer);
    answer = client_ask(port, "HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(answer.status == 200 && answer.body_size == 0);
    answer_free(&answer);
    answer = client_ask(port, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(answer.status == 404);
    CHECK_TEXT(answer_header(&answer, "Content-Type"), "application/problem+json");
    CHECK(strstr(answer.body, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                              "\"detail\":\"There is nothing here.\"}"));
    answer_free(&answer);
    CHECK(client_status(port, "GET /silent HTTP/1.1\r\nHost: x\r\n\r\n") == 500);
    CHECK(client_status(port, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n") == 204);
}

static int status_with(int port, const char *headers, size_t filler, const char *body)
{
    char *request = calloc(1, REQUEST_SIZE);
    char *pad = calloc(1, filler + 1);
    memset(pad, 'a', filler);
    (void)snprintf(request, REQUEST_SIZE, "POST /echo HTTP/1.1\r\nHost: x\r\n%s%s%s%s\r\n\r\n%s",
                   headers, filler ? "X-Pad: " : "", pad, filler ? "" : "X-Pad: 0", body);
    const int status = client_status(port, request);
    free(pad);
    free(request);
    return status;
}

static void test_limits(int port)
{
    CHECK(status_with(port, "Content-Length: 4097\r\n", 0, "") == 413);
    CHECK(status_with(port, "Content-Length: 99999999999\r\n", 0, "") == 413);
    CHECK(status_with(port, "", 15000, "") == 200);
    CHECK(status_with(port, "", 17000, "") == 431);
    CHECK(status_with(port, "", 120000, "") == 431);
    char chunks[8192] = "";
    for (size_t i = 0; i < 500; i++) {
        memcpy(chunks + i * 15, "a\r\n0123456789\r\n", 16);
    }
    memcpy(chunks + (size_t)15 * 500, "0\r\n\r\n", 6);
    CHECK(status_with(port, "Transfer-Encoding: chunked\r\n", 0, chunks) == 413);
    char *target = calloc(1, 100000);
    (void)snprintf(target, 100000, "GET /%09000d HTTP/1.1\r\nHost: x\r\n\r\n", 0);
    CHECK(client_status(port, target) == 414);
    (void)snprintf(target, 100000, "GET /%090000d HTTP/1.1\r\nHost: x\r\n\r\n", 0);
    CHECK(client_status(port, target) == 414);
    free(target);
}

static void test_ambiguous(int port)
{
    static const char *const refused[] = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x5\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length : 5\r\n",
        "Host: y\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        const int status = status_with(port, refused[i], 0, "0\r\n\r\n");
        if (status != 400) { printf("# %s: %d\n", refused[i], status); }
        CHECK(status == 400);
    }
    CHECK(client_status(port, "GET /about HTTP/1.1\r\n\r\n") == 400); /* no host */
    CHECK(client_status(port, "GET /a/../about HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
    CHECK(client_status(port, "GET /about%00 HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
    CHECK(client_status(port, "GET /about?q=%4 HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
    const int status = client_status(port, "\x16\x03\x01\x02garbage\r\n\r\n\r\n\r\n");
    CHECK(status == 0 || status >= 400);
}

static bool is_inside(void *count)
{
    (void)pthread_mutex_lock(&scene.lock);
    const bool reached = scene.inside == *(int *)count;
    (void)pthread_mutex_unlock(&scene.lock);
    return reached;
}

static void test_full_queue(int port)
{
    static const char request[] = "GET /gate HTTP/1.1\r\nHost: x\r\n\r\n";
    int clients[WORKERS + QUEUE_MAX];
    set_gate(true);
    for (int i = 0; i < WORKERS + QUEUE_MAX; i++) {
        clients[i] = client_open(port);
        (void)client_say(clients[i], request);
        int expected = i < WORKERS ? i + 1 : WORKERS;
        CHECK(wait_until(is_inside, &expected));
    }
    /* The queue may still be taking the last of them: ask until it says that it is full. */
    int status = 0;
    for (int i = 0; i < 100 && status != 503; i++) {
        const int fd = client_open(port);
        (void)client_say(fd, request);
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, 200) > 0) {
            struct answer answer = client_read(fd, false);
            status = answer.status;
            answer_free(&answer);
        }
        (void)close(fd);
    }
    CHECK(status == 503);
    (void)close(clients[0]); /* gone while its handler runs */
    set_gate(false);
    for (int i = 1; i < WORKERS + QUEUE_MAX; i++) {
        struct answer answer = client_read(clients[i], false);
        /* Whoever was to wait may have found its place taken by one of those who asked. */
        CHECK(answer.status == 200 || (i >= WORKERS && answer.status == 503));
        answer_free(&answer);
        (void)close(clients[i]);
    }
}

static void test_broken_clients(int port)
{
    for (int i = 0; i < 50; i++) {
        const int fd = client_open(port);
        static const char *const starts[] = {
            "",
            "GET",
            "GET /about HTTP/1.1\r\nHos",
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        };
        (void)client_say(fd, starts[i % 5]);
        const struct linger reset = {.l_onoff = i & 1, .l_linger = 0};
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        (void)close(fd);
    }
    /* One byte at a time is lawful. */
    const int fd = client_open(port);
    for (const char *at = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"; *at; at++) {
        (void)client_send(fd, at, 1);
    }
    struct answer answer = client_read(fd, false);
    CHECK(answer.status == 200);
    answer_free(&answer);
    (void)close(fd);
}

static void *ask_many(void *context)
{
    const int fd = client_open(*(const int *)context);
    size_t good = 0;
    for (int i = 0; i < ASKED_EACH; i++) {
        (void)client_say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
        struct answer answer = client_read(fd, false);
        good += answer.status == 200 && !memcmp(answer.body, "hello", 5);
        answer_free(&answer);
    }
    (void)close(fd);
    return (void *)good;
}

static void test_many(void)
{
    struct http_server *server = start(CLIENTS);
    int port = http_server_port(server);
    pthread_t threads[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++) {
        if (pthread_create(&threads[i], NULL, ask_many, &port)) { abort(); }
    }
    size_t good = 0;
    for (size_t i = 0; i < CLIENTS; i++) {
        void *result = NULL;
        (void)pthread_join(threads[i], &result);
        good += (size_t)result;
    }
    CHECK(good == (size_t)CLIENTS * ASKED_EACH);
    http_server_close(server);
}

static void test_files(int port)
{
    struct answer answer = client_ask(port, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(answer.status == 200 && answer.body_size == 10);
    CHECK_TEXT(answer_header(&answer, "Accept-Ranges"), "bytes");
    CHECK_TEXT(answer_header(&answer, "ETag"), "\"v1\"");
    answer_free(&answer);
    answer = client_ask(port, "GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=2-4\r\n\r\n");
    CHECK(answer.status == 206 && answer.body_size == 3 && !memcmp(answer.body, "234", 3));
    CHECK_TEXT(answer_header(&answer, "Content-Range"), "bytes 2-4/10");
    answer_free(&answer);
    answer = client_ask(port, "GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=10-\r\n\r\n");
    CHECK(answer.status == 416);
    CHECK_TEXT(answer_header(&answer, "Content-Range"), "bytes */10");
    answer_free(&answer);
    answer = client_ask(port, "GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=2-4\r\n"
                              "If-Range: \"v0\"\r\n\r\n");
    CHECK(answer.status == 200 && answer.body_size == 10);
    answer_free(&answer);
    CHECK(client_status(port, "GET /file HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"v1\"\r\n\r\n") ==
          304);
    CHECK(client_status(port, "GET /folder HTTP/1.1\r\nHost: x\r\n\r\n") == 404);
}

static void *shut_later(void *context)
{
    (void)context;
    int one = 1;
    (void)wait_until(is_inside, &one);
    (void)poll(NULL, 0, 50);
    set_gate(false);
    return NULL;
}

/* A close answers what it has: the request inside a handler gets its 200. */
static void test_close(struct http_server *server)
{
    set_gate(true);
    const int fd = client_open(http_server_port(server));
    const int half = client_open(http_server_port(server));
    (void)client_say(half, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    (void)client_say(fd, "GET /gate HTTP/1.1\r\nHost: x\r\n\r\n");
    int one = 1;
    CHECK(wait_until(is_inside, &one));
    pthread_t thread;
    if (pthread_create(&thread, NULL, shut_later, NULL)) { abort(); }
    const int64_t before_us = clock_monotonic_us();
    http_server_close(server);
    CHECK(clock_monotonic_us() - before_us < 4 * CLOCK_SECOND_US);
    (void)pthread_join(thread, NULL);
    struct answer answer = client_read(fd, false);
    CHECK(answer.status == 200);
    answer_free(&answer);
    (void)close(fd);
    (void)close(half);
    CHECK(scene.begun > 0 &&
          scene.ended == scene.begun); /* every thread that had something to do */
}

static enum http_lane lane_of(const struct http_request *request)
{
    const char *path = http_path(request);
    if (strcmp(path, "/about") == 0) { return HTTP_LANE_DIRECT; }
    return strcmp(path, "/echo") == 0 ? HTTP_LANE_SLOW : HTTP_LANE_COMMON;
}

static int ask_gate(int port)
{
    const int fd = client_open(port);
    CHECK(client_say(fd, "GET /gate HTTP/1.1\r\nHost: x\r\n\r\n"));
    return fd;
}

/* While every common worker is busy, the two other lanes answer. */
static void test_lanes(void)
{
    const int begun = scene.begun;
    struct http_config config = {.address = "127.0.0.1",
                                 .body_size_max = BODY_MAX,
                                 .connection_max = 200,
                                 .worker_count = WORKERS,
                                 .slow_worker_count = 1,
                                 .queue_max = QUEUE_MAX,
                                 .lane = lane_of,
                                 .worker_begin = begin,
                                 .worker_end = end,
                                 .handle = handle};
    struct http_server *server = NULL;
    struct why why = {""};
    CHECK(http_server_open(&server, &config, &why) == OK);
    const int port = http_server_port(server);
    set_gate(true);
    int waiting[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        waiting[i] = ask_gate(port);
    }
    int all = WORKERS;
    CHECK(wait_until(is_inside, &all));
    struct answer answer = client_ask(port, "GET /about HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(answer.status == 200);
    answer_free(&answer);
    answer = client_ask(port, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    CHECK(answer.status == 200 && answer.body_size == 2);
    answer_free(&answer);
    set_gate(false);
    for (int i = 0; i < WORKERS; i++) {
        answer = client_read(waiting[i], false);
        CHECK(answer.status == 200);
        answer_free(&answer);
        (void)close(waiting[i]);
    }
    http_server_close(server);
    CHECK(scene.begun == begun + WORKERS + 2 && scene.ended == scene.begun);
    config.slow_worker_count = HTTP_WORKER_TOO_MANY;
    CHECK(http_server_open(&server, &config, NULL) == ERR_RANGE);
}

static void test_refused_configs(void)
{
    struct http_config config = {.address = "0.0.0.0",
                                 .body_size_max = 1,
                                 .connection_max = 8,
                                 .worker_count = 1,
                                 .queue_max = 1,
                                 .handle = handle};
    struct http_server *server = NULL;
    struct why why = {""};
    CHECK(http_server_open(&server, &config, &why) == ERR_RANGE); /* plain, not on loopback */
    CHECK(strstr(why.text, "certificate"));
    config.address = "localhost";
    CHECK(http_server_open(&server, &config, &why) == ERR_RANGE);
    config.address = "127.0.0.1";
    config.certificate_path = "/nonexistent";
    CHECK(http_server_open(&server, &config, &why) == ERR_IO ||
          http_server_open(&server, &config, &why) == ERR_NOT_FOUND);
    config.certificate_path = NULL;
    config.worker_count = HTTP_WORKER_TOO_MANY;
    CHECK(http_server_open(&server, &config, &why) == ERR_RANGE);
    CHECK(!server);
}

int main(void)
{
    (void)snprintf(scene.file, sizeof scene.file, "/tmp/tocsin-http-XXXXXX");
    const int fd = mkstemp(scene.file);
    if (write(fd, "0123456789", 10) != 10) { abort(); }
    (void)close(fd);
    test_lanes();
    test_refused_configs();
    struct http_server *server = start(QUEUE_MAX);
    const int port = http_server_port(server);
    test_requests(port);
    test_limits(port);
    test_ambiguous(port);
    test_files(port);
    test_broken_clients(port);
    test_full_queue(port);
    test_many();
    test_close(server);
    (void)unlink(scene.file);
    return CHECK_DONE();
}
