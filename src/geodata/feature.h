/*
 * geodata/feature - one thing on the map: where it is, and what is said about it.
 *
 * Attributes are kept as map tiles hold them: a row of (number of the name in the layer's schema,
 * size, bytes of an MVT Value message). Names do not repeat within a feature.
 * A feature is reused from one to the next. Owned by one thread.
 */
#pragma once

#include "geodata/bytes.h"
#include "geodata/schema.h"
#include "geodata/shape.h"

enum { FEATURE_ATTRIBUTES_MAX = 4096, FEATURE_TEXT_SIZE_MAX = 1 << 20 };

struct feature {
    uint64_t id;
    bool has_id;
    struct shape shape;
    struct bytes attributes;
    size_t attribute_count;
    struct schema *schema; /* borrowed: of the layer that the feature belongs to */
};

void feature_deinit(struct feature *feature);
void feature_clear(struct feature *feature);

/* Adds an attribute. ERR_LIMIT when there are too many, or it is too long. */
MUST_USE enum err feature_add_text(struct feature *feature, struct span name, struct span utf8,
                                   struct why *why);
MUST_USE enum err feature_add_boolean(struct feature *feature, struct span name, bool truth,
                                      struct why *why);

/* Whole numbers become the shortest integer, others float where that is exact, else double. */
MUST_USE enum err feature_add_integer(struct feature *feature, struct span name, bool negative,
                                      uint64_t magnitude, struct why *why);
MUST_USE enum err feature_add_real(struct feature *feature, struct span name, double number,
                                   struct why *why);

/* An attribute as a feature keeps it: the number of its name, and an MVT Value message. */
struct attribute {
    uint32_t name;
    struct span value; /* borrowed from the feature */
};

/* The attribute at `*at` (0: the first), and steps behind it. False at the end. */
bool feature_next(const struct feature *feature, size_t *at, struct attribute *attribute);

/* The attribute called `name`. False when the feature has none. */
bool feature_find(const struct feature *feature, struct span name, struct attribute *attribute);

/* Adds an attribute whose value is another feature's. Errors as of the others. */
MUST_USE enum err feature_add_value(struct feature *feature, struct span name, struct span value,
                                    struct why *why);

/* What the value is. False when it is of another kind. Text is borrowed. */
bool attribute_text(struct attribute attribute, struct span *utf8);
bool attribute_integer(struct attribute attribute, int64_t *number);
bool attribute_boolean(struct attribute attribute, bool *truth);

/* Who takes the features that a reader finds. What it returns ends the reading. */
struct feature_taker {
    enum err (*take)(void *context, struct feature *feature, struct why *why);
    void *context;
};

/* What a reader met besides: nothing is left out without being counted. */
struct feature_tally {
    uint64_t read;          /* features in the file */
    uint64_t taken;         /* handed over; a collection of mixed kinds counts once per kind */
    uint64_t no_geometry;   /* null, or absent */
    uint64_t empty;         /* a geometry without points */
    uint64_t ids_not_whole; /* ids that are no whole number, which tiles cannot hold */
    uint64_t nested;        /* attribute values that were lists or objects, kept as JSON text */
    uint64_t beyond;        /* features with a point beyond the poleward edge of the map */
    uint64_t not_picked;    /* by the layer's conditions (geodata/pick) */
    uint64_t incomplete;    /* parts of the geometry are not in the file, or do not close */
};

void feature_tally_add(struct feature_tally *sum, const struct feature_tally *more);

/* What every reader is told, and where it counts. */
struct reading {
    struct schema *schema; /* borrowed: of the layer that is read into */
    const char *id_name; /* borrowed: ids that are no whole number become this attribute; or NULL */
    const char *temporary; /* borrowed: folder for temporary files; NULL: /tmp */
    struct bytes
        *note; /* borrowed: gets what a collection says of how it was anonymised; or NULL */
    uint32_t files, files_noted; /* that were read; those of them that gave a note */
    struct feature_taker taker;
    struct feature_tally tally;
};
