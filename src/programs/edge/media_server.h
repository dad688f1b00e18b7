/*
 * edge/media_server - HTTPS for control: clips, snapshots, the sign (docs/protocols/media.md).
 *
 * TLS 1.3 with a client certificate of the site; only the role control is served. One worker thread
 * with a database connection of its own judges tokens; files and frames are sent by wire/http's
 * threads.
 */
#pragma once

#include "programs/edge/options.h"
#include "sign/preview.h"
#include "store/database.h"
#include "system/sane_clock.h"

struct media_server;

struct media_server_config {
    const struct options *options; /* borrowed, as all below */
    const struct sane_clock *clock;
    const char *device;
    const char *database_path;
    const struct secret *database_key;
    struct sign_preview *preview;
    struct revocations *revocations; /* whose certificates are refused */
};

MUST_USE enum err media_server_open(struct media_server **out,
                                    const struct media_server_config *config, struct why *why);
/* Ends the frame streams; the preview's driver must be closed before. NULL is allowed. */
void media_server_close(struct media_server *server);
CLEANUP_FOR(struct media_server, media_server_close)
/*
 * Serves on with the renewed certificate, at the same port; what is being sent breaks off. Blocks
 * for as long as the old answers take to end. On an error nothing is served: call it again. Any
 * thread, one at a time, not beside a close.
 */
MUST_USE enum err media_server_renew(struct media_server *server, struct why *why);
int media_server_port(const struct media_server *server);
