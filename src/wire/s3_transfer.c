#include "wire/s3_transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/s3_answer.h"

enum { CONNECT_TIMEOUT_MS = 10000, UPLOAD_BUFFER_SIZE = 256 * 1024 };

struct s3_link {
    CURL *curl;
};

/* One exchange under way. */
struct exchange {
    const struct s3_request *request;
    struct s3_answer *answer;
    CURL *curl;
    uint64_t sent;
    int64_t idle_most_us, last_byte_us; /* monotonic: when something went or came */
    bool idle;
    bool unreadable; /* our own file could not be read */
    bool too_large;  /* the answer */
};

static void start_library(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) { abort(); }
}

struct s3_link *s3_link_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_library);
    struct s3_link *link = MEM_NEW(struct s3_link);
    link->curl = curl_easy_init();
    if (!link->curl) { abort(); }
    return link;
}

void s3_link_free(struct s3_link *link)
{
    if (!link) { return; }
    curl_easy_cleanup(link->curl);
    free(link);
}

/* ---- the body on its way out ---- */

static uint64_t body_size(const struct s3_request *request)
{
    return request->size > 0 ? request->size : request->body.size;
}

static size_t on_read(char *to, size_t unit, size_t count, void *context)
{
    struct exchange *exchange = context;
    const struct s3_request *request = exchange->request;
    const uint64_t left = body_size(request) - exchange->sent;
    size_t size = unit * count < left ? unit * count : (size_t)left;
    if (request->size > 0 && size > 0) {
        const ssize_t got = pread(request->fd, to, size, (off_t)(request->offset + exchange->sent));
        exchange->unreadable = got <= 0;
        if (got <= 0) { return CURL_READFUNC_ABORT; }
        size = (size_t)got;
    } else if (size > 0) {
        memcpy(to, request->body.data + exchange->sent, size);
    }
    exchange->sent += size;
    exchange->last_byte_us = clock_monotonic_us();
    if (request->sent && size > 0) { request->sent(request->context, exchange->sent); }
    return size;
}

/* libcurl begins again when a kept connection turns out to be dead. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
    struct exchange *exchange = context;
    if (origin != SEEK_SET || offset < 0) { return CURL_SEEKFUNC_FAIL; }
    exchange->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* ---- the answer ---- */

/* The value of the header `name` in the line, trimmed; an empty span for another header. */
static struct span header_value(const char *line, size_t size, const char *name)
{
    const size_t length = strlen(name);
    if (size <= length || line[length] != ':' || strncasecmp(line, name, length) != 0) {
        return span_of(NULL, 0);
    }
    const char *at = line + length + 1;
    const char *end = line + size;
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ')) {
        end--;
    }
    return span_of(at, (size_t)(end - at));
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's own signature */
static size_t on_header(char *line, size_t unit, size_t count, void *context)
{
    struct exchange *exchange = context;
    exchange->last_byte_us = clock_monotonic_us();
    struct span etag = header_value(line, unit * count, "ETag");
    if (etag.size >= 2 && etag.data[0] == '"' && etag.data[etag.size - 1] == '"') {
        etag = span_of(etag.data + 1, etag.size - 2);
    }
    if (etag.size > 0 && etag.size < S3_ETAG_SIZE) {
        memcpy(exchange->answer->etag, etag.data, etag.size);
        exchange->answer->etag[etag.size] = '\0';
    }
    return unit * count;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's own signature */
static size_t on_write(char *data, size_t unit, size_t count, void *context)
{
    struct exchange *exchange = context;
    exchange->last_byte_us = clock_monotonic_us();
    text_add_bytes(&exchange->answer->body, span_of(data, unit * count));
    exchange->too_large = exchange->answer->body.overflow;
    return exchange->too_large ? 0 : unit * count;
}

/* libcurl calls this about once a second, also while nothing moves. */
static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    (void)total, (void)now, (void)up_total, (void)up_now;
    struct exchange *exchange = context;
    exchange->idle = clock_monotonic_us() - exchange->last_byte_us > exchange->idle_most_us;
    return exchange->idle;
}

/* ---- options ---- */

static struct curl_slist *list_headers(const struct s3_transfer *transfer)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* R2 knows no 100-continue */
    for (size_t i = 0; i < transfer->header_count; i++) {
        CLEANUP(text_deinit) struct text line = text_limited(S3_PATH_SIZE_MAX + 128);
        text_format(&line, "%s: %s", transfer->headers[i].name, transfer->headers[i].value);
        struct curl_slist *longer = curl_slist_append(list, text_c(&line));
        if (!longer || line.overflow) { abort(); }
        if (line.data) { explicit_bzero(line.data, line.size); } /* one is the signature */
        list = longer;
    }
    return list;
}

static CURLcode set_method(CURL *curl, const struct s3_request *request)
{
    const bool put = strcmp(request->method, "PUT") == 0 || strcmp(request->method, "POST") == 0;
    if (strcmp(request->method, "HEAD") == 0) { return curl_easy_setopt(curl, CURLOPT_NOBODY, 1L); }
    if (!put) { return curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method); }
    const CURLcode codes[] = {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L),
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body_size(request)),
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method),
    };
    return codes[0] ? codes[0] : codes[1] ? codes[1] : codes[2];
}

static CURLcode set_options(struct exchange *exchange, const struct s3_transfer *transfer,
                            struct curl_slist *headers)
{
    CURL *curl = exchange->curl;
    const CURLcode codes[] = {
        set_method(curl, transfer->request),
        curl_easy_setopt(curl, CURLOPT_URL, transfer->url),
        curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L),
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https"),
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1),
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers),
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L),
        curl_easy_setopt(curl, CURLOPT_PROXY, ""),
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L),
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS),
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L),
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress),
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange),
        curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER_SIZE),
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L),
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L),
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read),
        curl_easy_setopt(curl, CURLOPT_READDATA, exchange),
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek),
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, exchange),
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header),
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange),
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_write),
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange),
        transfer->ca_path ? curl_easy_setopt(curl, CURLOPT_CAINFO, transfer->ca_path) : CURLE_OK,
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i]) { return codes[i]; }
    }
    return CURLE_OK;
}

/* ---- the exchange ---- */

static struct s3_outcome judge(const struct exchange *exchange, CURLcode code, struct why *why)
{
    const struct s3_request *request = exchange->request;
    struct s3_outcome outcome = {.err = OK};
    if (!code) { return outcome; }
    outcome.err = ERR_UNAVAILABLE;
    outcome.may_repeat = true;
    const char *what = curl_easy_strerror(code);
    if (exchange->unreadable) {
        outcome = (struct s3_outcome){.err = ERR_IO};
        what = "our own file cannot be read to its end";
    } else if (exchange->too_large) {
        outcome = (struct s3_outcome){.err = ERR_LIMIT};
        what = "the answer is too large";
    } else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
        outcome = (struct s3_outcome){.err = ERR_DENIED};
    } else if (exchange->idle || code == CURLE_OPERATION_TIMEDOUT) {
        outcome.err = ERR_TIMEOUT;
        what = "no answer in time";
    }
    (void)why_set(why, outcome.err, "%s %.100s: %s", request->method, request->key, what);
    return outcome;
}

static void read_head(struct exchange *exchange, struct s3_outcome *outcome)
{
    long status = 0;
    curl_off_t size = -1;
    const struct curl_header *date = NULL; /* the Date of the store's clock */
    struct curl_header *found = NULL;
    (void)curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(exchange->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    if (!curl_easy_header(exchange->curl, "Date", 0, CURLH_HEADER, -1, &found)) { date = found; }
    const int64_t seconds = date ? (int64_t)curl_getdate(date->value, NULL) : -1;
    outcome->date_s = seconds > 0 ? seconds : 0;
    exchange->answer->status = (int)status;
    exchange->answer->size = (int64_t)size;
    const struct span body = text_span(&exchange->answer->body);
    char *code = exchange->answer->code;
    if (!s3_answer_element(body, "Code", code, S3_CODE_SIZE)) { code[0] = '\0'; }
}

struct s3_outcome s3_transfer_run(struct s3_link *link, const struct s3_transfer *transfer,
                                  struct s3_answer *answer, struct why *why)
{
    text_clear(&answer->body);
    answer->etag[0] = '\0';
    struct exchange exchange = {.request = transfer->request,
                                .answer = answer,
                                .curl = link->curl,
                                .idle_most_us = transfer->idle_timeout_ms * 1000,
                                .last_byte_us = clock_monotonic_us()};
    curl_easy_reset(link->curl); /* the connection stays */
    struct curl_slist *headers = list_headers(transfer);
    CURLcode code = set_options(&exchange, transfer, headers);
    if (!code) { code = curl_easy_perform(link->curl); }
    struct s3_outcome outcome = judge(&exchange, code, why);
    if (!outcome.err) { read_head(&exchange, &outcome); }
    curl_easy_reset(link->curl); /* forgets the headers before they are freed */
    curl_slist_free_all(headers);
    return outcome;
}
