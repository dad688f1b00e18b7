#include "anonymity/rule.h"

#include "check.h"

static enum err load(struct rule *rule, const char *a, const char *b, const char *c,
                     struct why *why)
{
    const char *const settings[] = {"rule.categories=theft, noise", a, a ? b : NULL,
                                    a && b ? c : NULL, NULL};
    return rule_load(rule, NULL, settings, why);
}

static void test_defaults(void)
{
    struct rule rule;
    CHECK(load(&rule, NULL, NULL, NULL, NULL) == OK && !rule.weaker);
    CHECK(rule.premises == 5 && rule.addresses == 8 && rule.round == 5 && rule.delay_hours == 24);
    CHECK(rule.zoom_finest == 17 && rule.zoom_coarsest == 13 && rule.count == 2);
    CHECK(rule_category(&rule, span_text(" Theft ")) == 1);
    CHECK(rule_category(&rule, span_text("noise")) == 2);
    CHECK(rule_category(&rule, span_text("")) == 0 && rule_category(&rule, span_text("thef")) == 0);
    struct why why = {0};
    CHECK(rule_load(&rule, NULL, NULL, &why) == ERR_MALFORMED && strstr(why.text, "categories"));
}

/* Stricter is free, weaker is not. */
static void test_direction(void)
{
    static const char *const stricter[] = {"rule.premises=8", "rule.addresses=20",
                                           "rule.finest=15",  "rule.coarsest=10",
                                           "rule.round=10",   "rule.delay_hours=48"};
    static const char *const weaker[] = {"rule.premises=4",
                                         "rule.addresses=7",
                                         "rule.finest=18",
                                         "rule.round=4",
                                         "rule.delay_hours=23",
                                         "rule.categories=theft,Sexual Offence",
                                         "rule.categories=child-neglect"};
    struct rule rule;
    for (size_t i = 0; i < ARRAY_LEN(stricter); i++) {
        check_(load(&rule, stricter[i], NULL, NULL, NULL) == OK && !rule.weaker, stricter[i],
               __FILE__, __LINE__);
    }
    for (size_t i = 0; i < ARRAY_LEN(weaker); i++) {
        static const char reason[] = "override.reason=the council wants it, minute 17 of 2026";
        struct why why = {0};
        check_(load(&rule, weaker[i], NULL, NULL, &why) == ERR_DENIED, weaker[i], __FILE__,
               __LINE__);
        CHECK(strstr(why.text, "override.reason") != NULL);
        CHECK(load(&rule, weaker[i], reason, NULL, NULL) == ERR_DENIED);
        CHECK(load(&rule, weaker[i], "override.by=A", "override.reason=x", NULL) == ERR_DENIED);
        CHECK(load(&rule, weaker[i], reason, "override.by=A. Person", NULL) == OK && rule.weaker);
    }
}

static void test_refusals(void)
{
    struct rule rule;
    CHECK(load(&rule, "rule.premises=1", NULL, NULL, NULL) == ERR_RANGE);
    CHECK(load(&rule, "rule.coarsest=18", NULL, NULL, NULL) == ERR_RANGE);
    CHECK(load(&rule, "rule.categories=,", NULL, NULL, NULL) == ERR_RANGE);
    CHECK(load(&rule, "rule.categories=a,A", NULL, NULL, NULL) == ERR_RANGE);
    CHECK(load(&rule, "rule.categories=all", NULL, NULL, NULL) == ERR_RANGE);
    CHECK(load(&rule, "rule.unknown=1", NULL, NULL, NULL) == ERR_MALFORMED);
}

static void test_sensitive(void)
{
    static const char *const yes[] = {
        "Domestic Violence", "SELF-HARM",          "suicide",         "rape",
        "POCSO case",        "assault of a minor", "child_protection"};
    static const char *const no[] = {"theft", "traffic_accident", "noise", "", "vehicle crime"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        check_(rule_is_sensitive(span_text(yes[i])), yes[i], __FILE__, __LINE__);
    }
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        check_(!rule_is_sensitive(span_text(no[i])), no[i], __FILE__, __LINE__);
    }
}

static void test_rounding(void)
{
    struct rule rule;
    CHECK(load(&rule, NULL, NULL, NULL, NULL) == OK);
    CHECK(rule_rounded(&rule, 5) == 5 && rule_rounded(&rule, 7) == 5);
    CHECK(rule_rounded(&rule, 8) == 10 && rule_rounded(&rule, 12) == 10);
    CHECK(load(&rule, "rule.premises=6", NULL, NULL, NULL) == OK);
    CHECK(rule_rounded(&rule, 6) == 10 && rule_rounded(&rule, 13) == 15);
}

/* What is published about the rule names the override. */
static void test_value(void)
{
    struct rule rule;
    struct text text = text_limited(4096);
    CHECK(load(&rule, "rule.premises=3", "override.by=A. Person",
               "override.reason=a very small island, all agreed", NULL) == OK);
    struct value *value = rule_value(&rule, false);
    value_write(value, &text);
    CHECK_TEXT(text_c(&text), "{\"premises\":3,\"addresses\":0,\"finest\":17,\"coarsest\":13,"
                              "\"round\":5,\"delay_hours\":24,\"categories\":[\"theft\",\"noise\"],"
                              "\"override\":{\"reason\":\"a very small island, all agreed\","
                              "\"by\":\"A. Person\"}}");
    value_free(value);
    text_deinit(&text);
}

int main(void)
{
    test_defaults();
    test_direction();
    test_refusals();
    test_sensitive();
    test_rounding();
    test_value();
    return CHECK_DONE();
}
