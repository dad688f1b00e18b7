#include "programs/enrol/deeds.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "queries/enrol_deeds.h"

enum { DETAILS_SIZE_MAX = 4 * 1024, RESOURCE_SIZE = IDENTITY_NAME_SIZE + 16 };
#define KEEP_US (90 * CLOCK_DAY_US) /* for a control that comes back from a backup */

struct deeds {
    struct database *database; /* borrowed, and with it the statements */
    struct statement *last, *add, *since, *forget;
    int64_t minute, refusals;
};

enum err deeds_open(struct deeds **out, struct database *database, struct why *why)
{
    CLEANUP(deeds_close_p) struct deeds *deeds = MEM_NEW(struct deeds);
    const struct statement_text texts[] = {
        {&deeds->last, SQL_DEEDS_LAST},
        {&deeds->add, SQL_DEEDS_ADD},
        {&deeds->since, SQL_DEEDS_SINCE},
        {&deeds->forget, SQL_DEEDS_FORGET},
    };
    deeds->database = database;
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (!err) { *out = TAKE(deeds); }
    return err;
}

void deeds_close(struct deeds *deeds)
{
    free(deeds);
}

/* ---- writing ---- */

struct value *deeds_describe(const struct certificate *certificate)
{
    struct certificate_serial serial;
    CLEANUP(text_deinit) struct text hex = text_limited(2 * sizeof serial.bytes);
    certificate_serial(certificate, &serial);
    encode_hex(&hex, span_of(serial.bytes, serial.size));
    struct value *details = value_object();
    value_set_text(details, "serial", text_c(&hex));
    value_set_time(details, "until", certificate_end_us(certificate));
    return details;
}

static enum err read_last(struct deeds *deeds, int64_t *last, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = deeds->last;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (!err) { *last = column_integer(row, 0); }
    return err;
}

static enum err add(struct deeds *deeds, const struct deed *deed, const char *details,
                    struct why *why)
{
    int64_t last = 0;
    char resource[RESOURCE_SIZE];
    const struct identity *member = deed->member;
    const enum err err = read_last(deeds, &last, why);
    if (err) { return err; }
    if (member) {
        (void)snprintf(resource, sizeof resource, "%s/%s", role_name(member->role), member->name);
    }
    struct statement *row = deeds->add;
    statement_bind_integer(row, ":number", last < deed->at_us ? deed->at_us : last + 1);
    statement_bind_integer(row, ":previous", last);
    statement_bind_integer(row, ":at_us", deed->at_us);
    statement_bind_text(row, ":action", deed->action);
    statement_bind_text(row, ":resource", member ? resource : deed->resource);
    statement_bind_text(row, ":details", details);
    statement_bind_text(row, ":address", deed->asker ? deed->asker->address : NULL);
    statement_bind_text(row, ":agent", deed->asker ? deed->asker->agent : NULL);
    return statement_run(row, NULL, why);
}

enum err deeds_enter(struct deeds *deeds, const struct deed *deed, struct why *why)
{
    CLEANUP(value_free_p) struct value *details = deed->details ? deed->details : value_object();
    CLEANUP(text_deinit) struct text words = text_limited(DETAILS_SIZE_MAX);
    value_set_text(details, "by", deed->asker ? deed->asker->identity : NULL);
    value_write(details, &words);
    if (words.overflow) { return why_set(why, ERR_LIMIT, "a deed has too many details"); }
    const bool ours = !database_in_transaction(deeds->database);
    enum err err = ours ? database_begin(deeds->database, why) : OK;
    if (err) { return err; }
    err = add(deeds, deed, text_c(&words), why);
    if (ours) { database_end(deeds->database, &err, why); }
    return err;
}

enum err deeds_refuse(struct deeds *deeds, const struct deed *deed, struct why *why)
{
    const int64_t minute = deed->at_us / CLOCK_MINUTE_US;
    if (deeds->minute != minute) {
        deeds->minute = minute;
        deeds->refusals = 0;
    }
    if (deeds->refusals++ < DEEDS_REFUSALS_A_MINUTE) { return deeds_enter(deeds, deed, why); }
    value_free(deed->details);
    return OK;
}

/* ---- reading ---- */

static struct value *read_deed(const struct statement *row)
{
    struct value *details = NULL;
    struct value *deed = value_object();
    const char *words = column_text(row, 5);
    if (!words || value_parse(&details, span_text(words), DETAILS_SIZE_MAX, NULL)) {
        details = value_object();
    }
    value_set_integer(deed, "number", column_integer(row, 0));
    value_set_integer(deed, "previous", column_integer(row, 1));
    value_set_time(deed, "at", column_integer(row, 2));
    value_set_text(deed, "action", column_text(row, 3));
    value_set_text(deed, "resource", column_text(row, 4));
    value_set(deed, "details", details);
    value_set_text(deed, "address", column_text(row, 6));
    value_set_text(deed, "agent", column_text(row, 7));
    return deed;
}

enum err deeds_since(struct deeds *deeds, int64_t after, int64_t now_us, struct value **out,
                     struct why *why)
{
    int64_t last = 0;
    struct value *list = NULL;
    statement_bind_integer(deeds->forget, ":after", after);
    statement_bind_integer(deeds->forget, ":before_us", now_us - KEEP_US);
    enum err err = statement_run(deeds->forget, NULL, why);
    if (!err) { err = read_last(deeds, &last, why); }
    if (err) { return err; }
    statement_bind_integer(deeds->since, ":after", after);
    statement_bind_integer(deeds->since, ":limit", DEEDS_BATCH_MAX);
    err = statement_list(deeds->since, read_deed, &list, why);
    if (err) { return err; }
    struct value *answer = value_object();
    value_set_integer(answer, "newest", last);
    value_set(answer, "deeds", list);
    *out = answer;
    return OK;
}
