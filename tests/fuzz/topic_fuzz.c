/* Topics as a broker may hand them over. */
#include "fleet/topic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(mem_free_p) char *topic = mem_text_of((const char *)data, size);
    struct topic_parts parts;
    char again[TOPIC_SIZE];
    if (!topic_split(&parts, "tocsin", topic) || parts.kind == TOPIC_KIND_OTHER ||
        parts.kind == TOPIC_KIND_ALERT || parts.kind == TOPIC_KIND_REVOCATION) {
        return 0;
    }
    if (topic_of_device(again, "tocsin", parts.kind, parts.device) != OK) { abort(); }
    if (strcmp(again, topic) != 0) { abort(); }
    return 0;
}
