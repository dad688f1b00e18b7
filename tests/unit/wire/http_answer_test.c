/*
 * What a file is answered with: conditions and ranges of RFC 9110, on a server without workers.
 */
#include "wire/http.h"

#include "check.h"
#include "unit/wire/http_client.h"

static void answer_at_once(void *context, void *worker_state, struct http_request *request)
{
    const int *fd = context;
    CHECK(!worker_state);
    const struct http_file file = {.fd = *fd, .size = 10, .type = "text/plain", .etag = "\"v1\""};
    if (strcmp(http_path(request), "/silent") != 0) { http_answer_open_file(request, &file); }
}

/* Without workers the epoll threads call the handler, on a connection with little memory. */
static void test_no_workers(int port)
{
    for (int i = 0; i < 3; i++) { /* the descriptor stays open */
        struct answer answer =
            client_ask(port, "GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=2-4\r\n\r\n");
        CHECK(answer.status == 206 && answer.body_size == 3 && memcmp(answer.body, "234", 3) == 0);
        answer_free(&answer);
    }
    CHECK(client_status(port, "GET /silent HTTP/1.1\r\nHost: x\r\n\r\n") == 500);
    char large[6000];
    (void)snprintf(large, sizeof large, "GET / HTTP/1.1\r\nHost: x\r\nA: %05000d\r\n\r\n", 0);
    const int status = client_status(port, large);
    CHECK(status == 431 || status == 413);
}

/* Each line: what is asked, and what must come. */
static void test_conditions(int port)
{
    static const struct {
        const char *method, *headers;
        int status;
        const char *range; /* Content-Range; NULL: none */
        const char *body;
    } cases[] = {
        {"GET", "If-Match: \"v1\"\r\n", 200, NULL, "0123456789"},
        {"GET", "If-Match: *\r\n", 200, NULL, "0123456789"},
        {"GET", "If-Match: \"v0\", \"v1\"\r\nRange: bytes=0-0\r\n", 206, "bytes 0-0/10", "0"},
        {"GET", "If-Match: \"v0\"\r\nRange: bytes=0-0\r\n", 412, NULL, NULL},
        {"GET", "If-Match: W/\"v1\"\r\n", 412, NULL, NULL}, /* weak ones never match */
        {"GET", "If-Match: \"v0\"\r\nRange: bytes=10-\r\n", 412, NULL, NULL}, /* before 416 */
        {"GET", "If-Match: \"v1\"\r\nIf-None-Match: \"v1\"\r\n", 304, NULL, NULL},
        {"GET", "If-Range: \"v1\"\r\nRange: bytes=9-\r\n", 206, "bytes 9-9/10", "9"},
        {"GET", "If-Range: W/\"v1\"\r\nRange: bytes=9-\r\n", 200, NULL, "0123456789"},
        {"GET", "If-Range: \"v0\"\r\nRange: bytes=10-\r\n", 200, NULL, "0123456789"},
        {"GET", "Range: bytes=-3\r\n", 206, "bytes 7-9/10", "789"},
        {"GET", "Range: bytes=-30\r\n", 206, "bytes 0-9/10", "0123456789"},
        {"GET", "Range: bytes=5-400\r\n", 206, "bytes 5-9/10", "56789"},
        {"GET", "Range: bytes=0-1,4-5\r\n", 200, NULL, "0123456789"}, /* several: the whole */
        {"GET", "Range: bytes=-0\r\n", 416, "bytes */10", NULL},
        {"GET", "Range: bytes=10-\r\n", 416, "bytes */10", NULL},
        {"GET", "Range: bytes=5-4\r\n", 200, NULL, "0123456789"},
        {"GET", "Range: lines=1-2\r\n", 200, NULL, "0123456789"},
        {"HEAD", "", 200, NULL, NULL},
        {"HEAD", "Range: bytes=2-4\r\n", 200, NULL, NULL}, /* a range is for GET only */
        {"HEAD", "If-Match: \"v0\"\r\n", 412, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char ask[256];
        (void)snprintf(ask, sizeof ask, "%s / HTTP/1.1\r\nHost: x\r\n%s\r\n", cases[i].method,
                       cases[i].headers);
        struct answer answer = client_ask(port, ask);
        const char *range = answer_header(&answer, "Content-Range");
        bool good = answer.status == cases[i].status && (range != NULL) == (cases[i].range != NULL);
        good = good && (!range || strcmp(range, cases[i].range) == 0);
        good =
            good && (!cases[i].body || (answer.body_size == strlen(cases[i].body) &&
                                        memcmp(answer.body, cases[i].body, answer.body_size) == 0));
        if (!good) {
            printf("# %s %s: %d %s\n", cases[i].method, cases[i].headers, answer.status,
                   range ? range : "-");
        }
        CHECK(good);
        answer_free(&answer);
    }
}

int main(void)
{
    char path[] = "/tmp/tocsin-http-XXXXXX";
    int fd = mkstemp(path);
    if (write(fd, "0123456789", 10) != 10) { abort(); }
    (void)unlink(path);
    const struct http_config config = {.address = "127.0.0.1",
                                       .connection_max = 10,
                                       .connection_size = 4096,
                                       .queue_max = 1,
                                       .context = &fd,
                                       .handle = answer_at_once};
    struct http_server *server = NULL;
    struct why why = {""};
    CHECK(http_server_open(&server, &config, &why) == OK);
    test_no_workers(http_server_port(server));
    test_conditions(http_server_port(server));
    http_server_close(server);
    (void)close(fd);
    return CHECK_DONE();
}
