#include "fleet/renewal.h"

#include <pthread.h>
#include <sodium.h>
#include <time.h>

#include "base/clock.h"
#include "system/backoff.h"
#include "system/worker.h"

static const int64_t retry_least_us = 10 * CLOCK_SECOND_US;
static const int64_t retry_most_us = CLOCK_HOUR_US;
/* Until the program has loaded what is new: behind it lies the end of its old certificate. */
static const int64_t hand_least_us = 2 * CLOCK_SECOND_US;
static const int64_t hand_most_us = CLOCK_MINUTE_US;
static const int64_t wait_least_us = CLOCK_SECOND_US / 2;

struct renewal {
    struct renewal_config config;
    struct worker *worker; /* owned */
    pthread_mutex_t lock;  /* for `stopping`, `news`, `loaded` */
    pthread_cond_t stop;
    bool stopping;
    uint64_t news, loaded; /* changes so far; the newest one that the program has loaded */
    /* The thread's own. */
    struct membership_change owed;
    bool handed; /* the last call of `changed` handed over */
};

/* Up to a tenth more or less. */
static int64_t jittered(int64_t wait_us)
{
    const int64_t tenth_us = wait_us / 10;
    return wait_us - tenth_us + (int64_t)(randombytes_random() % 1000) * (2 * tenth_us) / 1000;
}

/* How long until the next look: the day's, or when the certificate is due. */
static int64_t wait_us(const struct renewal *renewal)
{
    const struct renewal_config *config = &renewal->config;
    int64_t wait = jittered(config->every_us ? config->every_us : CLOCK_DAY_US);
    CLEANUP(certificate_free_p) struct certificate *certificate = NULL;
    if (membership_read(&certificate, config->membership.certificate_path, NULL)) { return wait; }
    const int64_t due_us = membership_due_us(certificate);
    /* Behind the due time by up to a tenth of what is left then, never before it. */
    const int64_t spread_us = (certificate_end_us(certificate) - due_us) / 10;
    const int64_t at_us = due_us + (int64_t)(randombytes_random() % 1000) * spread_us / 1000 -
                          config->now_us(config->context);
    if (at_us < wait) { wait = at_us; }
    return wait < wait_least_us ? wait_least_us : wait;
}

/* False: it is time to stop. */
static bool sleep_for(struct renewal *renewal, int64_t sleep_us)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += sleep_us / CLOCK_SECOND_US;
    until.tv_nsec += (sleep_us % CLOCK_SECOND_US) * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int waited = 0;
    (void)pthread_mutex_lock(&renewal->lock);
    while (!renewal->stopping && waited == 0) {
        waited = pthread_cond_timedwait(&renewal->stop, &renewal->lock, &until);
    }
    const bool go_on = !renewal->stopping;
    (void)pthread_mutex_unlock(&renewal->lock);
    return go_on;
}

/* One look at the server; returns how long until the next. */
static int64_t look(struct renewal *renewal, struct backoff *backoff)
{
    const struct renewal_config *config = &renewal->config;
    struct membership_change change = {0};
    struct why why = {0};
    const enum err err =
        membership_renew(&config->membership, config->now_us(config->context), &change, &why);
    if (change.certificate || change.anchors) {
        renewal->owed.certificate |= change.certificate;
        renewal->owed.anchors |= change.anchors;
        renewal->handed = false;
        (void)pthread_mutex_lock(&renewal->lock);
        renewal->news++;
        (void)pthread_mutex_unlock(&renewal->lock);
    }
    if (err) {
        config->failed(config->context, why.text);
        return backoff_fail(backoff, randombytes_random());
    }
    backoff_succeed(backoff);
    return wait_us(renewal);
}

/* Whether the program still lives with what was there before. */
static bool owes(struct renewal *renewal)
{
    (void)pthread_mutex_lock(&renewal->lock);
    const bool loaded = renewal->loaded == renewal->news;
    (void)pthread_mutex_unlock(&renewal->lock);
    if (loaded && renewal->handed) { renewal->owed = (struct membership_change){0}; }
    return !loaded || !renewal->handed;
}

static void run(void *context)
{
    struct renewal *renewal = context;
    const struct renewal_config *config = &renewal->config;
    struct backoff looking = backoff_between(retry_least_us, retry_most_us);
    struct backoff handing = backoff_between(hand_least_us, hand_most_us);
    int64_t next_us = jittered(CLOCK_SECOND_US); /* a look soon after the start */
    int64_t look_us = clock_monotonic_us() + next_us;
    while (sleep_for(renewal, next_us)) {
        if (clock_monotonic_us() >= look_us) {
            const int64_t pause_us = look(renewal, &looking);
            look_us = clock_monotonic_us() + pause_us;
        }
        next_us = look_us - clock_monotonic_us();
        if (next_us < 0) { next_us = 0; }
        if (!owes(renewal)) {
            backoff_succeed(&handing);
            continue;
        }
        renewal->handed = config->changed(config->context, &renewal->owed);
        const int64_t again_us = backoff_fail(&handing, randombytes_random());
        if (again_us < next_us) { next_us = again_us; }
    }
}

uint64_t renewal_news(struct renewal *renewal)
{
    (void)pthread_mutex_lock(&renewal->lock);
    const uint64_t news = renewal->news;
    (void)pthread_mutex_unlock(&renewal->lock);
    return news;
}

void renewal_loaded(struct renewal *renewal, uint64_t news)
{
    (void)pthread_mutex_lock(&renewal->lock);
    if (news > renewal->loaded) { renewal->loaded = news; }
    (void)pthread_mutex_unlock(&renewal->lock);
}

enum err renewal_open(struct renewal **out, const struct renewal_config *config, struct why *why)
{
    CLEANUP(renewal_close_p) struct renewal *renewal = MEM_NEW(struct renewal);
    pthread_condattr_t monotonic;
    renewal->config = *config;
    renewal->handed = true;
    if (pthread_mutex_init(&renewal->lock, NULL) || pthread_condattr_init(&monotonic) ||
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) ||
        pthread_cond_init(&renewal->stop, &monotonic)) {
        abort();
    }
    (void)pthread_condattr_destroy(&monotonic);
    const enum err err = worker_start(&renewal->worker, "renewal", run, renewal, why);
    if (!err) { *out = TAKE(renewal); }
    return err;
}

void renewal_close(struct renewal *renewal)
{
    if (!renewal) { return; }
    (void)pthread_mutex_lock(&renewal->lock);
    renewal->stopping = true;
    (void)pthread_cond_broadcast(&renewal->stop);
    (void)pthread_mutex_unlock(&renewal->lock);
    worker_join(renewal->worker);
    (void)pthread_cond_destroy(&renewal->stop);
    (void)pthread_mutex_destroy(&renewal->lock);
    free(renewal);
}
