/*
 * release/purge - has the CDN forget one file, for every web origin that reads it.
 *
 * Cloudflare's API (purge_cache by URL): a copy that was kept for a request with an Origin is only
 * forgotten by a call that names it, so each URL is named bare and once per origin. Tried again a
 * few times; the caller remembers what could not be done. Blocks.
 */
#pragma once

#include "base/err.h"
#include "base/secret.h"

enum { PURGE_ORIGINS_MAX = 16 };

struct purge {
    const char *api;  /* "https://api.cloudflare.com" */
    const char *zone; /* its id */
    const char *url;  /* of the file, as clients ask for it */
    const char *const *origins;
    size_t origin_count;
    const struct secret *token;
    const char *ca_path;    /* NULL: the system's */
    size_t attempts_max;    /* 0 means 4 */
    int64_t pause_least_ms; /* 0 means 500 */
};

/* ERR_DENIED: the token is not good; ERR_UNAVAILABLE: nobody answers, or not as hoped for. */
MUST_USE enum err purge_run(const struct purge *purge, struct why *why);
