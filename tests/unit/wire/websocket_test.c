#include "base/clock.h"
#include "check.h"
#include "unit/wire/http_client.h"
#include "wire/http.h"

#include <pthread.h>

static struct {
    pthread_mutex_t lock;
    struct websocket *last; /* the socket that opened last and is still there */
    int opened, closed, received;
    int never; /* closed without having opened */
} scene = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_opened(void *context, struct websocket *socket)
{
    (void)context;
    (void)pthread_mutex_lock(&scene.lock);
    scene.last = socket;
    scene.opened++;
    (void)pthread_mutex_unlock(&scene.lock);
    if (websocket_send(socket, span_text("hello"))) { abort(); }
}

static void on_received(void *context, struct websocket *socket, struct span message)
{
    (void)context;
    (void)pthread_mutex_lock(&scene.lock);
    scene.received++;
    (void)pthread_mutex_unlock(&scene.lock);
    CHECK(websocket_send(socket, message) == OK);
}

static void on_closed(void *context, struct websocket *socket)
{
    (void)context;
    (void)pthread_mutex_lock(&scene.lock);
    if (scene.last == socket) { scene.last = NULL; }
    *(socket ? &scene.closed : &scene.never) += 1;
    (void)pthread_mutex_unlock(&scene.lock);
}

static void handle(void *context, void *state, struct http_request *request)
{
    (void)context, (void)state;
    static const struct websocket_handler handler = {
        .opened = on_opened, .received = on_received, .closed = on_closed};
    http_answer_websocket(request, &handler);
}

static bool closed_are(void *count)
{
    (void)pthread_mutex_lock(&scene.lock);
    const bool reached = scene.closed == *(int *)count;
    (void)pthread_mutex_unlock(&scene.lock);
    return reached;
}

static const char UPGRADE[] =
    "GET /api/live HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* A client's frame: always masked (here with zeros, so that the payload stays as it is). */
static void say_frame(int fd, uint8_t opcode, const void *payload, size_t size)
{
    uint8_t head[14] = {(uint8_t)(0x80 | opcode)};
    size_t head_size = 2;
    if (size < 126) {
        head[1] = (uint8_t)(0x80 | size);
    } else {
        head[1] = 0x80 | 127;
        for (int i = 0; i < 8; i++) {
            head[2 + i] = (uint8_t)((uint64_t)size >> (56 - 8 * i));
        }
        head_size = 10;
    }
    (void)client_send(fd, head, head_size + 4);
    (void)client_send(fd, payload, size);
}

static bool read_exactly(int fd, uint8_t *bytes, size_t size)
{
    size_t got = 1;
    for (size_t at = 0; at < size && got; at += got) {
        got = client_receive(fd, bytes + at, size - at);
    }
    return got > 0;
}

/* One frame of the server; its opcode, or 0 at the end. */
static int read_frame(int fd, uint8_t *payload, size_t *size)
{
    uint8_t head[10];
    if (!read_exactly(fd, head, 2)) { return 0; }
    *size = head[1];
    const size_t more = head[1] == 127 ? 8 : head[1] == 126 ? 2 : 0;
    if (more && !read_exactly(fd, head + 2, more)) { return 0; }
    for (size_t i = 0; i < more; i++) {
        *size = (i ? *size << 8 : 0) | head[2 + i];
    }
    if (*size && !read_exactly(fd, payload, *size)) { return 0; }
    return head[0] & 15;
}

static int open_socket(int port)
{
    const int fd = client_open(port);
    (void)client_say(fd, UPGRADE);
    /* Byte by byte, as the first frame may follow at once. */
    char head[1024] = "";
    for (size_t i = 0; i < sizeof head - 1 && !strstr(head, "\r\n\r\n"); i++) {
        if (!read_exactly(fd, (uint8_t *)head + i, 1)) { break; }
    }
    CHECK(strncmp(head, "HTTP/1.1 101", 12) == 0);
    CHECK(strstr(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != NULL);
    uint8_t payload[64];
    size_t size = 0;
    CHECK(read_frame(fd, payload, &size) == 1 && size == 5 && !memcmp(payload, "hello", 5));
    return fd;
}

static void test_handshake(int port)
{
    CHECK(client_status(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") == 426);
    CHECK(client_status(port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n"
                              "Upgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n") == 426);
    CHECK(client_status(port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n"
                              "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: short\r\n\r\n") == 426);
    CHECK(scene.never == 3);
}

static void test_echo(int port)
{
    const int fd = open_socket(port);
    static uint8_t payload[WEBSOCKET_MESSAGE_MAX + 16];
    size_t size = 0;
    say_frame(fd, 1, "ping me", 7);
    CHECK(read_frame(fd, payload, &size) == 1 && size == 7 && !memcmp(payload, "ping me", 7));
    say_frame(fd, 9, "p", 1); /* ping -> pong */
    CHECK(read_frame(fd, payload, &size) == 10 && size == 1);
    static uint8_t large[WEBSOCKET_MESSAGE_MAX];
    memset(large, 'x', sizeof large);
    say_frame(fd, 1, large, sizeof large);
    CHECK(read_frame(fd, payload, &size) == 1 && size == sizeof large);
    say_frame(fd, 8, "\x03\xe8", 2); /* close 1000 -> close */
    CHECK(read_frame(fd, payload, &size) == 8);
    CHECK(read_frame(fd, payload, &size) == 0);
    (void)close(fd);
    int one = 1;
    CHECK(wait_until(closed_are, &one));
}

static void test_bad_frames(int port)
{
    static uint8_t large[WEBSOCKET_MESSAGE_MAX + 1];
    uint8_t payload[256] = {0};
    size_t size = 0;
    int fd = open_socket(port);
    memset(large, 'x', sizeof large);
    say_frame(fd, 1, large, sizeof large);
    CHECK(read_frame(fd, payload, &size) == 8 && payload[0] == 3 && payload[1] == 0xf1); /* 1009 */
    (void)close(fd);
    fd = open_socket(port);
    (void)client_send(fd, "\x81\x02hi", 4); /* not masked */
    CHECK(read_frame(fd, payload, &size) == 8 && payload[0] == 3 && payload[1] == 0xea); /* 1002 */
    (void)close(fd);
    fd = open_socket(port);
    say_frame(fd, 1, "\xff\xfe", 2); /* not UTF-8 */
    CHECK(read_frame(fd, payload, &size) == 8);
    (void)close(fd);
    fd = open_socket(port);
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    (void)close(fd); /* gone without a word */
    int five = 5;
    CHECK(wait_until(closed_are, &five));
}

/* The sender never waits for a client that does not read: the client is closed. */
static void test_slow_reader(int port)
{
    const int fd = open_socket(port);
    char message[8192];
    memset(message, 'm', sizeof message);
    enum err err = OK;
    for (int i = 0; i < 100000 && !err; i++) {
        (void)pthread_mutex_lock(&scene.lock);
        err =
            scene.last ? websocket_send(scene.last, span_of(message, sizeof message)) : ERR_CLOSED;
        (void)pthread_mutex_unlock(&scene.lock);
    }
    CHECK(err == ERR_LIMIT);
    (void)pthread_mutex_lock(&scene.lock);
    CHECK(!scene.last || websocket_send(scene.last, span_text("more")) == ERR_CLOSED);
    (void)pthread_mutex_unlock(&scene.lock);
    int six = 6;
    CHECK(wait_until(closed_are, &six));
    (void)close(fd);
}

int main(void)
{
    const struct http_config config = {.address = "127.0.0.1",
                                       .body_size_max = 100,
                                       .connection_max = 400,
                                       .worker_count = 2,
                                       .queue_max = 64,
                                       .handle = handle};
    struct http_server *server = NULL;
    if (http_server_open(&server, &config, NULL)) { abort(); }
    const int port = http_server_port(server);
    test_handshake(port);
    test_echo(port);
    test_bad_frames(port);
    test_slow_reader(port);
    int fds[WEBSOCKET_MAX];
    for (size_t i = 0; i < WEBSOCKET_MAX; i++) {
        fds[i] = open_socket(port);
    }
    CHECK(client_status(port, UPGRADE) == 503 && scene.never == 4);
    const int64_t before_us = clock_monotonic_us();
    http_server_close(server);
    CHECK(clock_monotonic_us() - before_us < 3 * CLOCK_SECOND_US);
    uint8_t payload[256] = {0};
    size_t size = 0;
    CHECK(read_frame(fds[0], payload, &size) == 8 && payload[0] == 3 &&
          payload[1] == 0xe9); /* 1001 */
    for (size_t i = 0; i < WEBSOCKET_MAX; i++) {
        (void)close(fds[i]);
    }
    CHECK(scene.opened == scene.closed);
    return CHECK_DONE();
}
