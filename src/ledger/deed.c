#include "ledger/deed.h"

#include "base/clock.h"
#include "queries/ledger_deed.h"

enum { WORDS_SIZE_MAX = 4 * 1024 };

/* ---- what the program tells ---- */

/* A text member, or null when `may_lack`. */
static enum err read_text(const char **text, const struct value *object, const char *key,
                          bool may_lack, struct why *why)
{
    const struct value *member = value_get(object, key);
    const char *words = value_text_or(member, NULL);
    const bool lacks = member && value_kind(member) == VALUE_KIND_NULL;
    if ((!words && !(lacks && may_lack)) || (words && strlen(words) > WORDS_SIZE_MAX)) {
        return why_set(why, ERR_MALFORMED, "a deed's \"%s\" is expected to be a text", key);
    }
    *text = words;
    return OK;
}

/* Nothing that control itself does: "member_" or "enrol_" and small letters. */
static bool action_valid(const char *action)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    return (strncmp(action, "member_", 7) == 0 || strncmp(action, "enrol_", 6) == 0) &&
           strspn(action, letters) == strlen(action) && strlen(action) < ENTRY_WORD_SIZE;
}

enum err deed_parse(struct deed *deed, const struct value *object, struct why *why)
{
    struct deed read = {.details = value_get(object, "details")};
    int64_t range[2] = {1, INT64_MAX};
    int64_t before[2] = {0, INT64_MAX};
    enum err err = value_need_integer(object, "number", range, &read.number, why);
    if (err == OK) { err = value_need_integer(object, "previous", before, &read.previous, why); }
    if (err == OK) { err = value_need_time(object, "at", &read.at_us, why); }
    if (err == OK) { err = read_text(&read.action, object, "action", false, why); }
    if (err == OK) { err = read_text(&read.resource, object, "resource", false, why); }
    if (err == OK) { err = read_text(&read.address, object, "address", true, why); }
    if (err == OK) { err = read_text(&read.agent, object, "agent", true, why); }
    if (err != OK) { return why_prefix(why, ERR_MALFORMED, "a deed"); }
    if (!action_valid(read.action)) {
        return why_set(why, ERR_MALFORMED, "\"%.40s\" is no action of another program",
                       read.action);
    }
    if (!read.details || value_kind(read.details) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "a deed's \"details\" are expected to be an object");
    }
    *deed = read;
    return OK;
}

/* ---- entering it ---- */

struct deed_taker {
    struct database *database; /* borrowed, as is the journal */
    struct journal *journal;
    struct statement *mark, *begin, *take;
};

enum err deed_taker_open(struct deed_taker **out, struct database *database,
                         struct journal *journal, struct why *why)
{
    CLEANUP(deed_taker_close_p) struct deed_taker *taker = MEM_NEW(struct deed_taker);
    taker->database = database;
    taker->journal = journal;
    const struct statement_text texts[] = {
        {&taker->mark, SQL_DEED_MARK},
        {&taker->begin, SQL_DEED_BEGIN},
        {&taker->take, SQL_DEED_TAKE},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(taker); }
    return err;
}

void deed_taker_close(struct deed_taker *taker)
{
    free(taker); /* the statements belong to the connection */
}

enum err deed_taker_mark(struct deed_taker *taker, const char *source, int64_t *mark,
                         struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = taker->mark;
    statement_bind_text(row, ":source", source);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *mark = step == STEP_ROW ? column_integer(row, 0) : 0; }
    return err;
}

static enum err move_mark(struct deed_taker *taker, const char *source, int64_t known,
                          int64_t number, struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(taker->begin, ":source", source);
    enum err err = statement_run(taker->begin, NULL, why);
    statement_bind_text(taker->take, ":source", source);
    statement_bind_integer(taker->take, ":known", known);
    statement_bind_integer(taker->take, ":number", number);
    if (err == OK) { err = statement_run(taker->take, &changed, why); }
    if (err != OK || changed == 1) { return err; }
    return why_set(why, ERR_CONFLICT, "somebody else has taken these deeds");
}

/* The program's numbers do not go on where they ended: what was between is not known. */
static enum err enter_gap(struct deed_taker *taker, const struct deed_call *call, int64_t known,
                          int64_t found, struct why *why)
{
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_integer(details, "known", known);
    value_set_integer(details, "found", found);
    const struct entry_fact fact = {.at_us = call->now_us,
                                    .action = "deeds_gap",
                                    .resource = call->source,
                                    .authorisation = "program",
                                    .details = details};
    return journal_enter(taker->journal, &fact, why);
}

static enum err enter(struct deed_taker *taker, const struct deed_call *call,
                      const struct deed *deed, struct why *why)
{
    struct entry_fact fact = {.at_us = deed->at_us,
                              .user = call->source,
                              .action = deed->action,
                              .resource = deed->resource,
                              .authorisation = "certificate",
                              .details = deed->details,
                              .address = deed->address,
                              .agent = deed->agent};
    enum err err = journal_enter(taker->journal, &fact, why);
    if (err != ERR_LIMIT) { return err; }
    fact.details = NULL; /* too many for an entry: that must not keep out all that follow */
    return journal_enter(taker->journal, &fact, why);
}

/* One deed of an answer behind `*last`, the one before it. */
static enum err take_one(struct deed_taker *taker, struct deed_call *call,
                         const struct value *object, int64_t *last, struct why *why)
{
    struct deed deed = {.number = 0};
    const int64_t most = call->now_us + DEED_AHEAD_MAX_DAYS * CLOCK_DAY_US;
    enum err err = deed_parse(&deed, object, why);
    if (err != OK) { return err; }
    if (deed.number <= *last || deed.number > most) {
        return why_set(why, ERR_MALFORMED, "deed %lld is told behind %lld", (long long)deed.number,
                       (long long)*last);
    }
    if (deed.previous != *last) {
        err = enter_gap(taker, call, *last, deed.previous, why);
        call->entered += err == OK;
    }
    if (err == OK) { err = enter(taker, call, &deed, why); }
    call->entered += err == OK;
    *last = deed.number;
    return err;
}

static enum err take_all(struct deed_taker *taker, struct deed_call *call, int64_t newest,
                         struct why *why)
{
    const struct value *list = value_get(call->answer, "deeds");
    int64_t mark = 0;
    enum err err = deed_taker_mark(taker, call->source, &mark, why);
    int64_t last = mark;
    for (size_t i = 0; err == OK && i < value_count(list); i++) {
        err = take_one(taker, call, value_at(list, i), &last, why);
    }
    if (err == OK && newest < last) { /* it has forgotten what we know of */
        err = enter_gap(taker, call, last, newest, why);
        call->entered += err == OK;
        last = newest;
    }
    call->more = last < newest;
    if (err != OK || last == mark) { return err; }
    return move_mark(taker, call->source, mark, last, why);
}

enum err deed_taker_take(struct deed_taker *taker, struct deed_call *call, struct why *why)
{
    const struct value *list = value_get(call->answer, "deeds");
    int64_t range[2] = {0, INT64_MAX};
    int64_t newest = 0;
    call->entered = 0;
    call->more = false;
    enum err err = value_need_integer(call->answer, "newest", range, &newest, why);
    if (err != OK || !list || value_kind(list) != VALUE_KIND_ARRAY ||
        value_count(list) > DEED_BATCH_MAX) {
        return why_set(why, ERR_MALFORMED,
                       "deeds are told as {\"newest\": number, \"deeds\": [at most %d]}",
                       DEED_BATCH_MAX);
    }
    err = database_begin(taker->database, why);
    if (err != OK) { return err; }
    err = take_all(taker, call, newest, why);
    database_end(taker->database, &err, why);
    if (err != OK) { call->entered = 0; }
    return err;
}
