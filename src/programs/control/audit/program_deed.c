#include "programs/control/audit/program_deed.h"

#include "base/clock.h"
#include "ledger/journal.h"

enum err program_deed_enter(struct database *database, const char *action, const char *resource,
                            const struct value *details, struct why *why)
{
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    const struct entry_fact fact = {.at_us = clock_wall_us(),
                                    .action = action,
                                    .resource = resource,
                                    .authorisation = "program",
                                    .details = details};
    const enum err err = journal_open(&journal, database, why);
    return err ? err : journal_enter(journal, &fact, why);
}
