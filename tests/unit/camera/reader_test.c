#include "camera/reader.h"

#include <pthread.h>

#include "check.h"
#include "test_camera.h"

enum { STATES_MAX = 16 };

/* What the reader's thread tells, for the test to wait on. */
struct heard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum reader_state states[STATES_MAX];
    char reason[256];
    size_t state_count;
    unsigned packets;
    uint64_t run;
};

static void on_packet(void *context, struct packet *packet)
{
    struct heard *heard = context;
    (void)pthread_mutex_lock(&heard->lock);
    heard->packets++;
    heard->run = packet->format->run;
    (void)pthread_cond_signal(&heard->changed);
    (void)pthread_mutex_unlock(&heard->lock);
}

static void on_state(void *context, enum reader_state state, const char *reason)
{
    struct heard *heard = context;
    (void)pthread_mutex_lock(&heard->lock);
    if (heard->state_count < STATES_MAX) { heard->states[heard->state_count++] = state; }
    (void)snprintf(heard->reason, sizeof heard->reason, "%s", reason);
    (void)pthread_cond_signal(&heard->changed);
    (void)pthread_mutex_unlock(&heard->lock);
}

/* Waits for that many states and packets; false after 30 s. */
static bool await(struct heard *heard, size_t states, unsigned packets)
{
    struct timespec deadline;
    (void)clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 30;
    int waited = 0;
    (void)pthread_mutex_lock(&heard->lock);
    while ((heard->state_count < states || heard->packets < packets) && !waited) {
        waited = pthread_cond_timedwait(&heard->changed, &heard->lock, &deadline);
    }
    const bool there = heard->state_count >= states && heard->packets >= packets;
    (void)pthread_mutex_unlock(&heard->lock);
    return there;
}

/* What was heard so far; the lock and the condition of the copy are not for use. */
static struct heard so_far(struct heard *heard)
{
    (void)pthread_mutex_lock(&heard->lock);
    const struct heard copy = *heard;
    (void)pthread_mutex_unlock(&heard->lock);
    return copy;
}

static struct reader *start(struct heard *heard, struct address **address, const char *url)
{
    *heard = (struct heard){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct reader_options options = reader_options_usual();
    if (address_new(address, url, NULL)) { return NULL; }
    options.address = *address;
    options.stall_us = CLOCK_SECOND_US;
    options.retry_least_us = CLOCK_SECOND_US / 20;
    options.retry_most_us = CLOCK_SECOND_US / 4;
    options.packet = on_packet;
    options.state = on_state;
    options.context = heard;
    struct reader *reader = NULL;
    CHECK(reader_start(&reader, "reader", &options, NULL) == OK);
    return reader;
}

/* A camera that is missing, comes, is killed, and comes back. */
static void test_comes_and_goes(void)
{
    struct test_camera camera = {0};
    struct heard heard;
    CHECK(test_camera_start(&camera, NULL)); /* only to find a free port */
    char port[8];
    (void)snprintf(port, sizeof port, "%d", (int)strtol(strrchr(camera.url, ':') + 1, NULL, 10));
    const char *const more[] = {"--port", port, NULL};
    char url[128];
    (void)snprintf(url, sizeof url, "%s", camera.url);
    test_camera_stop(&camera);

    CLEANUP(address_free_p) struct address *address = NULL;
    CLEANUP(reader_free_p) struct reader *reader = start(&heard, &address, url);
    CHECK(await(&heard, 1, 0) && so_far(&heard).states[0] == READER_STATE_OFFLINE);
    CHECK(strstr(so_far(&heard).reason, "refused") != NULL);
    CHECK(test_camera_start(&camera, more));
    CHECK(await(&heard, 2, 15) && so_far(&heard).states[1] == READER_STATE_ONLINE);
    const uint64_t run = so_far(&heard).run;
    test_camera_stop(&camera);
    CHECK(await(&heard, 3, 0) && so_far(&heard).states[2] == READER_STATE_OFFLINE);
    CHECK(so_far(&heard).reason[0] != '\0');
    const unsigned packets = so_far(&heard).packets;
    CHECK(test_camera_start(&camera, more));
    CHECK(await(&heard, 4, packets + 5) && so_far(&heard).states[3] == READER_STATE_ONLINE);
    CHECK(so_far(&heard).run > run);
    const int64_t begun_us = clock_monotonic_us();
    reader_free(TAKE(reader));
    CHECK(clock_monotonic_us() - begun_us < CLOCK_SECOND_US);
    test_camera_stop(&camera);
}

static void test_stall_and_garbage(void)
{
    struct test_camera camera = {0};
    struct heard heard;
    const char *const stall[] = {"--mode", "stall", "--after", "12", NULL};
    CHECK(test_camera_start(&camera, stall));
    CLEANUP(address_free_p) struct address *address = NULL;
    CLEANUP(reader_free_p) struct reader *reader = start(&heard, &address, camera.url);
    CHECK(await(&heard, 2, 8));
    CHECK(so_far(&heard).states[0] == READER_STATE_ONLINE &&
          so_far(&heard).states[1] == READER_STATE_STALLED);
    test_camera_stop(&camera);
    CHECK(await(&heard, 3, 0) && so_far(&heard).states[2] == READER_STATE_OFFLINE);
    reader_free(TAKE(reader));

    const char *const garbage[] = {"--mode", "garbage", NULL};
    CHECK(test_camera_start(&camera, garbage));
    CLEANUP(address_free_p) struct address *other = NULL;
    CLEANUP(reader_free_p) struct reader *second = start(&heard, &other, camera.url);
    CHECK(await(&heard, 1, 0) && so_far(&heard).states[0] == READER_STATE_OFFLINE);
    CHECK(second && so_far(&heard).packets == 0);
    test_camera_stop(&camera);
}

int main(void)
{
    if (!file_exists(TEST_CAMERA_VIDEO)) { return CHECK_SKIP_ALL("no " TEST_CAMERA_VIDEO); }
    CHECK_TEXT(reader_state_name(READER_STATE_CONNECTING), "connecting");
    CHECK_TEXT(reader_state_name(READER_STATE_STALLED), "stalled");
    test_comes_and_goes();
    test_stall_and_garbage();
    reader_free(NULL);
    return CHECK_DONE();
}
