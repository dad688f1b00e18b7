#include "wire/s3.h"

#include <pthread.h>
#include <stdio.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "system/backoff.h"
#include "wire/digest.h"
#include "wire/s3_transfer.h"

enum {
    LINKS_KEPT_MAX = 16,
    ATTEMPTS_MAX = 6,
    PAUSE_LEAST_MS = 200,
    PAUSE_MOST_MS = 10000,
    IDLE_TIMEOUT_MS = 30000,
    CA_PATH_SIZE = 4096,
};
#define SKEW_MAX_US (5 * CLOCK_MINUTE_US) /* a store bears 15 minutes */

struct s3 {
    char endpoint[S3_URL_SIZE], host[S3_URL_SIZE]; /* with scheme; host[:port] */
    char bucket[S3_NAME_SIZE], region[S3_NAME_SIZE];
    char ca_path[CA_PATH_SIZE];
    struct s3_config config;
    pthread_mutex_t lock; /* for what follows */
    struct s3_link *links[LINKS_KEPT_MAX];
    size_t link_count;
    int64_t skew_us; /* the store's clock minus ours */
};

/* ---- opening ---- */

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
           strncmp(host, "localhost:", 10) == 0 || strcmp(host, "localhost") == 0;
}

static enum err read_endpoint(struct s3 *s3, const char *endpoint, struct why *why)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:[]";
    const bool tls = strncmp(endpoint, "https://", 8) == 0;
    const char *host = endpoint + (tls ? 8 : 7);
    size_t size = strlen(endpoint);
    while (size > 8 && endpoint[size - 1] == '/') {
        size--;
    }
    if ((!tls && strncmp(endpoint, "http://", 7) != 0) || size >= S3_URL_SIZE) {
        return why_set(why, ERR_RANGE, "the store's endpoint is \"%.80s\", https://HOST expected",
                       endpoint);
    }
    (void)snprintf(s3->endpoint, sizeof s3->endpoint, "%.*s", (int)size, endpoint);
    (void)snprintf(s3->host, sizeof s3->host, "%s", s3->endpoint + (host - endpoint));
    if (!s3->host[0] || s3->host[strspn(s3->host, letters)]) {
        return why_set(why, ERR_RANGE, "the store's endpoint \"%.80s\" is more than a host",
                       endpoint);
    }
    if (!tls && !is_loopback(s3->host)) {
        return why_set(why, ERR_RANGE, "plain HTTP is for loopback only, not for %.80s", s3->host);
    }
    return OK;
}

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

enum err s3_open(struct s3 **out, const struct s3_config *config, struct why *why)
{
    CLEANUP(s3_close_p) struct s3 *s3 = MEM_NEW(struct s3);
    if (pthread_mutex_init(&s3->lock, NULL)) { abort(); }
    s3->config = *config;
    s3->config.attempts_max = config->attempts_max ? config->attempts_max : ATTEMPTS_MAX;
    s3->config.pause_least_ms = or_default(config->pause_least_ms, PAUSE_LEAST_MS);
    s3->config.idle_timeout_ms = or_default(config->idle_timeout_ms, IDLE_TIMEOUT_MS);
    const enum err err = read_endpoint(s3, config->endpoint, why);
    if (err) { return err; }
    if (!config->bucket[0] || strchr(config->bucket, '/') ||
        !text_copy(s3->bucket, sizeof s3->bucket, config->bucket) ||
        !text_copy(s3->region, sizeof s3->region, config->region) ||
        !text_copy(s3->ca_path, sizeof s3->ca_path, config->ca_path ? config->ca_path : "")) {
        return why_set(why, ERR_RANGE, "\"%.80s\" is no bucket", config->bucket);
    }
    *out = TAKE(s3);
    return OK;
}

void s3_close(struct s3 *s3)
{
    if (!s3) { return; }
    for (size_t i = 0; i < s3->link_count; i++) {
        s3_link_free(s3->links[i]);
    }
    (void)pthread_mutex_destroy(&s3->lock);
    free(s3);
}

void s3_answer_deinit(struct s3_answer *answer)
{
    text_deinit(&answer->body);
}

/* ---- what threads share ---- */

static struct s3_link *take_link(struct s3 *s3)
{
    struct s3_link *link = NULL;
    (void)pthread_mutex_lock(&s3->lock);
    if (s3->link_count > 0) { link = s3->links[--s3->link_count]; }
    (void)pthread_mutex_unlock(&s3->lock);
    return link ? link : s3_link_new();
}

static void give_link(struct s3 *s3, struct s3_link *link)
{
    (void)pthread_mutex_lock(&s3->lock);
    const bool keep = s3->link_count < LINKS_KEPT_MAX;
    if (keep) { s3->links[s3->link_count++] = link; }
    (void)pthread_mutex_unlock(&s3->lock);
    if (!keep) { s3_link_free(link); }
}

static int64_t store_time_us(struct s3 *s3)
{
    (void)pthread_mutex_lock(&s3->lock);
    const int64_t skew_us = s3->skew_us;
    (void)pthread_mutex_unlock(&s3->lock);
    return s3->config.now_us() + skew_us;
}

static void set_skew(struct s3 *s3, int64_t date_s)
{
    (void)pthread_mutex_lock(&s3->lock);
    s3->skew_us = date_s * CLOCK_SECOND_US - s3->config.now_us();
    (void)pthread_mutex_unlock(&s3->lock);
}

/* ---- one attempt ---- */

/* What is asked, in the forms that do not change between attempts. */
struct asked {
    const struct s3_request *request;
    struct digest digest;
    char path[S3_NAME_SIZE + S3_KEY_SIZE + 2];
    struct text url;
};

static enum err prepare(struct asked *asked, const struct s3 *s3, struct why *why)
{
    const struct s3_request *request = asked->request;
    const int size = snprintf(asked->path, sizeof asked->path, "/%s%s%s", s3->bucket,
                              request->key[0] ? "/" : "", request->key);
    text_add(&asked->url, s3->endpoint);
    s3_encode(&asked->url, asked->path, true);
    if (request->query_count > 0) { text_add_char(&asked->url, '?'); }
    s3_write_query(&asked->url, request->query, request->query_count);
    if (size < 0 || (size_t)size >= sizeof asked->path || asked->url.overflow) {
        return why_set(why, ERR_LIMIT, "the key %.60s... is too long", request->key);
    }
    if (request->digest) {
        asked->digest = *request->digest;
    } else if (request->size > 0) {
        return digest_file(&asked->digest, request->fd, request->offset, request->size, why);
    } else {
        digest_bytes(&asked->digest, request->body);
    }
    return OK;
}

static size_t list_headers(struct s3_pair headers[static S3_PAIRS_MAX], const struct asked *asked,
                           const struct s3 *s3, const char *date)
{
    const struct s3_request *request = asked->request;
    const struct s3_pair all[] = {{"Host", s3->host},
                                  {"X-Amz-Content-Sha256", asked->digest.sha256},
                                  {"X-Amz-Date", date},
                                  {"Content-Type", request->content_type},
                                  {"Cache-Control", request->cache_control},
                                  {"If-Match", request->if_match},
                                  {"If-None-Match", request->if_none_match},
                                  {"Range", request->range}};
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i].value) { headers[count++] = all[i]; }
    }
    return count;
}

static struct s3_outcome attempt(struct s3 *s3, const struct asked *asked, struct s3_link *link,
                                 struct s3_answer *answer, struct why *why)
{
    char date[S3_DATE_SIZE];
    const int64_t at_us = store_time_us(s3);
    struct s3_pair headers[S3_PAIRS_MAX];
    size_t count = list_headers(headers, asked, s3, s3_write_date(date, at_us));
    const struct s3_sign sign = {.method = asked->request->method,
                                 .path = asked->path,
                                 .query = asked->request->query,
                                 .query_count = asked->request->query_count,
                                 .headers = headers,
                                 .header_count = count,
                                 .payload_sha256 = asked->digest.sha256,
                                 .region = s3->region,
                                 .service = "s3",
                                 .key_id = s3->config.key_id,
                                 .key = s3->config.key,
                                 .at_us = at_us};
    CLEANUP(text_deinit) struct text authorization = text_limited(S3_AUTHORIZATION_SIZE_MAX);
    const enum err err = s3_write_authorization(&authorization, &sign, why);
    if (err) { return (struct s3_outcome){.err = err}; }
    headers[count++] = (struct s3_pair){"Authorization", text_c(&authorization)};
    const struct s3_transfer transfer = {.request = asked->request,
                                         .url = text_c(&asked->url),
                                         .headers = headers,
                                         .header_count = count,
                                         .ca_path = s3->ca_path[0] ? s3->ca_path : NULL,
                                         .idle_timeout_ms = s3->config.idle_timeout_ms};
    const struct s3_outcome outcome = s3_transfer_run(link, &transfer, answer, why);
    explicit_bzero(authorization.data, authorization.size);
    return outcome;
}

/* ---- as many as it takes ---- */

static bool passes(int status, const char *code)
{
    static const int statuses[] = {408, 429, 500, 502, 503, 504};
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (statuses[i] == status) { return true; }
    }
    return strcmp(code, "RequestTimeout") == 0;
}

enum err s3_refused(const struct s3_request *request, const struct s3_answer *answer,
                    struct why *why)
{
    enum err err = ERR_IO;
    if (answer->status == 404) { err = ERR_NOT_FOUND; }
    if (answer->status == 401 || answer->status == 403) { err = ERR_DENIED; }
    if (answer->status == 409 || answer->status == 412) { err = ERR_CONFLICT; }
    if (passes(answer->status, answer->code)) { err = ERR_UNAVAILABLE; }
    const bool unknown = answer->status == 501 && (request->if_match || request->if_none_match);
    return why_set(why, err, "%s %.100s: the store answers %d %s%s", request->method, request->key,
                   answer->status, answer->code,
                   unknown ? "; it seems to know no conditional PUT" : "");
}

static void pause_for(int64_t us)
{
    const struct timespec time = {.tv_sec = (time_t)(us / CLOCK_SECOND_US),
                                  .tv_nsec = (long)(us % CLOCK_SECOND_US) * 1000};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

/* Whether the store refuses us for our clock. HEAD has no body that would say so. */
static bool is_skewed(struct s3 *s3, struct s3_outcome outcome, const struct s3_answer *answer)
{
    if (outcome.err || answer->status != 403 || !outcome.date_s) { return false; }
    if (strcmp(answer->code, "RequestTimeTooSkewed") == 0) { return true; }
    const int64_t apart_us = outcome.date_s * CLOCK_SECOND_US - store_time_us(s3);
    return !answer->code[0] && (apart_us > SKEW_MAX_US || apart_us < -SKEW_MAX_US);
}

/* Whether another attempt makes sense after this one; waits before it. */
static bool try_again(struct s3 *s3, struct s3_outcome outcome, const struct s3_answer *answer,
                      struct backoff *backoff, bool *corrected)
{
    if (!*corrected && is_skewed(s3, outcome, answer)) {
        *corrected = true;
        set_skew(s3, outcome.date_s);
        return true;
    }
    const bool may = outcome.err ? outcome.may_repeat : passes(answer->status, answer->code);
    if (!may || answer->attempts == s3->config.attempts_max) { return false; }
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random) { random = 0; }
    pause_for(backoff_fail(backoff, random));
    return true;
}

static enum err ask_on(struct s3 *s3, const struct asked *asked, struct s3_link *link,
                       struct s3_answer *answer, struct why *why)
{
    struct backoff backoff =
        backoff_between(s3->config.pause_least_ms * 1000, PAUSE_MOST_MS * INT64_C(1000));
    struct s3_outcome outcome;
    bool corrected = false;
    do {
        answer->attempts++;
        outcome = attempt(s3, asked, link, answer, why);
    } while (try_again(s3, outcome, answer, &backoff, &corrected));
    if (!outcome.err && passes(answer->status, answer->code)) {
        return s3_refused(asked->request, answer, why);
    }
    return outcome.err;
}

enum err s3_ask(struct s3 *s3, const struct s3_request *request, struct s3_answer *out,
                struct why *why)
{
    CLEANUP(mem_free_p) struct asked *asked = MEM_NEW(struct asked);
    asked->request = request;
    asked->url = text_limited(S3_URL_SIZE + 2 * S3_PATH_SIZE_MAX);
    struct s3_answer answer = {.body = text_limited(S3_BODY_SIZE_MAX)};
    enum err err = prepare(asked, s3, why);
    if (!err) {
        struct s3_link *link = take_link(s3);
        err = ask_on(s3, asked, link, &answer, why);
        give_link(s3, link);
    }
    text_deinit(&asked->url);
    if (err) {
        s3_answer_deinit(&answer);
        return err;
    }
    *out = answer;
    return OK;
}
