#include "geodata/schema.h"

void schema_deinit(struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        free(schema->names[i].name);
    }
    free(schema->names);
    free(schema->slots);
    *schema = (struct schema){0};
}

static bool is_name(const struct schema *schema, uint32_t number, struct span name)
{
    const struct schema_name *known = &schema->names[number];
    return known->size == name.size && memcmp(known->name, name.data, name.size) == 0;
}

static size_t hash(struct span name)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.size; i++) {
        sum = (sum ^ name.data[i]) * UINT64_C(0x100000001b3);
    }
    return (size_t)(sum ^ (sum >> 32));
}

/* The slot that holds `name`, or the empty one where it belongs. */
static uint32_t *slot_of(const struct schema *schema, struct span name)
{
    for (size_t i = hash(name);; i++) {
        uint32_t *slot = &schema->slots[i & (schema->slot_count - 1)];
        if (*slot == 0 || is_name(schema, *slot - 1, name)) { return slot; }
    }
}

static void make_room(struct schema *schema)
{
    if (schema->count * 2 < schema->slot_count) { return; }
    free(schema->slots);
    schema->slot_count = schema->slot_count ? schema->slot_count * 2 : 64;
    schema->slots = MEM_ARRAY(uint32_t, schema->slot_count);
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_name *known = &schema->names[i];
        *slot_of(schema, span_of(known->name, known->size)) = (uint32_t)i + 1;
    }
}

static uint32_t add(struct schema *schema, struct span name)
{
    if (schema->count == schema->capacity) {
        schema->capacity = schema->capacity ? schema->capacity * 2 : 16;
        schema->names = mem_resized(schema->names, schema->capacity * sizeof *schema->names);
    }
    schema->names[schema->count] = (struct schema_name){
        .name = mem_text_of((const char *)name.data, name.size), .size = (uint32_t)name.size};
    return (uint32_t)schema->count++;
}

enum err schema_number(struct schema *schema, struct span name, uint32_t guess, uint32_t *number,
                       struct why *why)
{
    if (guess < schema->count && is_name(schema, guess, name)) {
        *number = guess;
        return OK;
    }
    make_room(schema);
    uint32_t *slot = slot_of(schema, name);
    if (*slot == 0) {
        if (name.size > SCHEMA_NAME_SIZE_MAX || schema->count == SCHEMA_NAMES_MAX) {
            return why_set(why, ERR_LIMIT,
                           "a layer has at most %d attribute names of at most %d bytes",
                           SCHEMA_NAMES_MAX, SCHEMA_NAME_SIZE_MAX);
        }
        if (name.size > 0 && memchr(name.data, 0, name.size)) {
            return why_set(why, ERR_MALFORMED, "an attribute's name contains NUL");
        }
        *slot = add(schema, name) + 1;
    }
    *number = *slot - 1;
    return OK;
}

bool schema_find(const struct schema *schema, struct span name, uint32_t *number)
{
    if (schema->slot_count == 0) { return false; }
    const uint32_t *slot = slot_of(schema, name);
    if (*slot == 0) { return false; }
    *number = *slot - 1;
    return true;
}
