#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/log.h"
#include "base/metric.h"
#include "programs/enrol/routes.h"
#include "trust/certificate_bag.h"
#include "wire/est.h"

enum { CREDENTIALS_SIZE = 256 };

static void count(const char *answer)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "answer=\"%s\"", answer);
    metric_add(
        metric_counter("tocsin_enrol_requests_total", "Certificates asked for, by answer.", labels),
        1);
}

static void answer_der(struct http_request *request, const char *type, struct span der)
{
    CLEANUP(text_deinit) struct text body = text_limited((size_t)2 * EST_BODY_SIZE_MAX);
    est_write(&body, der);
    http_add_header(request, "Content-Transfer-Encoding", "base64");
    http_answer_bytes(request, 200, type, text_span(&body));
}

static void answer_authorities(struct desk *desk, struct http_request *request)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text der = text_limited(CERTIFICATE_BAG_SIZE_MAX);
    if (desk_authorities(desk, &der, &why)) {
        routes_fail(request, &why);
    } else {
        answer_der(request, EST_TYPE_CERTIFICATES, text_span(&der));
    }
}

/* What a request should have: an Ed25519 key (RFC 8410), and nothing else. */
static void answer_attributes(struct http_request *request)
{
    static const uint8_t der[] = {0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70};
    answer_der(request, EST_TYPE_ATTRIBUTES, span_of(der, sizeof der));
}

static void answer_unauthorised(struct http_request *request, const char *detail)
{
    http_add_header(request, "WWW-Authenticate", "Basic realm=\"tocsin-enrol\", charset=\"UTF-8\"");
    http_answer_problem(request, 401, "Unauthorized", detail);
}

/* "NAME:TOKEN" out of an Authorization header of the scheme Basic; false when it is none. */
static bool read_basic(const struct http_request *request,
                       char credentials[static CREDENTIALS_SIZE], struct desk_caller *caller)
{
    const char *header = http_header(request, "Authorization");
    size_t size = 0;
    if (!header || strncasecmp(header, "Basic ", 6) != 0 ||
        decode_base64((uint8_t *)credentials, CREDENTIALS_SIZE - 1, &size, header + 6, NULL) ||
        memchr(credentials, '\0', size)) {
        return false;
    }
    credentials[size] = '\0';
    char *colon = strchr(credentials, ':');
    if (!colon) { return false; }
    *colon = '\0';
    caller->name = credentials;
    caller->token = colon + 1;
    return true;
}

static void answer_certify(struct desk *desk, const struct desk_caller *caller, const char *deed,
                           struct http_request *request)
{
    struct why why = {0};
    enum desk_answer answer = DESK_ANSWER_REQUEST;
    CLEANUP(text_deinit) struct text der = text_limited(CERTIFICATE_BAG_SIZE_MAX);
    if (desk_certify(desk, caller, &answer, &der, &why)) {
        count("failed");
        routes_fail(request, &why);
        return;
    }
    static const char *const names[] = {[DESK_ANSWER_CERTIFIED] = "certified",
                                        [DESK_ANSWER_TOKEN] = "token",
                                        [DESK_ANSWER_REQUEST] = "request",
                                        [DESK_ANSWER_WITHDRAWN] = "withdrawn"};
    count(names[answer]);
    const bool certified = answer == DESK_ANSWER_CERTIFIED;
    char name[IDENTITY_NAME_SIZE] = "?";
    const char *claimed = caller->old ? certificate_identity(caller->old)->name : caller->name;
    if (identity_name_valid(claimed)) { (void)!text_copy(name, sizeof name, claimed); }
    log_event(certified ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "enrol.asked", "answer",
              names[answer], "deed", deed, "name", name, "address", http_peer_address(request),
              "why", why.text, NULL);
    switch (answer) {
    case DESK_ANSWER_CERTIFIED:
        answer_der(request, EST_TYPE_CERTIFICATES_ONLY, text_span(&der));
        return;
    case DESK_ANSWER_TOKEN: answer_unauthorised(request, why.text); return;
    case DESK_ANSWER_REQUEST: http_answer_problem(request, 400, "Bad Request", why.text); return;
    case DESK_ANSWER_WITHDRAWN: http_answer_problem(request, 403, "Forbidden", why.text); return;
    }
}

/* The body of a POST as DER; false when the request is answered. */
static bool read_request(struct http_request *request, struct text *der)
{
    struct why why = {0};
    const char *type = http_header(request, "Content-Type");
    if (!type || strncasecmp(type, EST_TYPE_REQUEST, strlen(EST_TYPE_REQUEST)) != 0) {
        http_answer_problem(request, 415, "Unsupported Media Type",
                            "A request is " EST_TYPE_REQUEST ", in base64.");
        return false;
    }
    if (est_read(der, http_body(request), &why)) {
        http_answer_problem(request, 400, "Bad Request", why.text);
        return false;
    }
    return true;
}

static void enrol(struct desk *desk, struct http_request *request)
{
    char credentials[CREDENTIALS_SIZE];
    struct desk_caller caller = {.asker = routes_asker(request)};
    CLEANUP(text_deinit) struct text der = text_limited(SIGNING_REQUEST_SIZE_MAX);
    if (!read_basic(request, credentials, &caller)) {
        answer_unauthorised(request, "Enrolment needs a name and a one-time token: `tocsin device "
                                     "add` makes one.");
    } else if (read_request(request, &der)) {
        caller.request = text_span(&der);
        answer_certify(desk, &caller, "enrol", request);
    }
    explicit_bzero(credentials, sizeof credentials);
}

static void renew(struct desk *desk, struct http_request *request)
{
    CLEANUP(certificate_free_p) struct certificate *old = routes_peer(request);
    CLEANUP(text_deinit) struct text der = text_limited(SIGNING_REQUEST_SIZE_MAX);
    if (!old) {
        http_answer_problem(request, 403, "Forbidden",
                            "Renewal needs a certificate of this site that has not run out; with "
                            "none, enrol again with a token.");
    } else if (read_request(request, &der)) {
        const struct desk_caller caller = {
            .old = old, .request = text_span(&der), .asker = routes_asker(request)};
        answer_certify(desk, &caller, "renew", request);
    }
}

void est_handle(struct desk *desk, const char *below, struct http_request *request)
{
    const char *method = http_method(request);
    const bool get = strcmp(method, "GET") == 0;
    const bool post = strcmp(method, "POST") == 0;
    if (get && strcmp(below, "/cacerts") == 0) {
        answer_authorities(desk, request);
    } else if (get && strcmp(below, "/csrattrs") == 0) {
        answer_attributes(request);
    } else if (post && strcmp(below, "/simpleenroll") == 0) {
        enrol(desk, request);
    } else if (post && strcmp(below, "/simplereenroll") == 0) {
        renew(desk, request);
    } else {
        http_answer_problem(
            request, 404, "Not Found",
            "EST here is GET cacerts, csrattrs; POST simpleenroll, simplereenroll.");
    }
}
