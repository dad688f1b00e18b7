#include "people/rate_limit.h"

#include "base/clock.h"

#include "check.h"

static const int64_t EVERY_US = 1000000;

/* Every request counts; one that has to wait does not. */
static void test_take(void)
{
    struct rate_limit *limit = rate_limit_new(3, CLOCK_SECOND_US);
    for (int i = 0; i < 3; i++) {
        CHECK(rate_limit_take_us(limit, "a", 0) == 0);
    }
    CHECK(rate_limit_take_us(limit, "a", 0) == CLOCK_SECOND_US);
    CHECK(rate_limit_take_us(limit, "a", 0) == CLOCK_SECOND_US);
    CHECK(rate_limit_take_us(limit, "b", 0) == 0);
    CHECK(rate_limit_take_us(limit, "a", CLOCK_SECOND_US) == 0);
    CHECK(rate_limit_take_us(limit, "a", CLOCK_SECOND_US) > 0);
    rate_limit_free(limit);
}

int main(void)
{
    test_take();
    CLEANUP(rate_limit_free_p) struct rate_limit *limit = rate_limit_new(3, EVERY_US);
    int64_t now_us = 5000000;
    for (int i = 0; i < 3; i++) {
        CHECK(rate_limit_wait_us(limit, "a", now_us) == 0);
        rate_limit_failed(limit, "a", now_us);
    }
    CHECK(rate_limit_wait_us(limit, "a", now_us) == EVERY_US);
    CHECK(rate_limit_wait_us(limit, "b", now_us) == 0);
    now_us += EVERY_US;
    CHECK(rate_limit_wait_us(limit, "a", now_us) == 0);
    rate_limit_failed(limit, "a", now_us);
    CHECK(rate_limit_wait_us(limit, "a", now_us) == EVERY_US);
    CHECK(rate_limit_wait_us(limit, "a", now_us + 3 * EVERY_US) == 0);
    rate_limit_forget(limit, "a");
    rate_limit_forget(limit, "unknown");
    CHECK(rate_limit_wait_us(limit, "a", now_us) == 0);

    /* A flood of names does not wash out who fails the most. */
    for (int i = 0; i < 6; i++) {
        rate_limit_failed(limit, "guesser", now_us);
    }
    char name[32];
    for (int i = 0; i < 2 * RATE_LIMIT_ENTRY_MAX; i++) {
        (void)snprintf(name, sizeof name, "name %d", i);
        rate_limit_failed(limit, name, now_us);
    }
    CHECK(rate_limit_wait_us(limit, "guesser", now_us) == 4 * EVERY_US);
    char long_name[200] = "";
    memset(long_name, 'x', sizeof long_name - 1);
    rate_limit_failed(limit, long_name, now_us);
    CHECK(rate_limit_wait_us(limit, long_name, now_us) == 0);
    return CHECK_DONE();
}
