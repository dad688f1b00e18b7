/*
 * geodata/osm_store - where the nodes of an OpenStreetMap file are, and what its ways run along.
 *
 * Both lie in nameless files, 16 bytes a node and a few bytes for each node of a way, and are seen
 * as memory that the system may take back at any time: the memory in use stays small however large
 * the file is. Objects must come in ascending order of their ids, as osmium sort leaves them. Owned
 * by one thread. A killed program leaves nothing behind. Used by geodata/osm only.
 */
#pragma once

#include "geodata/bytes.h"
#include "geodata/shape.h"

#define OSM_STORE_NODES_MAX (UINT64_C(1) << 34)
#define OSM_STORE_WAYS_MAX (UINT64_C(1) << 31)

struct osm_store;

MUST_USE enum err osm_store_new(struct osm_store **out, const char *folder, struct why *why);
void osm_store_free(struct osm_store *store);
CLEANUP_FOR(struct osm_store, osm_store_free)

/*
 * Adds a node; all come before the first question for one. ERR_MALFORMED when ids do not ascend,
 * ERR_IO when the disk is full.
 */
MUST_USE enum err osm_store_add_node(struct osm_store *store, int64_t id, struct point point,
                                     struct why *why);

/* The same for a way. */
MUST_USE enum err osm_store_add_way(struct osm_store *store, int64_t id, const int64_t *nodes,
                                    size_t count, struct why *why);

/* Ends adding: nodes, then ways. Asked for again, they do nothing. */
MUST_USE enum err osm_store_settle_nodes(struct osm_store *store, struct why *why);
MUST_USE enum err osm_store_settle_ways(struct osm_store *store, struct why *why);

/* False when the file has no such node. */
bool osm_store_node(struct osm_store *store, int64_t id, struct point *point);

/* Adds the ids of a way's nodes (int64_t) to `nodes`. False when the file has no such way. */
bool osm_store_way(struct osm_store *store, int64_t id, struct bytes *nodes);
