/*
 * programs/tocsin/demo - a whole site on one machine: `tocsin demo`.
 *
 * Makes a site CA, writes the programs' configurations into a fresh folder, starts a test camera,
 * two brokers and the programs under a supervisor, each with an identity that it got by one-time
 * token, and prints the address of the web page. Keys of databases and the one-time passwords of
 * the administrator and of an operator are never written down
 * (docs/decisions/0006-demo-keeps-no-keys.md).
 */
#pragma once

#include "base/err.h"
#include "system/file.h"

#include <stdbool.h>

#define DEMO_SITE_NAME "demo"

/* What the command line says. */
struct demo_options {
    char build[FILE_PATH_SIZE]; /* where the programs are */
    char state[FILE_PATH_SIZE]; /* emptied and filled by the demo */
    char share[FILE_PATH_SIZE]; /* the folder of deploy/, web/ and models */
    char video[FILE_PATH_SIZE]; /* what the test camera plays */
    int port;                   /* of the web page; 0 = any free one */
};

/* One loopback port for each listener. */
struct demo_ports {
    int web, enrol, site_broker, zone_broker, media, edge_metrics, gateway_metrics, camera;
    int store, map; /* the map's store, and where anybody reads it */
};

/* The folders and listeners of one demo. */
struct demo_site {
    const struct demo_options *options; /* borrowed */
    struct demo_ports ports;
    char fingerprint[65]; /* of the site CA, SHA-256, hexadecimal */
};

/*
 * Empties `options->state`, makes its folders, the CA and every configuration.
 * Paths in `options` become absolute; `site` borrows it. The ports are chosen already.
 */
MUST_USE enum err demo_site_make(struct demo_site *site, struct demo_options *options,
                                 struct why *why);

/* What is said once: the one-time passwords of the two people that a demo begins with. */
enum { DEMO_PASSWORD_SIZE = 20 };
struct demo_passwords {
    char admin[DEMO_PASSWORD_SIZE], operator[DEMO_PASSWORD_SIZE];
};

/* One line of what the demo does, at once. */
void demo_say(const char *name, const char *sentence);

/* `name` in `folder`, written into `path` and returned; "" when it is too long for a path. */
const char *demo_path(char path[static FILE_PATH_SIZE], const char *folder, const char *name);
