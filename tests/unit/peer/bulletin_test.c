#include "peer/bulletin.h"

#include "check.h"
#include "peer_database.h"

#define NOW_US (1000 * CLOCK_SECOND_US)

struct heard {
    int count;
    char last[64];
};

static void hear(void *context, const struct bulletin_message *message)
{
    struct heard *heard = context;
    heard->count++;
    (void)snprintf(heard->last, sizeof heard->last, "%s %s", message->kind, message->data);
}

static int read_all(struct bulletin *bulletin, struct heard *heard)
{
    const struct bulletin_reader reader = {.context = heard, .each = hear};
    bool more = true;
    int rounds = 0;
    heard->count = 0;
    for (; more; rounds++) {
        if (bulletin_read(bulletin, &reader, &more, NULL) != OK) { return -1; }
    }
    return rounds;
}

static enum err write_one(struct bulletin *bulletin, int number)
{
    char data[32];
    (void)snprintf(data, sizeof data, "{\"n\":%d}", number);
    const struct bulletin_message message = {.kind = "event", .data = data};
    return bulletin_write(bulletin, &message, NOW_US, NULL);
}

static void test_order(struct peer_database *peer, struct bulletin *here, struct bulletin *there)
{
    struct heard heard;
    CHECK(bulletin_peers(here) == 1 && bulletin_peers(there) == 1);
    for (int i = 1; i <= 600; i++) {
        CHECK(write_one(here, i) == OK);
    }
    CHECK(read_all(there, &heard) == 3 && heard.count == 600);
    CHECK_TEXT(heard.last, "event {\"n\":600}");
    CHECK(read_all(there, &heard) == 1 && heard.count == 0);
    CHECK(read_all(here, &heard) == 1 && heard.count == 0); /* not our own */

    /* What was rolled back was never said, and what is said afterwards is heard. */
    enum err err = database_begin(peer->here, NULL);
    CHECK(err == OK && write_one(here, 601) == OK && write_one(here, 602) == OK);
    err = ERR_IO;
    database_end(peer->here, &err, NULL);
    bulletin_take_back(here, 2);
    CHECK(read_all(there, &heard) == 1 && heard.count == 0);
    CHECK(write_one(here, 603) == OK);
    CHECK(read_all(there, &heard) == 1 && heard.count == 1);
    CHECK_TEXT(heard.last, "event {\"n\":603}");
}

/* A server that comes later is heard from its first word; it does not hear what was before it. */
static void test_newcomer(struct peer_database *peer, struct bulletin *here)
{
    struct heard heard;
    CLEANUP(database_close_p) struct database *third = peer_database_connect(peer);
    CLEANUP(bulletin_close_p) struct bulletin *late = NULL;
    CHECK(bulletin_open(&late, third, "01890a5d-ac96-774b-bcce-b302099a8060", NULL) == OK);
    CHECK(bulletin_present(late, "c", NOW_US, NULL) == OK);
    CHECK(read_all(late, &heard) == 1 && heard.count == 0);
    CHECK(write_one(late, 1) == OK);
    CHECK(bulletin_present(here, "a", NOW_US, NULL) == OK && bulletin_peers(here) == 2);
    CHECK(read_all(here, &heard) == 1 && heard.count == 1);

    /* It has ended: forgotten after minutes, and so is what everybody has said. */
    CHECK(bulletin_present(here, "a", NOW_US + CLOCK_HOUR_US, NULL) == OK);
    CHECK(bulletin_peers(here) == 0);
    CHECK(bulletin_present(late, "c", NOW_US + CLOCK_HOUR_US, NULL) == OK);
    CHECK(write_one(here, 604) == OK && read_all(late, &heard) == 1 && heard.count == 1);
}

int main(void)
{
    struct peer_database peer;
    struct bulletin *here = NULL;
    struct bulletin *there = NULL;
    peer_database_open(&peer);
    CHECK(bulletin_open(&here, peer.here, "01890a5d-ac96-774b-bcce-b302099a8057", NULL) == OK);
    CHECK(bulletin_open(&there, peer.there, "01890a5d-ac96-774b-bcce-b302099a8058", NULL) == OK);
    CHECK(bulletin_present(here, "a", NOW_US, NULL) == OK);
    CHECK(bulletin_present(there, "b", NOW_US, NULL) == OK);
    CHECK(bulletin_present(here, "a", NOW_US, NULL) == OK);
    test_order(&peer, here, there);
    test_newcomer(&peer, here);
    bulletin_close(here);
    bulletin_close(there);
    peer_database_close(&peer);
    return CHECK_DONE();
}
