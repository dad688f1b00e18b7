/*
 * programs/tocsin/demo_map - the map of the demo: a made-up town (tools/make-town.py), a local S3
 * store (tests/fake/s3.py), and `tocsin-map watch` between them. Whoever changes a file of the town
 * sees the map change. The store's key is made at start and never written down.
 */
#pragma once

#include "base/text.h"
#include "demo.h"

/* Where the demo's zone and its devices stand in the town. */
#define DEMO_ZONE_AREA "9.9640,76.2745 9.9645,76.2862 9.9738,76.2855 9.9741,76.2757"
#define DEMO_PLACES                                                                                \
    "[place edge-north-1]\nlatitude = 9.9692\nlongitude = 76.2795\n\n"                             \
    "[place gateway-north]\nlatitude = 9.9722\nlongitude = 76.2838\n"

/* Makes the town in the folder `town` of the state. ERR_NOT_FOUND without python3. */
MUST_USE enum err demo_map_make_town(const struct demo_site *site, struct why *why);

/* The configuration of `tocsin-map watch`. */
void demo_map_write(const struct demo_site *site, struct text *ini);

enum { DEMO_MAP_VARIABLE_SIZE = 96 };

/* The environment of the store and of who writes to it, each NULL-terminated. */
struct demo_map_keys {
    char store_id[DEMO_MAP_VARIABLE_SIZE], store_key[DEMO_MAP_VARIABLE_SIZE];
    char publisher_id[DEMO_MAP_VARIABLE_SIZE], publisher_key[DEMO_MAP_VARIABLE_SIZE];
    const char *store[4], *publisher[3];
};
void demo_map_make_keys(struct demo_map_keys *keys);
