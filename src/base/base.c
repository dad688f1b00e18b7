#include "base/base.h"

#include <string.h>

void *mem_zeroed(size_t size)
{
    return mem_zeroed_array(1, size);
}

void *mem_zeroed_array(size_t count, size_t size)
{
    void *block = calloc(count ? count : 1, size ? size : 1);
    if (!block) { abort(); }
    return block;
}

void *mem_resized(void *block, size_t size)
{
    void *resized = realloc(block, size ? size : 1);
    if (!resized) { abort(); }
    return resized;
}

char *mem_text(const char *text)
{
    return mem_text_of(text, strlen(text));
}

char *mem_text_of(const char *text, size_t size)
{
    char *copy = mem_zeroed(size + 1);
    if (size > 0) { memcpy(copy, text, size); } /* an empty span may have no address */
    return copy;
}
