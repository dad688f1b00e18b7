/* What is remembered while the database takes nothing. */
#include "alert/unsaved.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

static struct unsaved_entry entry_of(int number, int64_t keep_until_us)
{
    struct unsaved_entry entry = {.revision = number, .keep_until_us = keep_until_us, .grade = 1};
    (void)snprintf(entry.alert_id, sizeof entry.alert_id, "019aaaaa-0000-7000-8000-%012d", number);
    return entry;
}

static void the_newest_word_stands(void)
{
    CLEANUP(unsaved_free_p) struct unsaved *unsaved = unsaved_new();
    struct unsaved_entry entry = entry_of(1, 100);
    CHECK(!unsaved_find(unsaved, entry.alert_id));
    unsaved_keep(unsaved, &entry);
    entry.revision = 2;
    unsaved_keep(unsaved, &entry);
    CHECK(unsaved_find(unsaved, entry.alert_id)->revision == 2);
    unsaved_drop(unsaved, entry.alert_id);
    unsaved_drop(unsaved, entry.alert_id);
    CHECK(!unsaved_find(unsaved, entry.alert_id));
}

static void the_one_that_is_over_first_gives_way(void)
{
    CLEANUP(unsaved_free_p) struct unsaved *unsaved = unsaved_new();
    for (int i = 1; i <= UNSAVED_COUNT_MAX; i++) {
        const struct unsaved_entry entry = entry_of(i, i == 7 ? 50 : 100 + i);
        unsaved_keep(unsaved, &entry);
    }
    const struct unsaved_entry more = entry_of(1000, 200);
    const struct unsaved_entry gone = entry_of(7, 0);
    CHECK(unsaved_find(unsaved, gone.alert_id) != NULL);
    unsaved_keep(unsaved, &more);
    CHECK(!unsaved_find(unsaved, gone.alert_id));
    CHECK(unsaved_find(unsaved, more.alert_id) != NULL);
    const struct unsaved_entry first = entry_of(1, 0);
    CHECK(unsaved_find(unsaved, first.alert_id) != NULL);
}

int main(void)
{
    the_newest_word_stands();
    the_one_that_is_over_first_gives_way();
    return CHECK_DONE();
}
