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

/* The form only (RFC 5646, langtag): subtags of 1..8 letters or digits, the first 2..8 letters. */
bool language_valid(const char *tag)
{
    size_t length = 0;
    bool first = true;
    for (const char *at = tag;; at++) {
        if (*at == '-' || *at == '\0') {
            if (length < (first ? 2U : 1U) || length > 8) { return false; }
            if (*at == '\0') { break; }
            first = false;
            length = 0;
        } else if (!is_letter(*at) && (first || !is_digit(*at))) {
            return false;
        } else {
            length++;
        }
    }
    return strlen(tag) < ALERT_LANGUAGE_SIZE;
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

/* The index of the text for one wanted tag, or text_count. */
static size_t look_up(const struct alert *alert, const char *wanted)
{
    for (size_t length = strlen(wanted); length > 0; length = shorten(wanted, length)) {
        for (size_t i = 0; i < alert->text_count; i++) {
            if (equals(alert->texts[i].language, wanted, length)) { return i; }
        }
    }
    for (size_t i = 0; i < alert->text_count; i++) {
        if (begins_with(alert->texts[i].language, wanted, strlen(wanted))) { return i; }
    }
    return alert->text_count;
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
    size_t chosen[ALERT_TEXT_MAX];
    (void)language_select(alert, wanted, chosen);
    return &alert->texts[chosen[0]];
}
