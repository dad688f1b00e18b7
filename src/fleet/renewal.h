/*
 * fleet/renewal - keeps a membership good while the program runs: a thread of its own asks once a
 * day which CAs are trusted, and renews the certificate at two thirds of its life.
 *
 * Failures are tried again after 10 s, doubling to an hour. Times have jitter, so that devices that
 * were switched on together do not come together. The callbacks run on that thread and must only
 * hand over.
 */
#pragma once

#include "fleet/membership.h"

struct renewal;

struct renewal_config {
    struct membership membership; /* its texts are borrowed for the life of the renewal */
    int64_t every_us;             /* between two looks at most; 0 means a day */
    void *context;
    int64_t (*now_us)(void *context);
    /*
     * Something on the disk has changed: load it, and say so with renewal_loaded. Called again, at
     * most a minute later, until it has returned true (handed over) and that was said.
     */
    bool (*changed)(void *context, const struct membership_change *change);
    void (*failed)(void *context, const char *why);
};

MUST_USE enum err renewal_open(struct renewal **out, const struct renewal_config *config,
                               struct why *why);
/* What is new so far, as a number: ask before loading, and give it back once all is loaded. */
uint64_t renewal_news(struct renewal *renewal);
void renewal_loaded(struct renewal *renewal, uint64_t news);
/* Ends the thread, at the latest when a request under way has its answer. NULL is allowed. */
void renewal_close(struct renewal *renewal);
CLEANUP_FOR(struct renewal, renewal_close)
