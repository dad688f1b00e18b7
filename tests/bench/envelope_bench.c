/*
 * What the envelope costs: signing, and verifying with the chain known (hot) and not (cold).
 * Prints `name<TAB>value<TAB>unit`: the median and the 99th percentile of single calls, which other
 * work on the machine disturbs less than a mean.
 */
#include "site.h"

enum { ROUND_COUNT = 2000, COLD_COUNT = 300 };

static int64_t took_us[ROUND_COUNT];

static int by_size(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a;
    const int64_t two = *(const int64_t *)b;
    return (one > two) - (one < two);
}

static void print_times(const char *name, size_t count)
{
    qsort(took_us, count, sizeof *took_us, by_size);
    printf("%s\t%lld\tus\n", name, (long long)took_us[count / 2]);
    printf("%s_p99\t%lld\tus\n", name, (long long)took_us[count * 99 / 100]);
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

    for (int i = 0; i < ROUND_COUNT; i++) {
        messages[i] = text_limited(ENVELOPE_SIZE_MAX);
        struct value *content = event_content();
        const int64_t begin_us = clock_monotonic_us();
        test_must(envelope_sign(signer,
                                &(struct envelope_draft){.now_us = TEST_NOW_US, .content = content},
                                &messages[i], &why),
                  &why);
        took_us[i] = clock_monotonic_us() - begin_us;
    }
    print_times("envelope_sign", ROUND_COUNT);
    printf("envelope_size\t%zu\tbytes\n", messages[0].size);

    must_admit(verifier, &messages[0]);
    for (int i = 1; i < ROUND_COUNT; i++) {
        const int64_t begin_us = clock_monotonic_us();
        must_admit(verifier, &messages[i]);
        took_us[i - 1] = clock_monotonic_us() - begin_us;
    }
    print_times("envelope_verify_hot", ROUND_COUNT - 1);
    verifier_close(verifier);

    for (int i = 0; i < COLD_COUNT; i++) {
        verifier = test_site_verifier(&site);
        const int64_t begin_us = clock_monotonic_us();
        must_admit(verifier, &messages[i]);
        took_us[i] = clock_monotonic_us() - begin_us;
        verifier_close(verifier);
    }
    print_times("envelope_verify_cold", COLD_COUNT);

    for (int i = 0; i < ROUND_COUNT; i++) {
        text_deinit(&messages[i]);
    }
    signer_close(signer);
    test_site_close(&site);
    return 0;
}
