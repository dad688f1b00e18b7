/*
 * people/session_cache - sessions that were looked up a moment ago, so that a program that asks
 * often costs the database one look-up each SESSION_CACHE_AGE_US, not one a request.
 *
 * What ends a session or changes a person's rights must count within a second, and at once on the
 * server that did it: whoever may have changed any calls session_cache_forget after the commit, and
 * nothing that was read before is taken in after it. What other servers do is seen when the entry
 * is too old. Bounded. Any thread; the time is a parameter (monotonic).
 */
#pragma once

#include "people/session.h"

#define SESSION_CACHE_AGE_US (CLOCK_SECOND_US / 2)

enum { SESSION_CACHE_ENTRY_MAX = 256 };

struct session_cache;
struct session_cache *session_cache_new(void);
void session_cache_free(struct session_cache *cache); /* NULL is allowed */

/* To be taken before the database is asked, and handed to session_cache_put. */
uint64_t session_cache_epoch(struct session_cache *cache);
bool session_cache_find(struct session_cache *cache, const char *id, int64_t now_us,
                        struct session *session);
/* Does nothing when somebody has called session_cache_forget since `epoch`. */
void session_cache_put(struct session_cache *cache, uint64_t epoch, const struct session *session,
                       int64_t now_us);
void session_cache_forget(struct session_cache *cache); /* all of them */
