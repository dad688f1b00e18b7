#include "alert/unsaved.h"

#include <string.h>

struct unsaved {
    struct unsaved_entry entries[UNSAVED_COUNT_MAX];
};

struct unsaved *unsaved_new(void)
{
    return MEM_NEW(struct unsaved);
}

void unsaved_free(struct unsaved *unsaved)
{
    free(unsaved);
}

const struct unsaved_entry *unsaved_find(const struct unsaved *unsaved, const char *alert_id)
{
    for (size_t i = 0; i < UNSAVED_COUNT_MAX; i++) {
        if (strcmp(unsaved->entries[i].alert_id, alert_id) == 0) { return &unsaved->entries[i]; }
    }
    return NULL;
}

/* A free place, else the one whose time is over first. */
static struct unsaved_entry *make_room(struct unsaved *unsaved)
{
    struct unsaved_entry *first = &unsaved->entries[0];
    for (size_t i = 0; i < UNSAVED_COUNT_MAX; i++) {
        struct unsaved_entry *entry = &unsaved->entries[i];
        if (entry->alert_id[0] == '\0') { return entry; }
        if (entry->keep_until_us < first->keep_until_us) { first = entry; }
    }
    return first;
}

void unsaved_keep(struct unsaved *unsaved, const struct unsaved_entry *entry)
{
    unsaved_drop(unsaved, entry->alert_id);
    *make_room(unsaved) = *entry;
}

void unsaved_drop(struct unsaved *unsaved, const char *alert_id)
{
    for (size_t i = 0; i < UNSAVED_COUNT_MAX; i++) {
        if (strcmp(unsaved->entries[i].alert_id, alert_id) == 0) {
            unsaved->entries[i] = (struct unsaved_entry){0};
        }
    }
}
