/* A migrated control database of its own (tests/place.h), without encryption. */
#pragma once

#include "migrations/control.h"
#include "place.h"

struct people_database {
    struct place place;
    struct database *database;
};

static inline void people_database_open(struct people_database *people)
{
    struct why why = {""};
    place_make(&people->place);
    people->database = place_connect(&people->place);
    if (database_migrate(people->database, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL),
                         &why)) {
        place_bail(why.text);
    }
}

static inline void people_database_close(struct people_database *people)
{
    database_close(people->database);
    place_remove(&people->place);
}
