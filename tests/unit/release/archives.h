/*
 * tests/unit/release/archives - small archives for the tests of editions and shelves.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "geodata/deflate.h"
#include "map/pmtiles_write.h"
#include "map/tile.h"

/* A tile with one point in a layer "a". */
static const uint8_t archives_tile[] = {0x1a, 0x10, 0x0a, 1,    'a',  0x12, 0x07, 0x18, 1,
                                        0x22, 3,    9,    0x32, 0x22, 0x28, 1,    0x78, 2};

/* Replaces `path` with an archive of tiles 1 to 3 of zoom 1. */
static inline void archives_make_with(const char *path, const char *metadata)
{
    CLEANUP(deflater_free_p) struct deflater *deflater = deflater_new(6);
    CLEANUP(pmtiles_writer_free_p) struct pmtiles_writer *writer = NULL;
    struct bytes packed = {0};
    const struct pmtiles_header about = {
        .type = PMTILES_TYPE_MVT, .west = -10000000, .east = 15000000};
    deflate_gzip(deflater, span_of(archives_tile, sizeof archives_tile), &packed);
    bool made = !pmtiles_writer_open(&writer, path, NULL);
    for (uint64_t id = 1; id <= 3; id++) {
        made = made && !pmtiles_writer_add(writer, id, bytes_span(&packed), NULL);
    }
    made = made && !pmtiles_writer_finish(writer, &about, span_text(metadata), NULL);
    bytes_deinit(&packed);
    if (!made) { abort(); }
}

/* One whose metadata says `name`, and nothing about who may see it. */
static inline void archives_make(const char *path, const char *name)
{
    char metadata[200];
    (void)snprintf(metadata, sizeof metadata,
                   "{\"name\":\"%s\",\"vector_layers\":[{\"id\":\"a\"}]}", name);
    archives_make_with(path, metadata);
}

/* One that may be published. */
static inline void archives_make_public(const char *path, const char *name)
{
    char metadata[200];
    (void)snprintf(metadata, sizeof metadata,
                   "{\"name\":\"%s\",\"vector_layers\":[{\"id\":\"a\"}],\"anonymised\":{\"a\":"
                   "{\"rule\":{\"premises\":5},\"periods\":[\"2026-03\"]}}}",
                   name);
    archives_make_with(path, metadata);
}
