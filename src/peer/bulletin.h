/*
 * peer/bulletin - short-lived messages from each server to all others, through the database.
 *
 * A run of a server writes its own numbers in order, so a reader only remembers how far it has read
 * of each run; nothing is lost to transactions that end in another order. Who begins to read begins
 * with what is written from then on. Messages are forgotten after BULLETIN_KEEP_US. A thread and
 * its connection; the time is a parameter.
 */
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "store/database.h"

#define BULLETIN_KEEP_US CLOCK_MINUTE_US
#define BULLETIN_PRESENCE_US (5 * CLOCK_SECOND_US) /* call bulletin_present this often */

enum { BULLETIN_PEER_MAX = 32, BULLETIN_READ_MAX = 256, BULLETIN_DATA_MAX = 512 * 1024 };

struct bulletin;

MUST_USE enum err bulletin_open(struct bulletin **out, struct database *database, const char *run,
                                struct why *why);
void bulletin_close(struct bulletin *bulletin); /* NULL is allowed */
CLEANUP_FOR(struct bulletin, bulletin_close)

/* "We are here"; finds the others, and forgets what is old. In a transaction of its own. */
MUST_USE enum err bulletin_present(struct bulletin *bulletin, const char *server, int64_t now_us,
                                   struct why *why);

/* For the others to read, once the caller's transaction is committed. */
struct bulletin_message {
    const char *kind, *data; /* data: JSON, at most BULLETIN_DATA_MAX bytes */
};
MUST_USE enum err bulletin_write(struct bulletin *bulletin, const struct bulletin_message *message,
                                 int64_t now_us, struct why *why);
/* The caller's transaction came to nothing: its numbers are used again. */
void bulletin_take_back(struct bulletin *bulletin, size_t count);

/* Calls `each` for what the others have written since the last call; `*more`: there is more. */
struct bulletin_reader {
    void *context;
    void (*each)(void *context, const struct bulletin_message *message);
};
MUST_USE enum err bulletin_read(struct bulletin *bulletin, const struct bulletin_reader *reader,
                                bool *more, struct why *why);

/* How many other servers there are, as far as is known. */
size_t bulletin_peers(const struct bulletin *bulletin);
