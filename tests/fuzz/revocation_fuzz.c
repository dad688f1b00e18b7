/*
 * Any bytes as a list of withdrawn certificates: without the CA's key none is taken.
 */
#include <assert.h>

#include "base/clock.h"
#include "trust/authority.h"
#include "trust/revocation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct revocations *make(void)
{
    struct authority *authority = NULL;
    struct anchors *anchors = NULL;
    struct revocations *held = NULL;
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    enum err err = authority_new(&authority, "riverside", KEY_KIND_ED25519, clock_wall_us(), NULL);
    assert(!err);
    certificate_write_pem(authority_certificate(authority), &pem);
    err = anchors_from_pem(&anchors, text_span(&pem), NULL);
    assert(!err);
    err = revocations_open(&held, anchors, NULL, NULL);
    assert(!err);
    authority_close(authority);
    return held;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct revocations *held;
    if (!held) { held = make(); }
    enum revocation_answer answer = REVOCATION_ANSWER_TAKEN;
    const enum err err = revocations_take(held, span_of(data, size), &answer, &(struct why){""});
    assert(!err);
    assert(answer == REVOCATION_ANSWER_FORGED || answer == REVOCATION_ANSWER_MALFORMED);
    assert(revocations_number(held) == 0 && revocations_count(held) == 0);
    return 0;
}
