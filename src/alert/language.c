#include "alert/language.h"

#include <string.h>
#include <strings.h>

static bool is_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/* The length of the subtag at `at`, 0 when it is none: 1..8 letters or digits. */
static size_t subtag(const char *at, bool first)
{
    size_t length = 0;
    while (is_letter(at[length]) || (!first && is_digit(at[length]))) {
        length++;
    }
    const bool ends = at[length] == '-' || at[length] == '\0';
    return ends && length >= (first ? 2U : 1U) && length <= 8 ? length : 0;
}

/* The form only (RFC 5646, langtag): subtags with hyphens between, the first 2..8 letters. */
bool language_valid(const char *tag)
{
    const char *at = tag;
    size_t length = subtag(at, true);
    while (length > 0 && at[length] == '-') {
        at += length + 1;
        length = subtag(at, false);
    }
    return length > 0 && strlen(tag) < ALERT_LANGUAGE_SIZE;
}

enum err language_list_parse(struct language_list *out, const char *tags, struct why *why)
{
    struct language_list list = {0};
    const char *at = tags + strspn(tags, ", ");
    while (*at) {
        const size_t length = strcspn(at, ", ");
        if (list.count == LANGUAGE_LIST_MAX) {
            return why_set(why, ERR_LIMIT, "more than %d languages", LANGUAGE_LIST_MAX);
        }
        char *tag = list.tags[list.count];
        if (length < ALERT_LANGUAGE_SIZE) { memcpy(tag, at, length); }
        if (!language_valid(tag)) {
            return why_set(why, ERR_MALFORMED,
                           "language \"%.*s\", expected a BCP 47 tag such as en or zh-Hant",
                           (int)(length < 40 ? length : 40), at);
        }
        list.count++;
        at += length;
        at += strspn(at, ", ");
    }
    *out = list;
    return OK;
}

/* Whether `tag` begins with the first `length` letters of `range` and ends there or at a hyphen. */
static bool begins_with(const char *tag, const char *range, size_t length)
{
    return strncasecmp(tag, range, length) == 0 && (tag[length] == '\0' || tag[length] == '-');
}

static bool equals(const char *tag, const char *range, size_t length)
{
    return strlen(tag) == length && strncasecmp(tag, range, length) == 0;
}

/* The length of `range` without its last subtag; 0 when only one is left. */
static size_t shorten(const char *range, size_t length)
{
    while (length > 0 && range[length - 1] != '-') {
        length--;
    }
    return length > 0 ? length - 1 : 0;
}

/* The text whose tag is the first `length` letters of `range`, or text_count. */
static size_t find_equal(const struct alert *alert, const char *range, size_t length)
{
    size_t i = 0;
    while (i < alert->text_count && !equals(alert->texts[i].language, range, length)) {
        i++;
    }
    return i;
}

/* The index of the text for one wanted tag, or text_count. */
static size_t look_up(const struct alert *alert, const char *wanted)
{
    for (size_t length = strlen(wanted); length > 0; length = shorten(wanted, length)) {
        const size_t found = find_equal(alert, wanted, length);
        if (found < alert->text_count) { return found; }
    }
    size_t i = 0;
    while (i < alert->text_count &&
           !begins_with(alert->texts[i].language, wanted, strlen(wanted))) {
        i++;
    }
    return i;
}

size_t language_select(const struct alert *alert, const struct language_list *wanted,
                       size_t chosen[static ALERT_TEXT_MAX])
{
    bool taken[ALERT_TEXT_MAX] = {false};
    size_t count = 0;
    if (wanted->count == 0) {
        for (; count < alert->text_count; count++) {
            chosen[count] = count;
        }
        return count;
    }
    for (size_t i = 0; i < wanted->count; i++) {
        const size_t found = look_up(alert, wanted->tags[i]);
        if (found < alert->text_count && !taken[found]) {
            taken[found] = true;
            chosen[count++] = found;
        }
    }
    if (count == 0) { chosen[count++] = 0; }
    return count;
}

const struct alert_text *language_choose(const struct alert *alert,
                                         const struct language_list *wanted)
{
    size_t chosen[ALERT_TEXT_MAX] = {0};
    (void)language_select(alert, wanted, chosen);
    return &alert->texts[chosen[0]];
}
