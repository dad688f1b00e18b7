#include "programs/edge/refusal.h"

#include <stdio.h>

#include "alert/inbox.h"
#include "base/log.h"
#include "base/metric.h"
#include "trust/envelope.h"

static struct metric *counter(const char *reason)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "reason=\"%s\"", reason);
    return metric_counter("tocsin_messages_refused_total",
                          "Messages of the bus that were refused, by reason.", labels);
}

void refusal_begin(void)
{
    for (enum verdict verdict = VERDICT_OVERSIZED; verdict <= VERDICT_MISPLACED; verdict++) {
        (void)counter(verdict_name(verdict));
    }
    for (enum inbox_answer answer = INBOX_ANSWER_REPLAYED; answer <= INBOX_ANSWER_EXERCISE;
         answer++) {
        (void)counter(inbox_answer_name(answer));
    }
}

void refusal_count(const char *reason, const char *topic, const char *why)
{
    metric_add(counter(reason), 1);
    log_event(LOG_LEVEL_WARNING, "message.refused", "reason", reason, "topic", topic, "why", why,
              NULL);
}
