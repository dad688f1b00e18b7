#include "wire/fetch.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <strings.h>

#include "base/clock.h"

enum {
    FETCH_CONNECT_TIMEOUT_MS = 5000,
    FETCH_HEAD_TIMEOUT_MS = 20000,
    FETCH_BUFFER_SIZE = 64 * 1024,
    /* A peer that lost its power says nothing: an endless stream ends after about a minute. */
    FETCH_PROBE_AFTER_S = 15,
    FETCH_PROBE_EVERY_S = 5,
};

/* One request under way. */
struct transfer {
    const struct fetch *fetch;
    const struct span *body; /* of a POST; NULL: a GET */
    const char *verb;
    CURL *curl;
    int64_t last_byte_us;
    bool head_told, stopped, idle, other_peer;
};

static void start_library(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) { abort(); }
}

/* Whether the certificate's subject alternative names have exactly one URI: `identity`. */
static bool identity_is(X509 *certificate, const char *identity)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int uris = 0;
    bool same = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI) { continue; }
        const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;
        const struct span text =
            span_of(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
        same = span_equal(text, span_text(identity));
        uris++;
    }
    GENERAL_NAMES_free(names);
    return same && uris == 1;
}

/* In place of OpenSSL's own check: the chain as ever, then the SPIFFE ID instead of a host name. */
static int verify_peer(X509_STORE_CTX *store, void *context)
{
    struct transfer *transfer = context;
    if (transfer->fetch->provisional) { return 1; }
    if (X509_verify_cert(store) != 1) {
        transfer->other_peer = true;
        return 0;
    }
    if (identity_is(X509_STORE_CTX_get0_cert(store), transfer->fetch->peer_identity)) { return 1; }
    transfer->other_peer = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static CURLcode prepare_tls(CURL *curl, void *tls, void *context)
{
    (void)curl;
    const struct transfer *transfer = context;
    if (!transfer->fetch->by_host) { SSL_CTX_set_cert_verify_callback(tls, verify_peer, context); }
    return CURLE_OK;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's own signature */
static size_t on_header(char *line, size_t unit, size_t count, void *context)
{
    struct transfer *transfer = context;
    const size_t size = unit * count;
    const bool end = size <= 2 && (size == 0 || line[0] == '\r' || line[0] == '\n');
    long status = 0;
    (void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (!end || status < 200) { return size; } /* 1xx heads come before the real one */
    const char *type = NULL;
    (void)curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &type);
    transfer->head_told = true;
    transfer->last_byte_us = clock_monotonic_us();
    const struct fetch *fetch = transfer->fetch;
    if (fetch->on_head && !fetch->on_head(fetch->context, (int)status, type ? type : "")) {
        transfer->stopped = true;
        return 0;
    }
    return size;
}

static size_t on_body(char *data, size_t unit, size_t count, void *context)
{
    struct transfer *transfer = context;
    transfer->last_byte_us = clock_monotonic_us();
    const struct fetch *fetch = transfer->fetch;
    if (fetch->on_bytes && !fetch->on_bytes(fetch->context, span_of(data, unit * count))) {
        transfer->stopped = true;
        return 0;
    }
    /* The receiver may have kept us waiting: that is not the peer's silence. */
    transfer->last_byte_us = clock_monotonic_us();
    return unit * count;
}

/* How long the peer may be silent now; 0 = for ever. */
static int64_t silence_max_ms(const struct transfer *transfer)
{
    const struct fetch *fetch = transfer->fetch;
    if (transfer->head_told) { return fetch->idle_timeout_ms; }
    return fetch->head_timeout_ms > 0 ? fetch->head_timeout_ms : FETCH_HEAD_TIMEOUT_MS;
}

/* libcurl calls this about once a second, also while nothing comes. */
static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    (void)total, (void)now, (void)up_total, (void)up_now;
    struct transfer *transfer = context;
    const struct fetch *fetch = transfer->fetch;
    const int64_t silent_us = clock_monotonic_us() - transfer->last_byte_us;
    const int64_t most_ms = silence_max_ms(transfer);
    if (most_ms > 0 && silent_us > most_ms * 1000) {
        transfer->idle = true;
        return 1;
    }
    if (fetch->on_bytes && silent_us > CLOCK_SECOND_US / 2 &&
        !fetch->on_bytes(fetch->context, span_of(NULL, 0))) {
        transfer->stopped = true;
        return 1;
    }
    return 0;
}

/* What only some requests have. */
static enum err set_body(struct transfer *transfer, struct why *why)
{
    CURL *curl = transfer->curl;
    const struct fetch *fetch = transfer->fetch;
    CURLcode code = CURLE_OK;
    /* The system's authorities are libcurl's own default: it is only left, never set. */
    if (fetch->ca_path || !fetch->by_host) {
        code = curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->ca_path);
        if (!code) { code = curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); }
    }
    if (!code && fetch->credentials) {
        code = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        if (!code) { code = curl_easy_setopt(curl, CURLOPT_USERPWD, fetch->credentials); }
    }
    if (!code && transfer->body) {
        const curl_off_t size = (curl_off_t)transfer->body->size;
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, size);
        if (!code) { code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, transfer->body->data); }
    }
    if (!code) { return OK; }
    return why_set(why, ERR_IO, "cannot prepare %s %.120s: %s", transfer->verb, fetch->url,
                   curl_easy_strerror(code));
}

static enum err set_options(struct transfer *transfer, struct curl_slist *headers, struct why *why)
{
    CURL *curl = transfer->curl;
    const struct fetch *fetch = transfer->fetch;
    const long version = fetch->by_host ? CURL_SSLVERSION_TLSv1_2 : CURL_SSLVERSION_TLSv1_3;
    const int64_t connect_ms =
        fetch->connect_timeout_ms > 0 ? fetch->connect_timeout_ms : FETCH_CONNECT_TIMEOUT_MS;
    const CURLcode codes[] = {
        curl_easy_setopt(curl, CURLOPT_URL, fetch->url),
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, fetch->plain ? "https,http" : "https"),
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1),
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers),
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L),
        curl_easy_setopt(curl, CURLOPT_PROXY, ""),
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L),
        curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)FETCH_BUFFER_SIZE),
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms),
        curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L),
        curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, (long)FETCH_PROBE_AFTER_S),
        curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, (long)FETCH_PROBE_EVERY_S),
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)fetch->whole_timeout_ms),
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, version),
        curl_easy_setopt(curl, CURLOPT_SSLCERT, fetch->certificate_path),
        curl_easy_setopt(curl, CURLOPT_SSLKEY, fetch->key_path),
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L),
        /* Of a peer of the site verify_peer asks for the SPIFFE ID. */
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, fetch->by_host ? 2L : 0L),
        curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, prepare_tls),
        curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, transfer),
        curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L),
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header),
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer),
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body),
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer),
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress),
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer),
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L),
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i]) {
            return why_set(why, ERR_IO, "cannot prepare %s %.120s: option %zu, %s", transfer->verb,
                           fetch->url, i, curl_easy_strerror(codes[i]));
        }
    }
    return set_body(transfer, why);
}

static enum err judge(const struct transfer *transfer, CURLcode code, struct why *why)
{
    const struct fetch *fetch = transfer->fetch;
    if (!code) { return OK; }
    if (fetch->by_host && code == CURLE_PEER_FAILED_VERIFICATION) {
        return why_set(why, ERR_DENIED, "%.120s has a certificate that we do not trust",
                       fetch->url);
    }
    if (transfer->other_peer) {
        return why_set(why, ERR_DENIED, "%.100s is not %.100s", fetch->url, fetch->peer_identity);
    }
    if (transfer->stopped) {
        return why_set(why, ERR_CLOSED, "stopped %s %.160s", transfer->verb, fetch->url);
    }
    if (transfer->idle || code == CURLE_OPERATION_TIMEDOUT) {
        return why_set(why, ERR_TIMEOUT, "%s %.160s: no answer in time", transfer->verb,
                       fetch->url);
    }
    const bool refused = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
    const enum err err = refused ? ERR_UNAVAILABLE : ERR_IO;
    return why_set(why, err, "%s %.140s: %s", transfer->verb, fetch->url, curl_easy_strerror(code));
}

static void free_curl(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static void free_headers(struct curl_slist **headers)
{
    curl_slist_free_all(*headers);
}

static enum err run(const struct fetch *fetch, const struct span *body, struct why *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_library);

    CLEANUP(free_headers) struct curl_slist *headers = NULL;
    for (const char *const *header = fetch->headers; header && *header; header++) {
        struct curl_slist *longer = curl_slist_append(headers, *header);
        if (!longer) { abort(); }
        headers = longer;
    }
    CLEANUP(free_curl) CURL *curl = curl_easy_init();
    if (!curl) { return why_set(why, ERR_IO, "cannot start an HTTP client"); }
    struct transfer transfer = {.fetch = fetch,
                                .body = body,
                                .verb = body ? "POST" : "GET",
                                .curl = curl,
                                .last_byte_us = clock_monotonic_us()};
    const enum err err = set_options(&transfer, headers, why);
    return err ? err : judge(&transfer, curl_easy_perform(curl), why);
}

enum err fetch_get(const struct fetch *fetch, struct why *why)
{
    return run(fetch, NULL, why);
}

enum err fetch_post(const struct fetch *fetch, struct span body, struct why *why)
{
    return run(fetch, &body, why);
}
