#include "peer/redis.h"

#include "check.h"
#include "lib/redis_server.h"

static const char ADD[] = "return redis.call('INCRBY', KEYS[1], ARGV[1])";

static enum err add(struct redis *redis, int64_t amount, int64_t *sum)
{
    const struct redis_call call = {
        .script = ADD, .key = span_text("sum"), .arguments = {amount}, .count = 1};
    return redis_run(redis, &call, sum, NULL);
}

static void test_addresses(void)
{
    static const char *const bad[] = {"",
                                      "localhost:6379",
                                      "127.0.0.1",
                                      "127.0.0.1:0",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:+1",
                                      "::1:6379",
                                      "[127.0.0.1]:6379",
                                      "unix:relative",
                                      "redis://127.0.0.1:6379"};
    static const char *const good[] = {"127.0.0.1:6379", "[::1]:6379",
                                       "unix:/run/redis/redis.sock"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct why why = {""};
        struct redis *redis = NULL;
        CHECK(redis_new(&redis, &(struct redis_config){.address = bad[i]}, &why) == ERR_MALFORMED &&
              strstr(why.text, "expected unix:/PATH"));
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        CLEANUP(redis_free_p) struct redis *redis = NULL;
        CHECK(redis_new(&redis, &(struct redis_config){.address = good[i]}, NULL) == OK);
    }
}

static bool back_within(struct redis *redis, int64_t span_us)
{
    int64_t sum = 0;
    const int64_t until_us = clock_monotonic_us() + span_us;
    while (clock_monotonic_us() < until_us) {
        if (add(redis, 1, &sum) == OK) { return true; }
        (void)poll(NULL, 0, 5);
    }
    return false;
}

/* Killed and back; and not killed but silent, which nobody waits for. */
static void test_away(struct redis_server *server, struct redis *redis)
{
    int64_t sum = 0;
    redis_server_kill(server);
    CHECK(add(redis, 1, &sum) == ERR_UNAVAILABLE && !redis_there(redis));
    CHECK(redis_server_begin(server) && back_within(redis, 3 * CLOCK_SECOND_US));
    CHECK(redis_there(redis));

    CHECK(kill(process_pid(server->process), SIGSTOP) == 0);
    int64_t begin_us = clock_monotonic_us();
    CHECK(add(redis, 1, &sum) == ERR_UNAVAILABLE);
    const int64_t first_us = clock_monotonic_us() - begin_us;
    begin_us = clock_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        CHECK(add(redis, 1, &sum) == ERR_UNAVAILABLE);
    }
    const int64_t others_us = clock_monotonic_us() - begin_us;
    printf("# silent: the first waited %lld us, the next 1000 together %lld us\n",
           (long long)first_us, (long long)others_us);
    CHECK(first_us >= 15000 && first_us < 100000 && others_us < 100000);
    CHECK(kill(process_pid(server->process), SIGCONT) == 0);
    CHECK(back_within(redis, 3 * CLOCK_SECOND_US));
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    test_addresses();
    if (!redis_server_here()) { return CHECK_SKIP_ALL("no redis-server"); }
    struct redis_server server = {.process = NULL};
    CHECK(redis_server_open(&server));
    CLEANUP(secret_free_p) struct secret *password = NULL;
    CHECK(secret_new(&password, span_text(REDIS_PASSWORD), NULL) == OK);
    const struct redis_config config = {.address = server.address, .password = password};
    struct redis *redis = NULL;
    int64_t sum = 0;
    CHECK(redis_new(&redis, &config, NULL) == OK);
    CHECK(add(redis, 2, &sum) == OK && sum == 2);
    CHECK(add(redis, 3, &sum) == OK && sum == 5);
    test_away(&server, redis);

    /* Without the password it is away, and says why; what is no number is no answer. */
    CLEANUP(redis_free_p) struct redis *stranger = NULL;
    struct why why = {""};
    const struct redis_call call = {.script = "return 'word'", .key = span_text("x")};
    CHECK(redis_new(&stranger, &(struct redis_config){.address = server.address}, NULL) == OK);
    CHECK(redis_run(stranger, &call, &sum, &why) == ERR_UNAVAILABLE &&
          strstr(why.text, "NOAUTH") != NULL);
    CHECK(redis_run(redis, &call, &sum, &why) == ERR_UNAVAILABLE &&
          strstr(why.text, "no number") != NULL);
    redis_free(redis);
    redis_server_close(&server);
    return CHECK_DONE();
}
