/*
 * wire/fetch - the HTTP client, on libcurl: TLS 1.3, our certificate, and a peer that must be who
 * we think it is.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

struct fetch {
    const char *url;                                   /* https://... */
    const char *ca_path, *certificate_path, *key_path; /* PEM */
    const char *peer_identity;  /* the SPIFFE ID that the server's certificate must carry */
    const char *const *headers; /* "Name: value", ended by NULL; may be NULL */
    int64_t connect_timeout_ms, idle_timeout_ms; /* idle: no byte for so long */
    void *context;
    /* The status line and content type, before the first byte. False = stop. */
    bool (*on_head)(void *context, int status, const char *content_type);
    bool (*on_bytes)(void *context, struct span bytes); /* false = stop */
};

/* GETs until the end. ERR_DENIED: the peer is another; ERR_TIMEOUT; ERR_CLOSED: stopped by us. */
MUST_USE enum err fetch_get(const struct fetch *fetch, struct why *why);
