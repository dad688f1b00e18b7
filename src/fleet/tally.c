#include "fleet/tally.h"

#include "queries/fleet_tally.h"

struct tally_store {
    struct statement *events, *add_zone, *devices, *each;
};

enum err tally_store_open(struct tally_store **out, struct database *database, struct why *why)
{
    CLEANUP(tally_store_close_p) struct tally_store *store = MEM_NEW(struct tally_store);
    const struct statement_text texts[] = {
        {&store->events, SQL_TALLY_EVENTS},
        {&store->add_zone, SQL_TALLY_ADD_ZONE},
        {&store->devices, SQL_TALLY_DEVICES},
        {&store->each, SQL_TALLY_EACH},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(store); }
    return err;
}

void tally_store_close(struct tally_store *store)
{
    free(store); /* the statements belong to the connection */
}

enum err tally_events(struct tally_store *store, const char *zone, int64_t more, struct why *why)
{
    statement_bind_text(store->events, ":zone", zone);
    statement_bind_integer(store->events, ":more", more);
    return statement_run(store->events, NULL, why);
}

enum err tally_devices(struct tally_store *store, const char *zone, struct why *why)
{
    statement_bind_text(store->add_zone, ":zone", zone);
    const enum err err = statement_run(store->add_zone, NULL, why);
    if (err != OK) { return err; }
    statement_bind_text(store->devices, ":zone", zone);
    return statement_run(store->devices, NULL, why);
}

enum err tally_each(struct tally_store *store,
                    void (*each)(void *context, const struct tally *tally), void *context,
                    struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->each;
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        const struct tally tally = {.zone = column_text(rows, 0),
                                    .devices = column_integer(rows, 1),
                                    .cameras = column_integer(rows, 2),
                                    .events = column_integer(rows, 3),
                                    .alerts = column_integer(rows, 4)};
        each(context, &tally);
        err = statement_step(rows, &step, why);
    }
    return err;
}
