#include "wire/s3.h"

#include <unistd.h>

#include "check.h"
#include "unit/wire/store_peer.h"

static int64_t clock_fixed_us;

static int64_t fixed_now(void)
{
    return clock_fixed_us;
}

static int ask(struct s3 *s3, const struct s3_request *request, struct s3_answer *answer)
{
    struct why why = {""};
    const enum err err = s3_ask(s3, request, answer, &why);
    if (err) { printf("# %s\n", why.text); }
    CHECK(!strstr(why.text, "VERYSECRET"));
    return err ? -1 : answer->status;
}

static void test_objects(struct s3 *s3)
{
    struct s3_answer answer;
    const struct s3_request put = {.method = "PUT",
                                   .key = "a key+ü=",
                                   .body = span_text("hello"),
                                   .content_type = "text/plain",
                                   .if_none_match = "*"};
    CHECK(ask(s3, &put, &answer) == 200);
    CHECK_TEXT(answer.etag, "5d41402abc4b2a76b9719d911017c592");
    s3_answer_deinit(&answer);
    CHECK(ask(s3, &put, &answer) == 412);
    CHECK_TEXT(answer.code, "PreconditionFailed");
    struct why why = {""};
    CHECK(s3_refused(&put, &answer, &why) == ERR_CONFLICT &&
          strstr(why.text, "412 PreconditionFailed"));
    s3_answer_deinit(&answer);
    const struct s3_request head = {.method = "HEAD", .key = put.key};
    CHECK(ask(s3, &head, &answer) == 200 && answer.size == 5 && answer.body.size == 0);
    s3_answer_deinit(&answer);
    const struct s3_request get = {.method = "GET", .key = put.key};
    CHECK(ask(s3, &get, &answer) == 200);
    CHECK_TEXT(text_c(&answer.body), "hello");
    s3_answer_deinit(&answer);
    const struct s3_request drop = {.method = "DELETE", .key = put.key};
    CHECK(ask(s3, &drop, &answer) == 204);
    s3_answer_deinit(&answer);
    CHECK(ask(s3, &get, &answer) == 404 && s3_refused(&get, &answer, NULL) == ERR_NOT_FOUND);
    s3_answer_deinit(&answer);
}

static void test_file(struct s3 *s3)
{
    char path[] = "/tmp/tocsin-s3-XXXXXX";
    struct s3_answer answer;
    const int fd = mkstemp(path);
    if (write(fd, "xxhelloyy", 9) != 9) { abort(); }
    (void)unlink(path);
    const struct s3_request put = {
        .method = "PUT", .key = "part", .fd = fd, .offset = 2, .size = 5};
    peer_fail("PUT b/part", 503, 1, false); /* the second attempt begins at its beginning */
    CHECK(ask(s3, &put, &answer) == 200 && answer.attempts == 2);
    CHECK_TEXT(answer.etag, "5d41402abc4b2a76b9719d911017c592");
    s3_answer_deinit(&answer);
    const struct s3_request beyond = {
        .method = "PUT", .key = "part", .fd = fd, .offset = 2, .size = 50};
    struct why why = {""};
    CHECK(s3_ask(s3, &beyond, &answer, &why) == ERR_IO);
    (void)close(fd);
}

static void test_attempts(struct s3 *s3)
{
    struct s3_answer answer;
    struct why why = {""};
    const struct s3_request get = {.method = "GET", .key = "part"};
    peer_forget();
    peer_fail("GET", 503, 2, false);
    CHECK(ask(s3, &get, &answer) == 200 && answer.attempts == 3);
    s3_answer_deinit(&answer);
    peer_fail("GET", 503, 99, false);
    peer.log_count = 0;
    CHECK(s3_ask(s3, &get, &answer, &why) == ERR_UNAVAILABLE && peer_count("GET") == 4);
    CHECK(strstr(why.text, "503 Ordered") != NULL);
    peer_fail("GET", 403, 1, false); /* what will not pass is not tried again */
    CHECK(ask(s3, &get, &answer) == 403 && answer.attempts == 1 &&
          s3_refused(&get, &answer, NULL) == ERR_DENIED);
    s3_answer_deinit(&answer);
    peer_forget();
}

static void test_clock(void)
{
    char endpoint[64];
    struct s3 *s3 = NULL;
    struct s3_answer answer;
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", http_server_port(peer.server));
    const struct s3_config config = {.endpoint = endpoint,
                                     .bucket = "b",
                                     .region = "auto",
                                     .key_id = peer_key_id,
                                     .key = peer_key,
                                     .now_us = fixed_now};
    clock_fixed_us = clock_wall_us() - 7 * CLOCK_HOUR_US;
    peer.clock_us = clock_wall_us();
    CHECK(s3_open(&s3, &config, NULL) == OK);
    const struct s3_request get = {.method = "GET", .key = "part"};
    const struct s3_request head = {.method = "HEAD", .key = "part"};
    CHECK(ask(s3, &head, &answer) == 200 && answer.attempts == 2); /* its Date was believed, */
    s3_answer_deinit(&answer);
    CHECK(ask(s3, &get, &answer) == 200 && answer.attempts == 1); /* and is remembered */
    s3_answer_deinit(&answer);
    peer.clock_us -= 30 * CLOCK_HOUR_US; /* a store that contradicts its own Date */
    CHECK(ask(s3, &get, &answer) == 403 && answer.attempts == 2);
    s3_answer_deinit(&answer);
    peer.clock_us = 0;
    s3_close(s3);
}

static void refuses(const char *endpoint, const char *bucket)
{
    struct s3 *s3 = NULL;
    struct why why = {""};
    const struct s3_config config = {
        .endpoint = endpoint, .bucket = bucket, .region = "auto", .now_us = fixed_now};
    CHECK(s3_open(&s3, &config, &why) == ERR_RANGE && why.text[0] && !s3);
}

static void test_refused(struct s3 *s3)
{
    refuses("ftp://x", "b");
    refuses("https://", "b");
    refuses("https://x/path", "b");
    refuses("http://192.0.2.1", "b");
    refuses("http://127.0.0.1.example.org@x", "b");
    refuses("https://x", "");
    refuses("https://x", "a/b");
    char key[S3_KEY_SIZE + S3_NAME_SIZE + 20];
    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    struct s3_answer answer;
    const struct s3_request get = {.method = "GET", .key = key};
    CHECK(s3_ask(s3, &get, &answer, NULL) == ERR_LIMIT);
}

static void test_nobody(void)
{
    struct s3 *s3 = NULL;
    struct s3_answer answer;
    struct why why = {""};
    const struct s3_config config = {.endpoint = "http://127.0.0.1:1",
                                     .bucket = "b",
                                     .region = "auto",
                                     .key_id = peer_key_id,
                                     .key = peer_key,
                                     .attempts_max = 2,
                                     .pause_least_ms = 1,
                                     .now_us = clock_wall_us};
    CHECK(s3_open(&s3, &config, NULL) == OK);
    const struct s3_request get = {.method = "GET", .key = "part"};
    CHECK(s3_ask(s3, &get, &answer, &why) == ERR_UNAVAILABLE && strstr(why.text, "GET part"));
    s3_close(s3);
}

int main(void)
{
    peer_open();
    struct s3 *s3 = peer_client(4);
    test_objects(s3);
    test_file(s3);
    test_attempts(s3);
    test_clock();
    test_refused(s3);
    test_nobody();
    s3_close(s3);
    peer_close();
    peer_end_clients();
    return CHECK_DONE();
}
