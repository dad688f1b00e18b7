/*
 * geodata/pick - which features of a file go on, and which of their attributes.
 *
 * Stands between a reader and who takes its features. A condition looks at all attributes, also at
 * those that do not go on. What is not picked is counted in the reading's tally. One picker belongs
 * to one thread and one layer.
 */
#pragma once

#include "geodata/feature.h"

enum { PICK_NAMES_MAX = 256, PICK_TEXT_SIZE_MAX = 4096 };

struct pick {
    const char *attributes; /* "name, class": only these go on; "-": none; NULL or "": all */
    const char *where;      /* "highway, area!=yes, kind=park|garden": all hold; NULL or "": any */
    const char *class;      /* goes on as attribute "class", replacing it; NULL or "": none */
    uint32_t kinds;         /* 1 << enum shape_kind, or-ed; 0: all */
    bool no_ids;
};

/* Does everything go on as it is? Then no picker is needed. */
bool pick_is_all(const struct pick *pick);

struct picker;

/*
 * `schema` is that of the layer, `taker` gets what goes on; both are borrowed. ERR_RANGE when a
 * list or condition cannot be read.
 */
MUST_USE enum err picker_new(struct picker **out, const struct pick *pick, struct schema *schema,
                             struct feature_taker taker, struct why *why);
void picker_free(struct picker *picker);
CLEANUP_FOR(struct picker, picker_free)

/* What the reader is to be given; its tally is right when reading has ended. */
struct reading *picker_reading(struct picker *picker);
