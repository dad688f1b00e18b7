/*
 * gateway/web - GET /health and /metrics, on loopback, from the counts alone.
 */
#pragma once

#include "programs/gateway/count.h"
#include "programs/gateway/options.h"
#include "wire/http.h"

/* `count` is borrowed for the life of the server. */
MUST_USE enum err web_open(struct http_server **out, const struct options *options,
                           const struct count *count, struct why *why);
