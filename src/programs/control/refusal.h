/*
 * control/refusal - counts and logs what was refused, so that a flood of bad messages fills neither
 * the log nor the disk: tocsin_messages_refused_total{reason}, at most ten lines a minute per
 * reason. Belongs to one thread; the time is a parameter.
 */
#pragma once

#include <stdint.h>

enum { REFUSAL_REASON_MAX = 24, REFUSAL_LINES_MAX = 10 };

struct refusal {
    struct {
        const char *reason;
        int64_t minute;
        int64_t lines;
    } reasons[REFUSAL_REASON_MAX];
};

/* `reason` is a constant word; `sentence` says what was wrong with the message on `topic`. */
void refusal_note(struct refusal *refusal, const char *reason, const char *topic,
                  const char *sentence, int64_t now_us);
