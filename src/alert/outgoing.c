#include "alert/outgoing.h"

#include "queries/alert_outgoing.h"

struct outgoing {
    struct statement *next, *delete, *sent, *count;
};

enum err outgoing_open(struct outgoing **out, struct database *database, struct why *why)
{
    CLEANUP(outgoing_close_p) struct outgoing *outgoing = MEM_NEW(struct outgoing);
    const struct statement_text texts[] = {
        {&outgoing->next, SQL_OUTGOING_NEXT},
        {&outgoing->delete, SQL_OUTGOING_DELETE},
        {&outgoing->sent, SQL_OUTGOING_SENT},
        {&outgoing->count, SQL_OUTGOING_COUNT},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(outgoing); }
    return err;
}

void outgoing_close(struct outgoing *outgoing)
{
    free(outgoing); /* the statements belong to the connection */
}

static enum err read_row(const struct statement *row, struct outgoing_row *out, struct why *why)
{
    *out = (struct outgoing_row){
        .number = column_integer(row, 0),
        .kind = (enum outgoing_kind)column_integer(row, 4),
        .revision = column_integer(row, 5),
    };
    if (!text_copy(out->alert_id, sizeof out->alert_id, column_text(row, 1)) ||
        !text_copy(out->name, sizeof out->name, column_text(row, 3))) {
        return why_set(why, ERR_LIMIT, "outbox row %lld has a name that is too long",
                       (long long)out->number);
    }
    const enum err err = target_scope_parse(&out->scope, column_text(row, 2), why);
    if (err != OK) { return err; }
    target_topic(out->topic, out->scope, out->name, out->alert_id);
    if (out->kind == OUTGOING_KIND_FIRST) { out->expire_us = column_integer(row, 6); }
    if (out->kind != OUTGOING_KIND_CLEAR) { out->payload = column_bytes(row, 7); }
    return OK;
}

enum err outgoing_next(struct outgoing *outgoing, int64_t after, struct outgoing_row *row,
                       bool *found, struct why *why)
{
    statement_reset(outgoing->next); /* the row of the last call was borrowed until now */
    statement_bind_integer(outgoing->next, ":after", after);
    enum step step = STEP_DONE;
    enum err err = statement_step(outgoing->next, &step, why);
    *found = err == OK && step == STEP_ROW;
    if (*found) { err = read_row(outgoing->next, row, why); }
    if (!*found || err != OK) { statement_reset(outgoing->next); }
    return err;
}

void outgoing_release(struct outgoing *outgoing)
{
    statement_reset(outgoing->next);
}

enum err outgoing_done(struct outgoing *outgoing, const struct outgoing_row *row, bool acknowledged,
                       int64_t now_us, struct why *why)
{
    statement_reset(outgoing->next);
    statement_bind_integer(outgoing->delete, ":number", row->number);
    const enum err err = statement_run(outgoing->delete, NULL, why);
    if (err != OK || !acknowledged || row->kind == OUTGOING_KIND_CLEAR) { return err; }
    statement_bind_text(outgoing->sent, ":alert_id", row->alert_id);
    statement_bind_integer(outgoing->sent, ":revision", row->revision);
    statement_bind_text(outgoing->sent, ":scope", target_scope_name(row->scope));
    statement_bind_text(outgoing->sent, ":name", row->name);
    statement_bind_integer(outgoing->sent, ":now", now_us);
    return statement_run(outgoing->sent, NULL, why);
}

enum err outgoing_count(struct outgoing *outgoing, int64_t *count, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = outgoing->count;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *count = column_integer(row, 0); }
    return err;
}
