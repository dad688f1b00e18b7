/*
 * Any bytes to a verifier with a real CA; and, so that the fuzzer gets behind the shape, the same
 * bytes written over a message that would be admitted: what is then admitted says what was signed.
 */
#include <assert.h>

#include "site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct verifier *verifier;
static struct text genuine;

static void start(void)
{
    static struct test_site site;
    test_site_open(&site, "riverside");
    struct signer *signer = test_site_signer(&site, ROLE_CONTROL, "control-1");
    verifier = test_site_verifier(&site);
    /* An alert is not judged for replay: the same message can be offered again and again. */
    genuine = test_message(signer, TIER_ADVISORY, "alert", TEST_NOW_US);
    signer_close(signer);
    test_site_close(&site);
}

static void judge(struct span bytes)
{
    struct envelope envelope = {0};
    struct why why = {0};
    const enum verdict verdict = verifier_judge(verifier, bytes, TEST_NOW_US, &envelope, &why);
    if (verdict == VERDICT_ADMIT) {
        assert(strcmp(envelope.type, "alert") == 0 && envelope.tier == TIER_ADVISORY);
        assert(strcmp(envelope.signer.name, "control-1") == 0);
        assert(value_count(envelope.content) == 1);
    } else {
        assert(why.text[0] && !envelope.whole);
    }
    envelope_deinit(&envelope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!verifier) { start(); }
    judge(span_of(data, size));
    if (size < 4) { return 0; }
    struct text changed = text_limited(ENVELOPE_SIZE_MAX + 4096);
    const size_t at = ((size_t)data[0] << 8 | data[1]) % genuine.size;
    const size_t cut = ((size_t)data[2] << 8 | data[3]) % (genuine.size - at);
    text_add_bytes(&changed, span_of(genuine.data, at));
    text_add_bytes(&changed, span_of(data + 4, size - 4 < 4096 ? size - 4 : 4096));
    text_add_bytes(&changed, span_of(genuine.data + at + cut, genuine.size - at - cut));
    judge(text_span(&changed));
    text_deinit(&changed);
    return 0;
}
