/*
 * geodata/schema - the names of a layer's attributes, numbered in the order of their coming.
 *
 * A feature stores numbers in the place of names. What kinds of value a name has had is kept for
 * the archive's metadata. Owned by one thread; later only read.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

enum { SCHEMA_NAMES_MAX = 65536, SCHEMA_NAME_SIZE_MAX = 4096 };

enum schema_kind { SCHEMA_KIND_TEXT = 1, SCHEMA_KIND_NUMBER = 2, SCHEMA_KIND_BOOLEAN = 4 };

struct schema_name {
    char *name; /* owned, UTF-8 without NUL */
    uint32_t size;
    uint32_t kinds; /* of enum schema_kind, or-ed */
};

struct schema {
    struct schema_name *names;
    size_t count, capacity;
    uint32_t *slots; /* hash table of number + 1, a power of two */
    size_t slot_count;
};

void schema_deinit(struct schema *schema);

/*
 * The number of `name`, added when it is new. `guess` is tried first: features name the same
 * attributes in the same order. ERR_LIMIT beyond the limits above, ERR_MALFORMED for NUL in it.
 */
MUST_USE enum err schema_number(struct schema *schema, struct span name, uint32_t guess,
                                uint32_t *number, struct why *why);

/* The number of `name`, if there is one. */
bool schema_find(const struct schema *schema, struct span name, uint32_t *number);
