/*
 * Any bytes as a signing request: what is read has a key, and suits one name at most.
 */
#include <assert.h>

#include "trust/signing_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signing_request *request = NULL;
    if (signing_request_from_der(&request, span_of(data, size), &(struct why){""})) {
        assert(!request);
        return 0;
    }
    const struct identity north = {.site = "riverside", .role = ROLE_EDGE, .name = "north-1"};
    const enum err err = signing_request_suits(request, &north, &(struct why){""});
    assert(err == OK || err == ERR_DENIED);
    signing_request_free(request);
    return 0;
}
