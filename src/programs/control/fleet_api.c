#include <string.h>

#include "fleet/area.h"
#include "fleet/tally.h"
#include "fleet/zone.h"
#include "programs/control/audit/call_audit.h"
#include "programs/control/route.h"

/* ---- events ---- */

void event_api_list(struct call *call)
{
    struct http_request *request = call->request;
    struct event_query query = {.camera = http_query(request, "camera"),
                                .label = http_query(request, "label"),
                                .zone = http_query(request, "zone"),
                                .device = http_query(request, "device"),
                                .before = http_query(request, "before"),
                                .zones = reach_filter(&call->session.reach)};
    if (!call_limit(call, &query.limit) || !call_time(call, "from", &query.from_us) ||
        !call_time(call, "to", &query.to_us)) {
        return;
    }
    struct why why = {""};
    struct value *page = NULL;
    const enum err err = event_store_list(call->desk->events, &query, &page, &why);
    call_answer(call, err, 200, &page, &why);
}

void event_api_get(struct call *call)
{
    struct why why = {""};
    struct value *event = NULL;
    const enum err err = call_find_event(call, call->arguments[0], &event, &why);
    call_answer(call, err, 200, &event, &why);
}

/* ---- devices, cameras, zones ---- */

/* {"NAME": list}; takes `list`. */
static void answer_list(struct call *call, enum err err, const char *name, struct value *list,
                        const struct why *why)
{
    struct value *body = value_object();
    if (!err) { value_set(body, name, list); }
    call_answer(call, err, 200, &body, why);
    value_free(body);
}

void fleet_api_devices(struct call *call)
{
    struct why why = {""};
    struct value *list = NULL;
    const enum err err = device_store_list(call->desk->devices, call->now_us, &list, &why);
    if (!err) { list = call_keep_reached(call, "zone", list); }
    answer_list(call, err, "devices", list, &why);
}

void fleet_api_device(struct call *call)
{
    struct why why = {""};
    struct value *device = NULL;
    const enum err err = call_find_device(call, call->arguments[0], &device, &why);
    call_answer(call, err, 200, &device, &why);
}

/* With its entry of the audit log, or not at all. */
static enum err clear_device(struct call *call, const char *name, struct why *why)
{
    const struct call_deed deed = {"audit.device_cleared", "device", name};
    enum err err = database_begin(call->desk->database, why);
    if (err) { return err; }
    err = device_store_clear(call->desk->devices, name, why);
    return call_audit_end(call, &deed, err, why);
}

/* An operator has looked at a device whose housing was opened. */
void fleet_api_clear(struct call *call)
{
    struct why why = {""};
    struct value *device = NULL;
    const char *name = call->arguments[0];
    enum err err = call_find_device(call, name, &device, &why); /* and the person may reach it */
    value_free(TAKE(device));
    if (!err) { err = clear_device(call, name, &why); }
    if (!err) { err = call_find_device(call, name, &device, &why); }
    if (!err) { live_send(call->desk->control->live, "device", value_copy(device)); }
    call_answer(call, err, 200, &device, &why);
}

void fleet_api_cameras(struct call *call)
{
    struct why why = {""};
    struct value *list = NULL;
    const enum err err = device_store_cameras(
        call->desk->devices, http_query(call->request, "device"), call->now_us, &list, &why);
    if (!err) { list = call_keep_reached(call, "zone", list); }
    answer_list(call, err, "cameras", list, &why);
}

static const struct value *find_zone(const struct value *list, const char *name)
{
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *zone = value_at(list, i);
        if (strcmp(value_text_or(value_get(zone, "name"), ""), name) == 0) { return zone; }
    }
    return NULL;
}

/* A zone of the configuration is there before its first device is. */
static void add_configured(const struct control_options *options, struct value *list)
{
    for (size_t i = 0; i < options->zone_count; i++) {
        if (find_zone(list, options->zones[i].name)) { continue; }
        struct value *zone = value_object();
        value_set_text(zone, "name", options->zones[i].name);
        value_set_integer(zone, "devices", 0);
        value_set_integer(zone, "signs", 0);
        value_set_integer(zone, "online", 0);
        value_append(list, zone);
    }
}

static const char *title_of(const struct control_options *options, const char *name)
{
    for (size_t i = 0; i < options->zone_count; i++) {
        const struct control_zone *zone = &options->zones[i];
        if (strcmp(zone->name, name) == 0 && *zone->title) { return zone->title; }
    }
    return name;
}

/* The zones with the titles of the configuration; frees `zones`. */
static struct value *with_titles(const struct control_options *options, struct value *zones)
{
    struct value *titled = value_array();
    for (size_t i = 0; i < value_count(zones); i++) {
        struct value *zone = value_copy(value_at(zones, i));
        const char *name = value_text_or(value_get(zone, "name"), "");
        value_set_text(zone, "title", title_of(options, name));
        value_append(titled, zone);
    }
    value_free(zones);
    return titled;
}

static enum err list_zones(struct call *call, struct value **out, struct why *why)
{
    struct value *zones = NULL;
    const enum err err = zone_store_list(call->desk->zones, &zones, why);
    if (err) { return err; }
    add_configured(call->desk->control->options, zones);
    zones = with_titles(call->desk->control->options, zones);
    *out = call_keep_reached(call, "name", zones);
    return OK;
}

void fleet_api_zones(struct call *call)
{
    struct why why = {""};
    struct value *list = NULL;
    const enum err err = list_zones(call, &list, &why);
    answer_list(call, err, "zones", list, &why);
}

/* ---- the map ---- */

static struct value *areas_of(const struct control_options *options)
{
    struct value *list = value_array();
    for (size_t i = 0; i < options->zone_count; i++) {
        const struct control_zone *zone = &options->zones[i];
        struct area area;
        if (!*zone->area || area_parse(&area, zone->area, NULL)) { continue; }
        struct value *entry = value_object();
        value_set_text(entry, "name", zone->name);
        value_set(entry, "area", area_ring(&area));
        value_append(list, entry);
    }
    return list;
}

/* Those of devices that stand where the person may look. */
static enum err places_of(struct call *call, struct value **out, struct why *why)
{
    const struct control_options *options = call->desk->control->options;
    CLEANUP(value_free_p) struct value *list = value_array();
    for (size_t i = 0; i < options->place_count; i++) {
        const struct control_place *place = &options->places[i];
        char zone[IDENTITY_NAME_SIZE];
        const enum err err = device_store_zone(call->desk->devices, place->name, zone, why);
        if (err) { return err; }
        if (!permission_reaches(&call->session, zone)) { continue; }
        struct value *entry = value_object();
        value_set_text(entry, "name", place->name);
        value_set_real(entry, "latitude", place->latitude);
        value_set_real(entry, "longitude", place->longitude);
        value_append(list, entry);
    }
    *out = TAKE(list);
    return OK;
}

void fleet_api_map(struct call *call)
{
    const struct control_options *options = call->desk->control->options;
    struct why why = {""};
    struct value *places = NULL;
    struct value *body = value_object();
    const enum err err = places_of(call, &places, &why);
    value_set_text(body, "url", *options->map_url ? options->map_url : NULL);
    value_set_boolean(body, "exact",
                      *options->map_exact_url &&
                          permission_judge(PERMISSION_SEE_EXACT_MAP, &call->session) ==
                              PERMISSION_ANSWER_YES);
    value_set(body, "zones", call_keep_reached(call, "name", areas_of(options)));
    if (!err) { value_set(body, "devices", places); }
    call_answer(call, err, 200, &body, &why);
    value_free(body);
}

/* ---- what there is ---- */

static void add_resource(struct value *list, const char *name, const char *href, int64_t count)
{
    struct value *resource = value_object();
    value_set_text(resource, "name", name);
    value_set_text(resource, "href", href);
    value_set_integer(resource, "count", count);
    value_append(list, resource);
}

/* What there is in the zones that the person reaches. */
struct sum {
    const struct call *call;
    bool named[CONTROL_ZONE_MAX]; /* zones of the configuration that have a device */
    int64_t devices, cameras, events, alerts, zones;
};

static void name_configured(struct sum *sum, const char *zone)
{
    const struct control_options *options = sum->call->desk->control->options;
    for (size_t i = 0; i < options->zone_count; i++) {
        if (strcmp(options->zones[i].name, zone) == 0) { sum->named[i] = true; }
    }
}

static void add_tally(void *context, const struct tally *tally)
{
    struct sum *sum = context;
    if (strcmp(tally->zone, "*") == 0) {
        sum->alerts = tally->alerts;
        return;
    }
    if (!permission_reaches(&sum->call->session, tally->zone)) { return; }
    sum->devices += tally->devices;
    sum->cameras += tally->cameras;
    sum->events += tally->events;
    if (tally->devices == 0 || !*tally->zone) { return; }
    sum->zones++;
    name_configured(sum, tally->zone);
}

static enum err add_up(struct call *call, struct sum *sum, struct why *why)
{
    const struct control_options *options = call->desk->control->options;
    const char *reach = reach_filter(&call->session.reach);
    enum err err = tally_each(call->desk->tallies, add_tally, sum, why);
    if (!err && reach) { err = delivery_board_count(call->desk->board, reach, &sum->alerts, why); }
    for (size_t i = 0; i < options->zone_count; i++) {
        const bool more =
            !sum->named[i] && permission_reaches(&call->session, options->zones[i].name);
        sum->zones += more;
    }
    return err;
}

void fleet_api_resources(struct call *call)
{
    struct why why = {""};
    struct sum sum = {.call = call};
    const enum err err = add_up(call, &sum, &why);
    struct value *list = value_array();
    add_resource(list, "events", "/api/events", sum.events);
    add_resource(list, "alerts", "/api/alerts", sum.alerts);
    add_resource(list, "devices", "/api/devices", sum.devices);
    add_resource(list, "cameras", "/api/cameras", sum.cameras);
    add_resource(list, "zones", "/api/zones", sum.zones);
    struct value *body = value_object();
    value_set(body, "resources", list);
    call_answer(call, err, 200, &body, &why);
    value_free(body);
}
