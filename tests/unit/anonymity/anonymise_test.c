#include "anonymity/anonymise.h"

#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "system/file.h"

static char folder[] = "/tmp/tocsin-anonymise-XXXXXX";
static char incidents[FILE_PATH_SIZE], cells[FILE_PATH_SIZE];

static void put(const struct text *text)
{
    CHECK(!text->overflow && file_write(incidents, text_span(text), 0600, NULL) == OK);
}

static const char header[] = "lon,lat,time,category,house,hide,note\n";

/* `count` incidents in one cell of zoom 17, each at a house of its own. */
static void add(struct text *text, int count, const char *time, const char *category)
{
    for (int i = 0; i < count; i++) {
        text_format(text, "%.6f,9.931000,%s,%s,H%d,,MARKER-%d\n", 76.267200 + i * 0.000150, time,
                    category, i, i);
    }
}

static enum err run(const char *now, const char *previous, const char *setting,
                    struct anonymise_report *report, struct why *why)
{
    const char *const settings[] = {"rule.categories=theft,noise", "columns.premise=house",
                                    "columns.protected=hide", setting, NULL};
    const char *const paths[] = {incidents};
    struct rule rule;
    struct anonymise_options options = {.rule = &rule,
                                        .paths = paths,
                                        .path_count = 1,
                                        .previous = previous,
                                        .out = cells,
                                        .temporary = folder,
                                        .memory_bytes = 1 << 20};
    CHECK(clock_parse(&options.now_us, now, NULL) == OK);
    const enum err err = rule_load(&rule, NULL, settings, why);
    return err ? err : anonymise_run(&options, report, why);
}

static void read_cells(struct text *text)
{
    *text = text_limited(1 << 20);
    CHECK(file_read(text, cells, NULL) == OK);
}

static size_t lines_of(const struct text *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text_c(text); (at = strstr(at, part)); at++) {
        count++;
    }
    return count;
}

/* What is counted, what is not, and that nothing else reaches the file. */
static void test_counting(void)
{
    struct text text = text_limited(1 << 20);
    struct anonymise_report report;
    struct why why = {0};
    text_add(&text, header);
    add(&text, 7, "2026-03-10T10:00:00Z", "theft");
    add(&text, 6, "1772000000", "Noise"); /* 2026-02-25 */
    add(&text, 9, "2026-03-10T10:00:00Z", "child_protection");
    add(&text, 9, "2026-03-10T10:00:00Z", "fraud");
    text_add(&text, "76.2672,9.931,2026-03-01T00:00:00Z,theft,H1,yes,MARKER\n"
                    "76.2672,9.931,,theft,H1,,MARKER\n"
                    "76.2672,9.931,2026-03-01T00:00:00Z,,H1,,MARKER\n"
                    ",,2026-03-01T00:00:00Z,theft,H1,,MARKER\n");
    put(&text);
    text_deinit(&text);
    check_(run("2026-04-02T00:00:00Z", NULL, NULL, &report, &why) == OK, why.text, __FILE__,
           __LINE__);
    CHECK(report.read == 35 && report.taken == 13 && report.marked == 1 && report.no_time == 1);
    CHECK(report.sensitive == 9 && report.unlisted == 9 && report.no_category == 1);
    CHECK(report.no_place == 1 && report.months.shown == 13 && report.months.suppressed == 0);
    CHECK(report.quarters.shown == 13 && report.quarters.open == 0 && report.cells == 4);
    CHECK(report.premises_least == 6 && report.months.cells[17] == 2);
    read_cells(&text);
    CHECK(lines_of(&text, "\"category\":\"all\",\"period\":\"2026-03\",\"count\":5,\"zoom\":17") ==
          1);
    CHECK(lines_of(&text,
                   "\"category\":\"noise\",\"period\":\"2026-Q1\",\"count\":5,\"zoom\":17") == 1);
    CHECK(lines_of(&text, "MARKER") == 0 && lines_of(&text, "H1") == 0);
    CHECK(lines_of(&text, "T10:00") == 0 && lines_of(&text, "fraud") == 0);
    CHECK(lines_of(&text, "child") == 0);
    text_deinit(&text);
}

/* A period counts when it is over and a day has passed. */
static void test_time(void)
{
    struct anonymise_report report;
    CHECK(run("2026-04-01T23:59:59Z", NULL, NULL, &report, NULL) == OK);
    CHECK(report.months.open == 7 && report.months.shown == 6 && report.quarters.open == 13);
    CHECK(report.cells == 1 && report.periods == 1);
    CHECK(run("2026-04-02T00:00:00Z", NULL, "rule.delay_hours=25", &report, NULL) == OK);
    CHECK(report.months.open == 7);
    CHECK(run("2026-02-01T00:00:00Z", NULL, NULL, &report, NULL) == OK && report.cells == 0);
}

/* One incident that is reported late does not change what was released. */
static void test_releases(void)
{
    struct text text = text_limited(1 << 20);
    struct text before;
    struct text after;
    struct anonymise_report report;
    struct why why = {0};
    text_add(&text, header);
    add(&text, 7, "2026-03-10T10:00:00Z", "theft");
    put(&text);
    CHECK(run("2026-04-02T00:00:00Z", NULL, NULL, &report, NULL) == OK);
    read_cells(&before);
    add(&text, 3, "2026-03-11T10:00:00Z", "theft");
    add(&text, 5, "2026-04-11T10:00:00Z", "theft");
    put(&text);
    text_deinit(&text);
    check_(run("2026-05-02T00:00:00Z", cells, NULL, &report, &why) == OK, why.text, __FILE__,
           __LINE__);
    read_cells(&after);
    CHECK(report.months.before == 10 && report.quarters.before == 10 && report.months.shown == 5);
    CHECK(lines_of(&before, "2026-03\",\"count\":5") == 1);
    CHECK(lines_of(&after, "2026-03\",\"count\":5") == 1); /* ten would be 10 */
    CHECK(lines_of(&after, "2026-04\",\"count\":5") == 1 && report.cells == 3);
    CHECK(run("2026-05-02T00:00:00Z", cells, "rule.round=10", &report, NULL) == ERR_CONFLICT);
    text_deinit(&before);
    text_deinit(&after);
}

/* Fifty calls from one house say nothing, alone or beside three others. */
static void test_house(void)
{
    struct text text = text_limited(1 << 20);
    struct anonymise_report report;
    text_add(&text, header);
    add(&text, 4, "2026-03-10T10:00:00Z", "noise");
    for (int i = 0; i < 49; i++) {
        add(&text, 1, "2026-03-10T10:00:00Z", "noise");
    }
    put(&text);
    text_deinit(&text);
    CHECK(run("2026-05-02T00:00:00Z", NULL, NULL, &report, NULL) == OK);
    CHECK(report.cells == 0 && report.months.suppressed == 53 && report.quarters.suppressed == 53);
    CHECK(report.months.groups_suppressed == 1 && report.premises_least == 0);
}

static void test_refusals(void)
{
    static const struct {
        const char *row, *setting, *reason;
    } bad[] = {
        {"1,2,yesterday,theft,H1,,n\n", NULL, "feature 1"},
        {"1,2,-5,theft,H1,,n\n", NULL, "neither RFC 3339"},
        {"1,2,2026-03-01T00:00:00Z,theft,H1,,n\n", "columns.premise=hause", "\"hause\""},
        {"1,2,2026-03-01T00:00:00Z,theft,H1,,n\n", "columns.category=kind", "\"kind\""},
        {"1,200,2026-03-01T00:00:00Z,theft,H1,,n\n", NULL, "row 2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct text text = text_limited(1 << 20);
        struct anonymise_report report;
        struct why why = {0};
        text_format(&text, "%s%s", header, bad[i].row);
        put(&text);
        text_deinit(&text);
        (void)unlink(cells);
        const enum err err = run("2026-05-02T00:00:00Z", NULL, bad[i].setting, &report, &why);
        check_(err == ERR_MALFORMED && strstr(why.text, bad[i].reason), why.text, __FILE__,
               __LINE__);
        CHECK(!file_exists(cells));
    }
}

static void test_report(void)
{
    const struct anonymise_report report = {.read = 3, .months = {.shown = 2, .cells = {[17] = 1}}};
    struct text text = text_limited(1 << 16);
    anonymise_report_write(&report, &text);
    CHECK(strstr(text_c(&text), "{\"read\":3,") == text_c(&text));
    CHECK(strstr(text_c(&text), "\"zooms\":[{\"zoom\":17,\"cells\":1,\"incidents\":0}]") != NULL);
    text_deinit(&text);
}

int main(void)
{
    if (sodium_init() < 0 || !mkdtemp(folder) ||
        file_join(incidents, folder, "incidents.csv", NULL) ||
        file_join(cells, folder, "cells.geojson", NULL)) {
        return 1;
    }
    test_counting();
    test_time();
    test_releases();
    test_house();
    test_refusals();
    test_report();
    (void)unlink(incidents);
    (void)unlink(cells);
    (void)rmdir(folder);
    return CHECK_DONE();
}
