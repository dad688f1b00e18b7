#include "programs/edge/memory.h"

#include "base/text.h"
#include "queries/edge_memory.h"

struct memory {
    struct statement *keep, *recall; /* owned by the connection */
};

enum err memory_open(struct memory **out, struct database *database, struct why *why)
{
    CLEANUP(memory_close_p) struct memory *memory = MEM_NEW(struct memory);
    enum err err = database_prepare(&memory->keep, database, SQL_MEMORY_KEEP, why);
    if (!err) { err = database_prepare(&memory->recall, database, SQL_MEMORY_RECALL, why); }
    if (!err) { *out = TAKE(memory); }
    return err;
}

void memory_close(struct memory *memory)
{
    free(memory);
}

enum err memory_keep(struct memory *memory, const char *name, const char *fact, struct why *why)
{
    statement_bind_text(memory->keep, ":name", name);
    statement_bind_text(memory->keep, ":fact", fact);
    return statement_run(memory->keep, NULL, why);
}

enum err memory_recall(struct memory *memory, const char *name, char fact[static MEMORY_FACT_SIZE],
                       struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *recall = memory->recall;
    statement_bind_text(recall, ":name", name);
    enum step step = STEP_DONE;
    const enum err err = statement_step(recall, &step, why);
    if (err) { return err; }
    fact[0] = '\0';
    if (step == STEP_ROW && !text_copy(fact, MEMORY_FACT_SIZE, column_text(recall, 0))) {
        return why_set(why, ERR_LIMIT, "the fact \"%s\" in the database is too long", name);
    }
    return OK;
}
