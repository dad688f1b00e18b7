/*
 * Any bytes as the release before this one: what is taken over is what a release of ours may say,
 * and is read again as it is written.
 */
#include <assert.h>

#include "anonymity/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes behind a head that is right, so that cells are reached soon. */
static void add_head(const struct release_rule *rule, struct text *file)
{
    struct value *value = rule_value(rule->rule, rule->with_addresses);
    text_add(file, "{\"type\":\"FeatureCollection\",\"anonymised\":{\"rule\":");
    value_write(value, file);
    text_add(file, ",\"periods\":[\"2026-03\",\"2026-Q1\"]},\"features\":[\n");
    value_free(value);
}

static void check(const struct release_rule *rule, struct span file)
{
    CLEANUP(release_free_p) struct release *release = release_new();
    CLEANUP(release_free_p) struct release *again = release_new();
    CLEANUP(text_deinit) struct text text = text_limited(64 << 20);
    if (release_parse(release, file, "fuzz", rule, NULL)) { return; }
    release_write(release, rule, &text);
    assert(!release_parse(again, text_span(&text), "fuzz", rule, NULL));
    assert(again->count == release->count && again->period_count == release->period_count);
    for (size_t i = 0; i < release->count; i++) {
        assert(again->cells[i].x == release->cells[i].x &&
               again->cells[i].y == release->cells[i].y);
        assert(again->cells[i].count == release->cells[i].count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rule rule;
    static const char *const settings[] = {"rule.categories=theft,noise", NULL};
    const struct release_rule by = {&rule, true};
    if (rule.count == 0 && rule_load(&rule, NULL, settings, NULL)) { return 0; }
    CLEANUP(text_deinit) struct text file = text_limited(64 << 20);
    add_head(&by, &file);
    text_add_bytes(&file, span_of(data, size));
    check(&by, text_span(&file));
    check(&by, span_of(data, size));
    return 0;
}
