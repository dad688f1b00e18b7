/* Zones are where devices stand. */
#include "fleet/zone.h"

#include "check.h"
#include "control_desk.h"

int main(void)
{
    struct desk desk;
    struct zone_store *zones = NULL;
    CLEANUP(value_free_p) struct value *list = NULL;
    CLEANUP(text_deinit) struct text text = text_limited(1000);
    desk_open(&desk);
    CHECK(database_execute(desk.tables.database,
                           "UPDATE devices SET online = 0 WHERE name = 'sign-2'", NULL) == OK);
    CHECK(zone_store_open(&zones, desk.tables.database, NULL) == OK);
    CHECK(zone_store_list(zones, &list, NULL) == OK);
    value_write(list, &text);
    CHECK_TEXT(text_c(&text), "[{\"name\":\"north\",\"devices\":2,\"signs\":2,\"online\":1},"
                              "{\"name\":\"south\",\"devices\":1,\"signs\":1,\"online\":1}]");
    CHECK(zone_name_valid("north-1.a") && !zone_name_valid("North") && !zone_name_valid("a/b"));
    zone_store_close(zones);
    desk_close(&desk);
    return CHECK_DONE();
}
