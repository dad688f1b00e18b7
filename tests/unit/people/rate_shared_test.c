#include "people/rate_shared.h"

#include "check.h"
#include "lib/redis_server.h"
#include "people/rate_limit.h"

#define EVERY_US (60 * CLOCK_SECOND_US)

/* Two servers with one limit: what one counts the other sees, in the same steps as in memory. */
static void test_two_servers(struct redis *redis)
{
    CLEANUP(rate_limit_free_p) struct rate_limit *here = rate_limit_new(3, EVERY_US);
    CLEANUP(rate_limit_free_p) struct rate_limit *there = rate_limit_new(3, EVERY_US);
    rate_limit_share(here, redis, "test");
    rate_limit_share(there, redis, "test");
    rate_limit_failed(here, "a", 1);
    rate_limit_failed(there, "a", 999); /* clocks of two machines */
    CHECK(rate_limit_wait_us(here, "a", 1) == 0);
    rate_limit_failed(here, "a", 1);
    const int64_t wait_us = rate_limit_wait_us(there, "a", 999);
    CHECK(wait_us > EVERY_US - CLOCK_SECOND_US && wait_us <= EVERY_US);
    CHECK(rate_limit_wait_us(there, "b", 999) == 0);
    rate_limit_forget(there, "a");
    CHECK(rate_limit_wait_us(here, "a", 1) == 0);

    CHECK(rate_limit_take_us(here, "c", 1) == 0 && rate_limit_take_us(there, "c", 1) == 0);
    CHECK(rate_limit_take_us(here, "c", 1) == 0 && rate_limit_take_us(there, "c", 1) > 0);
}

/* Requests by the hundredth of the burst: together they have the burst, and no more. */
static void test_batches(struct redis *redis)
{
    CLEANUP(rate_limit_free_p) struct rate_limit *here = rate_limit_new(1000, EVERY_US);
    CLEANUP(rate_limit_free_p) struct rate_limit *there = rate_limit_new(1000, EVERY_US);
    rate_limit_share(here, redis, "batches");
    rate_limit_share(there, redis, "batches");
    int64_t taken = 0;
    int64_t refused = 0;
    for (int i = 0; i < 2000; i++) {
        const bool may = rate_limit_take_us(i % 2 ? here : there, "a", 1) == 0;
        taken += may;
        refused += !may;
    }
    CHECK(taken == 1000 && refused == 1000);
}

/* While Redis is away memory decides, with what was counted here before. */
static void test_away(struct redis_server *server, struct redis *redis)
{
    CLEANUP(rate_limit_free_p) struct rate_limit *limit = rate_limit_new(3, EVERY_US);
    rate_limit_share(limit, redis, "away");
    for (int i = 0; i < 3; i++) {
        rate_limit_failed(limit, "a", 5);
    }
    redis_server_kill(server);
    CHECK(rate_limit_wait_us(limit, "a", 5) == EVERY_US);
    CHECK(rate_limit_wait_us(limit, "b", 5) == 0);
    CHECK(rate_limit_take_us(limit, "b", 5) == 0 && rate_limit_take_us(limit, "a", 5) == EVERY_US);
    rate_limit_forget(limit, "a");
    CHECK(rate_limit_wait_us(limit, "a", 5) == 0);
}

int main(void)
{
    if (!redis_server_here()) { return CHECK_SKIP_ALL("no redis-server"); }
    (void)signal(SIGPIPE, SIG_IGN);
    struct redis_server server = {.process = NULL};
    CHECK(redis_server_open(&server));
    CLEANUP(secret_free_p) struct secret *password = NULL;
    CHECK(secret_new(&password, span_text(REDIS_PASSWORD), NULL) == OK);
    const struct redis_config config = {
        .address = server.address, .password = password, .wait_ms = 5000}; /* a busy machine */
    CLEANUP(redis_free_p) struct redis *redis = NULL;
    CHECK(redis_new(&redis, &config, NULL) == OK);
    test_two_servers(redis);
    test_batches(redis);
    test_away(&server, redis);
    redis_server_close(&server);
    return CHECK_DONE();
}
