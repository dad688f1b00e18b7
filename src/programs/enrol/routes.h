/*
 * enrol/routes - what tocsin-enrol answers: EST (RFC 7030), the list of withdrawn certificates, and
 * the operator's requests. docs/protocols/enrolment.md describes each.
 */
#pragma once

#include "programs/enrol/desk.h"
#include "wire/http.h"

/* est.c: a path below EST_PATH, without it. */
void est_handle(struct desk *desk, const char *below, struct http_request *request);

/* office.c: /members and below; for control and ops only. */
void office_handle(struct desk *desk, const char *path, struct http_request *request);

/* The verified certificate of the client, or NULL; the caller frees it. */
struct certificate *routes_peer(const struct http_request *request);

/* Over which connection the request came. */
struct asker routes_asker(const struct http_request *request);

/* 503, and a line in the log. */
void routes_fail(struct http_request *request, const struct why *why);
