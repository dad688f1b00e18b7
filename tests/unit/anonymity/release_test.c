#include "anonymity/release.h"

#include <stdlib.h>
#include <unistd.h>

#include "anonymity/period.h"
#include "check.h"
#include "system/file.h"

static char folder[] = "/tmp/tocsin-release-XXXXXX";
static char path[FILE_PATH_SIZE];

static void load_rule(struct rule *rule, const char *setting)
{
    const char *const settings[] = {"rule.categories=theft,say \"no\"", setting, NULL};
    CHECK(rule_load(rule, NULL, settings, NULL) == OK);
}

static uint32_t period_of(const char *text)
{
    uint32_t period = 0;
    CHECK(period_parse(&period, text, NULL) == OK);
    return period;
}

static void put(const struct text *text)
{
    CHECK(!text->overflow && file_write(path, text_span(text), 0600, NULL) == OK);
}

/* What is written is read again, and written the same way, in whatever order it came. */
static void test_round(const struct rule *rule)
{
    const struct release_cell cells[] = {
        {period_of("2026-Q1"), 2, 17, 93316, 61907, 15},
        {period_of("2026-03"), 0, 13, 5832, 3869, 105},
        {period_of("2026-03"), 0, 17, 0, 131071, 5},
    };
    struct release *release = release_new();
    struct release *again = release_new();
    struct text one = text_limited(1 << 16);
    struct text other = text_limited(1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        CHECK(release_add(release, &cells[i], NULL) == OK);
        CHECK(release_add_period(release, cells[i].period, NULL) == OK);
    }
    CHECK(release_add_period(release, period_of("2026-02"), NULL) == OK); /* without cells */
    release_write(release, &(struct release_rule){rule, true}, &one);
    put(&one);
    struct why why = {0};
    check_(release_read(again, path, &(struct release_rule){rule, true}, &why) == OK, why.text,
           __FILE__, __LINE__);
    CHECK(again->count == 3 && again->period_count == 3);
    CHECK(release_has_period(again, period_of("2026-02")));
    CHECK(!release_has_period(again, period_of("2026-04")));
    release_write(again, &(struct release_rule){rule, true}, &other);
    CHECK_TEXT(text_c(&one), text_c(&other));
    CHECK(strstr(text_c(&one),
                 "{\"category\":\"all\",\"period\":\"2026-03\",\"count\":105,\"zoom\":13}"));
    CHECK(strstr(text_c(&one), "\"category\":\"say \\\"no\\\"\""));
    release_free(release);
    release_free(again);
    text_deinit(&one);
    text_deinit(&other);
}

static void test_other_rule(void)
{
    struct rule rule;
    struct why why = {0};
    struct release *release = release_new();
    load_rule(&rule, "rule.premises=6");
    CHECK(release_read(release, path, &(struct release_rule){&rule, true}, &why) == ERR_CONFLICT);
    CHECK(strstr(why.text, "another rule") != NULL);
    load_rule(&rule, NULL);
    CHECK(release_read(release, path, &(struct release_rule){&rule, false}, &why) ==
          ERR_CONFLICT); /* no addresses */
    release_free(release);
}

/* A file that only looks like a release could bring anything into the next one. */
static void test_refusals(const struct rule *rule)
{
    static const char *const features[] = {
        "\"id\":1,\"properties\":{\"category\":\"all\",\"period\":\"2026-03\",\"count\":5,\"zoom\":"
        "17}",
        "\"properties\":{\"category\":\"all\",\"period\":\"2026-03\",\"count\":5,\"zoom\":18}",
        "\"properties\":{\"category\":\"theft\",\"period\":\"2026-03\",\"count\":5,\"zoom\":17}",
        "\"properties\":{\"category\":\"all\",\"period\":\"2026-04\",\"count\":5,\"zoom\":17}",
        "\"properties\":{\"category\":\"all\",\"period\":\"2026-03\",\"count\":0,\"zoom\":17}",
        "\"properties\":{\"category\":\"all\",\"period\":\"2026-03\",\"zoom\":17}",
        "\"properties\":{\"category\":\"all\",\"period\":\"2026-03\",\"count\":5,\"zoom\":17,\"a\":"
        "1}",
    };
    static const char *const heads[] = {"", "\n", "{}\n", "{\"features\":[\n]}\n",
                                        "{\"a\":1,\"features\":[\n]}\n"};
    struct text rule_text = text_limited(1 << 16);
    struct value *value = rule_value(rule, true);
    value_write(value, &rule_text);
    value_free(value);
    for (size_t i = 0; i < ARRAY_LEN(features) + ARRAY_LEN(heads); i++) {
        struct text text = text_limited(1 << 16);
        struct release *release = release_new();
        struct why why = {0};
        if (i < ARRAY_LEN(features)) {
            text_format(&text,
                        "{\"type\":\"FeatureCollection\",\"anonymised\":{\"rule\":%s,\"periods\":["
                        "\"2026-03\"]},\"features\":[\n{\"type\":\"Feature\",%s,\"geometry\":{"
                        "\"type\":\"Point\",\"coordinates\":[1,2]}}\n]}\n",
                        text_c(&rule_text), features[i]);
        } else {
            text_add(&text, heads[i - ARRAY_LEN(features)]);
        }
        put(&text);
        check_(release_read(release, path, &(struct release_rule){rule, true}, &why) ==
                   ERR_MALFORMED,
               why.text, __FILE__, __LINE__);
        CHECK(strstr(why.text, path) != NULL);
        release_free(release);
        text_deinit(&text);
    }
    text_deinit(&rule_text);
}

int main(void)
{
    struct rule rule;
    if (!mkdtemp(folder) || file_join(path, folder, "cells.geojson", NULL)) { return 1; }
    load_rule(&rule, NULL);
    test_round(&rule);
    test_other_rule();
    test_refusals(&rule);
    (void)unlink(path);
    (void)rmdir(folder);
    return CHECK_DONE();
}
