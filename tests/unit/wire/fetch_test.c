#include "wire/fetch.h"

#include <openssl/ssl.h>

#include "base/clock.h"
#include "check.h"
#include "unit/wire/http_client.h"
#include "unit/wire/pki.h"
#include "wire/http.h"

static char folder[] = "/tmp/tocsin-fetch-XXXXXX";

static const char *path(const char *name)
{
    static char paths[16][128];
    static size_t next;
    char *at = paths[next++ % 16];
    (void)snprintf(at, sizeof paths[0], "%s/%s", folder, name);
    return at;
}

static void write_slowly(void *context, struct http_sink *sink)
{
    (void)context;
    bool there = http_sink_send(sink, span_text("first"));
    while (there) { /* and then nothing */
        (void)poll(NULL, 0, 20);
        there = http_sink_send(sink, span_of(NULL, 0));
    }
}

/* Never so much as a head. */
static void write_nothing(void *context, struct http_sink *sink)
{
    (void)context;
    while (http_sink_send(sink, span_of(NULL, 0))) {
        (void)poll(NULL, 0, 20);
    }
}

static void handle(void *context, void *state, struct http_request *request)
{
    (void)context, (void)state;
    if (strcmp(http_path(request), "/slow") == 0) {
        const struct http_writer writer = {.write = write_slowly};
        http_answer_stream(request, 200, "text/plain", &writer);
    } else if (strcmp(http_path(request), "/mute") == 0) {
        const struct http_writer writer = {.write = write_nothing};
        http_answer_stream(request, 0, NULL, &writer);
    } else if (strcmp(http_path(request), "/who") == 0) {
        const char *token = http_header(request, "Tocsin-Stream-Token");
        http_add_header(request, "X-Token", token ? token : "none");
        http_answer_bytes(request, 200, "text/plain", span_text(http_peer_identity(request)));
    } else {
        http_answer_problem(request, 404, "Not Found", "");
    }
}

static struct http_server *start(const char *name, const char *ca)
{
    char certificate[128];
    char key[128];
    (void)snprintf(certificate, sizeof certificate, "%s/%s.crt", folder, name);
    (void)snprintf(key, sizeof key, "%s/%s.key", folder, name);
    const struct http_config config = {.address = "127.0.0.1",
                                       .certificate_path = certificate,
                                       .key_path = key,
                                       .client_ca_path = ca,
                                       .body_size_max = 100,
                                       .connection_max = 100,
                                       .worker_count = 2,
                                       .queue_max = 64,
                                       .handle = handle};
    struct http_server *server = NULL;
    struct why why = {""};
    if (http_server_open(&server, &config, &why)) {
        printf("# %s\n", why.text);
        abort();
    }
    return server;
}

struct got {
    int status;
    struct text body;
    bool stop;
};

static bool on_head(void *context, int status, const char *type)
{
    struct got *got = context;
    (void)type;
    got->status = status;
    return true;
}

static bool on_bytes(void *context, struct span bytes)
{
    struct got *got = context;
    text_add_bytes(&got->body, bytes);
    return !got->stop;
}

static int64_t idle_ms = 1500; /* for get; 0 = any time */

static enum err get(const char *url, const char *as, const char *identity, struct got *got)
{
    static const char *const headers[] = {"Tocsin-Stream-Token: abc", NULL};
    char certificate[32];
    char key[32];
    (void)snprintf(certificate, sizeof certificate, "%s.crt", as);
    (void)snprintf(key, sizeof key, "%s.key", as);
    struct fetch fetch = {.url = url,
                          .ca_path = path("ca.crt"),
                          .certificate_path = path(certificate),
                          .key_path = path(key),
                          .peer_identity = identity,
                          .headers = headers,
                          .connect_timeout_ms = 3000,
                          .head_timeout_ms = 700,
                          .idle_timeout_ms = idle_ms,
                          .context = got,
                          .on_head = on_head,
                          .on_bytes = on_bytes};
    text_clear(&got->body);
    got->status = 0;
    struct why why = {""};
    const enum err err = fetch_get(&fetch, &why);
    if (err) { printf("# %s: %s\n", err_name(err), why.text); }
    return err;
}

static void test_trust(int port)
{
    struct got got = {.body = text_limited(4096)};
    char url[64];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/who", port);
    static const char edge[] = "spiffe://test/edge/e1";
    CHECK(get(url, "control", edge, &got) == OK && got.status == 200);
    CHECK_TEXT(text_c(&got.body), "spiffe://test/control/c1");
    /* Another device answers at that address: nothing of its answer is seen. */
    CHECK(get(url, "control", "spiffe://test/edge/e2", &got) == ERR_DENIED && got.status == 0);
    CHECK(get(url, "control", "spiffe://test/edge/e", &got) == ERR_DENIED);
    /* A client that the site's authority did not make, or without a SPIFFE ID, or with two. */
    CHECK(get(url, "stranger", edge, &got) != OK || got.status == 403);
    CHECK(got.status == 0 || got.status == 403);
    CHECK(get(url, "nameless", edge, &got) == OK && got.status == 403);
    CHECK(get(url, "double", edge, &got) == OK && got.status == 403);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/none", port);
    CHECK(get(url, "control", edge, &got) == OK && got.status == 404);
    text_deinit(&got.body);
}

static void test_time(int port)
{
    struct got got = {.body = text_limited(4096)};
    char url[64];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/slow", port);
    static const char edge[] = "spiffe://test/edge/e1";
    CHECK(get(url, "control", edge, &got) == ERR_TIMEOUT);
    CHECK_TEXT(text_c(&got.body), "first");
    idle_ms = 0; /* an endless answer must begin all the same */
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/mute", port);
    CHECK(get(url, "control", edge, &got) == ERR_TIMEOUT && got.status == 0);
    idle_ms = 1500;
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/slow", port);
    got.stop = true;
    CHECK(get(url, "control", edge, &got) == ERR_CLOSED);
    CHECK(get("https://127.0.0.1:1/", "control", edge, &got) == ERR_UNAVAILABLE);
    CHECK(get("http://127.0.0.1:1/", "control", edge, &got) != OK);
    text_deinit(&got.body);
}

/* A server whose certificate another authority signed is not believed, whatever it says. */
static void test_impostor(int port)
{
    struct got got = {.body = text_limited(4096)};
    char url[64];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/who", port);
    CHECK(get(url, "control", "spiffe://test/edge/e1", &got) == ERR_DENIED && got.status == 0);
    text_deinit(&got.body);
}

/* A server that others run: its host's name counts, and who signed it. */
static void test_host(int port)
{
    struct got got = {.body = text_limited(4096)};
    char url[64];
    struct fetch fetch = {.url = url,
                          .ca_path = path("ca.crt"),
                          .by_host = true,
                          .whole_timeout_ms = 900,
                          .context = &got,
                          .on_head = on_head,
                          .on_bytes = on_bytes};
    (void)snprintf(url, sizeof url, "https://localhost:%d/none", port);
    CHECK(fetch_get(&fetch, NULL) == OK && got.status == 404);
    got.status = 0;
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/none", port);
    CHECK(fetch_get(&fetch, NULL) == ERR_DENIED && got.status == 0);
    (void)snprintf(url, sizeof url, "https://localhost:%d/none", port);
    fetch.ca_path = path("other.crt");
    CHECK(fetch_get(&fetch, NULL) == ERR_DENIED && got.status == 0);
    fetch.ca_path = NULL; /* nor is the site's own authority one of the system's */
    CHECK(fetch_get(&fetch, NULL) == ERR_DENIED && got.status == 0);
    /* Byte after byte, for ever: the whole has its time too. */
    fetch.ca_path = path("ca.crt");
    (void)snprintf(url, sizeof url, "https://localhost:%d/slow", port);
    const int64_t begin_us = clock_monotonic_us();
    CHECK(fetch_get(&fetch, NULL) == ERR_TIMEOUT);
    CHECK(clock_monotonic_us() - begin_us < 3 * CLOCK_SECOND_US);
    text_deinit(&got.body);
}

/* No certificate at all: TLS is made (libmicrohttpd only asks), the handler is never reached. */
static void test_without_certificate(int port)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *tls = SSL_new(context);
    const int fd = client_open(port);
    (void)SSL_set_fd(tls, fd);
    CHECK(SSL_connect(tls) == 1);
    CHECK_TEXT(SSL_get_version(tls), "TLSv1.3");
    static const char request[] = "GET /who HTTP/1.1\r\nHost: x\r\n\r\n";
    CHECK(SSL_write(tls, request, (int)strlen(request)) > 0);
    char head[64] = "";
    CHECK(SSL_read(tls, head, sizeof head - 1) > 0);
    CHECK(strncmp(head, "HTTP/1.1 403", 12) == 0);
    SSL_free(tls);
    (void)close(fd);
    /* And TLS 1.2 is not spoken. */
    tls = SSL_new(context);
    (void)SSL_set_max_proto_version(tls, TLS1_2_VERSION);
    const int old = client_open(port);
    (void)SSL_set_fd(tls, old);
    CHECK(SSL_connect(tls) != 1);
    SSL_free(tls);
    (void)close(old);
    SSL_CTX_free(context);
}

int main(void)
{
    if (!mkdtemp(folder)) { abort(); }
    struct pki site = pki_open(folder, "ca");
    struct pki other = pki_open(folder, "other");
    pki_issue(&site, folder, "edge", "URI:spiffe://test/edge/e1");
    pki_issue(&site, folder, "control", "URI:spiffe://test/control/c1");
    pki_issue(&site, folder, "nameless", "DNS:localhost");
    pki_issue(&site, folder, "double", "URI:spiffe://test/control/c1,URI:spiffe://test/ops/o1");
    pki_issue(&other, folder, "stranger", "URI:spiffe://test/control/c1");
    pki_issue(&other, folder, "impostor", "URI:spiffe://test/edge/e1");
    struct http_server *server = start("edge", path("ca.crt"));
    test_trust(http_server_port(server));
    test_time(http_server_port(server));
    test_without_certificate(http_server_port(server));
    http_server_close(server);
    server = start("impostor", NULL);
    test_impostor(http_server_port(server));
    http_server_close(server);
    server = start("nameless", NULL);
    test_host(http_server_port(server));
    http_server_close(server);
    pki_close(&site);
    pki_close(&other);
    static const char *const names[] = {"ca",       "other",  "edge",     "control",
                                        "nameless", "double", "stranger", "impostor"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%s.crt", names[i]);
        (void)unlink(path(name));
        (void)snprintf(name, sizeof name, "%s.key", names[i]);
        (void)unlink(path(name));
    }
    CHECK(rmdir(folder) == 0);
    return CHECK_DONE();
}
