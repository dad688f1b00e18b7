#include "fleet/replay_marks.h"

#include "queries/fleet_replay_marks.h"

struct replay_marks {
    struct statement *list, *save;
};

enum err replay_marks_open(struct replay_marks **out, struct database *database, struct why *why)
{
    CLEANUP(replay_marks_close_p) struct replay_marks *marks = MEM_NEW(struct replay_marks);
    const struct statement_text texts[] = {
        {&marks->list, SQL_MARKS_LIST},
        {&marks->save, SQL_MARKS_SAVE},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(marks); }
    return err;
}

void replay_marks_close(struct replay_marks *marks)
{
    free(marks); /* the statements belong to the connection */
}

enum err replay_marks_load(struct replay_marks *marks, struct verifier *verifier, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = marks->list;
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        verifier_mark_set(verifier, column_text(rows, 0), column_integer(rows, 1));
        err = statement_step(rows, &step, why);
    }
    return err;
}

struct saving {
    struct replay_marks *marks;
    enum err err;
    struct why *why;
};

static void save_one(void *context, const char *issuer, int64_t timestamp_us)
{
    struct saving *saving = context;
    if (saving->err != OK) { return; }
    statement_bind_text(saving->marks->save, ":issuer", issuer);
    statement_bind_integer(saving->marks->save, ":newest_us", timestamp_us);
    saving->err = statement_run(saving->marks->save, NULL, saving->why);
}

enum err replay_marks_save(struct replay_marks *marks, struct verifier *verifier, struct why *why)
{
    struct saving saving = {.marks = marks, .why = why};
    verifier_marks_each(verifier, save_one, &saving);
    return saving.err;
}
