/* Lists of languages from configuration. */
#include "alert/language.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(mem_free_p) char *tags = mem_text_of((const char *)data, size);
    struct language_list list;
    if (language_list_parse(&list, tags, NULL) != OK) { return 0; }
    for (size_t i = 0; i < list.count; i++) {
        if (!language_valid(list.tags[i])) { abort(); }
    }
    return 0;
}
