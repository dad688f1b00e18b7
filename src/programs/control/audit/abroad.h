/*
 * control/audit/abroad - the witnesses that are not gateways of this site: whom to ask, and what
 * their answers say.
 *
 * Belongs to the scribe's thread; control/audit/envoy carries the words. Each is asked one thing at
 * a time. Whether an answer's signature is good is for ledger/recorder.
 */
#pragma once

#include "ledger/recorder.h"
#include "programs/control/audit/envoy.h"

enum { ABROAD_MAX = 8 };

/* Its strings are borrowed. */
struct abroad_witness {
    const char *name, *url, *vkey, *ca_path; /* `ca_path` NULL: the system's authorities */
};

struct abroad;

MUST_USE enum err abroad_open(struct abroad **out, const struct abroad_witness *list, size_t count,
                              const struct envoy_port *port, struct why *why);
void abroad_close(struct abroad *abroad); /* NULL is allowed */
CLEANUP_FOR(struct abroad, abroad_close)

/* Asks those that are not asked already. */
void abroad_ask(struct abroad *abroad, struct recorder *recorder);

/*
 * What a witness's answer says. False, and a line in the program's log the first time, when it says
 * nothing that the log could use. `answer` borrows from `line` and `heard`.
 */
MUST_USE bool abroad_hear(struct abroad *abroad, const struct envoy_answer *heard,
                          uint64_t log_size, struct text *line, struct recorder_answer *answer);
