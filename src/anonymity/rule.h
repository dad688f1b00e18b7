/*
 * anonymity/rule - what may leave the site about its incidents.
 *
 * The defaults are the rule of docs/protocols/map.md. A stricter one is a matter of the site; a
 * weaker one needs a written reason and a name, which stand in everything that is published under
 * it. Categories are an allow-list: one that is not listed never leaves, and one whose name tells
 * of victims or intimate harm is not listed without such a reason. Read once, then only looked at.
 */
#pragma once

#include "base/err.h"
#include "base/option.h"
#include "base/span.h"
#include "base/value.h"

enum {
    RULE_CATEGORIES_MAX = 64,
    RULE_CATEGORY_SIZE = 64,
    RULE_ZOOM_MAX = 19,
    RULE_REASON_SIZE_MIN = 20, /* of a reason: an empty word is none */
};

struct rule {
    int64_t premises;                   /* distinct ones behind everything that is published */
    int64_t addresses;                  /* in a cell, where an address layer is given */
    int64_t zoom_finest, zoom_coarsest; /* of cells */
    int64_t round;                      /* counts are multiples of it */
    int64_t delay_hours;                /* from the end of a period until it is published */
    char categories[OPTION_TEXT_SIZE];
    char column_time[OPTION_TEXT_SIZE];
    char column_category[OPTION_TEXT_SIZE];
    char column_premise[OPTION_TEXT_SIZE];   /* "": places tell premises apart */
    char column_protected[OPTION_TEXT_SIZE]; /* "": no such column */
    char reason[OPTION_TEXT_SIZE];
    char by[OPTION_TEXT_SIZE];

    char names[RULE_CATEGORIES_MAX][RULE_CATEGORY_SIZE]; /* `categories`, one by one */
    size_t count;
    bool weaker; /* than the default, and written down */
};

extern const struct option_table rule_table;

/*
 * Reads the rule from an INI file (may be NULL) and settings as option_load does. ERR_DENIED when
 * it is weaker than the default without reason and name.
 */
MUST_USE enum err rule_load(struct rule *rule, const char *path, const char *const settings[],
                            struct why *why);

/* The number of a category in the list, from 1 on, in any case; 0 when it is not in it. */
size_t rule_category(const struct rule *rule, struct span name);

/* Does the name tell of victims or intimate harm? */
bool rule_is_sensitive(struct span name);

/* The number of incidents as it is published: at least `premises`. */
int64_t rule_rounded(const struct rule *rule, int64_t count);

/* The rule as it is published. `with_addresses`: an address layer is given. */
struct value *rule_value(const struct rule *rule, bool with_addresses);
