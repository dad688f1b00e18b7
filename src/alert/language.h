/*
 * alert/language - which texts of an alert a device shows or speaks, and in which order.
 *
 * Follows the lookup of RFC 4647: a wanted tag matches the text with the same tag, then shorter
 * forms of the wanted tag ("pt-BR" finds "pt"), then a text that is more exact ("pt" finds
 * "pt-BR"). Pure, any thread.
 */
#pragma once

#include "alert/alert.h"

enum { LANGUAGE_LIST_MAX = ALERT_TEXT_MAX };

/* The languages of a device in order of preference. Empty: every text, in the author's order. */
struct language_list {
    char tags[LANGUAGE_LIST_MAX][ALERT_LANGUAGE_SIZE];
    size_t count;
};

/* Whether `tag` has the form of a BCP 47 tag of at most 35 letters. */
bool language_valid(const char *tag);

/* Reads "hi, ml, en"; "" is the empty list. ERR_MALFORMED names the tag, ERR_LIMIT too many. */
MUST_USE enum err language_list_parse(struct language_list *out, const char *tags, struct why *why);

/*
 * The texts that a device with these preferences shows one after the other: indexes into
 * alert->texts in `chosen`, each once; returns how many, at least one. When nothing matches, the
 * author's first text: a message in a foreign language is better than none.
 */
size_t language_select(const struct alert *alert, const struct language_list *wanted,
                       size_t chosen[static ALERT_TEXT_MAX]);

/* The one best text, as a sign with room for one or a speaker wants it. Never NULL. */
const struct alert_text *language_choose(const struct alert *alert,
                                         const struct language_list *wanted);
