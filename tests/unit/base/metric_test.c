#include "base/metric.h"

#include "check.h"

#include <stdio.h>

int main(void)
{
    struct metric *stale = metric_counter("test_refused_total", "Refused", "reason=\"stale\"");
    struct metric *forged = metric_counter("test_refused_total", "Refused", "reason=\"forged\"");
    CHECK(stale != forged);
    CHECK(metric_counter("test_refused_total", "Refused", "reason=\"stale\"") == stale);
    metric_add(stale, 2);
    metric_set(metric_gauge("test_age_seconds", "Age", NULL), -5);
    struct metric *latency = metric_histogram("test_latency_seconds", "Latency", NULL);
    metric_observe_us(latency, 900);
    metric_observe_us(latency, 60000000);

    CLEANUP(text_deinit) struct text page = text_limited(1 << 20);
    metric_write(&page);
    const char *words = text_c(&page);
    CHECK(strstr(words, "# TYPE test_refused_total counter\n"));
    CHECK(strstr(words, "test_refused_total{reason=\"stale\"} 2\n"));
    CHECK(strstr(words, "test_refused_total{reason=\"forged\"} 0\n"));
    CHECK(strstr(words, "test_age_seconds -5\n"));
    CHECK(strstr(words, "test_latency_seconds_bucket{le=\"0.001\"} 1\n"));
    CHECK(strstr(words, "test_latency_seconds_bucket{le=\"+Inf\"} 2\n"));
    CHECK(strstr(words, "test_latency_seconds_sum 60.000900\n"));
    CHECK(strstr(words, "test_latency_seconds_count 2\n"));
    /* One HELP line for a name, whatever the order in which its labels came. */
    const char *first = strstr(words, "# HELP test_refused_total");
    CHECK(first && !strstr(first + 1, "# HELP test_refused_total"));

    /* Labels from outside cannot grow memory without end. */
    char label[32];
    for (int i = 0; i < 3 * METRIC_COUNT_MAX; i++) {
        (void)snprintf(label, sizeof label, "n=\"%d\"", i);
        metric_add(metric_counter("test_many_total", "Many", label), 1);
    }
    text_clear(&page);
    metric_write(&page);
    CHECK(strstr(text_c(&page), "tocsin_metrics_dropped_total ") && !page.overflow);
    CHECK(metric_value(metric_counter("tocsin_metrics_dropped_total", "", "")) > METRIC_COUNT_MAX);
    return CHECK_DONE();
}
