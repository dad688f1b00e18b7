/*
 * map/serve_answer - what the map's server says to a request (docs/protocols/map.md).
 *
 * Runs on the epoll threads and never blocks but for the disk. Archives stand on a shelf; the rest
 * is fixed at start.
 */
#pragma once

#include "base/secret.h"
#include "programs/map/serve_options.h"
#include "wire/http.h"

struct serve_desk {
    struct shelf *shelf;                 /* borrowed */
    const struct serve_options *options; /* borrowed */
    const struct secret *token;          /* borrowed; NULL: there is no private archive */
};

void serve_answer_begin(void); /* makes the counters, once, before any request */
void serve_answer(const struct serve_desk *desk, struct http_request *request);
