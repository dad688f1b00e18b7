/* A policy file: whatever it says, no witness at all is enough only when it says "none". */
#include "inspection/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy policy;
    static const bool nobody[POLICY_WITNESSES_MAX];
    if (policy_parse(&policy, span_of(data, size), NULL)) { return 0; }
    if (policy_met(&policy, nobody) != policy.no_quorum) { abort(); }
    return 0;
}
