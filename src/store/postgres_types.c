#include "store/postgres_types.h"

#include <pthread.h>
#include <string.h>

#include "base/base.h"

struct known {
    struct known *next;
    char *address, *sql; /* owned */
    size_t size;         /* of sql, to compare fewer of them */
    int count;
    Oid types[];
};

static struct {
    pthread_mutex_t lock;
    struct known *first;
    size_t count;
} shelf = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Under the lock. */
static const struct known *look_up(const char *address, const char *sql, int count)
{
    const size_t size = strlen(sql);
    for (const struct known *at = shelf.first; at; at = at->next) {
        if (at->size == size && at->count == count && memcmp(at->sql, sql, size) == 0 &&
            strcmp(at->address, address) == 0) {
            return at;
        }
    }
    return NULL;
}

bool postgres_types_find(const char *address, const char *sql, int count, Oid types[])
{
    (void)pthread_mutex_lock(&shelf.lock);
    const struct known *known = look_up(address, sql, count);
    if (known && count > 0) { memcpy(types, known->types, (size_t)count * sizeof types[0]); }
    (void)pthread_mutex_unlock(&shelf.lock);
    return known != NULL;
}

void postgres_types_keep(const char *address, const char *sql, int count, const Oid types[])
{
    const size_t bytes = (size_t)count * sizeof types[0];
    (void)pthread_mutex_lock(&shelf.lock);
    if (shelf.count < TYPES_KEPT_MAX && !look_up(address, sql, count)) {
        struct known *known = mem_zeroed(sizeof *known + bytes);
        known->address = mem_text(address);
        known->sql = mem_text(sql);
        known->size = strlen(sql);
        known->count = count;
        if (count > 0) { memcpy(known->types, types, bytes); }
        known->next = shelf.first;
        shelf.first = known;
        shelf.count++;
    }
    (void)pthread_mutex_unlock(&shelf.lock);
}
