/*
 * fleet/physical - what a device says of its body: opened or not, where it stands, whether its boot
 * was secure. Part of content.type "telemetry" (docs/protocols/bus.md).
 *
 * Pure: no I/O, no time, any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/value.h"

enum secure_boot { SECURE_BOOT_UNKNOWN, SECURE_BOOT_OFF, SECURE_BOOT_ON };
const char *secure_boot_name(enum secure_boot state); /* "unknown" ... */

struct position {
    double latitude, longitude; /* degrees, WGS 84 */
};

struct physical {
    bool guarded;        /* there is a tamper contact */
    bool open;           /* now */
    int64_t tampered_us; /* when it was opened last; 0 = never */
    bool placed;         /* position is known */
    struct position position;
    enum secure_boot secure_boot;
};

/* From the member "physical"; NULL, from a device that says nothing of it, is all unknown. */
MUST_USE enum err physical_parse(struct physical *out, const struct value *member, struct why *why);
struct value *physical_to_value(const struct physical *physical); /* the caller owns it */

/*
 * A line of a GNSS receiver (NMEA 0183): true for a sentence GGA or RMC with a position and a right
 * checksum. Anything else is not one; receivers say much else.
 */
bool position_read_nmea(struct position *out, const char *line);
