/*
 * map/verify - says whether an archive, ours or anyone's, is what PMTiles v3 and MVT 2.1 ask for.
 *
 * The header against the file and the contents, the order of the directories and their overlap,
 * that every tile unpacks and decodes, that geometry is valid. The first fault ends it, with the
 * reason. What is allowed but unwise, or trips other readers, is a remark. Owned by one thread.
 */
#pragma once

#include "map/mvt.h"
#include "map/pmtiles.h"

enum { VERIFY_REMARKS_MAX = 8 };

struct verify_report {
    struct pmtiles_header header;
    uint64_t addressed, entries, contents, leaves;
    struct mvt_summary tiles; /* over all distinct contents, when they are vector tiles */
    uint64_t largest;         /* packed bytes of the largest tile */
    const char *remarks[VERIFY_REMARKS_MAX]; /* constant sentences */
    size_t remark_count;
};

/* ERR_MALFORMED (or ERR_LIMIT) with the reason when the archive is to be refused. */
MUST_USE enum err verify_archive(const char *path, struct verify_report *report, struct why *why);
