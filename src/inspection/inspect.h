/*
 * inspection/inspect - whether a folder holds the log that was signed: every entry, in its order,
 * and nothing else. Needs the folder and a policy, and no network.
 *
 * In this order: the checkpoint's signature (through every change of key), its witnesses, its age;
 * each entry's bytes against its leaf, its leaf's tile against the tiles above, the whole against
 * the signed root; the entries' form; that nothing is missing but what an entry says was pruned,
 * under a closed epoch's checkpoint; what was sealed against its commitment, and that what is null
 * was erased by an entry's word; an older checkpoint against the tree. What is wrong first is
 * named, with the entry when there is one. Reads files; one thread.
 */
#pragma once

#include "inspection/policy.h"
#include "ledger/checkpoint.h"

#define INSPECT_DETAILS                                                                            \
    "details.jsonl" /* {"index", "opened", "salt"} lines, JCS; null when erased */
enum { INSPECT_DETAIL_SIZE_MAX = 32 * 1024 };
#define INSPECT_NO_ENTRY UINT64_MAX

struct inspect_config {
    const char *folder;
    const struct policy *policy;
    int64_t now_s;
    int64_t age_max_s;          /* of the newest cosignature; 0: any */
    struct span against;        /* an older signed checkpoint that the reader kept; may be empty */
    const char *against_folder; /* another copy of the log, to name where they part; may be NULL */
};

struct inspect_report {
    bool good;
    uint64_t entry; /* the first wrong one, or INSPECT_NO_ENTRY */
    char what[320]; /* what is wrong */
    struct checkpoint checkpoint;
    size_t witnesses;      /* known ones that cosigned */
    int64_t cosigned_at_s; /* the newest; 0: none */
    size_t rotations, opened, erased;
    uint64_t pruned;         /* entries below this one have gone, by the log's own word */
    uint64_t pruned_epoch;   /* the size of the checkpoint that is kept in their place */
    int64_t pruned_sealed_s; /* when a known witness cosigned that; 0: not known */
};

/* Fills the report; an error only when the folder cannot be read at all. */
MUST_USE enum err inspect_folder(const struct inspect_config *config, struct inspect_report *report,
                                 struct why *why);
