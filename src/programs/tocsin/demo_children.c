#include "demo_children.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"
#include "demo_map.h"
#include "demo_members.h"
#include "demo_ports.h"

enum { READY_DEADLINE_S = 30, ENVIRONMENT_SIZE = 128, WORDS_MAX = 8, PORT_SIZE = 16 };

/* One program of the demo: its words, whether it has a database, and the port that says "ready". */
struct part {
    const char *name;
    const char *executable; /* in the build folder; NULL: found in PATH by the first word */
    const char *words[WORDS_MAX];
    bool database;
    const char *const *extra; /* more of its environment, NULL-terminated; NULL: none */
    int needs;                /* a port that must answer before it is started; 0: none */
    int port;                 /* that must answer before the next is started; 0: none */
};

/* A fresh database key, as the environment carries it. It lives in this process's memory only. */
static void make_database_key(char variable[static ENVIRONMENT_SIZE])
{
    uint8_t key[32];
    randombytes_buf(key, sizeof key);
    CLEANUP(text_deinit) struct text hex = text_limited(sizeof key * 2);
    encode_hex(&hex, span_of(key, sizeof key));
    (void)snprintf(variable, ENVIRONMENT_SIZE, "TOCSIN_DATABASE_KEY=%s", text_c(&hex));
    sodium_memzero(key, sizeof key);
    sodium_memzero(hex.data, hex.size);
}

static enum err wait_for_port(const char *name, int port, struct why *why)
{
    const int64_t deadline_us = clock_monotonic_us() + READY_DEADLINE_S * CLOCK_SECOND_US;
    while (port && !demo_port_listens(port)) {
        if (clock_monotonic_us() > deadline_us) {
            return why_set(why, ERR_TIMEOUT, "%s does not answer after %d s; its log says why",
                           name, READY_DEADLINE_S);
        }
        const struct timespec pause = {.tv_nsec = 20000000};
        (void)nanosleep(&pause, NULL);
    }
    return OK;
}

/* The variables that every child inherits, where they are set. */
static void inherit(const char *environment[], char storage[][FILE_PATH_SIZE], size_t *count)
{
    static const char *const names[] = {"PATH", "HOME", "ASAN_OPTIONS", "TSAN_OPTIONS",
                                        "UBSAN_OPTIONS"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]); /* NOLINT(concurrency-mt-unsafe): one thread */
        if (!value) { continue; }
        (void)snprintf(storage[*count], FILE_PATH_SIZE, "%s=%s", names[i], value);
        environment[*count] = storage[*count];
        (*count)++;
    }
}

/* The variables that only the first start of a part has; "" for none. */
struct once {
    char variables[SUPERVISOR_ONCE_MAX][DEMO_TOKEN_SIZE];
};

static enum err start_part(struct supervisor *supervisor, const struct demo_site *site,
                           const struct part *part, const struct once *once, struct why *why)
{
    static char storage[8][FILE_PATH_SIZE]; /* too large for the stack; one thread */
    const char *environment[20] = {"LANG=C.UTF-8"};
    size_t count = 1;
    inherit(environment, storage, &count);
    char key[ENVIRONMENT_SIZE];
    if (part->database) {
        make_database_key(key);
        environment[count++] = key;
    }
    for (const char *const *extra = part->extra; extra && *extra; extra++) {
        environment[count++] = *extra;
    }

    char executable[FILE_PATH_SIZE];
    const char *arguments[WORDS_MAX + 1] = {0};
    size_t words = 0;
    if (part->executable) {
        arguments[words++] = demo_path(executable, site->options->build, part->executable);
    }
    for (size_t i = 0; part->words[i]; i++) {
        arguments[words++] = part->words[i];
    }
    const struct supervisor_child child = {.name = part->name,
                                           .arguments = arguments,
                                           .environment = environment,
                                           .once = {once->variables[0], once->variables[1]}};
    const enum err err = supervisor_start(supervisor, &child, why);
    sodium_memzero(key, sizeof key);
    return err ? err : wait_for_port(part->name, part->port, why);
}

static enum err make_once(const struct demo_site *site, const struct part *part,
                          const struct demo_passwords *passwords, struct once *once,
                          struct why *why)
{
    *once = (struct once){{""}};
    if (strcmp(part->name, "control") == 0) {
        (void)snprintf(once->variables[0], DEMO_TOKEN_SIZE, "TOCSIN_ADMIN_PASSWORD=%s",
                       passwords->admin);
        (void)snprintf(once->variables[1], DEMO_TOKEN_SIZE, "TOCSIN_OPERATOR_PASSWORD=%s",
                       passwords->operator);
    }
    return strcmp(part->name, "edge") == 0 ? demo_members_invite_edge(site, once->variables[0], why)
                                           : OK;
}

/* One after the other, each when the one before is ready. */
static enum err start_parts(struct supervisor *supervisor, const struct demo_site *site,
                            const struct part parts[], const struct demo_passwords *passwords,
                            struct why *why)
{
    struct once once;
    for (size_t i = 0; parts[i].name; i++) {
        demo_say("demo: starting", parts[i].name);
        /* The camera encodes its video at the first start; the others need not wait for it. */
        const char *needed = parts[i].needs == site->ports.store ? "store" : "camera";
        enum err err = wait_for_port(needed, parts[i].needs, why);
        if (err) { return err; }
        err = make_once(site, &parts[i], passwords, &once, why);
        if (!err) { err = start_part(supervisor, site, &parts[i], &once, why); }
        if (!err && strcmp(parts[i].name, "enrol") == 0) { err = demo_members_enrol(site, why); }
        sodium_memzero(&once, sizeof once);
        if (err) { return err; }
    }
    return OK;
}

enum err demo_children_start(struct supervisor **out, struct loop *loop,
                             const struct demo_site *site, const struct demo_passwords *passwords,
                             struct why *why)
{
    const char *state = site->options->state;
    static char config[12][FILE_PATH_SIZE]; /* too large for the stack; one thread */
    char camera_port[PORT_SIZE];
    char store_port[PORT_SIZE];
    char map_port[PORT_SIZE];
    struct demo_map_keys keys;
    (void)snprintf(camera_port, sizeof camera_port, "%d", site->ports.camera);
    (void)snprintf(store_port, sizeof store_port, "%d", site->ports.store);
    (void)snprintf(map_port, sizeof map_port, "%d", site->ports.map);
    demo_map_make_keys(&keys);
    const struct part parts[] = {
        {.name = "camera",
         .executable = "tests/camera",
         .words = {"--port", camera_port, "--file", site->options->video}},
        {.name = "enrol",
         .executable = "tocsin-enrol",
         .words = {"--config", demo_path(config[8], state, "enrol.ini")},
         .database = true,
         .port = site->ports.enrol},
        {.name = "site-broker",
         .words = {"mosquitto", "-c", demo_path(config[0], state, "site-broker.conf")},
         .port = site->ports.site_broker},
        {.name = "zone-broker",
         .words = {"mosquitto", "-c", demo_path(config[1], state, "zone-broker.conf")},
         .port = site->ports.zone_broker},
        {.name = "control",
         .executable = "tocsin-control",
         .words = {"--config", demo_path(config[2], state, "control.ini")},
         .database = true,
         .port = site->ports.web},
        {.name = "gateway",
         .executable = "tocsin-gateway",
         .words = {"--config", demo_path(config[3], state, "gateway.ini")},
         .database = true,
         .port = site->ports.gateway_metrics},
        {.name = "edge",
         .executable = "tocsin-edge",
         .words = {"--config", demo_path(config[4], state, "edge.ini")},
         .database = true,
         .port = site->ports.edge_metrics},
        {.name = "watch",
         .executable = "tocsin-watch",
         .words = {"--config", demo_path(config[5], state, "watch.ini")},
         .needs = site->ports.camera},
        {.name = "store",
         .words = {demo_path(config[9], site->options->share, "tests/fake/s3.py"), "--port",
                   store_port, "--public-port", map_port, "--root",
                   demo_path(config[10], state, "store")},
         .extra = keys.store},
        {.name = "map",
         .executable = "tocsin-map",
         .words = {"watch", "--config", demo_path(config[11], state, "map.ini")},
         .extra = keys.publisher,
         .needs = site->ports.store},
        {0},
    };
    CLEANUP(supervisor_free_p)
    struct supervisor *supervisor = supervisor_new(loop, demo_path(config[6], state, "log"),
                                                   demo_path(config[7], state, "run"), demo_say);
    const enum err err = start_parts(supervisor, site, parts, passwords, why);
    sodium_memzero(&keys, sizeof keys);
    if (!err) { *out = TAKE(supervisor); }
    return err;
}
