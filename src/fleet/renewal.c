#include "fleet/renewal.h"

#include <pthread.h>
#include <sodium.h>
#include <time.h>

#include "base/clock.h"
#include "system/backoff.h"
#include "system/worker.h"

static const int64_t retry_least_us = 10 * CLOCK_SECOND_US;
static const int64_t retry_most_us = CLOCK_HOUR_US;
static const int64_t wait_least_us = CLOCK_SECOND_US / 2;

struct renewal {
    struct renewal_config config;
    struct worker *worker; /* owned */
    pthread_mutex_t lock;  /* for `stopping` */
    pthread_cond_t stop;
    bool stopping;
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

static void run(void *context)
{
    struct renewal *renewal = context;
    const struct renewal_config *config = &renewal->config;
    struct backoff backoff = backoff_between(retry_least_us, retry_most_us);
    int64_t next_us = jittered(CLOCK_SECOND_US); /* a look soon after the start */
    while (sleep_for(renewal, next_us)) {
        struct membership_change change = {0};
        struct why why = {0};
        const enum err err =
            membership_renew(&config->membership, config->now_us(config->context), &change, &why);
        if (change.certificate || change.anchors) { config->changed(config->context, &change); }
        if (err) {
            config->failed(config->context, why.text);
            next_us = backoff_fail(&backoff, randombytes_random());
        } else {
            backoff_succeed(&backoff);
            next_us = wait_us(renewal);
        }
    }
}

enum err renewal_open(struct renewal **out, const struct renewal_config *config, struct why *why)
{
    CLEANUP(renewal_close_p) struct renewal *renewal = MEM_NEW(struct renewal);
    pthread_condattr_t monotonic;
    renewal->config = *config;
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
