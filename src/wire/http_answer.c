#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/file.h"
#include "wire/http_server.h"

enum { ANSWER_JSON_SIZE_MAX = 16 << 20, ANSWER_SMALL_SIZE = 32 * 1024 };

const char *http_status_title(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
        if (titles[i].status == status) { return titles[i].title; }
    }
    return "Error";
}

void http_add_header(struct http_request *request, const char *name, const char *value)
{
    if (request->added_count == HTTP_ADDED_HEADER_MAX || strpbrk(value, "\r\n")) { abort(); }
    request->added[request->added_count++] =
        (struct http_added_header){.name = mem_text(name), .value = mem_text(value)};
}

int http_status(const struct http_request *request)
{
    return request->status;
}

static bool added(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->added_count; i++) {
        if (strcasecmp(request->added[i].name, name) == 0) { return true; }
    }
    return false;
}

void http_answer_take(struct http_request *request, int status, const char *type,
                      struct MHD_Response *response)
{
    if (request->status) { abort(); } /* exactly one answer */
    request->status = status;
    request->response = response;
    if (!response) { return; }
    if (type) { (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type); }
    for (size_t i = 0; i < request->added_count; i++) {
        (void)MHD_add_response_header(response, request->added[i].name, request->added[i].value);
    }
    const char *const *common = request->server->config.common_headers;
    for (; common && common[0] && common[1]; common += 2) {
        if (!added(request, common[0])) {
            (void)MHD_add_response_header(response, common[0], common[1]);
        }
    }
}

void http_answer_bytes(struct http_request *request, int status, const char *type, struct span body)
{
    /* libmicrohttpd copies; its parameter is not const for the sake of its other modes. */
    void *bytes = (void *)(uintptr_t)body.data;
    http_answer_take(request, status, body.size > 0 || status == 200 ? type : NULL,
                     MHD_create_response_from_buffer(body.size, bytes, MHD_RESPMEM_MUST_COPY));
}

void http_answer_owned(struct http_request *request, int status, const char *type, void *bytes,
                       size_t size)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
    if (!response) { free(bytes); }
    http_answer_take(request, status, type, response);
}

/* Hands a text over without a copy. */
static void answer_text(struct http_request *request, int status, const char *type,
                        struct text *text)
{
    const size_t size = text->size;
    http_answer_owned(request, status, type, text_take(text), size);
}

void http_answer_json(struct http_request *request, int status, const struct value *body)
{
    CLEANUP(text_deinit) struct text json = text_limited(ANSWER_JSON_SIZE_MAX);
    value_write(body, &json);
    if (json.overflow) { /* ends the program's request, not the program: 500 without a body */
        http_answer_bytes(request, 500, NULL, span_of("", 0));
        return;
    }
    answer_text(request, status, status < 400 ? "application/json" : "application/problem+json",
                &json);
}

void http_answer_problem(struct http_request *request, int status, const char *title,
                         const char *detail)
{
    CLEANUP(value_free_p) struct value *problem = value_object();
    value_set_text(problem, "type", "about:blank");
    value_set_text(problem, "title", title);
    value_set_integer(problem, "status", status);
    value_set_text(problem, "detail", detail);
    http_answer_json(request, status, problem);
}

void http_answer_refusal(struct http_request *request, int status, const char *title,
                         const char *detail)
{
    http_add_header(request, MHD_HTTP_HEADER_CONNECTION, "close");
    http_answer_problem(request, status, title, detail);
}

static void add_range(struct http_request *request, const struct http_span *part, uint64_t size)
{
    char range[96];
    if (part) {
        (void)snprintf(range, sizeof range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, part->first,
                       part->last, size);
    } else {
        (void)snprintf(range, sizeof range, "bytes */%" PRIu64, size);
    }
    http_add_header(request, MHD_HTTP_HEADER_CONTENT_RANGE, range);
}

/* A range asked for under If-Range counts only while the file is still the one that was meant. */
static const char *wanted_range(const struct http_request *request, const char *etag)
{
    const char *condition = http_header(request, MHD_HTTP_HEADER_IF_RANGE);
    if (condition && (!etag || strcmp(condition, etag) != 0)) { return NULL; }
    return http_header(request, MHD_HTTP_HEADER_RANGE);
}

bool http_answer_unmet(struct http_request *request, const char *etag)
{
    const char *wanted = http_header(request, MHD_HTTP_HEADER_IF_MATCH);
    if (wanted && !http_etag_meant(wanted, etag)) {
        http_answer_problem(request, 412, http_status_title(412),
                            "The content is not, or no longer, the one that If-Match means.");
        return true;
    }
    if (!http_etag_listed(http_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH), etag)) {
        return false;
    }
    http_answer_bytes(request, 304, NULL, span_of("", 0));
    return true;
}

/* 200 or 206 and which bytes; 0: the request is answered with what there is instead of them. */
static int judge_file(struct http_request *request, const struct http_file *file,
                      struct http_span *part)
{
    if (file->etag) {
        http_add_header(request, MHD_HTTP_HEADER_ETAG, file->etag);
        if (http_answer_unmet(request, file->etag)) { return 0; }
    }
    http_add_header(request, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    const uint64_t size = file->size;
    *part = (struct http_span){.first = 0, .last = size ? size - 1 : 0};
    const bool get = strcmp(request->method, MHD_HTTP_METHOD_GET) == 0; /* else no range counts */
    const enum http_range range =
        http_parse_range(get ? wanted_range(request, file->etag) : NULL, size, part);
    if (range == HTTP_RANGE_UNSATISFIABLE) {
        add_range(request, NULL, size);
        http_answer_problem(request, 416, http_status_title(416),
                            "The file ends before the range.");
        return 0;
    }
    if (range == HTTP_RANGE_PART) { add_range(request, part, size); }
    return range == HTTP_RANGE_PART ? 206 : 200;
}

/* A small part in memory, so that head and body leave in one call. NULL: it cannot be read. */
static struct MHD_Response *small_response(int fd, uint64_t first, size_t size)
{
    uint8_t *bytes = mem_zeroed(size);
    const ssize_t got = pread(fd, bytes, size, (off_t)first);
    if (got < 0 || (size_t)got != size) {
        free(bytes);
        return NULL;
    }
    return MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
}

void http_answer_open_file(struct http_request *request, const struct http_file *file)
{
    struct http_span part = {0};
    const int status = judge_file(request, file, &part);
    if (!status) { return; }
    const uint64_t length = file->size ? part.last - part.first + 1 : 0;
    struct MHD_Response *response = NULL;
    if (length > 0 && length <= ANSWER_SMALL_SIZE) {
        response = small_response(file->fd, part.first, (size_t)length);
    } else {
        const int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
        response = fd >= 0 ? MHD_create_response_from_fd_at_offset64(length, fd, part.first) : NULL;
        if (!response) { file_close_p(&fd); } /* else it belongs to the response */
    }
    http_answer_take(request, status, file->type, response);
}

void http_answer_file(struct http_request *request, const char *type, int fd, const char *etag)
{
    struct stat about;
    if (fstat(fd, &about) || !S_ISREG(about.st_mode)) {
        http_answer_problem(request, 404, http_status_title(404), "There is no such file.");
    } else {
        const struct http_file file = {
            .fd = fd, .size = (uint64_t)about.st_size, .type = type, .etag = etag};
        http_answer_open_file(request, &file);
    }
    file_close_p(&fd);
}
