#include "programs/control/options.h"

#include <stddef.h>

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
    {"broker.host", OPTION_KIND_TEXT, AT(broker_host), 0, 0, "127.0.0.1",
     "Host of the site's message broker."},
    {"broker.port", OPTION_KIND_INTEGER, AT(broker_port), 1, 65535, "8883", "Port of the broker."},
    {"broker.prefix", OPTION_KIND_TEXT, AT(broker_prefix), 0, 0, "tocsin",
     "What all topics begin with."},
    {"state.folder", OPTION_KIND_TEXT, AT(state_folder), 0, 0, NULL,
     "Folder of control.db; created with mode 0700."},
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
     "Whether a TLS proxy on this machine passes requests on: loopback peers are believed in "
     "X-Forwarded-For, cookies are Secure."},
    {"http.workers", OPTION_KIND_INTEGER, AT(http_workers), 1, 32, "4",
     "Threads that answer requests, each with a database connection."},
    {"http.connections", OPTION_KIND_INTEGER, AT(http_connections), 16, 10000, "1000",
     "Most TCP connections at once."},
    {"auth.second_factor_roles", OPTION_KIND_TEXT, AT(second_factor_roles), 0, 0, "",
     "Roles, with spaces between, that need a second factor: whoever has none sets one up first."},
    {"auth.token_key_s", OPTION_KIND_INTEGER, AT(token_key_s), 10, 31 * 86400, "86400",
     "Seconds for which one key signs access tokens; it is accepted until its last token ends."},
    {"web.folder", OPTION_KIND_TEXT, AT(web_folder), 0, 0, "/usr/share/tocsin/web",
     "Folder of the web page (index.html, assets)."},
    {"log.level", OPTION_KIND_TEXT, AT(log_level), 0, 0, "info",
     "Least level to log: debug, info, warning or error."},
};

static const struct option ZONE_OPTIONS[] = {
    {"title", OPTION_KIND_TEXT, offsetof(struct control_zone, title), 0, 0, "",
     "What people call the zone."},
};

static const struct option_group GROUPS[] = {
    {.section = "zone",
     .array_offset = AT(zones),
     .count_offset = AT(zone_count),
     .element_size = sizeof(struct control_zone),
     .name_offset = offsetof(struct control_zone, name),
     .count_max = CONTROL_ZONE_MAX,
     .options = ZONE_OPTIONS,
     .option_count = ARRAY_LEN(ZONE_OPTIONS)},
};

const struct option_table CONTROL_OPTIONS = {
    .program = "tocsin-control",
    .sentence = "the site's own server: people, alerts, events, the web page",
    .options = OPTIONS,
    .option_count = ARRAY_LEN(OPTIONS),
    .groups = GROUPS,
    .group_count = ARRAY_LEN(GROUPS),
};
