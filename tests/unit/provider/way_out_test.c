#include "provider/way_out.h"

#include "base/clock.h"
#include "check.h"
#include "unit/wire/pki.h"
#include "wire/http.h"

#include <poll.h>
#include <unistd.h>

static char folder[] = "/tmp/tocsin-way-out-XXXXXX";

static void write_for_ever(void *context, struct http_sink *sink)
{
    (void)context;
    static const char page[4096] = "x";
    while (http_sink_send(sink, span_of(page, sizeof page))) {}
}

static void handle(void *context, void *state, struct http_request *request)
{
    (void)context, (void)state;
    if (strcmp(http_path(request), "/endless") == 0) {
        const struct http_writer writer = {.write = write_for_ever};
        http_answer_stream(request, 200, "application/json", &writer);
    } else if (strcmp(http_path(request), "/moved") == 0) {
        http_add_header(request, "Location", "https://localhost:1/elsewhere");
        http_answer_bytes(request, 302, "text/plain", span_text("moved"));
    } else if (strcmp(http_method(request), "POST") == 0) {
        const struct span body = http_body(request);
        CLEANUP(text_deinit) struct text echo = text_limited(1024);
        const char *words = http_header(request, "Authorization");
        text_format(&echo, "%s %.*s %s", http_header(request, "Content-Type"), (int)body.size,
                    (const char *)body.data, words ? words : "nobody");
        http_answer_bytes(request, 400, "text/plain", text_span(&echo));
    } else {
        http_answer_bytes(request, 200, "text/plain", span_text(http_header(request, "Accept")));
    }
}

static struct http_server *start(void)
{
    char certificate[128];
    char key[128];
    (void)snprintf(certificate, sizeof certificate, "%s/id.crt", folder);
    (void)snprintf(key, sizeof key, "%s/id.key", folder);
    const struct http_config config = {.address = "127.0.0.1",
                                       .certificate_path = certificate,
                                       .key_path = key,
                                       .body_size_max = 1000,
                                       .connection_max = 20,
                                       .worker_count = 2,
                                       .queue_max = 8,
                                       .handle = handle};
    struct http_server *server = NULL;
    struct why why = {""};
    if (http_server_open(&server, &config, &why)) {
        printf("# %s\n", why.text);
        abort();
    }
    return server;
}

static enum err ask(const char *ca, const char *url, const struct text *form, struct text *body,
                    int *status)
{
    struct way_out way = {.ca_path = ca};
    const struct provider_port port = way_out_open(&way);
    const struct provider_request request = {
        .url = url, .form = form, .credentials = form ? "a:b" : NULL};
    struct why why = {""};
    text_clear(body);
    *status = 0;
    const enum err err = port.ask(port.context, &request, status, body, &why);
    if (err) { printf("# %s: %s\n", err_name(err), why.text); }
    return err;
}

static void test_answers(int port, const char *ca)
{
    CLEANUP(text_deinit) struct text body = text_limited(1000);
    CLEANUP(text_deinit) struct text form = text_limited(100);
    char url[64];
    int status = 0;
    (void)snprintf(url, sizeof url, "https://localhost:%d/keys", port);
    CHECK(ask(ca, url, NULL, &body, &status) == OK && status == 200);
    CHECK_TEXT(text_c(&body), "application/json");
    text_add(&form, "code=c&x=y");
    CHECK(ask(ca, url, &form, &body, &status) == OK && status == 400);
    CHECK_TEXT(text_c(&body), "application/x-www-form-urlencoded code=c&x=y Basic YTpi");
    /* Sent elsewhere, we do not go. */
    (void)snprintf(url, sizeof url, "https://localhost:%d/moved", port);
    CHECK(ask(ca, url, NULL, &body, &status) == OK && status == 302);
    CHECK_TEXT(text_c(&body), "moved");
}

static void test_bounds(int port, const char *ca)
{
    CLEANUP(text_deinit) struct text body = text_limited(1000);
    char url[64];
    int status = 0;
    (void)snprintf(url, sizeof url, "https://localhost:%d/endless", port);
    const int64_t begin_us = clock_monotonic_us();
    CHECK(ask(ca, url, NULL, &body, &status) == OK);
    CHECK(body.overflow && body.size <= 1000);
    CHECK(clock_monotonic_us() - begin_us < 5 * CLOCK_SECOND_US);
    (void)snprintf(url, sizeof url, "http://localhost:%d/keys", port);
    CHECK(ask(ca, url, NULL, &body, &status) != OK && status == 0);
    CHECK(ask(ca, "file:///etc/passwd", NULL, &body, &status) != OK && body.size == 0);
    CHECK(ask(ca, "https://localhost:1/", NULL, &body, &status) == ERR_UNAVAILABLE);
}

int main(void)
{
    if (!mkdtemp(folder)) { abort(); }
    struct pki site = pki_open(folder, "ca");
    pki_issue(&site, folder, "id", "DNS:localhost");
    char ca[128];
    (void)snprintf(ca, sizeof ca, "%s/ca.crt", folder);
    struct http_server *server = start();
    test_answers(http_server_port(server), ca);
    test_bounds(http_server_port(server), ca);
    CLEANUP(text_deinit) struct text body = text_limited(1000);
    char url[64];
    int status = 0;
    (void)snprintf(url, sizeof url, "https://localhost:%d/keys", http_server_port(server));
    CHECK(ask(NULL, url, NULL, &body, &status) == ERR_DENIED && status == 0);
    http_server_close(server);
    pki_close(&site);
    static const char *const names[] = {"ca.crt", "ca.key", "id.crt", "id.key"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    CHECK(rmdir(folder) == 0);
    return CHECK_DONE();
}
