/* What one connection has learnt, and no other statement's or database's. */
#include "store/postgres_types.h"

#include <stdio.h>

#include "check.h"

int main(void)
{
    const Oid types[3] = {20, 25, 17};
    Oid found[3] = {0};
    CHECK(!postgres_types_find("a", "SELECT $1, $2, $3", 3, found));
    postgres_types_keep("a", "SELECT $1, $2, $3", 3, types);
    CHECK(postgres_types_find("a", "SELECT $1, $2, $3", 3, found));
    CHECK(memcmp(found, types, sizeof types) == 0);
    CHECK(!postgres_types_find("b", "SELECT $1, $2, $3", 3, found));
    CHECK(!postgres_types_find("a", "SELECT $1, $2, $4", 3, found));
    CHECK(!postgres_types_find("a", "SELECT $1, $2, $3", 2, found));
    postgres_types_keep("a", "SELECT 1", 0, NULL);
    CHECK(postgres_types_find("a", "SELECT 1", 0, NULL));
    for (int i = 0; i < TYPES_KEPT_MAX + 5; i++) {
        char sql[32];
        (void)snprintf(sql, sizeof sql, "SELECT %d, $1", i);
        postgres_types_keep("a", sql, 1, types);
    }
    CHECK(postgres_types_find("a", "SELECT 7, $1", 1, found));
    CHECK(!postgres_types_find("a", "SELECT 2052, $1", 1, found)); /* full: asked for anew */
    return CHECK_DONE();
}
