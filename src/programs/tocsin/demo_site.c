#include "demo.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "demo_files.h"
#include "demo_map.h"
#include "demo_members.h"
#include "trust/authority.h"

enum { CONFIG_SIZE_MAX = 64 * 1024, NUMBER_SIZE = 16 };

const char *demo_path(char path[static FILE_PATH_SIZE], const char *folder, const char *name)
{
    struct why why;
    return file_join(path, folder, name, &why) ? "" : path;
}

/*
 * The CA's key stays in ca/, unsealed: whoever wants more devices in the demo issues them with
 * `tocsin ca issue --dir`, or invites them. It dies with the demo's folder.
 */
static enum err make_authority(struct demo_site *site, struct why *why)
{
    const char *state = site->options->state;
    char key[FILE_PATH_SIZE];
    char certificate[FILE_PATH_SIZE];
    CLEANUP(authority_close_p) struct authority *authority = NULL;
    enum err err =
        authority_new(&authority, DEMO_SITE_NAME, KEY_KIND_ED25519, clock_wall_us(), why);
    if (!err) { err = file_join(key, state, "ca/ca.key", why); }
    if (!err) { err = file_join(certificate, state, "ca/ca.crt", why); }
    if (!err) { err = authority_save(authority, key, certificate, NULL, why); }
    return err ? err : demo_members_prepare(site, authority, why);
}

/* Settings that every program on the bus shares. */
static void add_identity(struct text *ini, const struct demo_site *site, const char *name,
                         int broker_port)
{
    const char *state = site->options->state;
    /* The edge has a file of its own, which it makes from the fingerprint. */
    const bool edge = strcmp(name, "edge-north-1") == 0;
    text_format(ini,
                "[site]\nname = " DEMO_SITE_NAME "\nca = %s/%s/ca.crt\n\n"
                "[identity]\ncertificate = %s/identity/%s.crt\nkey = %s/identity/%s.key\n\n"
                "[broker]\nhost = 127.0.0.1\nport = %d\n\n",
                state, edge ? "edge" : "ca", state, name, state, name, broker_port);
}

static void add_enrolment(struct text *ini, const struct demo_site *site)
{
    text_format(ini, "\n[enrol]\nurl = https://127.0.0.1:%d\nfingerprint = %s\n", site->ports.enrol,
                site->fingerprint);
}

static void write_enrol(const struct demo_site *site, struct text *ini)
{
    const char *state = site->options->state;
    text_format(ini,
                "[ca]\nkey = %s/ca/ca.key\ncertificate = %s/ca/ca.crt\n\n"
                "[http]\naddress = 127.0.0.1\nport = %d\n\n[state]\nfolder = %s/enrol\n\n"
                "[broker]\nhost = 127.0.0.1\nport = %d\n",
                state, state, site->ports.enrol, state, site->ports.site_broker);
}

static void write_control(const struct demo_site *site, struct text *ini)
{
    add_identity(ini, site, "control", site->ports.site_broker);
    text_format(ini,
                "[exercise]\ncertificate = %s/identity/exercises.crt\nkey = "
                "%s/identity/exercises.key\n\n",
                site->options->state, site->options->state);
    text_format(ini,
                "[state]\nfolder = %s/control\n\n"
                "[http]\naddress = 127.0.0.1\nport = %d\n\n"
                "[web]\nfolder = %s/web/dist\n\n"
                "[map]\nurl = http://127.0.0.1:%d/\n\n"
                "[enrol]\nurl = https://127.0.0.1:%d\n\n"
                "[zone north]\ntitle = North gate\narea = " DEMO_ZONE_AREA "\n\n" DEMO_PLACES,
                site->options->state, site->ports.web, site->options->share, site->ports.map,
                site->ports.enrol);
}

static void write_gateway(const struct demo_site *site, struct text *ini)
{
    add_identity(ini, site, "gateway-north", site->ports.zone_broker);
    text_format(ini,
                "[zone]\nname = north\n\n[state]\nfolder = %s/gateway\n\n"
                "[http]\naddress = 127.0.0.1\nport = %d\n",
                site->options->state, site->ports.gateway_metrics);
    add_enrolment(ini, site);
}

static void write_edge(const struct demo_site *site, struct text *ini)
{
    const char *state = site->options->state;
    add_identity(ini, site, "edge-north-1", site->ports.zone_broker);
    text_format(
        ini,
        "[zone]\nname = north\n\n[state]\nfolder = %s/edge\n\n[media]\nfolder = %s/media\n\n"
        "[watch]\nsocket = %s/run/edge.sock\n\n"
        "[http]\naddress = 127.0.0.1\nport = %d\npublic_url = https://127.0.0.1:%d\n\n"
        "[metrics]\nport = %d\n",
        state, state, state, site->ports.media, site->ports.media, site->ports.edge_metrics);
    add_enrolment(ini, site);
}

static void write_watch(const struct demo_site *site, struct text *ini)
{
    const char *state = site->options->state;
    text_format(ini, "[edge]\nsocket = %s/run/edge.sock\n\n[media]\nfolder = %s/media\n\n", state,
                state);
    text_format(ini, "[source]\nretry_least_ms = 200\nretry_most_ms = 5000\n\n");
    text_format(ini, "[camera gate]\nurl = rtsp://127.0.0.1:%d/cam1\ntransport = tcp\n",
                site->ports.camera);
}

/* What a test needs to find the listeners of this demo. */
static void write_ports(const struct demo_site *site, struct text *json)
{
    const struct demo_ports *ports = &site->ports;
    text_format(json,
                "{\"control_metrics\":%d,\"edge_metrics\":%d,\"gateway_metrics\":%d,\"media\":%d,"
                "\"site_broker\":%d,\"zone_broker\":%d,\"camera\":%d,\"enrol\":%d,\"map\":%d}\n",
                ports->web, ports->edge_metrics, ports->gateway_metrics, ports->media,
                ports->site_broker, ports->zone_broker, ports->camera, ports->enrol, ports->map);
}

static enum err write_configs(const struct demo_site *site, struct why *why)
{
    static const struct {
        const char *name;
        void (*write)(const struct demo_site *site, struct text *out);
    } files[] = {{"enrol.ini", write_enrol},     {"control.ini", write_control},
                 {"gateway.ini", write_gateway}, {"edge.ini", write_edge},
                 {"watch.ini", write_watch},     {"map.ini", demo_map_write},
                 {"run/ports.json", write_ports}};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[FILE_PATH_SIZE];
        CLEANUP(text_deinit) struct text content = text_limited(CONFIG_SIZE_MAX);
        files[i].write(site, &content);
        enum err err = file_join(path, site->options->state, files[i].name, why);
        if (!err) { err = file_write(path, text_span(&content), 0600, why); }
        if (err) { return err; }
    }
    return OK;
}

/* The brokers' configuration, from the templates that a real site uses. */
static enum err write_broker(const struct demo_site *site, bool zone, struct why *why)
{
    const struct demo_options *options = site->options;
    static char paths[9][FILE_PATH_SIZE]; /* too large for the stack; one thread */
    char port[NUMBER_SIZE];
    char site_port[NUMBER_SIZE];
    (void)snprintf(port, sizeof port, "%d",
                   zone ? site->ports.zone_broker : site->ports.site_broker);
    (void)snprintf(site_port, sizeof site_port, "%d", site->ports.site_broker);
    const struct passwd *user = getpwuid(geteuid()); /* NOLINT(concurrency-mt-unsafe): one thread */
    const char *state = options->state;
    const struct demo_word words[] = {
        {"USER", user ? user->pw_name : "nobody"},
        {"STATE", demo_path(paths[0], state, zone ? "zone-broker" : "site-broker")},
        {"PLUGIN", demo_path(paths[1], options->build, "tocsin-broker.so")},
        {"SITE", DEMO_SITE_NAME},
        {"PREFIX", "tocsin"},
        {"ZONE", "north"},
        {"PORT", port},
        {"ADDRESS", "127.0.0.1"},
        {"CA", demo_path(paths[2], state, "ca/ca.crt")},
        {"CERTIFICATE", demo_path(paths[3], state,
                                  zone ? "identity/zone-broker.crt" : "identity/site-broker.crt")},
        {"KEY", demo_path(paths[4], state,
                          zone ? "identity/zone-broker.key" : "identity/site-broker.key")},
        {"SITE_ADDRESS", "127.0.0.1"},
        {"SITE_PORT", site_port},
        {"GATEWAY", "gateway-north"},
        {"GATEWAY_CERTIFICATE", demo_path(paths[5], state, "identity/gateway-north.crt")},
        {"GATEWAY_KEY", demo_path(paths[6], state, "identity/gateway-north.key")},
    };
    CLEANUP(text_deinit) struct text content = text_limited(CONFIG_SIZE_MAX);
    const char *template_path =
        demo_path(paths[7], options->share,
                  zone ? "deploy/mosquitto/zone.conf.in" : "deploy/mosquitto/site.conf.in");
    const enum err err = demo_files_fill(&content, template_path, words, ARRAY_LEN(words), why);
    if (err) { return err; }
    demo_path(paths[8], state, zone ? "zone-broker.conf" : "site-broker.conf");
    return file_write(paths[8], text_span(&content), 0600, why);
}

/* Paths in configurations must hold wherever a program is started: all are made absolute. */
static enum err make_absolute(char path[static FILE_PATH_SIZE], struct why *why)
{
    char *real = realpath(path, NULL);
    const bool fits = real && text_copy(path, FILE_PATH_SIZE, real);
    free(real);
    return fits ? OK : why_set(why, ERR_NOT_FOUND, "folder %.140s is not here", path);
}

enum err demo_site_make(struct demo_site *site, struct demo_options *options, struct why *why)
{
    static const char *const folders[] = {"ca",          "identity", "log",     "run",
                                          "media",       "control",  "gateway", "site-broker",
                                          "zone-broker", "edge",     "enrol"};
    site->options = options;
    enum err err = demo_files_prepare(options->state, why);
    if (!err) { err = make_absolute(options->state, why); }
    if (!err) { err = make_absolute(options->build, why); }
    if (!err) { err = make_absolute(options->share, why); }
    for (size_t i = 0; !err && i < ARRAY_LEN(folders); i++) {
        char path[FILE_PATH_SIZE];
        err = file_join(path, options->state, folders[i], why);
        if (!err) { err = file_make_folder(path, 0700, why); }
    }
    if (!err) { err = make_authority(site, why); }
    if (!err) { err = write_configs(site, why); }
    if (!err) { err = write_broker(site, false, why); }
    if (!err) { err = write_broker(site, true, why); }
    return err ? err : demo_map_make_town(site, why);
}
