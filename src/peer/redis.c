#include "peer/redis.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/metric.h"

enum { WAIT_MS = 20, PORT_MAX = 65535, WORD_MAX = 4 + REDIS_ARGUMENT_MAX, NUMBER_SIZE = 24 };
#define AWAY_US CLOCK_SECOND_US

struct redis {
    pthread_mutex_t lock;
    char host[REDIS_PATH_SIZE]; /* or the socket's path */
    int port;                   /* 0: a path */
    const struct secret *password;
    struct timeval wait;
    struct metric *connected, *failed;
    /* Under the lock. */
    redisContext *idle[REDIS_POOL_MAX];
    size_t idle_count;
    bool away;
    int64_t retry_us; /* when one may try again */
};

/* ---- the address ---- */

static bool read_port(const char *text, int *port)
{
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number < 1 || number > PORT_MAX) {
        return false;
    }
    *port = (int)number;
    return true;
}

static bool read_host(struct redis *redis, const char *host, size_t size)
{
    unsigned char number[sizeof(struct in6_addr)];
    const bool bracketed = size > 1 && host[0] == '[' && host[size - 1] == ']';
    const char *begin = bracketed ? host + 1 : host;
    const size_t length = bracketed ? size - 2 : size;
    if (length >= sizeof redis->host) { return false; }
    memcpy(redis->host, begin, length);
    redis->host[length] = '\0';
    return inet_pton(bracketed ? AF_INET6 : AF_INET, redis->host, number) == 1;
}

static enum err read_address(struct redis *redis, const char *address, struct why *why)
{
    static const char scheme[] = "unix:";
    const size_t scheme_size = strlen(scheme);
    if (strncmp(address, scheme, scheme_size) == 0) {
        const char *path = address + scheme_size;
        const size_t size = strlen(path);
        if (*path == '/' && size < sizeof redis->host) {
            memcpy(redis->host, path, size + 1);
            return OK;
        }
    } else {
        const char *colon = strrchr(address, ':');
        if (colon && read_port(colon + 1, &redis->port) &&
            read_host(redis, address, (size_t)(colon - address))) {
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED,
                   "the address of Redis is \"%.100s\", expected unix:/PATH or NUMBER:PORT, as "
                   "127.0.0.1:6379",
                   address);
}

/* ---- connections ---- */

enum err redis_new(struct redis **out, const struct redis_config *config, struct why *why)
{
    CLEANUP(redis_free_p) struct redis *redis = MEM_NEW(struct redis);
    if (pthread_mutex_init(&redis->lock, NULL)) { abort(); }
    const int wait_ms = config->wait_ms ? config->wait_ms : WAIT_MS;
    redis->password = config->password;
    redis->wait =
        (struct timeval){.tv_sec = wait_ms / 1000, .tv_usec = (suseconds_t)(wait_ms % 1000) * 1000};
    redis->connected =
        metric_gauge("tocsin_redis_connected", "Whether the last call of Redis worked (1)", NULL);
    redis->failed =
        metric_counter("tocsin_redis_failed_total",
                       "Calls of Redis that failed, or were refused as it is away", NULL);
    metric_set(redis->connected, 1);
    const enum err err = read_address(redis, config->address, why);
    if (err == OK) { *out = TAKE(redis); }
    return err;
}

void redis_free(struct redis *redis)
{
    if (!redis) { return; }
    for (size_t i = 0; i < redis->idle_count; i++) {
        redisFree(redis->idle[i]);
    }
    (void)pthread_mutex_destroy(&redis->lock);
    free(redis);
}

bool redis_there(struct redis *redis)
{
    (void)pthread_mutex_lock(&redis->lock);
    const bool there = !redis->away;
    (void)pthread_mutex_unlock(&redis->lock);
    return there;
}

/* Whether to try at all; `*context` an idle connection, or NULL. */
static bool borrow(struct redis *redis, redisContext **context)
{
    const int64_t now_us = clock_monotonic_us();
    (void)pthread_mutex_lock(&redis->lock);
    const bool tries = !redis->away || now_us >= redis->retry_us;
    if (tries && redis->away) { redis->retry_us = now_us + AWAY_US; } /* the others wait */
    *context = tries && redis->idle_count > 0 ? redis->idle[--redis->idle_count] : NULL;
    (void)pthread_mutex_unlock(&redis->lock);
    return tries;
}

static void give_back(struct redis *redis, redisContext *context)
{
    (void)pthread_mutex_lock(&redis->lock);
    redis->away = false;
    const bool kept = redis->idle_count < REDIS_POOL_MAX;
    if (kept) { redis->idle[redis->idle_count++] = context; }
    (void)pthread_mutex_unlock(&redis->lock);
    metric_set(redis->connected, 1);
    if (!kept) { redisFree(context); }
}

/* The connections that idle broke with it, most likely. */
static void fall_away(struct redis *redis)
{
    redisContext *broken[REDIS_POOL_MAX];
    size_t count = 0;
    (void)pthread_mutex_lock(&redis->lock);
    redis->away = true;
    redis->retry_us = clock_monotonic_us() + AWAY_US;
    while (redis->idle_count > 0) {
        broken[count++] = redis->idle[--redis->idle_count];
    }
    (void)pthread_mutex_unlock(&redis->lock);
    metric_set(redis->connected, 0);
    for (size_t i = 0; i < count; i++) {
        redisFree(broken[i]);
    }
}

static bool authenticate(const struct redis *redis, redisContext *context, struct why *why)
{
    if (!redis->password) { return true; }
    const struct span password = secret_bytes(redis->password);
    redisReply *reply = redisCommand(context, "AUTH %b", password.data, password.size);
    const bool good = reply && reply->type == REDIS_REPLY_STATUS;
    if (!good) {
        (void)why_set(why, ERR_UNAVAILABLE, "Redis did not take the password: %.100s",
                      reply ? reply->str : context->errstr);
    }
    freeReplyObject(reply);
    return good;
}

static redisContext *connect_to(const struct redis *redis, struct why *why)
{
    redisContext *context = redis->port
                                ? redisConnectWithTimeout(redis->host, redis->port, redis->wait)
                                : redisConnectUnixWithTimeout(redis->host, redis->wait);
    if (!context) { abort(); } /* no memory */
    if (context->err == 0 && redisSetTimeout(context, redis->wait) == REDIS_OK &&
        authenticate(redis, context, why)) {
        return context;
    }
    if (context->err != 0) {
        (void)why_set(why, ERR_UNAVAILABLE, "Redis at %s: %.100s", redis->host, context->errstr);
    }
    redisFree(context);
    return NULL;
}

/* ---- running ---- */

static redisReply *evaluate(redisContext *context, const struct redis_call *call)
{
    char numbers[REDIS_ARGUMENT_MAX][NUMBER_SIZE];
    const char *words[WORD_MAX] = {"EVAL", call->script, "1", (const char *)call->key.data};
    size_t sizes[WORD_MAX] = {4, strlen(call->script), 1, call->key.size};
    for (size_t i = 0; i < call->count; i++) {
        words[4 + i] = numbers[i];
        sizes[4 + i] =
            (size_t)snprintf(numbers[i], NUMBER_SIZE, "%lld", (long long)call->arguments[i]);
    }
    return redisCommandArgv(context, (int)(4 + call->count), words, sizes);
}

static enum err run_on(redisContext *context, const struct redis_call *call, int64_t *result,
                       struct why *why)
{
    redisReply *reply = evaluate(context, call);
    enum err err = OK;
    if (!reply) {
        err = why_set(why, ERR_UNAVAILABLE, "Redis: %.100s", context->errstr);
    } else if (reply->type != REDIS_REPLY_INTEGER) {
        err = why_set(why, ERR_UNAVAILABLE, "Redis refused: %.150s",
                      reply->type == REDIS_REPLY_ERROR ? reply->str : "no number came");
    } else {
        *result = reply->integer;
    }
    freeReplyObject(reply);
    return err;
}

enum err redis_run(struct redis *redis, const struct redis_call *call, int64_t *result,
                   struct why *why)
{
    redisContext *context = NULL;
    enum err err = ERR_UNAVAILABLE;
    if (!borrow(redis, &context)) {
        metric_add(redis->failed, 1);
        return why_set(why, err, "Redis is away");
    }
    if (!context) { context = connect_to(redis, why); }
    if (context) { err = run_on(context, call, result, why); }
    if (err == OK) {
        give_back(redis, context);
        return OK;
    }
    metric_add(redis->failed, 1);
    if (context) { redisFree(context); }
    fall_away(redis);
    return err;
}
