/*
 * alert/target - for whom an alert is: everybody, zones, single devices; and the bus topics that
 * reach them (docs/protocols/bus.md).
 *
 * Pure: no I/O, no time, any thread. Names are what certificates may carry: [a-z0-9.-], 1..63.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/value.h"

enum {
    TARGET_NAME_SIZE = 64,
    TARGET_ZONE_MAX = 64,
    TARGET_DEVICE_MAX = 512,
    TARGET_TOPIC_SIZE = 160
};

struct target_name {
    char text[TARGET_NAME_SIZE];
};

/* Lists are owned; release with target_set_deinit. A zeroed set is an empty one. */
struct target_set {
    bool broadcast;
    struct target_name *zones;
    size_t zone_count;
    struct target_name *devices;
    size_t device_count;
};
void target_set_deinit(struct target_set *set);
void target_set_copy(struct target_set *to, const struct target_set *from); /* `to` is new */

/* Whether `name` may name a zone or a device: it becomes a level of a topic. */
bool target_name_valid(const char *name);

/*
 * {"broadcast":false,"zones":["north"],"devices":[]}; an absent member is false or empty. At least
 * one target. ERR_MALFORMED, or ERR_LIMIT beyond TARGET_ZONE_MAX or TARGET_DEVICE_MAX.
 */
MUST_USE enum err target_set_parse(struct target_set *out, const struct value *object,
                                   struct why *why);
struct value *target_set_to_value(const struct target_set *set); /* the caller owns it */

/* Whether a device in `zone` (may be "") belongs to the set. */
bool target_set_includes(const struct target_set *set, const char *device, const char *zone);

/* One way to reach targets: one topic. */
enum target_scope { TARGET_SCOPE_BROADCAST, TARGET_SCOPE_ZONE, TARGET_SCOPE_DEVICE };
const char *target_scope_name(enum target_scope scope); /* "broadcast", "zone", "device" */
MUST_USE enum err target_scope_parse(enum target_scope *scope, const char *name, struct why *why);

/* Every topic that the set needs: only the broadcast one if it broadcasts (name ""). */
void target_set_each(const struct target_set *set,
                     void (*each)(void *context, enum target_scope scope, const char *name),
                     void *context);

/* "alerts/zone/north/<alert>", without the site's topic prefix. */
void target_topic(char topic[static TARGET_TOPIC_SIZE], enum target_scope scope, const char *name,
                  const char *alert_id);
