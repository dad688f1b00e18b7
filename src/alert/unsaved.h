/*
 * alert/unsaved - what a receiver was told while its database could not take it.
 *
 * A full or broken disk must not keep a sign dark. The inbox then judges an alert all the same, and
 * remembers here, in memory, which revision it let through: an older one that comes later (a
 * retained message, a repetition) does not undo it, and a cancel stays a cancel. The sender repeats
 * what has no receipt; as soon as the database takes that, the entry goes.
 *
 * Bounded: of more than UNSAVED_COUNT_MAX the one whose time is over first is forgotten. One
 * thread, no I/O.
 */
#pragma once

#include "base/id.h"

enum { UNSAVED_COUNT_MAX = 256 };

struct unsaved;

struct unsaved_entry {
    char alert_id[ID_TEXT_SIZE]; /* "" = a free place */
    int64_t revision;
    int64_t keep_until_us; /* until then an older revision could still be valid */
    int grade;             /* alert/inbox: what is less grave does not undo it */
};

struct unsaved *unsaved_new(void);
void unsaved_free(struct unsaved *unsaved); /* NULL is allowed */
CLEANUP_FOR(struct unsaved, unsaved_free)

/* Remembers `entry` in place of what was known of the same alert. */
void unsaved_keep(struct unsaved *unsaved, const struct unsaved_entry *entry);

/* What is known of an alert, or NULL; valid until the next call that changes something. */
const struct unsaved_entry *unsaved_find(const struct unsaved *unsaved, const char *alert_id);

void unsaved_drop(struct unsaved *unsaved, const char *alert_id); /* it may be unknown */
