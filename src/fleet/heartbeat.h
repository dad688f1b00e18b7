/*
 * fleet/heartbeat - when a device that says nothing counts as gone. Pure, the time is a parameter.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

#define HEARTBEAT_EVERY_US (30 * CLOCK_SECOND_US)
#define HEARTBEAT_LOST_AFTER_US (90 * CLOCK_SECOND_US)

/* A device last heard at `contact_us` is offline when 90 s have passed: three statuses missed. */
static inline bool heartbeat_lost(int64_t contact_us, int64_t now_us)
{
    return now_us - contact_us >= HEARTBEAT_LOST_AFTER_US;
}
