/*
 * fleet/topic - the names below `devices/` and `commands/` on the bus (docs/protocols/bus.md), with
 * the site's prefix on and off. Pure, any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "trust/certificate.h"

enum { TOPIC_SIZE = 256, TOPIC_PREFIX_SIZE = 64 };

enum topic_kind {
    TOPIC_KIND_OTHER,
    TOPIC_KIND_STATUS, /* devices/NAME/status ... */
    TOPIC_KIND_TELEMETRY,
    TOPIC_KIND_DETECTION,
    TOPIC_KIND_ACK,
    TOPIC_KIND_CONFIRM,     /* commands/NAME/confirm */
    TOPIC_KIND_CHECKPOINT,  /* commands/NAME/checkpoint: of the audit log, to a witness */
    TOPIC_KIND_COSIGNATURE, /* devices/NAME/cosignature: its answer */
    TOPIC_KIND_ALERT,       /* alerts/#; `device` is empty */
    TOPIC_KIND_REVOCATION,  /* system/revocation; the same */
};

struct topic_parts {
    enum topic_kind kind;
    char device[IDENTITY_NAME_SIZE];
};

/* Takes a full topic apart. False when it is not under `prefix` or its device name is invalid. */
MUST_USE bool topic_split(struct topic_parts *out, const char *prefix, const char *topic);

/* The full topic of a device. ERR_LIMIT when it does not fit. Not for OTHER, ALERT, REVOCATION. */
MUST_USE enum err topic_of_device(char topic[static TOPIC_SIZE], const char *prefix,
                                  enum topic_kind kind, const char *device);

/* prefix/rest, such as for target_topic. ERR_LIMIT. */
MUST_USE enum err topic_join(char topic[static TOPIC_SIZE], const char *prefix, const char *rest);
