#include "anonymity/rule.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The default is the rule; what lies on its weak side needs a reason. */
enum { PREMISES = 5, ADDRESSES = 8, FINEST = 17, ROUND = 5, DELAY_HOURS = 24 };

#define AT(member) offsetof(struct rule, member)

static const struct option options[] = {
    {"rule.premises", OPTION_KIND_INTEGER, AT(premises), 2, 1000, "5",
     "Distinct premises that stand behind everything that is published; fewer than 5 needs an "
     "override."},
    {"rule.addresses", OPTION_KIND_INTEGER, AT(addresses), 0, 10000, "8",
     "Addresses that a published cell contains, when an address layer is given; fewer than 8 needs "
     "an override."},
    {"rule.finest", OPTION_KIND_INTEGER, AT(zoom_finest), 8, RULE_ZOOM_MAX, "17",
     "Zoom of the smallest cells (17: about 300 m); more than 17 needs an override."},
    {"rule.coarsest", OPTION_KIND_INTEGER, AT(zoom_coarsest), 4, RULE_ZOOM_MAX, "13",
     "Zoom of the largest cells (13: about 4.8 km); what cannot be published in one is "
     "suppressed."},
    {"rule.round", OPTION_KIND_INTEGER, AT(round), 1, 1000, "5",
     "Counts are rounded to multiples of this; less than 5 needs an override."},
    {"rule.delay_hours", OPTION_KIND_INTEGER, AT(delay_hours), 0, 8784, "24",
     "Hours from the end of a period until it is published; fewer than 24 needs an override."},
    {"rule.categories", OPTION_KIND_TEXT, AT(categories), 0, 0, NULL,
     "The categories that may leave, separated by commas; no other one does."},
    {"columns.time", OPTION_KIND_TEXT, AT(column_time), 0, 0, "time",
     "The column (property) of the time: RFC 3339, or whole seconds since 1970."},
    {"columns.category", OPTION_KIND_TEXT, AT(column_category), 0, 0, "category",
     "The column of the category."},
    {"columns.premise", OPTION_KIND_TEXT, AT(column_premise), 0, 0, "",
     "The column that tells premises apart; empty: only places do."},
    {"columns.protected", OPTION_KIND_TEXT, AT(column_protected), 0, 0, "",
     "A column that marks incidents which never leave, whatever their category (true, yes, 1); "
     "empty: none."},
    {"override.reason", OPTION_KIND_TEXT, AT(reason), 0, 0, "",
     "Why a weaker rule is right here; published with the cells."},
    {"override.by", OPTION_KIND_TEXT, AT(by), 0, 0, "",
     "Who decided it; published with the cells."},
};

const struct option_table rule_table = {
    .program = "tocsin-map anonymise",
    .sentence = "rules of what may leave (--rules FILE)",
    .options = options,
    .option_count = ARRAY_LEN(options),
};

/* Parts of words, in small letters with '_' for all else. Too many are better than too few. */
static const char *const sensitive[] = {
    "sex",    "rape",     "molest",   "child",    "juvenile", "minor",  "pocso",
    "infant", "domestic", "dowry",    "abuse",    "suicid",   "incest", "self_harm",
    "stalk",  "selfharm", "traffick", "abortion", "mental",
};

bool rule_is_sensitive(struct span name)
{
    char plain[RULE_CATEGORY_SIZE * 4];
    size_t size = 0;
    for (size_t i = 0; i < name.size && size < sizeof plain - 1; i++) {
        const uint8_t letter = name.data[i];
        const bool large = letter >= 'A' && letter <= 'Z';
        const bool small = letter >= 'a' && letter <= 'z';
        plain[size++] = (char)(large ? letter + ('a' - 'A') : small ? letter : '_');
    }
    plain[size] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(sensitive); i++) {
        if (strstr(plain, sensitive[i])) { return true; }
    }
    return false;
}

static struct span trimmed(struct span text)
{
    while (text.size > 0 && (*text.data == ' ' || *text.data == '\t')) {
        text = span_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t')) {
        text.size--;
    }
    return text;
}

size_t rule_category(const struct rule *rule, struct span name)
{
    const struct span word = trimmed(name);
    for (size_t i = 0; i < rule->count; i++) {
        if (strlen(rule->names[i]) == word.size && word.size > 0 &&
            strncasecmp(rule->names[i], (const char *)word.data, word.size) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static enum err add_category(struct rule *rule, struct span word, struct why *why)
{
    if (word.size == 0) { return OK; }
    if (rule->count == RULE_CATEGORIES_MAX || word.size >= RULE_CATEGORY_SIZE) {
        return why_set(why, ERR_LIMIT, "rule.categories has at most %d names of at most %d bytes",
                       RULE_CATEGORIES_MAX, RULE_CATEGORY_SIZE - 1);
    }
    if (rule_category(rule, word) || (word.size == 3 && memcmp(word.data, "all", 3) == 0)) {
        return why_set(why, ERR_RANGE, "rule.categories: \"%.*s\" is there twice, or is taken",
                       (int)word.size, (const char *)word.data);
    }
    memcpy(rule->names[rule->count++], word.data, word.size);
    return OK;
}

static enum err split_categories(struct rule *rule, struct why *why)
{
    const char *at = rule->categories;
    enum err err = OK;
    text_scrub(rule->categories);
    while (*at && !err) {
        const size_t size = strcspn(at, ",");
        err = add_category(rule, trimmed(span_of(at, size)), why);
        at += size + (at[size] == ',');
    }
    if (!err && rule->count == 0) {
        err = why_set(why, ERR_RANGE, "rule.categories names no category");
    }
    return err;
}

/* What is weaker than the default, as a sentence, or "". */
static void find_weakness(const struct rule *rule, char sentence[static 200])
{
    const struct {
        const char *key;
        int64_t value, least;
    } numbers[] = {
        {"rule.premises", rule->premises, PREMISES},
        {"rule.addresses", rule->addresses, ADDRESSES},
        {"rule.round", rule->round, ROUND},
        {"rule.delay_hours", rule->delay_hours, DELAY_HOURS},
        {"rule.finest", -rule->zoom_finest, -FINEST},
    };
    *sentence = '\0';
    for (size_t i = 0; i < ARRAY_LEN(numbers) && !*sentence; i++) {
        if (numbers[i].value >= numbers[i].least) { continue; }
        (void)snprintf(sentence, 200, "%s = %lld is weaker than the default, %lld", numbers[i].key,
                       llabs(numbers[i].value), llabs(numbers[i].least));
    }
    for (size_t i = 0; i < rule->count && !*sentence; i++) {
        if (!rule_is_sensitive(span_text(rule->names[i]))) { continue; }
        (void)snprintf(sentence, 200, "category \"%s\" is sensitive", rule->names[i]);
    }
}

static enum err check(struct rule *rule, struct why *why)
{
    char weakness[200];
    if (rule->zoom_coarsest > rule->zoom_finest) {
        return why_set(why, ERR_RANGE, "rule.coarsest is beyond rule.finest");
    }
    find_weakness(rule, weakness);
    rule->weaker = *weakness != '\0';
    if (rule->weaker && (strlen(rule->reason) < RULE_REASON_SIZE_MIN || !*rule->by)) {
        return why_set(why, ERR_DENIED,
                       "%s: write why (at least %d letters) and who decides it into "
                       "override.reason and override.by",
                       weakness, RULE_REASON_SIZE_MIN);
    }
    return OK;
}

enum err rule_load(struct rule *rule, const char *path, const char *const settings[],
                   struct why *why)
{
    *rule = (struct rule){0};
    enum err err = option_load(rule, &rule_table, path, settings, why);
    if (!err) { err = split_categories(rule, why); }
    return err ? err : check(rule, why);
}

int64_t rule_rounded(const struct rule *rule, int64_t count)
{
    const int64_t near = (count + rule->round / 2) / rule->round * rule->round;
    const int64_t least = (rule->premises + rule->round - 1) / rule->round * rule->round;
    return near < least ? least : near;
}

struct value *rule_value(const struct rule *rule, bool with_addresses)
{
    struct value *value = value_object();
    struct value *categories = value_array();
    for (size_t i = 0; i < rule->count; i++) {
        value_append(categories, value_text(rule->names[i]));
    }
    value_set_integer(value, "premises", rule->premises);
    value_set_integer(value, "addresses", with_addresses ? rule->addresses : 0);
    value_set_integer(value, "finest", rule->zoom_finest);
    value_set_integer(value, "coarsest", rule->zoom_coarsest);
    value_set_integer(value, "round", rule->round);
    value_set_integer(value, "delay_hours", rule->delay_hours);
    value_set(value, "categories", categories);
    if (rule->weaker) {
        struct value *override = value_object();
        value_set_text(override, "reason", rule->reason);
        value_set_text(override, "by", rule->by);
        value_set(value, "override", override);
    }
    return value;
}
