#include "programs/gateway/count.h"

#include "alert/inbox.h"
#include "base/log.h"
#include "trust/envelope.h"

#include <stdio.h>

static struct metric *refused(const char *reason)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "reason=\"%s\"", reason);
    return metric_counter("tocsin_messages_refused_total",
                          "Messages of the bus that were refused, by reason.", labels);
}

static struct metric *received(const char *labels)
{
    return metric_counter("tocsin_messages_received_total",
                          "Verified messages of the bus, by type.", labels);
}

static struct metric *said(enum relay_deed deed)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "deed=\"%s\"", relay_deed_name(deed));
    return metric_counter("tocsin_gateway_said_again_total",
                          "Alerts restored to the broker, repeated to a device, or cleared.",
                          labels);
}

void count_witness(const char *answer)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "answer=\"%s\"", answer);
    metric_add(metric_counter("tocsin_witness_answers_total",
                              "Checkpoints of the audit log, by what this witness answered.",
                              labels),
               1);
}

struct count count_begin(void)
{
    for (enum verdict verdict = VERDICT_OVERSIZED; verdict <= VERDICT_MISPLACED; verdict++) {
        (void)refused(verdict_name(verdict));
    }
    for (enum inbox_answer answer = INBOX_ANSWER_REPLAYED; answer <= INBOX_ANSWER_EXERCISE;
         answer++) {
        (void)refused(inbox_answer_name(answer));
    }
    return (struct count){
        .alerts_received = received("type=\"alert\""),
        .statuses_received = received("type=\"status\""),
        .receipts_received = received("type=\"receipt\""),
        .said = {said(RELAY_DEED_RESTORE), said(RELAY_DEED_REMIND), said(RELAY_DEED_CLEAR)},
        .alerts = metric_gauge("tocsin_gateway_alerts", "Alerts and cancels that stand.", NULL),
        .devices_online =
            metric_gauge("tocsin_gateway_devices_online", "Devices of the zone, online.", NULL),
        .connected = metric_gauge("tocsin_bus_connected", "1 while the broker is there.", NULL),
        .database_ok = metric_gauge("tocsin_database_ok", "1 unless the last write failed.", NULL),
    };
}

void count_refusal(const char *reason, const char *topic, const char *why)
{
    metric_add(refused(reason), 1);
    log_event(LOG_LEVEL_WARNING, "message.refused", "reason", reason, "topic", topic, "why", why,
              NULL);
}
