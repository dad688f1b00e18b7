/*
 * base/metric - counters, gauges and histograms in the Prometheus text format (0.0.4).
 *
 * A metric is found or made by name and label text; the pointer stays valid for the life of the
 * program, so hot paths keep it. Updates are atomic and may come from any thread.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

enum { METRIC_COUNT_MAX = 1024 };

struct metric;

/*
 * `name` and `help` are constants; `labels` is NULL or such as `reason="stale"`, copied. Beyond
 * METRIC_COUNT_MAX every new metric shares one named "tocsin_metrics_dropped_total".
 */
struct metric *metric_counter(const char *name, const char *help, const char *labels);
struct metric *metric_gauge(const char *name, const char *help, const char *labels);

/* Observations in seconds, with buckets from 1 ms to 30 s. */
struct metric *metric_histogram(const char *name, const char *help, const char *labels);

void metric_add(struct metric *metric, int64_t amount); /* counters and gauges */
void metric_set(struct metric *gauge, int64_t value);
void metric_observe_us(struct metric *histogram, int64_t duration_us);
int64_t metric_value(const struct metric *metric);

/* Every metric so far, in the text format, sorted by name. */
void metric_write(struct text *out);
