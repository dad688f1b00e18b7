/*
 * tests/est_server - a site CA behind EST for unit tests of the device's half: real TLS, real
 * certificates, one token, and what the test sets to go wrong.
 */
#pragma once

#include <stdatomic.h>

#include "base/encode.h"
#include "site.h"
#include "trust/certificate_bag.h"
#include "wire/est.h"
#include "wire/http.h"

struct est_server {
    char folder[64];
    char ca[128];
    struct authority *authority; /* owned; issues */
    struct http_server *http;    /* owned */
    char url[64];
    char fingerprint[2 * CERTIFICATE_FINGERPRINT_SIZE + 1];
    const struct certificate *cas[CERTIFICATE_BAG_MAX]; /* borrowed; of /cacerts */
    size_t ca_count;
    _Atomic int64_t life_s;
    const char *ticket;        /* the one that is accepted */
    bool answer_other_key;     /* certifies a key of its own */
    atomic_bool ill;           /* answers 503 */
    atomic_int asked, renewed; /* requests in all, and renewals granted */
};

static inline const char *est_path(const struct est_server *server, char path[static 256],
                                   const char *file)
{
    (void)snprintf(path, 256, "%s/%s", server->folder, file);
    return path;
}
#define EST_FILE(server, file) est_path((server), (char[256]){0}, (file))

static inline void est_answer(struct http_request *request, const struct certificate *const *items,
                              size_t count)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text der = text_limited(CERTIFICATE_BAG_SIZE_MAX);
    CLEANUP(text_deinit) struct text body = text_limited(EST_BODY_SIZE_MAX);
    test_must(certificate_bag_write(&der, items, count, &why), &why);
    est_write(&body, text_span(&der));
    http_answer_bytes(request, 200, EST_TYPE_CERTIFICATES, text_span(&body));
}

static inline void est_certify(struct est_server *server, struct http_request *request,
                               const struct identity *identity)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text der = text_limited(SIGNING_REQUEST_SIZE_MAX);
    CLEANUP(signing_request_free_p) struct signing_request *asked = NULL;
    CLEANUP(certificate_free_p) struct certificate *made = NULL;
    CLEANUP(authority_issued_deinit) struct authority_issued other = {0};
    if (est_read(&der, http_body(request), &why) ||
        signing_request_from_der(&asked, text_span(&der), &why)) {
        http_answer_problem(request, 400, "Bad Request", why.text);
        return;
    }
    const struct authority_request wanted = {
        .role = identity->role, .name = identity->name, .life_s = server->life_s, .asked = asked};
    const int64_t now_us = clock_wall_us();
    if (server->answer_other_key) {
        test_must(authority_issue(&other, server->authority, &wanted, now_us, &why), &why);
        est_answer(request, (const struct certificate *const[]){other.certificate}, 1);
        return;
    }
    test_must(authority_certify(&made, server->authority, &wanted, now_us, &why), &why);
    est_answer(request, (const struct certificate *const[]){made}, 1);
}

static inline void est_enrol(struct est_server *server, struct http_request *request)
{
    CLEANUP(text_deinit) struct text expected = text_limited(512);
    struct identity identity = {.role = ROLE_EDGE};
    text_add(&expected, "Basic ");
    encode_base64(&expected, span_text(server->ticket));
    const char *shown = http_header(request, "Authorization");
    if (!shown || strcmp(shown, text_c(&expected)) != 0) {
        http_answer_problem(request, 401, "Unauthorized", "the token is used");
        return;
    }
    (void)snprintf(identity.name, sizeof identity.name, "%.*s", (int)strcspn(server->ticket, ":"),
                   server->ticket);
    est_certify(server, request, &identity);
}

static inline void est_renew(struct est_server *server, struct http_request *request)
{
    CLEANUP(certificate_free_p) struct certificate *old = NULL;
    if (certificate_from_der(&old, http_peer_certificate(request), NULL)) {
        http_answer_problem(request, 403, "Forbidden", "no certificate");
        return;
    }
    est_certify(server, request, certificate_identity(old));
    atomic_fetch_add(&server->renewed, 1);
}

static inline void est_handle(void *context, void *state, struct http_request *request)
{
    (void)state;
    struct est_server *server = context;
    const char *path = http_path(request);
    atomic_fetch_add(&server->asked, 1);
    if (atomic_load(&server->ill)) {
        http_answer_problem(request, 503, "Service Unavailable", "out of order");
    } else if (strcmp(path, EST_PATH "/cacerts") == 0) {
        est_answer(request, server->cas, server->ca_count);
    } else if (strcmp(path, EST_PATH "/simpleenroll") == 0) {
        est_enrol(server, request);
    } else if (strcmp(path, EST_PATH "/simplereenroll") == 0) {
        est_renew(server, request);
    } else {
        http_answer_problem(request, 404, "Not Found", "");
    }
}

/* Listens with a certificate of `role`; as an enrolment server it has to be ROLE_ENROL. */
static inline void est_listen(struct est_server *server, enum role role)
{
    struct why why = {0};
    static const char *const hosts[] = {"127.0.0.1"};
    const struct authority_request own = {
        .role = role, .name = "enrol", .hosts = hosts, .host_count = 1};
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    test_must(authority_issue(&issued, server->authority, &own, clock_wall_us(), &why), &why);
    test_must(authority_issued_save(&issued, server->folder, "server", &why), &why);
    char paths[2][256];
    const struct http_config config = {.address = "127.0.0.1",
                                       .certificate_path = est_path(server, paths[0], "server.crt"),
                                       .key_path = est_path(server, paths[1], "server.key"),
                                       .client_ca_path = server->ca,
                                       .client_certificate_optional = true,
                                       .body_size_max = EST_BODY_SIZE_MAX,
                                       .connection_max = 16,
                                       .worker_count = 1,
                                       .queue_max = 16,
                                       .context = server,
                                       .handle = est_handle};
    test_must(http_server_open(&server->http, &config, &why), &why);
    (void)snprintf(server->url, sizeof server->url, "https://127.0.0.1:%d",
                   http_server_port(server->http));
}

static inline void est_open(struct est_server *server)
{
    struct why why = {0};
    char key[256];
    *server = (struct est_server){
        .folder = "/tmp/tocsin-est-XXXXXX", .life_s = 3600, .ticket = "north-1:secret"};
    if (!mkdtemp(server->folder)) { abort(); }
    (void)snprintf(server->ca, sizeof server->ca, "%s/server-ca.crt", server->folder);
    test_must(
        authority_new(&server->authority, "riverside", KEY_KIND_ED25519, clock_wall_us(), &why),
        &why);
    test_must(authority_save(server->authority, est_path(server, key, "server-ca.key"), server->ca,
                             NULL, &why),
              &why);
    server->cas[0] = authority_certificate(server->authority);
    server->ca_count = 1;
    uint8_t digest[CERTIFICATE_FINGERPRINT_SIZE];
    CLEANUP(text_deinit) struct text hex = text_limited(sizeof server->fingerprint);
    certificate_fingerprint(server->cas[0], digest);
    encode_hex(&hex, span_of(digest, sizeof digest));
    if (!text_copy(server->fingerprint, sizeof server->fingerprint, text_c(&hex))) { abort(); }
    est_listen(server, ROLE_ENROL);
}

static inline void est_close(struct est_server *server)
{
    http_server_close(server->http);
    authority_close(server->authority);
    (void)nftw(server->folder, test_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
