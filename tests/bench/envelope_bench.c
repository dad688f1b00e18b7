/*
 * What the envelope costs: signing, and verifying with the chain known (hot) and not (cold).
 * Prints `name<TAB>value<TAB>unit`.
 */
#include "site.h"

enum { ROUND_COUNT = 2000, COLD_COUNT = 300 };

static double each_us(int64_t begin_us, int count)
{
    return (double)(clock_monotonic_us() - begin_us) / count;
}

static struct value *event_content(void)
{
    struct value *content = value_object();
    struct value *boxes = value_array();
    value_set_text(content, "type", "event");
    value_set_text(content, "camera", "gate");
    value_set_real(content, "score", 0.87);
    for (int i = 0; i < 8; i++) {
        struct value *box = value_array();
        for (int j = 0; j < 5; j++) {
            value_append(box, value_real(0.1 * j + 0.001 * i));
        }
        value_append(boxes, box);
    }
    value_set(content, "boxes", boxes);
    return content;
}

static void must_admit(struct verifier *verifier, const struct text *message)
{
    struct envelope envelope = {0};
    struct why why = {0};
    if (verifier_judge(verifier, text_span(message), TEST_NOW_US, &envelope, &why)) {
        printf("Bail out! %s\n", why.text);
        exit(1);
    }
    envelope_deinit(&envelope);
}

int main(void)
{
    struct test_site site;
    struct why why = {0};
    test_site_open(&site, "riverside");
    struct signer *signer = test_site_signer(&site, ROLE_EDGE, "north-1");
    struct verifier *verifier = test_site_verifier(&site);
    static struct text messages[ROUND_COUNT];

    int64_t begin_us = clock_monotonic_us();
    for (int i = 0; i < ROUND_COUNT; i++) {
        messages[i] = text_limited(ENVELOPE_SIZE_MAX);
        test_must(envelope_sign(signer, TIER_INFORMATIONAL, event_content(), TEST_NOW_US,
                                &messages[i], NULL, &why),
                  &why);
    }
    printf("envelope_sign\t%.1f\tus\n", each_us(begin_us, ROUND_COUNT));
    printf("envelope_size\t%zu\tbytes\n", messages[0].size);

    must_admit(verifier, &messages[0]);
    begin_us = clock_monotonic_us();
    for (int i = 1; i < ROUND_COUNT; i++) {
        must_admit(verifier, &messages[i]);
    }
    printf("envelope_verify_hot\t%.1f\tus\n", each_us(begin_us, ROUND_COUNT - 1));
    verifier_close(verifier);

    int64_t cold_us = 0;
    for (int i = 0; i < COLD_COUNT; i++) {
        verifier = test_site_verifier(&site);
        begin_us = clock_monotonic_us();
        must_admit(verifier, &messages[i]);
        cold_us += clock_monotonic_us() - begin_us;
        verifier_close(verifier);
    }
    printf("envelope_verify_cold\t%.1f\tus\n", (double)cold_us / COLD_COUNT);

    for (int i = 0; i < ROUND_COUNT; i++) {
        text_deinit(&messages[i]);
    }
    signer_close(signer);
    test_site_close(&site);
    return 0;
}
