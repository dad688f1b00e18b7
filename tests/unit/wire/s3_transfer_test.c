#include "wire/s3_transfer.h"

#include <stdatomic.h>

#include "check.h"
#include "unit/wire/http_client.h"
#include "wire/http.h"

static atomic_int expecting; /* requests that wanted 100-continue */

static void handle(void *context, void *worker_state, struct http_request *request)
{
    (void)context, (void)worker_state;
    const char *path = http_path(request);
    if (http_header(request, "Expect")) { atomic_fetch_add(&expecting, 1); }
    if (strcmp(path, "/large") == 0) {
        static char large[S3_BODY_SIZE_MAX + 1];
        http_answer_bytes(request, 200, "text/plain", span_of(large, sizeof large));
    } else if (strcmp(path, "/silent") == 0) {
        (void)poll(NULL, 0, 3500);
        http_answer_bytes(request, 200, "text/plain", span_text("late"));
    } else {
        const char *word = http_header(request, "Word");
        http_add_header(request, "ETag", "\"tag\"");
        http_answer_bytes(request, http_body(request).size > 0 ? 201 : 200, "text/plain",
                          span_text(word ? word : "-"));
    }
}

static char url[128];

static struct s3_outcome run(struct s3_link *link, const struct s3_request *request,
                             const char *path, struct s3_answer *answer, struct why *why)
{
    static char whole[256];
    static const struct s3_pair headers[] = {{"Word", "spoken"}};
    (void)snprintf(whole, sizeof whole, "%s%s", url, path);
    const struct s3_transfer transfer = {.request = request,
                                         .url = whole,
                                         .headers = headers,
                                         .header_count = 1,
                                         .idle_timeout_ms = 1000};
    return s3_transfer_run(link, &transfer, answer, why);
}

int main(void)
{
    struct http_server *server = NULL;
    const struct http_config config = {.address = "127.0.0.1",
                                       .body_size_max = 4 << 20,
                                       .connection_max = 8,
                                       .worker_count = 1,
                                       .queue_max = 8,
                                       .handle = handle};
    if (http_server_open(&server, &config, NULL)) { abort(); }
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", http_server_port(server));
    struct s3_link *link = s3_link_new();
    struct s3_answer answer = {.body = text_limited(S3_BODY_SIZE_MAX)};
    struct why why = {""};

    const struct s3_request get = {.method = "GET", .key = "k"};
    struct s3_outcome outcome = run(link, &get, "/", &answer, &why);
    CHECK(!outcome.err && answer.status == 200 && outcome.date_s > 1700000000);
    CHECK_TEXT(text_c(&answer.body), "spoken");
    CHECK_TEXT(answer.etag, "tag");

    static char body[2 << 20]; /* large enough for libcurl to want 100-continue */
    const struct s3_request post = {
        .method = "POST", .key = "k", .body = span_of(body, sizeof body)};
    outcome = run(link, &post, "/", &answer, &why);
    CHECK(!outcome.err && answer.status == 201);
    const struct s3_request head = {.method = "HEAD", .key = "k"};
    outcome = run(link, &head, "/", &answer, &why);
    CHECK(!outcome.err && answer.status == 200 && answer.size == 6 && answer.body.size == 0);

    outcome = run(link, &get, "/large", &answer, &why);
    CHECK(outcome.err == ERR_LIMIT && !outcome.may_repeat);
    text_clear(&answer.body);
    outcome = run(link, &get, "/silent", &answer, &why);
    CHECK(outcome.err == ERR_TIMEOUT && outcome.may_repeat);
    const struct s3_request broken = {.method = "PUT", .key = "k", .fd = -1, .size = 10};
    outcome = run(link, &broken, "/", &answer, &why);
    CHECK(outcome.err == ERR_IO && !outcome.may_repeat && strstr(why.text, "our own file"));
    (void)snprintf(url, sizeof url, "http://127.0.0.1:1");
    outcome = run(link, &get, "/", &answer, &why);
    CHECK(outcome.err == ERR_UNAVAILABLE && outcome.may_repeat);
    CHECK(atomic_load(&expecting) == 0);
    s3_answer_deinit(&answer);
    s3_link_free(link);
    http_server_close(server);
    return CHECK_DONE();
}
