/*
 * alert/alert - what an alert is: one revision of a message for signs and speakers, as it stands
 * inside an envelope (content.type "alert", docs/protocols/bus.md).
 *
 * The model that control, gateway and edge share. Pure: no I/O, no time, any thread. Every limit
 * of the protocol is checked on the way in; what was accepted can always be written again.
 */
#pragma once

#include "alert/target.h"
#include "base/id.h"
#include "trust/tier.h"

enum {
    ALERT_TEXT_MAX = 16,      /* texts in one alert */
    ALERT_TEXT_SIZE = 513,    /* 512 bytes of UTF-8 and a terminator */
    ALERT_LANGUAGE_SIZE = 36, /* a BCP 47 tag */
    ALERT_CONTENT_SIZE_MAX = 60 * 1024
};

enum alert_action { ALERT_ACTION_SHOW, ALERT_ACTION_CANCEL };
const char *alert_action_name(enum alert_action action); /* "show", "cancel" */

/* Exercises and tests say so inside what is signed; a sign lights them only where it may. */
enum alert_status { ALERT_STATUS_ACTUAL, ALERT_STATUS_EXERCISE, ALERT_STATUS_TEST };
const char *alert_status_name(enum alert_status status); /* "actual", "exercise", "test" */
MUST_USE enum err alert_status_parse(enum alert_status *status, const char *name, struct why *why);

struct alert_text {
    char language[ALERT_LANGUAGE_SIZE]; /* "en", "hi", "ml", "zh-Hant" */
    char text[ALERT_TEXT_SIZE];
};

/* Owns `texts` and the lists of `targets`; release with alert_deinit. */
struct alert {
    char id[ID_TEXT_SIZE]; /* the same for all revisions */
    int64_t revision;      /* from 1 */
    enum alert_action action;
    enum tier tier;
    enum alert_status status;
    struct target_set targets;
    struct alert_text *texts; /* 1..ALERT_TEXT_MAX, in the author's order */
    size_t text_count;
    int64_t begin_us;
    int64_t expire_us; /* after begin_us */
    int64_t repeat_s;  /* 0 = shown without pause */
};
void alert_deinit(struct alert *alert);
void alert_copy(struct alert *to, const struct alert *from); /* `to` is new */

/*
 * Reads the content of an envelope. ERR_MALFORMED, ERR_LIMIT or ERR_RANGE name the member. Does not
 * judge whether it is for us, in time, or allowed: alert/inbox does.
 */
MUST_USE enum err alert_parse(struct alert *out, const struct value *content, struct why *why);

/* The content object, ready for envelope_sign. The caller owns it. */
struct value *alert_to_value(const struct alert *alert);

/*
 * `[{"language","text"},...]`: 1..ALERT_TEXT_MAX, each language once, no control characters but
 * line feed. `*texts` is a new array, released with free.
 */
MUST_USE enum err alert_texts_parse(struct alert_text **texts, size_t *count,
                                    const struct value *array, struct why *why);
struct value *alert_texts_to_value(const struct alert_text *texts, size_t count);
