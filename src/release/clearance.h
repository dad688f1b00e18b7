/*
 * release/clearance - decides from what an archive says about itself whether it may be public.
 *
 * Public is what says "anonymised", with the rule and periods of at least one layer, whose layers
 * so named have no attribute that `tocsin-map anonymise` does not write, and which does not say
 * "private". There is no override. Reads the metadata; owned by one thread.
 */
#pragma once

#include "base/value.h"
#include "map/pmtiles_read.h"

/* Whether `metadata` (may be NULL) says that the archive is private. Anything but false does. */
bool clearance_is_private(const struct value *metadata);

/* ERR_DENIED with the reason when the archive may not be published; ERR_MALFORMED when its
 * metadata cannot be read. */
MUST_USE enum err clearance_check(struct pmtiles_reader *reader, struct why *why);
