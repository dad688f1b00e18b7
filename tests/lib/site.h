/*
 * tests/lib/site - a site for a test: a CA, certificates, and brokers from the templates that a
 * real site uses, all in one temporary folder.
 */
#pragma once

#include "lib/broker.h"
#include "lib/mailbox.h"
#include "trust/authority.h"
#include "trust/envelope.h"

#include <ftw.h>
#include <pwd.h>

enum { SITE_PATH_SIZE = 512, SITE_CONFIG_MAX = 64 * 1024 };

struct site {
    char folder[SITE_PATH_SIZE / 2];
    char ca[SITE_PATH_SIZE];
    struct authority *authority; /* owned */
    struct broker central, zone; /* "north" */
};

/* NAME.crt or NAME.key in the site's folder. */
static inline const char *site_path(char path[static SITE_PATH_SIZE], const struct site *site,
                                    const char *name, const char *ending)
{
    (void)snprintf(path, SITE_PATH_SIZE, "%s/%s%s", site->folder, name, ending);
    return path;
}

/* A certificate of `role` for `name`, as ROLE-NAME.crt and .key. */
static inline bool site_issue(const struct site *site, const struct authority *authority,
                              enum role role, const char *name)
{
    static const char *const hosts[] = {"127.0.0.1"};
    const struct authority_request request = {
        .role = role, .name = name, .hosts = hosts, .host_count = 1};
    struct authority_issued issued = {0};
    struct why why = {0};
    char file[128];
    (void)snprintf(file, sizeof file, "%s-%s", role_name(role), name);
    enum err err = authority_issue(&issued, authority, &request, clock_wall_us(), &why);
    if (err == OK) { err = authority_issued_save(&issued, site->folder, file, &why); }
    authority_issued_deinit(&issued);
    if (err != OK) { printf("# %s\n", why.text); }
    return err == OK;
}

static inline bool site_make(struct site *site)
{
    (void)snprintf(site->folder, sizeof site->folder, "/tmp/tocsin-site-XXXXXX");
    if (mkdtemp(site->folder) == NULL) { return false; }
    char key[SITE_PATH_SIZE];
    struct why why = {0};
    (void)site_path(site->ca, site, "ca", ".crt");
    enum err err = authority_new(&site->authority, "demo", KEY_KIND_ED25519, clock_wall_us(), &why);
    if (err == OK) {
        err = authority_save(site->authority, site_path(key, site, "ca", ".key"), site->ca, NULL,
                             &why);
    }
    if (err != OK) { printf("# %s\n", why.text); }
    return err == OK && site_issue(site, site->authority, ROLE_BROKER, "central") &&
           site_issue(site, site->authority, ROLE_BROKER, "north") &&
           site_issue(site, site->authority, ROLE_GATEWAY, "gw-north");
}

/* Replaces every @WORD@ of `config`. */
static inline void site_fill(struct text *config, const char *template,
                             const char *const words[][2], size_t count)
{
    for (const char *at = template; *at != '\0';) {
        size_t used = 0;
        for (size_t i = 0; i < count && used == 0; i++) {
            char mark[64];
            (void)snprintf(mark, sizeof mark, "@%s@", words[i][0]);
            if (strncmp(at, mark, strlen(mark)) != 0) { continue; }
            text_add(config, words[i][1]);
            used = strlen(mark);
        }
        if (used == 0) {
            text_add_char(config, *at);
            used = 1;
        }
        at += used;
    }
}

/* Writes a broker's configuration from its template; `plugin` is the path of tocsin-broker.so. */
static inline bool site_write_broker(const struct site *site, struct broker *broker,
                                     const char *plugin)
{
    const bool zone = broker == &site->zone;
    char paths[4][SITE_PATH_SIZE];
    char ports[2][16];
    (void)snprintf(ports[0], sizeof ports[0], "%d", broker->port);
    (void)snprintf(ports[1], sizeof ports[1], "%d", site->central.port);
    const struct passwd *user = getpwuid(geteuid()); /* NOLINT(concurrency-mt-unsafe) */
    const char *const words[][2] = {
        {"USER", user->pw_name},
        {"STATE", broker->folder},
        {"PLUGIN", plugin},
        {"SITE", "demo"},
        {"PREFIX", "tocsin"},
        {"ZONE", "north"},
        {"PORT", ports[0]},
        {"ADDRESS", "127.0.0.1"},
        {"CA", site->ca},
        {"CERTIFICATE",
         site_path(paths[0], site, zone ? "broker-north" : "broker-central", ".crt")},
        {"KEY", site_path(paths[1], site, zone ? "broker-north" : "broker-central", ".key")},
        {"SITE_ADDRESS", "127.0.0.1"},
        {"SITE_PORT", ports[1]},
        {"GATEWAY", "gw-north"},
        {"GATEWAY_CERTIFICATE", site_path(paths[2], site, "gateway-gw-north", ".crt")},
        {"GATEWAY_KEY", site_path(paths[3], site, "gateway-gw-north", ".key")},
    };
    struct text template = text_limited(SITE_CONFIG_MAX);
    struct text config = text_limited(SITE_CONFIG_MAX);
    struct why why = {0};
    const bool read =
        file_read(&template,
                  zone ? "deploy/mosquitto/zone.conf.in" : "deploy/mosquitto/site.conf.in",
                  &why) == OK;
    if (!read) { printf("# %s\n", why.text); }
    site_fill(&config, text_c(&template), words, ARRAY_LEN(words));
    const bool written = read && broker_write_config(broker, text_c(&config));
    text_deinit(&template);
    text_deinit(&config);
    return written;
}

static inline bool site_prepare_broker(struct site *site, struct broker *broker, const char *name,
                                       const char *plugin)
{
    (void)snprintf(broker->folder, sizeof broker->folder, "%.200s/%s", site->folder, name);
    broker->port = broker_free_port();
    return file_make_folder(broker->folder, 0700, NULL) == OK &&
           site_write_broker(site, broker, plugin);
}

/* Both brokers, bridged; waits until each listens. */
static inline bool site_start(struct site *site, const char *plugin)
{
    return site_prepare_broker(site, &site->central, "central", plugin) &&
           broker_start(&site->central) && site_prepare_broker(site, &site->zone, "zone", plugin) &&
           broker_start(&site->zone);
}

static inline int site_remove_one(const char *path, const struct stat *about, int kind,
                                  struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

static inline void site_deinit(struct site *site)
{
    broker_end(&site->zone, SIGKILL);
    broker_end(&site->central, SIGKILL);
    authority_close(site->authority);
    (void)nftw(site->folder, site_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A client with the certificate of `role` `name`, connected to `broker`, or NULL. */
struct site_client {
    const struct broker *broker;
    enum role role;
    const char *name;
    const char *filters[4];
    const char *client_id; /* NULL: ROLE-NAME */
};

static inline struct mailbox *site_open(const struct site *site, const struct site_client *client)
{
    char name[128];
    char paths[2][SITE_PATH_SIZE];
    (void)snprintf(name, sizeof name, "%s-%s", role_name(client->role), client->name);
    struct mqtt_config config = {.host = "127.0.0.1",
                                 .port = client->broker->port,
                                 .client_id = client->client_id ? client->client_id : name,
                                 .ca_path = site->ca,
                                 .certificate_path = site_path(paths[0], site, name, ".crt"),
                                 .key_path = site_path(paths[1], site, name, ".key"),
                                 .session_expiry_s = 600};
    memcpy(config.subscriptions, client->filters, sizeof client->filters);
    struct mailbox *box = mailbox_new();
    if (!mailbox_open(box, &config)) { printf("# %s cannot open\n", name); }
    return box;
}

/* The same, and waits until it is connected. */
static inline struct mailbox *site_connect(const struct site *site,
                                           const struct site_client *client)
{
    struct mailbox *box = site_open(site, client);
    if (!mailbox_connect(box)) { printf("# %s: %s\n", client->name, box->reason); }
    return box;
}
