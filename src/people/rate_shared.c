#include "people/rate_shared.h"

#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = 192 };
enum { ACT_TAKE, ACT_COUNT, ACT_FORGET };

/*
 * As in rate_limit.c: a name's debt ends at `free`, each count adds `every`, and one more may come
 * while the debt is at most burst - 1 of them. The answer is how many were granted, or the wait as
 * a negative number. A key lives as long as its debt.
 */
static const char SCRIPT[] =
    "local act, burst, every, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), "
    "tonumber(ARGV[4])\n"
    "if act == 2 then redis.call('DEL', KEYS[1]) return 1 end\n"
    "local time = redis.call('TIME')\n"
    "local now = time[1] * 1000000 + time[2]\n"
    "local free = tonumber(redis.call('GET', KEYS[1]) or '0')\n"
    "if free < now then free = now end\n"
    "local count = 1\n"
    "if act == 0 then\n"
    "  local room = math.floor((burst * every - (free - now)) / every)\n"
    "  if room < 1 then return (burst - 1) * every - (free - now) end\n"
    "  if want == 0 then return 1 end\n"
    "  count = math.min(want, room)\n"
    "end\n"
    "free = free + count * every\n"
    "redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', "
    "string.format('%.0f', math.ceil((free - now) / 1000)))\n"
    "return count\n";

static enum err run(const struct rate_shared *shared, const char *name, int act, int64_t want,
                    int64_t *result)
{
    char key[KEY_SIZE];
    const int size = snprintf(key, sizeof key, "tocsin:rate:%s:%s", shared->name, name);
    if (size < 0 || (size_t)size >= sizeof key) { return ERR_UNAVAILABLE; }
    const struct redis_call call = {.script = SCRIPT,
                                    .key = span_of(key, (size_t)size),
                                    .arguments = {act, shared->burst, shared->every_us, want},
                                    .count = 4};
    return redis_run(shared->redis, &call, result, NULL);
}

enum err rate_shared_take(const struct rate_shared *shared, const char *name, int64_t want,
                          int64_t *granted, int64_t *wait_us)
{
    int64_t answer = 0;
    const enum err err = run(shared, name, ACT_TAKE, want, &answer);
    if (err != OK) { return err; }
    *granted = answer > 0 ? answer : 0;
    *wait_us = answer > 0 ? 0 : -answer;
    return OK;
}

enum err rate_shared_count(const struct rate_shared *shared, const char *name)
{
    int64_t answer = 0;
    return run(shared, name, ACT_COUNT, 1, &answer);
}

enum err rate_shared_forget(const struct rate_shared *shared, const char *name)
{
    int64_t answer = 0;
    return run(shared, name, ACT_FORGET, 0, &answer);
}
