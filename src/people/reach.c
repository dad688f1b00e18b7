#include "people/reach.h"

#include <stdio.h>
#include <string.h>

#include "trust/certificate.h"

bool reach_whole(const struct reach *reach)
{
    return !*reach->zones;
}

bool reach_includes(const struct reach *reach, const char *zone)
{
    if (reach_whole(reach)) { return true; }
    if (!zone || !identity_name_valid(zone)) { return false; }
    char word[IDENTITY_NAME_SIZE + 2];
    (void)snprintf(word, sizeof word, ",%s,", zone);
    return strstr(reach->zones, word) != NULL;
}

const char *reach_filter(const struct reach *reach)
{
    return reach_whole(reach) ? NULL : reach->zones;
}

enum err reach_parse(struct reach *reach, const struct value *list, struct why *why)
{
    struct reach made = {""};
    if (!list || value_kind(list) == VALUE_KIND_NULL) {
        *reach = made;
        return OK;
    }
    const size_t count = value_count(list);
    if (value_kind(list) != VALUE_KIND_ARRAY || count == 0) {
        return why_set(why, ERR_MALFORMED,
                       "zones is expected to be null (the whole site) or a list of zones");
    }
    if (count > REACH_ZONE_MAX) {
        return why_set(why, ERR_LIMIT, "zones has %zu names, at most %d are kept", count,
                       REACH_ZONE_MAX);
    }
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = value_text_or(value_at(list, i), "");
        if (!identity_name_valid(name)) {
            return why_set(why, ERR_MALFORMED,
                           "zones[%zu] is \"%.60s\": a zone's name has letters of a-z 0-9 . -", i,
                           name);
        }
        if (size > 0 && reach_includes(&made, name)) { continue; }
        size += (size_t)snprintf(made.zones + size, sizeof made.zones - size, "%s%s,",
                                 size ? "" : ",", name);
    }
    *reach = made;
    return OK;
}

struct value *reach_to_value(const struct reach *reach)
{
    if (reach_whole(reach)) { return value_null(); }
    struct value *list = value_array();
    for (const char *at = reach->zones + 1; *at; at += strcspn(at, ",") + 1) {
        char name[IDENTITY_NAME_SIZE];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ","), at);
        value_append(list, value_text(name));
    }
    return list;
}
