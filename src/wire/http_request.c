#include <string.h>
#include <strings.h>

#include "wire/http_server.h"

struct http_request *http_request_new(struct http_server *server, const char *target)
{
    struct http_request *request = MEM_NEW(struct http_request);
    request->server = server;
    request->target = mem_text(target);
    request->body = text_limited(server->config.body_size_max);
    return request;
}

void http_request_drop_socket(struct http_request *request)
{
    const struct websocket_handler handler = request->socket_handler;
    request->socket_handler = (struct websocket_handler){0};
    if (handler.closed) { handler.closed(handler.context, NULL); }
}

void http_request_free(struct http_request *request)
{
    http_request_drop_socket(request);
    for (size_t i = 0; i < request->added_count; i++) {
        free(request->added[i].name);
        free(request->added[i].value);
    }
    if (request->response) { MHD_destroy_response(request->response); }
    http_pairs_deinit(&request->query);
    http_pairs_deinit(&request->cookies);
    text_deinit(&request->body);
    free(request->target);
    free(request);
}

/* What the headers say about the body, and whether two readers could disagree. */
struct head {
    size_t size, lengths, codings, hosts;
    uint64_t length;
    bool sound;
};

static enum MHD_Result judge_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    (void)kind;
    struct head *head = context;
    value = value ? value : "";
    head->size += strlen(name) + strlen(value) + 4;
    head->sound = head->sound && http_token_valid(name) && !strpbrk(value, "\r\n");
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        head->lengths++;
        const size_t digits = strspn(value, "0123456789");
        head->sound = head->sound && digits > 0 && digits < 19 && !value[digits];
        head->length = head->sound ? strtoull(value, NULL, 10) : 0;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        head->codings++;
        head->sound = head->sound && strcasecmp(value, "chunked") == 0;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
        head->hosts++;
    }
    return MHD_YES;
}

static bool refuse_head(struct http_request *request, int status, const char *detail)
{
    http_answer_refusal(request, status, http_status_title(status), detail);
    return false;
}

/* Request smuggling lives where two readers see different ends of one message (RFC 9112, 6.3). */
static bool judge_head(struct http_request *request, const char *version)
{
    struct head head = {.sound = true, .size = strlen(request->target) + 32};
    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, judge_header, &head);
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) {
        return refuse_head(request, 505, "This server speaks HTTP/1.1.");
    }
    if (head.size > HTTP_HEADERS_SIZE_MAX) {
        return refuse_head(request, 431, "The request line and headers exceed 16 KiB.");
    }
    if (!head.sound || head.lengths > 1 || head.codings > 1 || head.hosts > 1 ||
        (head.lengths && head.codings)) {
        return refuse_head(request, 400,
                           "The headers contradict each other or are not well formed.");
    }
    if (head.codings && strcmp(version, "HTTP/1.0") == 0) {
        return refuse_head(request, 400, "HTTP/1.0 knows no transfer coding.");
    }
    if (head.length > request->server->config.body_size_max) {
        return refuse_head(request, 413, "The body is larger than this server takes.");
    }
    return true;
}

bool http_request_read_head(struct http_request *request, const char *method, const char *version)
{
    if (!text_copy(request->method, sizeof request->method, method) || !http_token_valid(method)) {
        return refuse_head(request, 501, "The method is not known.");
    }
    if (!judge_head(request, version)) { return false; }
    http_parse_cookies(&request->cookies, http_header(request, MHD_HTTP_HEADER_COOKIE));
    struct why why = {""};
    enum err err = http_parse_path(request->path, request->target, &why);
    if (!err) { err = http_parse_query(&request->query, request->target, &why); }
    if (err) { return refuse_head(request, err == ERR_LIMIT ? 414 : 400, why.text); }
    const struct http_config *config = &request->server->config;
    if (config->client_ca_path && !http_peer_verify(request->peer, request->connection) &&
        !config->client_certificate_optional) {
        return refuse_head(request, 403, "A valid certificate of this site is required.");
    }
    return true;
}

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->path;
}

const char *http_query(const struct http_request *request, const char *name)
{
    return http_pairs_get(&request->query, name);
}

const char *http_header(const struct http_request *request, const char *name)
{
    const char *value = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
    return value && strlen(value) < HTTP_HEADER_VALUE_SIZE ? value : NULL;
}

struct lines {
    const char *name;
    struct text *out;
};

static enum MHD_Result add_line(void *context, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    const struct lines *lines = context;
    (void)kind;
    if (strcasecmp(name, lines->name) == 0) {
        if (lines->out->size > 0) { text_add(lines->out, ","); }
        text_add(lines->out, value ? value : "");
    }
    return MHD_YES;
}

void http_header_lines(const struct http_request *request, const char *name, struct text *out)
{
    struct lines lines = {name, out};
    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_line, &lines);
}

const char *http_cookie(const struct http_request *request, const char *name)
{
    return http_pairs_get(&request->cookies, name);
}

struct span http_body(const struct http_request *request)
{
    return text_span(&request->body);
}

const char *http_peer_address(const struct http_request *request)
{
    return request->peer->address;
}

struct span http_peer_certificate(const struct http_request *request)
{
    const struct http_peer *peer = request->peer;
    return *peer->identity ? text_span(&peer->certificate) : span_of(NULL, 0);
}

const char *http_peer_identity(const struct http_request *request)
{
    return *request->peer->identity ? request->peer->identity : NULL;
}
