/* A deed as another program tells it: what is taken has its own actions, and all of its members. */
#include "ledger/deed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct value *object = NULL;
    struct deed deed;
    if (value_parse(&object, span_of(data, size), DEED_ANSWER_SIZE_MAX, NULL)) { return 0; }
    if (deed_parse(&deed, object, NULL) == OK &&
        (deed.number < 1 || deed.previous < 0 || !deed.resource || !deed.details ||
         (strncmp(deed.action, "member_", 7) != 0 && strncmp(deed.action, "enrol_", 6) != 0))) {
        abort();
    }
    value_free(object);
    return 0;
}
