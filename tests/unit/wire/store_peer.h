/*
 * tests/unit/wire/store_peer - a small S3 store inside a test: objects, conditions, parts, the
 * purge API, and faults to order. It checks the hash of bodies, not signatures: tests/fake/s3.py
 * does.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "wire/digest.h"
#include "wire/http.h"
#include "wire/s3.h"

enum { PEER_THINGS_MAX = 64, PEER_BODY_MAX = 12 << 20, PEER_LOG_MAX = 400 };

/* An object ("maps/key") or a part ("id#1"). */
struct peer_thing {
    char name[300], etag[64];
    uint8_t *data;
    size_t size;
};

/* A request whose "METHOD name" contains `match` is answered with `status`, `times` times. */
struct peer_fault {
    const char *match, *code;
    int status, times;
    bool after; /* it is done all the same */
};

static struct {
    struct http_server *server;
    pthread_mutex_t lock;
    struct peer_thing things[PEER_THINGS_MAX];
    struct peer_fault fault;
    char log[PEER_LOG_MAX][320];
    size_t log_count;
    bool write_only, lies; /* its ETags are wrong */
    int64_t clock_us;      /* 0: it does not look at clocks */
    char purged[4096];
} peer = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline struct peer_thing *peer_find(const char *name)
{
    for (size_t i = 0; i < PEER_THINGS_MAX; i++) {
        if (peer.things[i].data && strcmp(peer.things[i].name, name) == 0) {
            return &peer.things[i];
        }
    }
    return NULL;
}

static inline void peer_drop(const char *name)
{
    struct peer_thing *thing = peer_find(name);
    if (!thing) { return; }
    free(thing->data);
    memset(thing, 0, sizeof *thing);
}

static inline struct peer_thing *peer_put(const char *name, struct span bytes)
{
    peer_drop(name);
    struct peer_thing *thing = peer.things;
    while (thing->data) {
        if (++thing == peer.things + PEER_THINGS_MAX) { abort(); }
    }
    struct digest digest;
    digest_bytes(&digest, bytes);
    (void)snprintf(thing->name, sizeof thing->name, "%s", name);
    (void)snprintf(thing->etag, sizeof thing->etag, "%s", peer.lies ? "0123" : digest.md5);
    thing->data = calloc(1, bytes.size + 1);
    if (bytes.size > 0) { memcpy(thing->data, bytes.data, bytes.size); }
    thing->size = bytes.size;
    return thing;
}

/* How many requests so far whose line contains `match`: "METHOD name?query if=... none=...". */
static inline size_t peer_count(const char *match)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&peer.lock);
    for (size_t i = 0; i < peer.log_count; i++) {
        count += strstr(peer.log[i], match) != NULL;
    }
    (void)pthread_mutex_unlock(&peer.lock);
    return count;
}

static inline void peer_forget(void)
{
    (void)pthread_mutex_lock(&peer.lock);
    peer.log_count = 0;
    peer.fault.times = 0;
    peer.purged[0] = '\0';
    (void)pthread_mutex_unlock(&peer.lock);
}

static inline void peer_fail(const char *match, int status, int times, bool after)
{
    peer.fault = (struct peer_fault){match, "Ordered", status, times, after};
}

static inline void peer_refuse(struct http_request *request, int status, const char *code)
{
    char xml[160];
    (void)snprintf(xml, sizeof xml, "<Error><Code>%s</Code></Error>", code);
    if (!http_status(request)) {
        http_answer_bytes(request, status, "application/xml", span_text(xml));
    }
}

static inline void peer_answer(struct http_request *request, const struct peer_thing *thing,
                               const char *text)
{
    char quoted[80];
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", thing ? thing->etag : "");
    if (thing) { http_add_header(request, "ETag", quoted); }
    http_answer_bytes(request, 200, "application/xml", span_text(text));
}

static inline bool peer_met(const struct http_request *request, const char *name)
{
    const struct peer_thing *thing = peer_find(name);
    const char *match = http_header(request, "If-Match");
    const char *none = http_header(request, "If-None-Match");
    char quoted[80] = "";
    if (thing) { (void)snprintf(quoted, sizeof quoted, "\"%s\"", thing->etag); }
    return !(match && (!thing || strcmp(match, quoted) != 0)) && !(none && thing);
}

/* Puts the parts of an upload together, as many as there are. */
static inline void peer_complete(struct http_request *request, const char *name, const char *id)
{
    CLEANUP(text_deinit) struct text whole = text_limited(PEER_BODY_MAX * 4);
    CLEANUP(text_deinit) struct text sums = text_limited(4096);
    char part[300], xml[200];
    size_t count = 0;
    for (;; count++) {
        (void)snprintf(part, sizeof part, "%s#%zu", id, count + 1);
        const struct peer_thing *thing = peer_find(part);
        if (!thing) { break; }
        struct digest digest;
        digest_bytes(&digest, span_of(thing->data, thing->size));
        text_add_bytes(&whole, span_of(thing->data, thing->size));
        text_add_bytes(&sums, span_of(digest.md5_bytes, sizeof digest.md5_bytes));
        peer_drop(part);
    }
    struct digest digest;
    digest_bytes(&digest, text_span(&sums));
    struct peer_thing *thing = peer_put(name, text_span(&whole));
    (void)snprintf(thing->etag, sizeof thing->etag, "%s-%zu", digest.md5, count);
    (void)snprintf(xml, sizeof xml, "<R><ETag>&quot;%s&quot;</ETag></R>", thing->etag);
    peer_drop(id);
    peer_answer(request, NULL, xml);
}

static inline void peer_upload(struct http_request *request, const char *name, const char *id)
{
    char part[300];
    if (!peer_find(id)) {
        peer_refuse(request, 404, "NoSuchUpload");
    } else if (strcmp(http_method(request), "PUT") == 0) {
        (void)snprintf(part, sizeof part, "%s#%s", id, http_query(request, "partNumber"));
        peer_answer(request, peer_put(part, http_body(request)), "");
    } else if (strcmp(http_method(request), "DELETE") == 0) {
        peer_drop(id);
        http_answer_bytes(request, 204, NULL, span_text(""));
    } else if (!peer_met(request, name)) {
        peer_refuse(request, 412, "PreconditionFailed");
    } else {
        peer_complete(request, name, id);
    }
}

static inline void peer_object(struct http_request *request, const char *name)
{
    static unsigned int uploads;
    const char *method = http_method(request);
    const struct peer_thing *thing = peer_find(name);
    char text[200];
    if (strcmp(method, "POST") == 0 && http_query(request, "uploads")) {
        (void)snprintf(text, sizeof text, "up/%u+", ++uploads);
        (void)peer_put(text, span_text("x"));
        (void)snprintf(text, sizeof text, "<I><UploadId>up/%u+</UploadId></I>", uploads);
        peer_answer(request, NULL, text);
    } else if (peer.write_only && strcmp(method, "PUT") != 0) {
        peer_refuse(request, 403, "AccessDenied");
    } else if (!peer_met(request, name)) {
        peer_refuse(request, 412, "PreconditionFailed");
    } else if (strcmp(method, "PUT") == 0) {
        peer_answer(request, peer_put(name, http_body(request)), "");
    } else if (!thing) {
        peer_refuse(request, 404, "NoSuchKey");
    } else if (strcmp(method, "DELETE") == 0) {
        peer_drop(name);
        http_answer_bytes(request, 204, NULL, span_text(""));
    } else {
        (void)snprintf(text, sizeof text, "\"%s\"", thing->etag);
        http_add_header(request, "ETag", text);
        http_answer_bytes(request, 200, "application/octet-stream",
                          span_of(thing->data, thing->size));
    }
}

static inline void peer_route(struct http_request *request)
{
    const char *id = http_query(request, "uploadId");
    const char *name = http_path(request) + 1;
    const char *authorization = http_header(request, "Authorization");
    const char *date = http_header(request, "X-Amz-Date");
    struct digest digest;
    digest_bytes(&digest, http_body(request));
    if (strstr(name, "purge_cache")) {
        (void)snprintf(peer.purged, sizeof peer.purged, "%s %.*s", authorization,
                       (int)http_body(request).size, (const char *)http_body(request).data);
        const bool good = strcmp(authorization, "Bearer good") == 0;
        http_answer_bytes(
            request, good ? 200 : 403, "application/json",
            span_text(good ? "{\"success\":true}"
                           : "{\"success\":false,\"errors\":[{\"message\":\"no entry\"}]}"));
        return;
    }
    const char *hash = http_header(request, "X-Amz-Content-Sha256");
    if (!authorization || strncmp(authorization, "AWS4-HMAC-SHA256 Credential=ID/", 31) != 0 ||
        !date) {
        peer_refuse(request, 403, "AccessDenied");
        return;
    }
    char now[S3_DATE_SIZE];
    if (peer.clock_us && strncmp(s3_write_date(now, peer.clock_us), date, 11) != 0) {
        peer_refuse(request, 403, "RequestTimeTooSkewed");
        return;
    }
    if (!hash || strcmp(hash, digest.sha256) != 0) {
        peer_refuse(request, 400, "XAmzContentSHA256Mismatch");
    } else if (id) {
        peer_upload(request, name, id);
    } else {
        peer_object(request, name);
    }
}

static inline void peer_handle(void *context, void *worker_state, struct http_request *request)
{
    (void)context, (void)worker_state;
    (void)pthread_mutex_lock(&peer.lock);
    char *line = peer.log[peer.log_count];
    const char *match = http_header(request, "If-Match");
    const char *none = http_header(request, "If-None-Match");
    const char *part = http_query(request, "partNumber");
    (void)snprintf(line, sizeof *peer.log, "%s %s?%s if=%s none=%s", http_method(request),
                   http_path(request) + 1,
                   part                              ? part
                   : http_query(request, "uploads")  ? "uploads"
                   : http_query(request, "uploadId") ? "end"
                                                     : "",
                   match ? match : "", none ? none : "");
    if (++peer.log_count == PEER_LOG_MAX) { abort(); }
    const struct peer_fault fault = peer.fault;
    const bool hit = fault.times > 0 && strstr(line, fault.match) != NULL;
    if (hit) { peer.fault.times--; }
    if (hit && !fault.after) {
        peer_refuse(request, fault.status, fault.code);
    } else if (hit) { /* done, but the answer is another */
        http_body(request);
        const char *name = http_path(request) + 1;
        const char *id = http_query(request, "uploadId");
        char key[300];
        (void)snprintf(key, sizeof key, "%s#%s", id ? id : "", part ? part : "");
        if (strcmp(http_method(request), "PUT") == 0) {
            (void)peer_put(part ? key : name, http_body(request));
        }
        peer_refuse(request, fault.status, fault.code);
    } else {
        peer_route(request);
    }
    (void)pthread_mutex_unlock(&peer.lock);
}

static inline void peer_open(void)
{
    const struct http_config config = {.address = "127.0.0.1",
                                       .body_size_max = PEER_BODY_MAX,
                                       .connection_max = 32,
                                       .worker_count = 2,
                                       .queue_max = 32,
                                       .handle = peer_handle};
    struct why why = {""};
    if (http_server_open(&peer.server, &config, &why)) { abort(); }
}

static inline void peer_close(void)
{
    http_server_close(peer.server);
    for (size_t i = 0; i < PEER_THINGS_MAX; i++) {
        free(peer.things[i].data);
    }
}

static struct secret *peer_key_id, *peer_key;

/* A client of the peer that does not wait long. */
static inline struct s3 *peer_client(size_t attempts)
{
    char endpoint[64];
    struct s3 *s3 = NULL;
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", http_server_port(peer.server));
    if (!peer_key_id && (secret_new(&peer_key_id, span_text("ID"), NULL) ||
                         secret_new(&peer_key, span_text("VERYSECRET"), NULL))) {
        abort();
    }
    const struct s3_config config = {.endpoint = endpoint,
                                     .bucket = "b",
                                     .region = "auto",
                                     .key_id = peer_key_id,
                                     .key = peer_key,
                                     .attempts_max = attempts,
                                     .pause_least_ms = 1,
                                     .idle_timeout_ms = 5000,
                                     .now_us = clock_wall_us};
    if (s3_open(&s3, &config, NULL)) { abort(); }
    return s3;
}

static inline void peer_end_clients(void)
{
    secret_free(peer_key_id);
    secret_free(peer_key);
}
