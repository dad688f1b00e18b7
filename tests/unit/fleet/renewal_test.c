#include "fleet/renewal.h"

#include <poll.h>

#include "check.h"
#include "est_server.h"

static atomic_int changed, failed, calls;
static atomic_bool hands_over = true, loads = true;
static struct renewal *renewal;
static _Atomic(struct renewal *) shared; /* the same, for its own thread: NULL until it is known */

static int64_t now(void *context)
{
    (void)context;
    return clock_wall_us();
}

static bool on_changed(void *context, const struct membership_change *change)
{
    (void)context;
    struct renewal *const self = atomic_load(&shared);
    if (!self) { return false; } /* it asks again */
    atomic_fetch_add(&calls, 1);
    if (change->certificate) { atomic_fetch_add(&changed, 1); }
    if (atomic_load(&loads)) { renewal_loaded(self, renewal_news(self)); }
    return atomic_load(&hands_over);
}

static void on_failed(void *context, const char *why)
{
    (void)context;
    if (*why) { atomic_fetch_add(&failed, 1); }
}

static bool reaches(atomic_int *number, int least, int64_t deadline_s)
{
    const int64_t deadline_us = clock_monotonic_us() + deadline_s * CLOCK_SECOND_US;
    while (atomic_load(number) < least && clock_monotonic_us() < deadline_us) {
        (void)poll(NULL, 0, 10);
    }
    return atomic_load(number) >= least;
}

/* What was not handed over, or not loaded, is told again without anything new at the server. */
static void test_again(struct est_server *server)
{
    server->life_s = 3600; /* the next one is the last for long */
    const int renewed = atomic_load(&server->renewed);
    atomic_store(&hands_over, false);
    CHECK(reaches(&server->renewed, renewed + 1, 30));
    atomic_store(&calls, 0);
    CHECK(reaches(&calls, 2, 30));
    atomic_store(&loads, false);
    renewal_loaded(renewal, 0); /* an older load settles nothing */
    atomic_store(&hands_over, true);
    atomic_store(&calls, 0);
    CHECK(reaches(&calls, 1, 30));
    CHECK(atomic_load(&server->renewed) == renewed + 1);
}

int main(void)
{
    struct est_server server;
    struct why why = {0};
    char paths[3][256];
    est_open(&server);
    server.life_s = 6; /* due after 4 s, again and again */
    const struct renewal_config config = {
        .membership = {.url = server.url,
                       .fingerprint = server.fingerprint,
                       .site = "riverside",
                       .role = ROLE_EDGE,
                       .ca_path = est_path(&server, paths[0], "ca.crt"),
                       .certificate_path = est_path(&server, paths[1], "d.crt"),
                       .key_path = est_path(&server, paths[2], "d.key")},
        .now_us = now,
        .changed = on_changed,
        .failed = on_failed};
    test_must(membership_enrol(&config.membership, "north-1:secret", &why), &why);
    CLEANUP(certificate_free_p) struct certificate *first = NULL;
    test_must(membership_read(&first, paths[1], &why), &why);
    CHECK(renewal_open(&renewal, &config, &why) == OK);
    atomic_store(&shared, renewal);
    CHECK(reaches(&changed, 2, 30)); /* it goes on without anybody */
    CHECK(atomic_load(&server.renewed) >= 2 && atomic_load(&failed) == 0);
    CLEANUP(certificate_free_p) struct certificate *later = NULL;
    test_must(membership_read(&later, paths[1], &why), &why);
    CHECK(certificate_end_us(later) > certificate_end_us(first));
    test_again(&server);
    renewal_close(TAKE(renewal));
    atomic_store(&shared, NULL);
    atomic_store(&server.ill, true);
    CHECK(renewal_open(&renewal, &config, &why) == OK);
    atomic_store(&shared, renewal);
    CHECK(reaches(&failed, 1, 30)); /* it is told, and tried again later */
    const int64_t begin_us = clock_monotonic_us();
    renewal_close(renewal);
    CHECK(clock_monotonic_us() - begin_us < 2 * CLOCK_SECOND_US);
    renewal_close(NULL);
    est_close(&server);
    return CHECK_DONE();
}
