/*
 * fleet/confirm - control tells an edge which events it has: content.type "confirm"
 * (docs/protocols/bus.md). Pure, any thread.
 */
#pragma once

#include "base/id.h"
#include "base/value.h"

enum { CONFIRM_MAX = 256 };

struct confirm {
    struct {
        char event_id[ID_TEXT_SIZE];
        int64_t sequence;
    } events[CONFIRM_MAX];
    size_t count;
};

MUST_USE enum err confirm_parse(struct confirm *out, const struct value *content, struct why *why);
struct value *confirm_to_value(const struct confirm *confirm); /* the caller owns it */

/* Adds one; false when it is full: send it and begin anew. */
MUST_USE bool confirm_add(struct confirm *confirm, const char *event_id, int64_t sequence);
