#include "base/metric.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };

static const int64_t BUCKETS_US[] = {1000,   2000,   5000,    10000,   20000,   50000,   100000,
                                     200000, 500000, 1000000, 2000000, 5000000, 30000000};

struct metric {
    enum metric_kind kind;
    const char *name;
    const char *help;
    char *labels; /* owned; "" without labels */
    atomic_int_least64_t value;
    atomic_int_least64_t sum_us;
    atomic_int_least64_t buckets[ARRAY_LEN(BUCKETS_US)];
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *table[METRIC_COUNT_MAX];
static size_t table_count;

static struct metric *find(const char *name, const char *labels)
{
    for (size_t i = 0; i < table_count; i++) {
        if (strcmp(table[i]->name, name) == 0 && strcmp(table[i]->labels, labels) == 0) {
            return table[i];
        }
    }
    return NULL;
}

static struct metric *make(enum metric_kind kind, const char *name, const char *help,
                           const char *labels)
{
    struct metric *metric = MEM_NEW(struct metric);
    metric->kind = kind;
    metric->name = name;
    metric->help = help;
    metric->labels = mem_text(labels);
    size_t at = table_count++;
    /* Sorted by name, so that the lines of one name stand together as the format wants. */
    for (; at > 0 && strcmp(table[at - 1]->name, name) > 0; at--) {
        table[at] = table[at - 1];
    }
    table[at] = metric;
    return metric;
}

static struct metric *find_or_make(enum metric_kind kind, const char *name, const char *help,
                                   const char *labels)
{
    labels = labels ? labels : "";
    (void)pthread_mutex_lock(&table_lock);
    struct metric *metric = find(name, labels);
    if (!metric && table_count < METRIC_COUNT_MAX - 1) { metric = make(kind, name, help, labels); }
    if (!metric) {
        static const char dropped[] = "tocsin_metrics_dropped_total";
        metric = find(dropped, "");
        if (!metric) {
            metric = make(METRIC_KIND_COUNTER, dropped, "Updates of metrics beyond the limit", "");
        }
    }
    (void)pthread_mutex_unlock(&table_lock);
    return metric;
}

struct metric *metric_counter(const char *name, const char *help, const char *labels)
{
    return find_or_make(METRIC_KIND_COUNTER, name, help, labels);
}

struct metric *metric_gauge(const char *name, const char *help, const char *labels)
{
    return find_or_make(METRIC_KIND_GAUGE, name, help, labels);
}

struct metric *metric_histogram(const char *name, const char *help, const char *labels)
{
    return find_or_make(METRIC_KIND_HISTOGRAM, name, help, labels);
}

void metric_add(struct metric *metric, int64_t amount)
{
    atomic_fetch_add_explicit(&metric->value, amount, memory_order_relaxed);
}

void metric_set(struct metric *gauge, int64_t value)
{
    atomic_store_explicit(&gauge->value, value, memory_order_relaxed);
}

void metric_observe_us(struct metric *histogram, int64_t duration_us)
{
    for (size_t i = 0; i < ARRAY_LEN(BUCKETS_US); i++) {
        if (duration_us <= BUCKETS_US[i]) {
            atomic_fetch_add_explicit(&histogram->buckets[i], 1, memory_order_relaxed);
            break;
        }
    }
    atomic_fetch_add_explicit(&histogram->sum_us, duration_us, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->value, 1, memory_order_relaxed);
}

int64_t metric_value(const struct metric *metric)
{
    return atomic_load_explicit(&metric->value, memory_order_relaxed);
}

static void write_histogram(struct text *out, const struct metric *metric)
{
    const char *comma = *metric->labels ? "," : "";
    int64_t cumulative = 0;
    for (size_t i = 0; i < ARRAY_LEN(BUCKETS_US); i++) {
        cumulative += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        text_format(out, "%s_bucket{%s%sle=\"%g\"} %lld\n", metric->name, metric->labels, comma,
                    (double)BUCKETS_US[i] / 1e6, (long long)cumulative);
    }
    const long long count = metric_value(metric);
    const char *open = *metric->labels ? "{" : "";
    const char *close = *metric->labels ? "}" : "";
    text_format(out, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", metric->name, metric->labels, comma,
                count);
    text_format(out, "%s_sum%s%s%s %.6f\n", metric->name, open, metric->labels, close,
                (double)atomic_load_explicit(&metric->sum_us, memory_order_relaxed) / 1e6);
    text_format(out, "%s_count%s%s%s %lld\n", metric->name, open, metric->labels, close, count);
}

void metric_write(struct text *out)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    (void)pthread_mutex_lock(&table_lock);
    const char *last = "";
    for (size_t i = 0; i < table_count; i++) {
        const struct metric *metric = table[i];
        if (strcmp(last, metric->name) != 0) {
            text_format(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
                        metric->name, kinds[metric->kind]);
            last = metric->name;
        }
        if (metric->kind == METRIC_KIND_HISTOGRAM) {
            write_histogram(out, metric);
        } else {
            text_format(out, "%s%s%s%s %lld\n", metric->name, *metric->labels ? "{" : "",
                        metric->labels, *metric->labels ? "}" : "",
                        (long long)metric_value(metric));
        }
    }
    (void)pthread_mutex_unlock(&table_lock);
}
