/* What current_read accepts, it writes and reads again the same. */
#include <assert.h>

#include "release/current.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct current one;
    static struct current two;
    if (current_read(&one, span_of(data, size), NULL)) { return 0; }
    CLEANUP(text_deinit) struct text text = text_limited(CURRENT_SIZE_MAX);
    current_write(&one, &text);
    if (text.overflow) { return 0; }
    assert(current_read(&two, text_span(&text), NULL) == OK);
    assert(one.count == two.count && one.now == two.now && one.changed_us == two.changed_us);
    return 0;
}
