/*
 * gateway/count - what /metrics tells of this gateway. Any thread.
 */
#pragma once

#include "base/metric.h"
#include "fleet/relay.h"

struct count {
    struct metric *alerts_received, *statuses_received, *receipts_received;
    struct metric *said[RELAY_DEED_COUNT];
    struct metric *alerts, *devices_online, *connected, *database_ok; /* gauges */
};

/* Finds or makes every metric, so that each is there with 0 from the start. */
struct count count_begin(void);

/* What was answered to a checkpoint of the audit log (witness_answer_name). */
void count_witness(const char *answer);

/* A message was refused for a reason (verdict_name, inbox_answer_name): counted and logged. */
void count_refusal(const char *reason, const char *topic, const char *why);
