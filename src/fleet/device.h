/*
 * fleet/device - what control knows of every device, from the device's own signed words.
 *
 * A device is there from its first status. It is online from a status until it says offline, its
 * will says so, or nothing of it came for 90 s (fleet/heartbeat). JSON objects are those of
 * docs/protocols/api.md. Belongs to the thread of its database connection; writing functions join
 * the caller's transaction; the time is a parameter. Every `*out` belongs to the caller.
 */
#pragma once

#include "base/value.h"
#include "fleet/status.h"
#include "fleet/telemetry.h"
#include "store/database.h"

struct device_store;

MUST_USE enum err device_store_open(struct device_store **out, struct database *database,
                                    struct why *why);
void device_store_close(struct device_store *store); /* NULL is allowed */
CLEANUP_FOR(struct device_store, device_store_close)

enum device_change {
    DEVICE_CHANGE_NONE,  /* only last_contact */
    DEVICE_CHANGE_SOME,  /* worth a live message */
    DEVICE_CHANGE_BACK,  /* new, or online again: send it what it missed */
    DEVICE_CHANGE_STALE, /* older than what is known (its will came late): nothing was changed */
};

struct device_report {
    const char *name;     /* who signed it */
    const char *identity; /* its SPIFFE ID */
    int64_t certificate_expires_us;
    const struct status *status;
    int64_t now_us;
};

/* Enters a status. */
MUST_USE enum err device_store_status(struct device_store *store,
                                      const struct device_report *report,
                                      enum device_change *change, struct why *why);

/* Enters the newest telemetry; an opening of the housing that is newer than the last one cleared
 * suspends the device. ERR_NOT_FOUND before the device's first status. */
MUST_USE enum err device_store_telemetry(struct device_store *store, const char *name,
                                         const struct telemetry *telemetry, int64_t now_us,
                                         struct why *why);

/* Whether it is suspended: nothing that it sees or confirms is believed until device_store_clear.
 */
MUST_USE enum err device_store_suspended(struct device_store *store, const char *name,
                                         bool *suspended, struct why *why);
/* An operator has looked at it. ERR_CONFLICT when it is not suspended. */
MUST_USE enum err device_store_clear(struct device_store *store, const char *name, struct why *why);

/* Any verified message of the device proves that it lives. */
MUST_USE enum err device_store_contact(struct device_store *store, const char *name, int64_t now_us,
                                       struct why *why);

/* Marks devices offline that were silent too long; calls `each` for every one just marked. */
MUST_USE enum err device_store_lapse(struct device_store *store, int64_t now_us,
                                     void (*each)(void *context, const char *name), void *context,
                                     struct why *why);

/* The zone of a device into `zone`, "" when unknown. */
MUST_USE enum err device_store_zone(struct device_store *store, const char *name,
                                    char zone[static IDENTITY_NAME_SIZE], struct why *why);

/* Where its media are served; ERR_NOT_FOUND when unknown, or it has none. */
MUST_USE enum err device_store_media_url(struct device_store *store, const char *name,
                                         char url[static STATUS_URL_SIZE], struct why *why);

/* `[device,...]` by name; one device (ERR_NOT_FOUND). */
MUST_USE enum err device_store_list(struct device_store *store, int64_t now_us, struct value **out,
                                    struct why *why);
MUST_USE enum err device_store_get(struct device_store *store, const char *name, int64_t now_us,
                                   struct value **out, struct why *why);
MUST_USE enum err device_store_count(struct device_store *store, int64_t *count, struct why *why);

/* `[camera,...]` of all devices, or of one when `device` is not NULL. Today is the UTC day. */
MUST_USE enum err device_store_cameras(struct device_store *store, const char *device,
                                       int64_t now_us, struct value **out, struct why *why);
