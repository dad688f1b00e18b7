/* The content of an alert: both ways, and every limit. */
#include "alert/alert.h"

#include "alerts.h"
#include "check.h"

/* The usual alert with one member replaced by JSON; NULL removes it. */
static enum err parse_with(const char *key, const char *member, struct why *why)
{
    CLEANUP(alert_deinit) struct alert usual = {0};
    CLEANUP(alert_deinit) struct alert parsed = {0};
    test_alert(&usual);
    CLEANUP(value_free_p) struct value *content = alert_to_value(&usual);
    value_remove(content, key);
    if (member) { value_set(content, key, json(member)); }
    const enum err err = alert_parse(&parsed, content, why);
    if (err != OK && (parsed.texts || parsed.targets.zones)) { return ERR_CONFLICT; }
    return err;
}

static void it_goes_both_ways(void)
{
    CLEANUP(alert_deinit) struct alert one = {0};
    CLEANUP(alert_deinit) struct alert two = {0};
    CLEANUP(alert_deinit) struct alert copy = {0};
    test_alert(&one);
    CLEANUP(value_free_p) struct value *content = alert_to_value(&one);
    CHECK(alert_parse(&two, content, NULL) == OK);
    alert_copy(&copy, &two);
    CHECK_TEXT(copy.id, "019aaaaa-0000-7000-8000-000000000001");
    CHECK(copy.revision == 1 && copy.action == ALERT_ACTION_SHOW && copy.tier == TIER_ADVISORY);
    CHECK(copy.text_count == 2 && copy.targets.zone_count == 1);
    CHECK_TEXT(copy.texts[0].text, "Path closed, use the north gate");
    CHECK_TEXT(copy.texts[1].language, "ml");
    CHECK(copy.begin_us == TEST_NOW_US && copy.expire_us == TEST_NOW_US + CLOCK_HOUR_US);
}

static void every_member_is_checked(void)
{
    static const struct {
        const char *key, *member;
        enum err expected;
    } cases[] = {
        {"type", "'event'", ERR_MALFORMED},
        {"type", NULL, ERR_MALFORMED},
        {"alert_id", "'x'", ERR_MALFORMED},
        {"alert_id", "'019AAAAA-0000-7000-8000-000000000001'", ERR_MALFORMED},
        {"revision", "0", ERR_MALFORMED},
        {"revision", "1.5", ERR_MALFORMED},
        {"revision", "99999999999", ERR_MALFORMED},
        {"action", "'blink'", ERR_MALFORMED},
        {"action", "'cancel'", OK},
        {"tier", "'dire'", ERR_MALFORMED},
        {"tier", NULL, ERR_MALFORMED},
        {"targets", NULL, ERR_MALFORMED},
        {"targets", "{}", ERR_MALFORMED},
        {"texts", NULL, ERR_MALFORMED},
        {"texts", "[]", ERR_MALFORMED},
        {"texts", "[{'language':'en'}]", ERR_MALFORMED},
        {"texts", "[{'language':'en','text':''}]", ERR_MALFORMED},
        {"texts", "[{'language':'en','text':'  '}]", ERR_MALFORMED},
        {"texts", "[{'language':'en','text':'a\\u0007b'}]", ERR_MALFORMED},
        {"texts", "[{'language':'en','text':'a\\nb'}]", OK},
        {"texts", "[{'language':'e','text':'a'}]", ERR_MALFORMED},
        {"texts", "[{'language':'en','text':'a','colour':'red'}]", ERR_MALFORMED},
        {"texts", "[{'language':'en','text':'a'},{'language':'EN','text':'b'}]", ERR_MALFORMED},
        {"begin", "'yesterday'", ERR_MALFORMED},
        {"expire", "'2026-11-22T09:30:00Z'", ERR_RANGE},
        {"expire", NULL, ERR_MALFORMED},
        {"repeat_s", "-1", ERR_MALFORMED},
        {"repeat_s", NULL, OK},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct why why = {0};
        const enum err err = parse_with(cases[i].key, cases[i].member, &why);
        if (err != cases[i].expected) {
            printf("# %s %s: %s %s\n", cases[i].key, cases[i].member ? cases[i].member : "-",
                   err_name(err), why.text);
        }
        CHECK(err == cases[i].expected);
    }
}

static void sizes_have_limits(void)
{
    struct alert_text *texts = NULL;
    size_t count = 0;
    CLEANUP(value_free_p) struct value *many = value_array();
    for (int i = 0; i <= ALERT_TEXT_MAX; i++) {
        struct value *text = value_object();
        const char tag[] = {'a', (char)('a' + i), '\0'};
        value_set_text(text, "language", tag);
        value_set_text(text, "text", "x");
        value_append(many, text);
    }
    CHECK(alert_texts_parse(&texts, &count, many, NULL) == ERR_LIMIT);
    char longest[ALERT_TEXT_SIZE + 1];
    memset(longest, 'x', sizeof longest);
    longest[ALERT_TEXT_SIZE - 1] = '\0';
    struct value *text = value_object();
    CLEANUP(value_free_p) struct value *one = value_array();
    value_set_text(text, "language", "en");
    value_set_text(text, "text", longest);
    value_append(one, text);
    CHECK(alert_texts_parse(&texts, &count, one, NULL) == OK && count == 1);
    free(texts);
    longest[ALERT_TEXT_SIZE - 1] = 'x';
    longest[ALERT_TEXT_SIZE] = '\0';
    value_set_text(text, "text", longest);
    texts = NULL;
    CHECK(alert_texts_parse(&texts, &count, one, NULL) != OK && texts == NULL);
}

int main(void)
{
    it_goes_both_ways();
    every_member_is_checked();
    sizes_have_limits();
    return CHECK_DONE();
}
