/*
 * control/identity/ca_news - how often the file of the site's CAs has changed while we run: whoever
 * keeps a judge of chains makes it anew when the number is another. Any thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct ca_news {
    atomic_uint_fast64_t count;
};

uint64_t ca_news_count(const struct ca_news *news); /* NULL: never */
void ca_news_tell(struct ca_news *news);
