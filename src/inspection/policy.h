/*
 * inspection/policy - whom a verifier trusts: logs, witnesses, and how many witnesses it takes. The
 * file of C2SP tlog-policy.
 *
 * A checkpoint counts when a listed log signed it and the quorum's witnesses cosigned it. "quorum
 * none" must be written to do without witnesses. No I/O; any thread.
 */
#pragma once

#include "ledger/note.h"

enum {
    POLICY_SIZE_MAX = 64 * 1024,
    POLICY_LOGS_MAX = 32,
    POLICY_WITNESSES_MAX = 32,
    POLICY_GROUPS_MAX = 32,
    POLICY_NAME_SIZE = 128,
    POLICY_NODES_MAX = POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX,
};

/* A witness, or a group of nodes before it: met when `need` of its members are. */
struct policy_node {
    char name[POLICY_NAME_SIZE];
    bool group, taken; /* `taken`: a member of a group already */
    size_t witness;    /* its number among the keys */
    size_t need;
    uint64_t members; /* a bit for each node */
};

struct policy {
    size_t log_count, witness_count, node_count;
    struct note_key logs[POLICY_LOGS_MAX];
    struct note_key witnesses[POLICY_WITNESSES_MAX];
    struct policy_node nodes[POLICY_NODES_MAX];
    bool no_quorum; /* "quorum none" */
    size_t quorum;  /* the node */
};

/* ERR_MALFORMED names the line and what was expected. */
MUST_USE enum err policy_parse(struct policy *policy, struct span text, struct why *why);

/* Whether the witnesses that cosigned (by their number) are enough. */
MUST_USE bool policy_met(const struct policy *policy, const bool cosigned[]);
