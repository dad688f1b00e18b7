/*
 * edge/refusal - messages that were refused: counted by a named reason, and logged.
 *
 * `tocsin_messages_refused_total{reason="stale"}` in /metrics. Any thread.
 */
#pragma once

/* Makes every counter, so that /metrics shows what could be refused, with zero. */
void refusal_begin(void);

/* `reason` is a constant name such as verdict_name gives; `topic` and `why` are for the log. */
void refusal_count(const char *reason, const char *topic, const char *why);
