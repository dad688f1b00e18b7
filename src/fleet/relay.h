/*
 * fleet/relay - what a zone's gateway has to say again, and when.
 *
 * It knows every alert that stands (also cancels, until the alert's end), what the zone's broker
 * showed of it since the last connect, which devices are there, and their receipts. From that it
 * decides three things:
 *   restore  the newest revision is missing at the broker, or an older one stands on its topic:
 *            publish the original envelope again, retained. So a broker that lost its memory gets
 *            it back, and a cancel wins over any older alert.
 *   remind   a device is online and has sent no receipt of the newest revision: send it the
 *            envelope on its own topic, after 3 s, then doubling, at most RELAY_REMIND_MAX times.
 *   clear    the alert has run out and still stands at the broker: take it away.
 * Receipts are not stored: after a restart each device is reminded once and answers again.
 *
 * All in memory, bounded. No I/O; the time (wall, microseconds) is a parameter; one thread.
 */
#pragma once

#include "alert/alert.h"
#include "alert/receipt.h"
#include "base/clock.h"
#include "base/span.h"

enum {
    RELAY_ALERT_MAX = 256,
    RELAY_DEVICE_MAX = 512,
    RELAY_SIGHT_MAX = 64,              /* topics on which one alert was seen */
    RELAY_BYTES_MAX = 8 * 1024 * 1024, /* envelopes in all */
    RELAY_REMIND_MAX = 6,
    RELAY_LITTER_MAX = 64, /* run-out alerts found at the broker, waiting to be cleared */
};
#define RELAY_REMIND_AFTER_US (3 * CLOCK_SECOND_US)
#define RELAY_SETTLE_US (2 * CLOCK_SECOND_US) /* after a connect, for retained messages to come */
#define RELAY_CLEAR_AFTER_US (10 * CLOCK_SECOND_US) /* control clears first, if it is there */

struct relay;

struct relay *relay_new(const char *zone);
void relay_free(struct relay *relay); /* NULL is allowed */
CLEANUP_FOR(struct relay, relay_free)

/*
 * An admitted revision (or one from the cache at start) and its whole envelope; both are copied.
 * False: a limit is reached, or it is over; then it will not be said again.
 */
bool relay_alert(struct relay *relay, const struct alert *alert, struct span envelope,
                 int64_t now_us);

/*
 * A device of the zone that shows alerts says of itself, at `at_us` by its own clock, that it is
 * there or gone. Passed over when something later is known (a will is signed long before).
 */
void relay_device(struct relay *relay, const char *name, bool online, int64_t at_us,
                  int64_t now_us);

/* A verified receipt of that device, of any state. */
void relay_receipt(struct relay *relay, const char *name, const struct receipt *receipt);

/* The connection to the broker is new: nothing has been seen of what it keeps. */
void relay_begin(struct relay *relay, int64_t now_us);

/* A verified alert on a topic below the prefix. */
struct relay_sight {
    const char *topic; /* "alerts/zone/north/<alert>" */
    const char *alert_id;
    int64_t revision;
    int64_t expire_us;
    int64_t now_us;
};
void relay_seen(struct relay *relay, const struct relay_sight *sight);

/* An empty payload came on the topic: someone took away what stood there. */
void relay_emptied(struct relay *relay, const char *topic);

enum relay_deed { RELAY_DEED_RESTORE, RELAY_DEED_REMIND, RELAY_DEED_CLEAR };
enum { RELAY_DEED_COUNT = 3 };
const char *relay_deed_name(enum relay_deed deed); /* "restore" ... */

/* Everything is borrowed for the call. */
struct relay_order {
    enum relay_deed deed;
    const char *topic;    /* below the prefix */
    const char *alert_id; /* "" when it is not known any more (clear) */
    struct span envelope; /* empty to clear */
    int64_t expire_us;
};

/*
 * Calls `carry_out` for what is due; an order that it could not carry out (false) ends the call and
 * comes again. Forgets alerts that are over. Call it twice a second while connected.
 */
struct relay_errand {
    int64_t now_us;
    void *context;
    bool (*carry_out)(void *context, const struct relay_order *order);
};
void relay_run(struct relay *relay, const struct relay_errand *errand);

size_t relay_alert_count(const struct relay *relay);
size_t relay_online_count(const struct relay *relay);
