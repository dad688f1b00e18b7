/*
 * wire/fetch - the HTTP client, on libcurl: a peer that must be who we think it is. Peers of the
 * site speak TLS 1.3, see our certificate, and show a SPIFFE ID; a server that others run is judged
 * by its host's name (RFC 9525) and may speak TLS 1.2.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

struct fetch {
    const char *url;                                   /* https://... */
    const char *ca_path, *certificate_path, *key_path; /* PEM; the last two may be NULL */
    const char *peer_identity; /* the SPIFFE ID that the server's certificate must carry */
    bool by_host;     /* ... or only the URL's host; ca_path NULL: the system's authorities */
    bool plain;       /* http://, without TLS, will do too */
    bool provisional; /* any server will do: what it says is judged by other means */
    const char *credentials;    /* "NAME:PASSWORD" for HTTP Basic (RFC 7617); NULL = none */
    const char *const *headers; /* "Name: value", ended by NULL; may be NULL */
    int64_t connect_timeout_ms; /* 0 means 5000 */
    int64_t head_timeout_ms;    /* until the answer begins; 0 means 20000 */
    int64_t idle_timeout_ms;    /* no byte for so long, judged once a second; 0 = any time */
    int64_t whole_timeout_ms;   /* from begin to end; 0 = any time */
    void *context;
    /* The status line and content type, before the first byte. False = stop. */
    bool (*on_head)(void *context, int status, const char *content_type);
    /* Also called with no bytes, about once a second while nothing comes. False = stop. */
    bool (*on_bytes)(void *context, struct span bytes);
};

/*
 * GETs until the end; redirects are not followed, proxies not used. Blocks the calling thread.
 * ERR_DENIED: the peer is another, or refuses us; ERR_TIMEOUT; ERR_CLOSED: stopped by us;
 * ERR_UNAVAILABLE: nobody answers; ERR_IO: it broke off.
 */
MUST_USE enum err fetch_get(const struct fetch *fetch, struct why *why);

/* The same for a POST of `body`, whose type stands in `headers`. */
MUST_USE enum err fetch_post(const struct fetch *fetch, struct span body, struct why *why);
