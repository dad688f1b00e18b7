#include "base/clock.h"
#include "check.h"
#include "unit/wire/http_client.h"
#include "wire/http.h"

#include <pthread.h>

enum { PIECE_SIZE = 10000, PIECE_COUNT = 200 };

/* Counts that the writers' threads keep. */
static struct {
    pthread_mutex_t lock;
    int started, done, stopped;
} scene = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void count(int *number)
{
    (void)pthread_mutex_lock(&scene.lock);
    (*number)++;
    (void)pthread_mutex_unlock(&scene.lock);
}

static int count_of(const int *number)
{
    (void)pthread_mutex_lock(&scene.lock);
    const int value = *number;
    (void)pthread_mutex_unlock(&scene.lock);
    return value;
}

static void on_done(void *context)
{
    (void)context;
    count(&scene.done);
}

static void write_pieces(void *context, struct http_sink *sink)
{
    (void)context;
    uint8_t piece[PIECE_SIZE];
    count(&scene.started);
    for (int i = 0; i < PIECE_COUNT; i++) {
        memset(piece, 'a' + i % 26, sizeof piece);
        if (!http_sink_send(sink, span_of(piece, sizeof piece))) {
            count(&scene.stopped);
            return;
        }
    }
}

/* More than all buffers on the way can hold. */
static void write_without_end(void *context, struct http_sink *sink)
{
    (void)context;
    static const uint8_t piece[PIECE_SIZE];
    count(&scene.started);
    while (http_sink_send(sink, span_of(piece, sizeof piece))) {}
    count(&scene.stopped);
}

/* As the sign's frames: one, and then nothing for as long as nothing changes. */
static void write_endless(void *context, struct http_sink *sink)
{
    (void)context;
    count(&scene.started);
    bool there = http_sink_send(sink, span_text("frame"));
    while (there) {
        (void)poll(NULL, 0, 20);
        there = http_sink_send(sink, span_of(NULL, 0));
    }
    count(&scene.stopped);
}

static void write_later(void *context, struct http_sink *sink)
{
    (void)context;
    (void)poll(NULL, 0, 20);
    http_sink_begin(sink, 203, "text/plain");
    (void)http_sink_send(sink, span_text("begun later"));
}

static void write_refusal(void *context, struct http_sink *sink)
{
    (void)context;
    http_sink_refuse(sink, 502, "Bad Gateway", "The edge is not reachable.");
}

static void write_half(void *context, struct http_sink *sink)
{
    (void)context;
    (void)http_sink_send(sink, span_text("half"));
    http_sink_break(sink);
}

static void write_nothing(void *context, struct http_sink *sink)
{
    (void)context, (void)sink;
}

static void handle(void *context, void *state, struct http_request *request)
{
    (void)context, (void)state;
    static const struct {
        const char *path;
        int status;
        void (*write)(void *context, struct http_sink *sink);
    } routes[] = {{"/pieces", 200, write_pieces}, {"/endless", 200, write_endless},
                  {"/later", 0, write_later},     {"/refused", 0, write_refusal},
                  {"/nothing", 0, write_nothing}, {"/empty", 200, write_nothing},
                  {"/half", 200, write_half},     {"/more", 200, write_without_end}};
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (strcmp(routes[i].path, http_path(request)) != 0) { continue; }
        const struct http_writer writer = {.write = routes[i].write, .done = on_done};
        http_answer_stream(request, routes[i].status, "text/plain", &writer);
        return;
    }
    http_answer_problem(request, 404, "Not Found", "");
}

struct expected {
    const int *number;
    int value;
};
static bool counted(void *context)
{
    const struct expected *expected = context;
    return count_of(expected->number) == expected->value;
}

/* Undoes the chunks; the number of body bytes, or 0 when they are not in order. */
static size_t dechunk(const struct answer *answer, char *body)
{
    const char *at = answer->body;
    size_t size = 0;
    for (;;) {
        char *end = NULL;
        const size_t chunk = strtoul(at, &end, 16);
        if (end == at) { return 0; }
        at = end + 2;
        if (chunk == 0) { return size; }
        memcpy(body + size, at, chunk);
        size += chunk;
        at += chunk + 2;
    }
}

static void test_whole(int port)
{
    const int fd = client_open(port);
    const int small = 128 * 1024;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    (void)client_say(fd, "GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
    struct expected full = {&scene.started, 1};
    CHECK(wait_until(counted, &full));
    struct answer answer = client_read(fd, false);
    CHECK(answer.status == 200);
    char *body = calloc(1, CLIENT_ANSWER_SIZE);
    CHECK(dechunk(&answer, body) == (size_t)PIECE_SIZE * PIECE_COUNT);
    bool sound = true;
    for (size_t i = 0; i < (size_t)PIECE_SIZE * PIECE_COUNT; i++) {
        sound = sound && body[i] == 'a' + (int)(i / PIECE_SIZE) % 26;
    }
    CHECK(sound);
    free(body);
    answer_free(&answer);
    (void)close(fd);
    struct expected done = {&scene.done, 1};
    CHECK(wait_until(counted, &done));
    CHECK(scene.stopped == 0);
}

static void test_deferred(int port)
{
    struct answer answer = client_ask(port, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(answer.status == 203);
    CHECK(answer.body && strstr(answer.body, "begun later"));
    answer_free(&answer);
    answer = client_ask(port, "GET /refused HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(answer.status == 502);
    CHECK(answer.body && strstr(answer.body, "not reachable"));
    answer_free(&answer);
    CHECK(client_status(port, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n") == 502);
    CHECK(client_status(port, "GET /empty HTTP/1.1\r\nHost: x\r\n\r\n") == 200);
    /* What is cut off does not look whole: the last chunk never comes. */
    answer = client_ask(port, "GET /half HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(answer.status == 200 && answer.body && strstr(answer.body, "half"));
    CHECK(!strstr(answer.bytes, "\r\n0\r\n\r\n"));
    answer_free(&answer);
    struct expected done = {&scene.done, 6};
    CHECK(wait_until(counted, &done));
}

static void test_gone(int port)
{
    /* A client that goes while the writer waits for room. */
    int fd = client_open(port);
    (void)client_say(fd, "GET /more HTTP/1.1\r\nHost: x\r\n\r\n");
    char some[100];
    CHECK(client_receive(fd, some, sizeof some) > 0);
    (void)close(fd);
    struct expected stopped = {&scene.stopped, 1};
    CHECK(wait_until(counted, &stopped));
    /* And one that goes while the writer has nothing to say. */
    fd = client_open(port);
    (void)client_say(fd, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(client_receive(fd, some, sizeof some) > 0);
    (void)close(fd);
    stopped.value = 2;
    CHECK(wait_until(counted, &stopped));
}

static void test_bound(int port, int fds[HTTP_STREAM_MAX])
{
    for (int i = 0; i < HTTP_STREAM_MAX; i++) {
        fds[i] = client_open(port);
        (void)client_say(fds[i], "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
        struct answer answer = client_read(fds[i], true);
        CHECK(answer.status == 200);
        answer_free(&answer);
    }
    CHECK(client_status(port, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n") == 503);
    (void)close(fds[0]);
    struct expected stopped = {&scene.stopped, 3};
    CHECK(wait_until(counted, &stopped));
    int status = 0;
    for (int i = 0; i < 100 && status != 200; i++) {
        status = client_status(port, "GET /empty HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    CHECK(status == 200); /* its place is free again */
}

int main(void)
{
    const struct http_config config = {.address = "127.0.0.1",
                                       .body_size_max = 100,
                                       .connection_max = 100,
                                       .worker_count = 2,
                                       .queue_max = 64,
                                       .handle = handle};
    struct http_server *server = NULL;
    if (http_server_open(&server, &config, NULL)) { abort(); }
    const int port = http_server_port(server);
    int fds[HTTP_STREAM_MAX];
    test_whole(port);
    test_deferred(port);
    test_gone(port);
    test_bound(port, fds);
    /* Open streams do not hold up the end. */
    const int64_t before_us = clock_monotonic_us();
    http_server_close(server);
    CHECK(clock_monotonic_us() - before_us < 3 * CLOCK_SECOND_US);
    CHECK(scene.stopped == HTTP_STREAM_MAX + 2);
    for (int i = 1; i < HTTP_STREAM_MAX; i++) {
        (void)close(fds[i]);
    }
    return CHECK_DONE();
}
