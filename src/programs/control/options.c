#include "programs/control/options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "fleet/area.h"
#include "fleet/zone.h"
#include "ledger/note.h"
#include "people/client.h"
#include "people/permission.h"
#include "provider/address.h"

#define AT(member) offsetof(struct control_options, member)

static const struct option OPTIONS[] = {
    {"site.name", OPTION_KIND_TEXT, AT(site), 0, 0, NULL,
     "Name of the site, as in its certificates (spiffe://NAME/...)."},
    {"site.ca", OPTION_KIND_TEXT, AT(ca), 0, 0, NULL,
     "PEM file of the site's certificate authority."},
    {"identity.certificate", OPTION_KIND_TEXT, AT(certificate), 0, 0, NULL,
     "PEM file of this program's certificate chain, leaf first, role control."},
    {"identity.key", OPTION_KIND_TEXT, AT(key), 0, 0, NULL,
     "PEM file of its Ed25519 key (PKCS#8, readable by the owner only)."},
    {"exercise.certificate", OPTION_KIND_TEXT, AT(exercise_certificate), 0, 0, "",
     "PEM file of the certificate chain of the key for exercises and tests, role exercise; empty: "
     "none can be sent."},
    {"exercise.key", OPTION_KIND_TEXT, AT(exercise_key), 0, 0, "", "PEM file of that key."},
    {"broker.host", OPTION_KIND_TEXT, AT(broker_host), 0, 0, "127.0.0.1",
     "Host of the site's message broker."},
    {"broker.port", OPTION_KIND_INTEGER, AT(broker_port), 1, 65535, "8883", "Port of the broker."},
    {"broker.prefix", OPTION_KIND_TEXT, AT(broker_prefix), 0, 0, "tocsin",
     "What all topics begin with."},
    {"state.folder", OPTION_KIND_TEXT, AT(state_folder), 0, 0, NULL,
     "Folder of control.db; created with mode 0700."},
    {"state.several", OPTION_KIND_BOOLEAN, AT(several), 0, 0, "false",
     "Whether other control servers of the site use the same database: one speaks with the bus, "
     "all serve people."},
    {"redis.address", OPTION_KIND_TEXT, AT(redis_address), 0, 0, "",
     "Redis that several servers count tries and requests in: unix:/PATH or NUMBER:PORT; password "
     "in TOCSIN_REDIS_PASSWORD; empty: each counts in memory."},
    {"redis.wait_ms", OPTION_KIND_INTEGER, AT(redis_wait_ms), 1, 1000, "20",
     "Most milliseconds that a request waits for Redis before this server counts by itself."},
    {"database.address", OPTION_KIND_TEXT, AT(database_address), 0, 0, "",
     "PostgreSQL in place of control.db: postgresql://USER@HOST/NAME, never with a password (that "
     "comes from PGPASSWORD or the file that PGPASSFILE names); empty: control.db."},
    {"database.owner", OPTION_KIND_TEXT, AT(database_owner), 0, 0, "",
     "The same as the role that owns the tables: used at start to bring the schema up to date, and "
     "then left; empty: somebody else does that."},
    {"alert.emergency_approvals", OPTION_KIND_INTEGER, AT(emergency_approvals), 1, 8, "1",
     "Operators who must approve an emergency before it is sent; signs count by their own "
     "setting."},
    {"events.days", OPTION_KIND_INTEGER, AT(events_days), 0, 36500, "365",
     "Days after which events leave the timeline; 0 keeps them."},
    {"http.address", OPTION_KIND_TEXT, AT(http_address), 0, 0, "127.0.0.1",
     "IP address to listen on; one that is not loopback needs a certificate."},
    {"http.port", OPTION_KIND_INTEGER, AT(http_port), 0, 65535, "8080",
     "Port to listen on; 0 takes a free one and logs it."},
    {"http.certificate", OPTION_KIND_TEXT, AT(http_certificate), 0, 0, "",
     "PEM file of the certificate that browsers see (P-256); empty: plain HTTP on loopback."},
    {"http.key", OPTION_KIND_TEXT, AT(http_key), 0, 0, "", "PEM file of its key."},
    {"http.behind_proxy", OPTION_KIND_BOOLEAN, AT(http_behind_proxy), 0, 0, "false",
     "Whether TLS proxies pass requests on: those of http.proxies are believed in X-Forwarded-For, "
     "cookies are Secure."},
    {"http.proxies", OPTION_KIND_TEXT, AT(http_proxies), 0, 0, "127.0.0.0/8 ::1",
     "Networks of our proxies, with spaces between; X-Forwarded-For is read from the right for as "
     "long as these wrote it."},
    {"http.rate_account", OPTION_KIND_INTEGER, AT(http_rate_account), 1, 1000000, "5000",
     "Requests a second that one account may make, four seconds' worth of them at once."},
    {"http.rate_stranger", OPTION_KIND_INTEGER, AT(http_rate_stranger), 1, 1000000, "200",
     "The same for an address (IPv6: a /64) of which nobody is signed in; pages and /health do not "
     "count."},
    {"http.workers", OPTION_KIND_INTEGER, AT(http_workers), 1, 32, "4",
     "Threads that answer requests, each with a database connection."},
    {"http.connections", OPTION_KIND_INTEGER, AT(http_connections), 16, 10000, "1000",
     "Most TCP connections at once."},
    {"auth.second_factor_roles", OPTION_KIND_TEXT, AT(second_factor_roles), 0, 0, "",
     "Roles, with spaces between, that need a second factor: whoever has none sets one up first."},
    {"auth.token_key_s", OPTION_KIND_INTEGER, AT(token_key_s), 10, INT64_C(31) * 86400, "86400",
     "Seconds for which one key signs access tokens; it is accepted until its last token ends."},
    {"oidc.issuer", OPTION_KIND_TEXT, AT(oidc_issuer), 0, 0, "",
     "Issuer of the OpenID Connect provider that people may sign in with, https://..., letter by "
     "letter as it calls itself; empty: none. A client secret stands in TOCSIN_OIDC_SECRET."},
    {"oidc.client_id", OPTION_KIND_TEXT, AT(oidc_client_id), 0, 0, "",
     "What that provider calls this site."},
    {"oidc.origin", OPTION_KIND_TEXT, AT(oidc_origin), 0, 0, "",
     "Where browsers see this site, such as https://tocsin.example; the provider sends them to "
     "/auth/provider/callback there."},
    {"oidc.name", OPTION_KIND_TEXT, AT(oidc_name), 0, 0, "your organisation",
     "What people call the provider: the page says \"Sign in with NAME\"."},
    {"oidc.max_age_s", OPTION_KIND_INTEGER, AT(oidc_max_age_s), 0, 86400, "0",
     "Seconds after which the provider asks a person anew who they are, for desks that people "
     "share; 0: as it likes. Providers that do not know auth_time sign nobody in then."},
    {"oidc.ca", OPTION_KIND_TEXT, AT(oidc_ca), 0, 0, "",
     "PEM file of the authorities that the provider's certificate may come from; empty: the "
     "system's."},
    {"web.folder", OPTION_KIND_TEXT, AT(web_folder), 0, 0, "/usr/share/tocsin/web",
     "Folder of the web page (index.html, assets)."},
    {"map.url", OPTION_KIND_TEXT, AT(map_url), 0, 0, "",
     "Where the page finds the map's current.json, with a / at the end: https://..., http://... on "
     "loopback, or /... behind the same proxy; empty: no map."},
    {"map.exact_url", OPTION_KIND_TEXT, AT(map_exact_url), 0, 0, "",
     "Where the page finds the private archive of the field units, such as "
     "https://maps.town.example/field.pmtiles; its server's token is in TOCSIN_MAP_TOKEN; empty: "
     "none."},
    {"audit.origin", OPTION_KIND_TEXT, AT(audit_origin), 0, 0, "",
     "Name of the audit log, in its checkpoints and keys; empty: SITE/audit. A log keeps its "
     "name."},
    {"audit.keep_days", OPTION_KIND_INTEGER, AT(audit_keep_days), 0, 36500, "2557",
     "Days after which entries leave the audit log (7 years), with the epoch that holds them; 0 "
     "keeps them for ever."},
    {"audit.epoch_days", OPTION_KIND_INTEGER, AT(audit_epoch_days), 7, 366, "30",
     "Days that an epoch of the audit log lasts; the checkpoint that closes it is kept."},
    {"audit.public", OPTION_KIND_BOOLEAN, AT(audit_public), 0, 0, "false",
     "Whether everybody may read the audit log's checkpoint, tiles and entries at /api/audit/log "
     "(C2SP tlog-tiles), without what is sealed; else those who may see the log."},
    {"enrol.url", OPTION_KIND_TEXT, AT(enrol_url), 0, 0, "",
     "Address of tocsin-enrol (https://HOST:PORT), which renews our certificates, and whose deeds "
     "are taken into the audit log; empty: neither."},
    {"enrol.fingerprint", OPTION_KIND_TEXT, AT(enrol_fingerprint), 0, 0, "",
     "SHA-256 of the certificate of the site's CA, or of the root above it, 64 hex digits."},
    {"enrol.token_file", OPTION_KIND_TEXT, AT(enrol_token_file), 0, 0, "",
     "A file with the one-time token for our first certificate (mode 0600, deleted once used); "
     "TOCSIN_ENROL_TOKEN goes first."},
    {"enrol.look_s", OPTION_KIND_INTEGER, AT(enrol_look_s), 1, 86400, "86400",
     "How often it is asked which CAs are trusted, in seconds."},
    {"log.level", OPTION_KIND_TEXT, AT(log_level), 0, 0, "info",
     "Least level to log: debug, info, warning or error."},
};

static const struct option ZONE_OPTIONS[] = {
    {"title", OPTION_KIND_TEXT, offsetof(struct control_zone, title), 0, 0, "",
     "What people call the zone."},
    {"area", OPTION_KIND_TEXT, offsetof(struct control_zone, area), 0, 0, "",
     "Its corners on the map, as \"latitude,longitude latitude,longitude ...\"; empty: not drawn."},
};

static const struct option PLACE_OPTIONS[] = {
    {"latitude", OPTION_KIND_REAL, offsetof(struct control_place, latitude), -90, 90, NULL,
     "Where the device of this name stands, in degrees (WGS 84)."},
    {"longitude", OPTION_KIND_REAL, offsetof(struct control_place, longitude), -180, 180, NULL,
     "Where the device of this name stands, in degrees (WGS 84)."},
};

static const struct option WITNESS_OPTIONS[] = {
    {"url", OPTION_KIND_TEXT, offsetof(struct control_witness, url), 0, 0, NULL,
     "Where it takes checkpoints (C2SP tlog-witness), without the /add-checkpoint: https://..., or "
     "http://... on loopback."},
    {"key", OPTION_KIND_TEXT, offsetof(struct control_witness, key), 0, 0, NULL,
     "Its key, NAME+ID+BASE64, of cosignature/v1."},
    {"ca", OPTION_KIND_TEXT, offsetof(struct control_witness, ca), 0, 0, "",
     "PEM file of the authority of its server's certificate; empty: the system's authorities."},
};

static const struct option_group GROUPS[] = {
    {.section = "witness",
     .array_offset = AT(witnesses),
     .count_offset = AT(witness_count),
     .element_size = sizeof(struct control_witness),
     .name_offset = offsetof(struct control_witness, name),
     .count_max = CONTROL_WITNESS_MAX,
     .options = WITNESS_OPTIONS,
     .option_count = ARRAY_LEN(WITNESS_OPTIONS)},
    {.section = "zone",
     .array_offset = AT(zones),
     .count_offset = AT(zone_count),
     .element_size = sizeof(struct control_zone),
     .name_offset = offsetof(struct control_zone, name),
     .count_max = CONTROL_ZONE_MAX,
     .options = ZONE_OPTIONS,
     .option_count = ARRAY_LEN(ZONE_OPTIONS)},
    {.section = "place",
     .array_offset = AT(places),
     .count_offset = AT(place_count),
     .element_size = sizeof(struct control_place),
     .name_offset = offsetof(struct control_place, name),
     .count_max = CONTROL_PLACE_MAX,
     .options = PLACE_OPTIONS,
     .option_count = ARRAY_LEN(PLACE_OPTIONS)},
};

/* ---- what no single option tells ---- */

static bool loopback(const char *authority)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const size_t size = strlen(names[i]);
        const int end = strncmp(authority, names[i], size) == 0 ? authority[size] : '?';
        if (end == ':' || end == '/') { return true; }
    }
    return false;
}

enum err control_map_origin(char origin[static OPTION_TEXT_SIZE], const char *map_url,
                            struct why *why)
{
    /* Nothing that means anything in a policy or in a URL's query. */
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._~:/[]";
    const size_t size = strlen(map_url);
    origin[0] = '\0';
    if (size == 0) { return OK; }
    const char *authority = strstr(map_url, "://");
    const char *path = authority ? strchr(authority + 3, '/') : map_url;
    const bool own = !authority && map_url[0] == '/' && map_url[1] != '/';
    const bool safe =
        authority && (strncmp(map_url, "https://", 8) == 0 ||
                      (strncmp(map_url, "http://", 7) == 0 && loopback(authority + 3)));
    if (strspn(map_url, letters) != size || map_url[size - 1] != '/' || (!own && !safe) || !path ||
        path == authority + 3) {
        return why_set(
            why, ERR_RANGE,
            "map.url is \"%.100s\", expected https://HOST/PATH/, http:// on loopback, or "
            "/PATH/",
            map_url);
    }
    memcpy(origin, map_url, (size_t)(path - map_url));
    origin[path - map_url] = '\0';
    return OK;
}

static enum err check_provider(const struct control_options *options, struct why *why)
{
    if (!*options->oidc_issuer) { return OK; }
    if (!address_issuer_valid(options->oidc_issuer)) {
        return why_set(why, ERR_RANGE, "oidc.issuer is \"%.100s\", expected https://HOST/PATH",
                       options->oidc_issuer);
    }
    if (!*options->oidc_client_id) {
        return why_set(why, ERR_RANGE, "oidc.issuer needs oidc.client_id");
    }
    if (!address_origin_valid(options->oidc_origin)) {
        return why_set(why, ERR_RANGE,
                       "oidc.origin is \"%.100s\", expected https://HOST, or http:// on loopback",
                       options->oidc_origin);
    }
    return OK;
}

enum err control_exact_map(char origin[static OPTION_TEXT_SIZE], char name[static OPTION_TEXT_SIZE],
                           const char *exact_url, struct why *why)
{
    static const char ending[] = ".pmtiles";
    char folder[OPTION_TEXT_SIZE];
    origin[0] = '\0';
    name[0] = '\0';
    if (!*exact_url) { return OK; }
    (void)snprintf(folder, sizeof folder, "%s", exact_url);
    char *slash = strrchr(folder, '/');
    char *end = slash ? strstr(slash, ending) : NULL;
    if (!end || end == slash + 1 || end[strlen(ending)]) {
        return why_set(why, ERR_RANGE, "map.exact_url is \"%.100s\", expected .../NAME.pmtiles",
                       exact_url);
    }
    *end = '\0';
    (void)snprintf(name, OPTION_TEXT_SIZE, "%s", slash + 1);
    slash[1] = '\0';
    const enum err err = control_map_origin(origin, folder, why);
    return err ? why_prefix(why, err, "map.exact_url") : OK;
}

static enum err check_witness(const struct control_witness *witness, struct why *why)
{
    struct note_key key;
    const char *authority = strstr(witness->url, "://");
    const bool safe = strncmp(witness->url, "https://", 8) == 0 ||
                      (strncmp(witness->url, "http://", 7) == 0 && loopback(authority + 3));
    if (!zone_name_valid(witness->name) || strlen(witness->name) > 48) {
        return why_set(why, ERR_RANGE,
                       "[witness %.60s]: a name has up to 48 letters of a-z 0-9 . -",
                       witness->name);
    }
    if (!safe || witness->url[strlen(witness->url) - 1] == '/') {
        return why_set(why, ERR_RANGE,
                       "[witness %.60s]: url is \"%.100s\", expected https://HOST/PATH without a / "
                       "at the end, or http:// on loopback",
                       witness->name, witness->url);
    }
    const enum err err = note_key_parse(&key, witness->key, why);
    if (!err && key.kind == NOTE_KIND_COSIGNATURE) { return OK; }
    return why_set(why, ERR_RANGE, "[witness %.60s]: key is no vkey of a cosignature/v1",
                   witness->name);
}

static enum err check_zone(const struct control_zone *zone, struct why *why)
{
    struct area area;
    if (!zone_name_valid(zone->name)) {
        return why_set(why, ERR_RANGE, "[zone %.60s]: a zone's name has letters of a-z 0-9 . -",
                       zone->name);
    }
    const enum err err = *zone->area ? area_parse(&area, zone->area, why) : OK;
    if (!err) { return OK; }
    (void)why_prefix(why, err, "area");
    return why_prefix(why, err, zone->name);
}

/* What no single option tells: names, areas, the maps' addresses. */
static enum err check(const void *context, struct why *why)
{
    const struct control_options *options = context;
    char origin[OPTION_TEXT_SIZE];
    if (*options->http_certificate && !*options->http_key) {
        return why_set(why, ERR_RANGE, "http.certificate needs http.key");
    }
    for (size_t i = 0; i < options->zone_count; i++) {
        const enum err err = check_zone(&options->zones[i], why);
        if (err) { return err; }
    }
    for (size_t i = 0; i < options->witness_count; i++) {
        const enum err err = check_witness(&options->witnesses[i], why);
        if (err) { return err; }
    }
    struct client_networks proxies = {.count = 0};
    enum err err = client_networks_parse(&proxies, options->http_proxies, why);
    if (err) { return why_prefix(why, err, "http.proxies"); }
    unsigned int roles = 0;
    err = user_roles_parse(&roles, options->second_factor_roles, why);
    if (!err) { err = check_provider(options, why); }
    if (!err) { err = control_map_origin(origin, options->map_url, why); }
    char name[OPTION_TEXT_SIZE];
    return err ? err : control_exact_map(origin, name, options->map_exact_url, why);
}

const struct option_table CONTROL_OPTIONS = {
    .program = "tocsin-control",
    .sentence = "the site's own server: people, alerts, events, the web page",
    .options = OPTIONS,
    .option_count = ARRAY_LEN(OPTIONS),
    .groups = GROUPS,
    .group_count = ARRAY_LEN(GROUPS),
    .check = check,
};
