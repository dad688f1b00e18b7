#include "programs/control/identity/ca_news.h"

#include <stddef.h>

uint64_t ca_news_count(const struct ca_news *news)
{
    return news ? (uint64_t)atomic_load(&news->count) : 0;
}

void ca_news_tell(struct ca_news *news)
{
    (void)atomic_fetch_add(&news->count, 1);
}
