#include "programs/control/grants.h"

#include <sodium.h>
#include <string.h>

#include "queries/control_grants.h"

enum { HASH_SIZE = 32 };
#define KEEP_US (10 * CLOCK_MINUTE_US) /* after its end: who comes too late is told so */

struct grants {
    struct statement *forget, *give, *find, *spend;
};

enum err grants_open(struct grants **out, struct database *database, struct why *why)
{
    CLEANUP(grants_close_p) struct grants *grants = MEM_NEW(struct grants);
    const struct statement_text texts[] = {{&grants->forget, SQL_GRANTS_FORGET},
                                           {&grants->give, SQL_GRANTS_GIVE},
                                           {&grants->find, SQL_GRANTS_FIND},
                                           {&grants->spend, SQL_GRANTS_SPEND}};
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(grants); }
    return err;
}

void grants_close(struct grants *grants)
{
    free(grants); /* the statements belong to the connection */
}

const char *grant_answer_name(enum grant_answer answer)
{
    static const char *const names[] = {"open", "unknown", "expired", "other_event",
                                        "other_session"};
    return names[answer];
}

static struct span hash_token(uint8_t hash[static HASH_SIZE], const char *token)
{
    (void)crypto_generichash(hash, HASH_SIZE, (const unsigned char *)token, strlen(token), NULL, 0);
    return span_of(hash, HASH_SIZE);
}

enum err grants_give(struct grants *grants, const char *token, const struct grant *grant,
                     int64_t now_us, struct why *why)
{
    uint8_t hash[HASH_SIZE];
    statement_bind_integer(grants->forget, ":before", now_us - KEEP_US);
    const enum err err = statement_run(grants->forget, NULL, why);
    if (err != OK) { return err; }
    struct statement *row = grants->give;
    statement_bind_bytes(row, ":token_hash", hash_token(hash, token));
    statement_bind_text(row, ":event_id", grant->event_id);
    statement_bind_text(row, ":device", grant->device);
    statement_bind_integer(row, ":kind", grant->kind);
    statement_bind_bytes(row, ":session", span_of(grant->session, sizeof grant->session));
    statement_bind_integer(row, ":not_after_us", grant->not_after_us);
    return statement_run(row, NULL, why);
}

static enum grant_answer judge(const struct grant *grant, const struct grant *wanted,
                               int64_t now_us)
{
    if (memcmp(grant->session, wanted->session, SESSION_KEY_SIZE) != 0) {
        return GRANT_ANSWER_OTHER_SESSION;
    }
    if (strcmp(grant->event_id, wanted->event_id) != 0 || grant->kind != wanted->kind) {
        return GRANT_ANSWER_OTHER_EVENT;
    }
    return now_us < grant->not_after_us ? GRANT_ANSWER_OPEN : GRANT_ANSWER_EXPIRED;
}

static enum err find(struct grants *grants, struct span hash, struct grant *grant, bool *there,
                     struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = grants->find;
    statement_bind_bytes(row, ":token_hash", hash);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    *there = err == OK && step == STEP_ROW;
    if (!*there) { return err; }
    const struct span session = column_bytes(row, 3);
    grant->kind = (enum media_kind)column_integer(row, 2);
    grant->not_after_us = column_integer(row, 4);
    if (session.size != sizeof grant->session ||
        !text_copy(grant->event_id, sizeof grant->event_id, column_text(row, 0)) ||
        !text_copy(grant->device, sizeof grant->device, column_text(row, 1))) {
        return why_set(why, ERR_DAMAGED, "a stream token's row is not as we write it");
    }
    memcpy(grant->session, session.data, sizeof grant->session);
    return OK;
}

/* Not by us when another request was faster. */
static enum err spend(struct grants *grants, struct span hash, bool *ours, struct why *why)
{
    int64_t spent = 0;
    statement_bind_bytes(grants->spend, ":token_hash", hash);
    const enum err err = statement_run(grants->spend, &spent, why);
    *ours = err == OK && spent == 1;
    return err;
}

enum err grants_take(struct grants *grants, struct grant_try *attempt, struct why *why)
{
    uint8_t bytes[HASH_SIZE];
    struct grant grant = {.not_after_us = 0};
    bool there = false;
    bool ours = false;
    const struct span hash = hash_token(bytes, attempt->token);
    attempt->answer = GRANT_ANSWER_UNKNOWN;
    enum err err = find(grants, hash, &grant, &there, why);
    if (err != OK || !there) { return err; }
    const enum grant_answer answer = judge(&grant, &attempt->wanted, attempt->now_us);
    if (answer == GRANT_ANSWER_OPEN) { err = spend(grants, hash, &ours, why); }
    if (err != OK) { return err; }
    if (ours) { attempt->wanted = grant; }
    if (ours || answer != GRANT_ANSWER_OPEN) { attempt->answer = answer; }
    return OK;
}
