#include "release/purge.h"

#include <time.h>

#include "base/clock.h"
#include "base/value.h"
#include "system/backoff.h"
#include "wire/s3_transfer.h"

enum {
    BODY_SIZE_MAX = 16 * 1024,
    URL_SIZE = 512,
    TOKEN_HEADER_SIZE = 512,
    ATTEMPTS_MAX = 4,
    PAUSE_LEAST_MS = 500,
    PAUSE_MOST_MS = 8000,
    IDLE_TIMEOUT_MS = 15000,
};

static void write_body(const struct purge *purge, struct text *out)
{
    CLEANUP(value_free_p) struct value *body = value_object();
    struct value *files = value_array();
    value_append(files, value_text(purge->url));
    for (size_t i = 0; i < purge->origin_count; i++) {
        struct value *file = value_object();
        struct value *headers = value_object();
        value_set_text(headers, "Origin", purge->origins[i]);
        value_set_text(file, "url", purge->url);
        value_set(file, "headers", headers);
        value_append(files, file);
    }
    value_set(body, "files", files);
    value_write(body, out);
}

static enum err judge(const struct s3_answer *answer, struct why *why)
{
    CLEANUP(value_free_p) struct value *json = NULL;
    const bool read = value_parse(&json, text_span(&answer->body), BODY_SIZE_MAX, NULL) == OK;
    if (answer->status == 200 && read && value_boolean_or(value_get(json, "success"), false)) {
        return OK;
    }
    const struct value *errors = read ? value_get(json, "errors") : NULL;
    const struct value *first =
        errors && value_kind(errors) == VALUE_KIND_ARRAY ? value_at(errors, 0) : NULL;
    const char *message = value_text_or(first ? value_get(first, "message") : NULL, "no reason");
    const bool denied = answer->status == 401 || answer->status == 403;
    return why_set(why, denied ? ERR_DENIED : ERR_UNAVAILABLE, "the CDN answers %d: %.120s",
                   answer->status, message);
}

static enum err attempt(const struct s3_transfer *transfer, struct s3_link *link, struct why *why)
{
    struct s3_answer answer = {.body = text_limited(BODY_SIZE_MAX)};
    const struct s3_outcome outcome = s3_transfer_run(link, transfer, &answer, why);
    enum err err = outcome.err;
    if (!err) { err = judge(&answer, why); }
    s3_answer_deinit(&answer);
    return err;
}

static void pause_for(int64_t us)
{
    const struct timespec time = {.tv_sec = (time_t)(us / CLOCK_SECOND_US),
                                  .tv_nsec = (long)(us % CLOCK_SECOND_US) * 1000};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static enum err run(const struct purge *purge, const struct s3_transfer *transfer, struct why *why)
{
    const size_t most = purge->attempts_max ? purge->attempts_max : ATTEMPTS_MAX;
    const int64_t least_ms = purge->pause_least_ms > 0 ? purge->pause_least_ms : PAUSE_LEAST_MS;
    struct backoff backoff = backoff_between(least_ms * 1000, PAUSE_MOST_MS * INT64_C(1000));
    struct s3_link *link = s3_link_new();
    enum err err = OK;
    for (size_t i = 1;; i++) {
        err = attempt(transfer, link, why);
        if (!err || err == ERR_DENIED || i == most) { break; }
        pause_for(backoff_fail(&backoff, (uint32_t)clock_monotonic_us()));
    }
    s3_link_free(link);
    return err;
}

enum err purge_run(const struct purge *purge, struct why *why)
{
    if (strncmp(purge->api, "https://", 8) != 0 && strncmp(purge->api, "http://127.", 11) != 0) {
        return why_set(why, ERR_RANGE, "the CDN's API is \"%.80s\", https://HOST expected",
                       purge->api);
    }
    CLEANUP(text_deinit) struct text url = text_limited(URL_SIZE);
    CLEANUP(text_deinit) struct text body = text_limited(BODY_SIZE_MAX);
    CLEANUP(text_deinit) struct text bearer = text_limited(TOKEN_HEADER_SIZE);
    text_format(&url, "%s/client/v4/zones/%s/purge_cache", purge->api, purge->zone);
    write_body(purge, &body);
    text_add(&bearer, "Bearer ");
    text_add_bytes(&bearer, secret_bytes(purge->token));
    if (url.overflow || body.overflow || bearer.overflow) {
        return why_set(why, ERR_LIMIT, "the CDN's address, origins or token are too long");
    }
    const struct s3_request request = {
        .method = "POST", .key = "purge_cache", .body = text_span(&body)};
    const struct s3_pair headers[] = {{"Authorization", text_c(&bearer)},
                                      {"Content-Type", "application/json"}};
    const struct s3_transfer transfer = {.request = &request,
                                         .url = text_c(&url),
                                         .headers = headers,
                                         .header_count = ARRAY_LEN(headers),
                                         .ca_path = purge->ca_path,
                                         .idle_timeout_ms = IDLE_TIMEOUT_MS};
    const enum err err = run(purge, &transfer, why);
    explicit_bzero(bearer.data, bearer.size);
    return err;
}
