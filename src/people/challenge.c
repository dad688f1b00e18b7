#include "people/challenge.h"

#include <sodium.h>

#include "queries/people_challenge.h"

struct challenges {
    struct statement *forget, *bound, *give, *take;
};

enum err challenges_open(struct challenges **out, struct database *database, struct why *why)
{
    CLEANUP(challenges_close_p) struct challenges *challenges = MEM_NEW(struct challenges);
    const struct statement_text texts[] = {{&challenges->forget, SQL_CHALLENGE_FORGET},
                                           {&challenges->bound, SQL_CHALLENGE_BOUND},
                                           {&challenges->give, SQL_CHALLENGE_GIVE},
                                           {&challenges->take, SQL_CHALLENGE_TAKE}};
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(challenges); }
    return err;
}

void challenges_close(struct challenges *challenges)
{
    free(challenges); /* the statements belong to the connection */
}

static void bind(struct statement *row, const struct challenge *challenge)
{
    statement_bind_bytes(row, ":challenge", span_of(challenge->bytes, sizeof challenge->bytes));
    statement_bind_text(row, ":user_id", challenge->user_id);
    statement_bind_integer(row, ":purpose", challenge->purpose);
    statement_bind_bytes(row, ":subject", span_of(challenge->subject, sizeof challenge->subject));
}

enum err challenges_give(struct challenges *challenges, struct challenge *challenge, int64_t now_us,
                         struct why *why)
{
    randombytes_buf(challenge->bytes, sizeof challenge->bytes);
    challenge->not_after_us = now_us + CHALLENGE_LIFE_US;
    statement_bind_integer(challenges->forget, ":now", now_us);
    enum err err = statement_run(challenges->forget, NULL, why);
    if (err != OK) { return err; }
    bind(challenges->give, challenge);
    statement_bind_integer(challenges->give, ":not_after_us", challenge->not_after_us);
    err = statement_run(challenges->give, NULL, why);
    if (err != OK) { return err; }
    statement_bind_text(challenges->bound, ":user_id", challenge->user_id);
    statement_bind_integer(challenges->bound, ":limit", CHALLENGE_OF_USER_MAX);
    return statement_run(challenges->bound, NULL, why);
}

enum err challenges_take(struct challenges *challenges, const struct challenge *challenge,
                         int64_t now_us, bool *open, struct why *why)
{
    int64_t changed = 0;
    bind(challenges->take, challenge);
    statement_bind_integer(challenges->take, ":now", now_us);
    const enum err err = statement_run(challenges->take, &changed, why);
    *open = err == OK && changed == 1;
    return err;
}
