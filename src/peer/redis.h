/*
 * peer/redis - what the control servers of a site count together: scripts run by one Redis.
 *
 * Wraps hiredis. A script is one atomic step on one key. Nobody waits long for Redis: every read
 * and connect ends after `wait_ms`, and after a failure all are refused at once for a second, in
 * which one caller a second tries again; callers go on with what they have in memory. Any thread,
 * each call on a connection of its own from a bounded pool; the program ignores SIGPIPE. Its
 * address is a number or a socket's path: looking up a name can take longer than anybody may wait.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

enum { REDIS_POOL_MAX = 32, REDIS_ARGUMENT_MAX = 8, REDIS_PATH_SIZE = 108 };

struct redis;

struct redis_config {
    const char *address;           /* "unix:/PATH", "127.0.0.1:6379", "[::1]:6379" */
    const struct secret *password; /* borrowed as long as the redis; NULL: none */
    int wait_ms;                   /* 0 means 20 */
};

/* Does not connect. ERR_MALFORMED: the address. */
MUST_USE enum err redis_new(struct redis **out, const struct redis_config *config, struct why *why);
void redis_free(struct redis *redis); /* no thread may be inside; NULL is allowed */
CLEANUP_FOR(struct redis, redis_free)

struct redis_call {
    const char *script; /* Lua; KEYS[1] is `key`, ARGV the arguments */
    struct span key;
    int64_t arguments[REDIS_ARGUMENT_MAX];
    size_t count;
};

/* Runs it; `*result` is the integer that it returns. ERR_UNAVAILABLE: Redis is away, or refused. */
MUST_USE enum err redis_run(struct redis *redis, const struct redis_call *call, int64_t *result,
                            struct why *why);

/* Whether the last call that was tried worked; true before the first. */
bool redis_there(struct redis *redis);
