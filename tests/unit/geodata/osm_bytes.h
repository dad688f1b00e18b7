/*
 * Makes the messages of an OpenStreetMap PBF file, for tests.
 */
#pragma once

#include "geodata/bytes.h"

static inline void osm_number(struct bytes *out, uint32_t field, uint64_t number)
{
    bytes_add_varint(out, (uint64_t)field << 3);
    bytes_add_varint(out, number);
}

static inline void osm_text(struct bytes *out, uint32_t field, const char *text)
{
    bytes_add_field(out, field, span_text(text));
}

/* Adds `inner` as a field, and empties it. */
static inline void osm_message(struct bytes *out, uint32_t field, struct bytes *inner)
{
    bytes_add_field(out, field, bytes_span(inner));
    inner->size = 0;
}

/* A packed row of numbers: as they are, or as zigzag differences. */
static inline void osm_row(struct bytes *out, uint32_t field, const int64_t *numbers, size_t count,
                           bool differences)
{
    struct bytes row = {0};
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        bytes_add_varint(&row, differences ? zigzag(numbers[i] - before) : (uint64_t)numbers[i]);
        before = numbers[i];
    }
    osm_message(out, field, &row);
    bytes_deinit(&row);
}

#define OSM_ROW(out, field, differences, ...)                                                      \
    osm_row((out), (field), (const int64_t[]){__VA_ARGS__},                                        \
            sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (differences))

/* A table of strings as field 1 of a block. */
static inline void osm_strings(struct bytes *out, const char *const *strings, size_t count)
{
    struct bytes table = {0};
    for (size_t i = 0; i < count; i++) {
        osm_text(&table, 1, strings[i]);
    }
    osm_message(out, 1, &table);
    bytes_deinit(&table);
}

/* A block of the file: its length, its head, itself as a raw blob. Empties `block`. */
static inline void osm_file_block(struct bytes *file, const char *type, struct bytes *block)
{
    struct bytes blob = {0};
    struct bytes head = {0};
    osm_message(&blob, 1, block);
    osm_text(&head, 1, type);
    osm_number(&head, 3, blob.size);
    const uint8_t length[4] = {0, 0, (uint8_t)(head.size >> 8), (uint8_t)head.size};
    bytes_add(file, length, sizeof length);
    bytes_add(file, head.data, head.size);
    bytes_add(file, blob.data, blob.size);
    bytes_deinit(&blob);
    bytes_deinit(&head);
}
