#include "programs/control/refusal.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

/* Whether one more line about `reason` fits into this minute. */
static bool may_log(struct refusal *refusal, const char *reason, int64_t now_us)
{
    const int64_t minute = now_us / CLOCK_MINUTE_US;
    for (size_t i = 0; i < REFUSAL_REASON_MAX; i++) {
        if (!refusal->reasons[i].reason) { refusal->reasons[i].reason = reason; }
        if (strcmp(refusal->reasons[i].reason, reason) != 0) { continue; }
        if (refusal->reasons[i].minute != minute) {
            refusal->reasons[i].minute = minute;
            refusal->reasons[i].lines = 0;
        }
        return refusal->reasons[i].lines++ < REFUSAL_LINES_MAX;
    }
    return false;
}

void refusal_note(struct refusal *refusal, const char *reason, const char *topic,
                  const char *sentence, int64_t now_us)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "reason=\"%s\"", reason);
    metric_add(metric_counter("tocsin_messages_refused_total",
                              "Messages from the bus that were refused, by reason.", labels),
               1);
    if (!may_log(refusal, reason, now_us)) { return; }
    log_event(LOG_LEVEL_WARNING, "message.refused", "reason", reason, "topic", topic, "why",
              sentence, NULL);
}
