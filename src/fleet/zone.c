#include "fleet/zone.h"

#include "alert/target.h"
#include "queries/fleet_zone.h"

struct zone_store {
    struct statement *list;
};

bool zone_name_valid(const char *name)
{
    return target_name_valid(name);
}

enum err zone_store_open(struct zone_store **out, struct database *database, struct why *why)
{
    CLEANUP(zone_store_close_p) struct zone_store *store = MEM_NEW(struct zone_store);
    const enum err err = database_prepare(&store->list, database, SQL_ZONE_LIST, why);
    if (err == OK) { *out = TAKE(store); }
    return err;
}

void zone_store_close(struct zone_store *store)
{
    free(store); /* the statement belongs to the connection */
}

enum err zone_store_list(struct zone_store *store, struct value **out, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->list;
    CLEANUP(value_free_p) struct value *zones = value_array();
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        struct value *zone = value_object();
        value_set_text(zone, "name", column_text(rows, 0));
        value_set_integer(zone, "devices", column_integer(rows, 1));
        value_set_integer(zone, "signs", column_integer(rows, 2));
        value_set_integer(zone, "online", column_integer(rows, 3));
        value_append(zones, zone);
        err = statement_step(rows, &step, why);
    }
    if (err == OK) { *out = TAKE(zones); }
    return err;
}
