/*
 * provider/way_out - provider/provider's port to the network: HTTPS, the provider's certificate
 * judged by its host's name, no redirects, no proxies, everything bounded in size and time.
 *
 * Blocks the calling thread, WAY_OUT_WHOLE_MS at most. Any thread.
 */
#pragma once

#include "provider/provider.h"

enum { WAY_OUT_CONNECT_MS = 3000, WAY_OUT_WHOLE_MS = 6000 };

struct way_out {
    const char *ca_path; /* PEM; NULL: the system's authorities */
};
/* Both are borrowed for the life of the port. */
struct provider_port way_out_open(struct way_out *way);
