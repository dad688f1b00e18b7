#include "alert/target.h"

#include <stdio.h>
#include <string.h>

void target_set_deinit(struct target_set *set)
{
    free(set->zones);
    free(set->devices);
    *set = (struct target_set){0};
}

static struct target_name *copy_names(const struct target_name *names, size_t count)
{
    if (count == 0) { return NULL; }
    struct target_name *copy = MEM_ARRAY(struct target_name, count);
    memcpy(copy, names, count * sizeof *names);
    return copy;
}

void target_set_copy(struct target_set *to, const struct target_set *from)
{
    *to = *from;
    to->zones = copy_names(from->zones, from->zone_count);
    to->devices = copy_names(from->devices, from->device_count);
}

bool target_name_valid(const char *name)
{
    const size_t size = strlen(name);
    return size > 0 && size < TARGET_NAME_SIZE &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == size;
}

/* The member `key` of `object`: an array of names, absent meaning none. */
static enum err names_parse(struct target_name **names, size_t *count, const struct value *array,
                            const char *key, struct why *why)
{
    const size_t count_max = strcmp(key, "zones") == 0 ? TARGET_ZONE_MAX : TARGET_DEVICE_MAX;
    if (value_kind(array) != VALUE_KIND_ARRAY) {
        return why_set(why, ERR_MALFORMED, "targets.%s is not a list of names", key);
    }
    const size_t wanted = value_count(array);
    if (wanted > count_max) {
        return why_set(why, ERR_LIMIT, "targets.%s has %zu names, at most %zu are allowed", key,
                       wanted, count_max);
    }
    if (wanted == 0) { return OK; }
    CLEANUP(mem_free_p) struct target_name *list = MEM_ARRAY(struct target_name, wanted);
    for (size_t i = 0; i < wanted; i++) {
        const char *name = value_text_or(value_at(array, i), "");
        if (!target_name_valid(name) || !text_copy(list[i].text, TARGET_NAME_SIZE, name)) {
            return why_set(why, ERR_MALFORMED,
                           "targets.%s has \"%.64s\", expected a name of 1..63 letters a-z, 0-9, "
                           "dot and hyphen",
                           key, name);
        }
    }
    *names = TAKE(list);
    *count = wanted;
    return OK;
}

static void note_strange(void *context, const char *key, const struct value *member)
{
    (void)member;
    const char **strange = context;
    if (strcmp(key, "broadcast") != 0 && strcmp(key, "zones") != 0 && strcmp(key, "devices") != 0) {
        *strange = key;
    }
}

static enum err set_parse(struct target_set *set, const struct value *object, struct why *why)
{
    const char *strange = NULL;
    value_each(object, note_strange, &strange);
    if (strange) {
        return why_set(why, ERR_MALFORMED,
                       "targets.%.40s is unknown, expected broadcast, zones, devices", strange);
    }
    const struct value *broadcast = value_get(object, "broadcast");
    if (broadcast && value_kind(broadcast) != VALUE_KIND_BOOLEAN) {
        return why_set(why, ERR_MALFORMED, "targets.broadcast is not true or false");
    }
    set->broadcast = value_boolean_or(broadcast, false);
    const struct value *zones = value_get(object, "zones");
    const struct value *devices = value_get(object, "devices");
    enum err err = OK;
    if (zones) { err = names_parse(&set->zones, &set->zone_count, zones, "zones", why); }
    if (err == OK && devices) {
        err = names_parse(&set->devices, &set->device_count, devices, "devices", why);
    }
    if (err != OK) { return err; }
    if (!set->broadcast && set->zone_count + set->device_count == 0) {
        return why_set(why, ERR_MALFORMED,
                       "targets name nobody, expected broadcast, a zone or a device");
    }
    return OK;
}

enum err target_set_parse(struct target_set *out, const struct value *object, struct why *why)
{
    if (!object || value_kind(object) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "targets are missing, expected an object");
    }
    CLEANUP(target_set_deinit) struct target_set set = {0};
    const enum err err = set_parse(&set, object, why);
    if (err != OK) { return err; }
    *out = set;
    set = (struct target_set){0};
    return OK;
}

static struct value *names_to_value(const struct target_name *names, size_t count)
{
    struct value *array = value_array();
    for (size_t i = 0; i < count; i++) {
        value_append(array, value_text(names[i].text));
    }
    return array;
}

struct value *target_set_to_value(const struct target_set *set)
{
    struct value *object = value_object();
    value_set_boolean(object, "broadcast", set->broadcast);
    value_set(object, "zones", names_to_value(set->zones, set->zone_count));
    value_set(object, "devices", names_to_value(set->devices, set->device_count));
    return object;
}

static bool contains(const struct target_name *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].text, name) == 0) { return true; }
    }
    return false;
}

bool target_set_includes(const struct target_set *set, const char *device, const char *zone)
{
    return set->broadcast || contains(set->zones, set->zone_count, zone) ||
           contains(set->devices, set->device_count, device);
}

static const char *const scope_names[] = {"broadcast", "zone", "device"};

const char *target_scope_name(enum target_scope scope)
{
    return scope_names[scope];
}

enum err target_scope_parse(enum target_scope *scope, const char *name, struct why *why)
{
    for (size_t i = 0; i < ARRAY_LEN(scope_names); i++) {
        if (strcmp(name, scope_names[i]) == 0) {
            *scope = (enum target_scope)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED, "scope \"%.20s\", expected broadcast, zone, device", name);
}

void target_set_each(const struct target_set *set,
                     void (*each)(void *context, enum target_scope scope, const char *name),
                     void *context)
{
    if (set->broadcast) {
        each(context, TARGET_SCOPE_BROADCAST, "");
        return;
    }
    for (size_t i = 0; i < set->zone_count; i++) {
        each(context, TARGET_SCOPE_ZONE, set->zones[i].text);
    }
    for (size_t i = 0; i < set->device_count; i++) {
        each(context, TARGET_SCOPE_DEVICE, set->devices[i].text);
    }
}

void target_topic(char topic[static TARGET_TOPIC_SIZE], enum target_scope scope, const char *name,
                  const char *alert_id)
{
    const char *slash = scope == TARGET_SCOPE_BROADCAST ? "" : "/";
    (void)snprintf(topic, TARGET_TOPIC_SIZE, "alerts/%s%s%.63s/%.36s", scope_names[scope], slash,
                   name, alert_id);
}
