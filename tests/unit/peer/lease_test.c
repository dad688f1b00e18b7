#include "peer/lease.h"

#include "check.h"
#include "peer_database.h"

static const char RUN_1[] = "01890a5d-ac96-774b-bcce-b302099a8057";
static const char RUN_2[] = "01890a5d-ac96-774b-bcce-b302099a8058";

static struct lease *open_lease(struct database *database, const char *server, const char *run)
{
    const struct lease_config config = {
        .database = database, .name = "bus", .server = server, .run = run};
    struct lease *lease = NULL;
    CHECK(lease_open(&lease, &config, NULL) == OK);
    return lease;
}

static bool tick(struct lease *lease, int64_t now_us)
{
    struct why why = {""};
    if (lease_tick(lease, now_us, &why) != OK) { printf("# %s\n", why.text); }
    return lease_held(lease, now_us);
}

/* Two servers whose clocks have nothing to do with each other. */
static void test_two(const struct peer_database *peer)
{
    static const int64_t THERE_US = 86400 * CLOCK_SECOND_US;
    CLEANUP(lease_close_p) struct lease *here = open_lease(peer->here, "a", RUN_1);
    CLEANUP(lease_close_p) struct lease *there = open_lease(peer->there, "b", RUN_2);
    int both = 0;
    int64_t now_us = CLOCK_SECOND_US;
    CHECK(tick(here, now_us) && !tick(there, THERE_US + now_us));
    for (int i = 0; i < 40; i++) {
        now_us += LEASE_BEAT_US;
        const bool first = tick(here, now_us);
        both += first && tick(there, THERE_US + now_us);
        CHECK(first);
    }
    CHECK(both == 0);

    /* It beats no more: it holds no longer before anybody else does. */
    const int64_t last_us = now_us;
    int64_t taken_us = 0;
    for (; taken_us == 0 && now_us < last_us + 10 * CLOCK_SECOND_US;) {
        now_us += LEASE_BEAT_US;
        if (tick(there, THERE_US + now_us)) { taken_us = now_us - last_us; }
    }
    printf("# taken after %lld ms\n", (long long)taken_us / 1000);
    CHECK(taken_us > LEASE_HOLD_US && taken_us <= 2 * CLOCK_SECOND_US - LEASE_BEAT_US);
    CHECK(!lease_held(here, last_us + LEASE_HOLD_US));
    CHECK(!tick(here, now_us) && tick(there, THERE_US + now_us + 1));

    /* Let go: the other takes it with its next look. */
    CHECK(lease_release(there, NULL) == OK && !lease_held(there, THERE_US + now_us + 2));
    CHECK(tick(here, now_us + LEASE_BEAT_US));
    CHECK(!tick(there, THERE_US + now_us + LEASE_BEAT_US));

    /* The same server, started anew, has no need to wait for itself. */
    CLEANUP(lease_close_p)
    struct lease *again = open_lease(peer->there, "a", "01890a5d-ac96-774b-bcce-b302099a8059");
    CHECK(tick(again, 5) && !tick(here, now_us + 2 * LEASE_BEAT_US));
}

/* While nobody could read, nobody was silent. */
static void test_outage(const struct peer_database *peer)
{
    CLEANUP(lease_close_p) struct lease *here = open_lease(peer->here, "a", RUN_1);
    CLEANUP(lease_close_p) struct lease *there = open_lease(peer->there, "b", RUN_2);
    int64_t now_us = CLOCK_SECOND_US;
    CHECK(database_execute(peer->here, "DELETE FROM leases;", NULL) == OK);
    CHECK(tick(here, now_us) && !tick(there, now_us));
    CHECK(database_execute(peer->here, "ALTER TABLE leases RENAME TO gone;", NULL) == OK);
    for (int i = 0; i < 8; i++) {
        now_us += LEASE_BEAT_US;
        CHECK(lease_tick(there, now_us, NULL) != OK && lease_tick(here, now_us, NULL) != OK);
    }
    CHECK(!lease_held(here, now_us));
    CHECK(database_execute(peer->here, "ALTER TABLE gone RENAME TO leases;", NULL) == OK);
    CHECK(!tick(there, now_us + 1) && tick(here, now_us + 2));
}

int main(void)
{
    struct peer_database peer;
    peer_database_open(&peer);
    test_two(&peer);
    test_outage(&peer);
    peer_database_close(&peer);
    return CHECK_DONE();
}
