/*
 * Any bytes as the body of an EST request: what is decoded is written and decoded to the same.
 */
#include <assert.h>

#include "trust/signing_request.h"
#include "wire/est.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(text_deinit) struct text der = text_limited(SIGNING_REQUEST_SIZE_MAX);
    if (est_read(&der, span_of(data, size), &(struct why){""})) { return 0; }
    CLEANUP(text_deinit) struct text written = text_limited(EST_BODY_SIZE_MAX);
    CLEANUP(text_deinit) struct text again = text_limited(SIGNING_REQUEST_SIZE_MAX);
    est_write(&written, text_span(&der));
    const enum err err = est_read(&again, text_span(&written), &(struct why){""});
    assert(!err && span_equal(text_span(&der), text_span(&again)));
    struct signing_request *request = NULL;
    if (!signing_request_from_der(&request, text_span(&der), &(struct why){""})) {
        signing_request_free(request);
    }
    return 0;
}
