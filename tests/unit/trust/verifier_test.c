#include "check.h"
#include "site.h"
#include "trust/authority_list.h"

#define MINUTE CLOCK_MINUTE_US

struct bench {
    struct test_site site;
    struct signer *edge;
    struct signer *control;
    struct verifier *verifier;
};

static void setup(struct bench *bench)
{
    test_site_open(&bench->site, "riverside");
    bench->edge = test_site_signer(&bench->site, ROLE_EDGE, "north-1");
    bench->control = test_site_signer(&bench->site, ROLE_CONTROL, "control-1");
    bench->verifier = test_site_verifier(&bench->site);
}

static void teardown(struct bench *bench)
{
    signer_close(bench->edge);
    signer_close(bench->control);
    verifier_close(bench->verifier);
    test_site_close(&bench->site);
}

static enum verdict judge_at(struct verifier *verifier, const char *json, int64_t now_us)
{
    struct envelope envelope = {0};
    struct why why = {0};
    const enum verdict verdict = verifier_judge(verifier, span_text(json), now_us, &envelope, &why);
    if (verdict) { printf("# %s: %s\n", verdict_name(verdict), why.text); }
    if ((verdict == VERDICT_ADMIT) == (why.text[0] != '\0')) { return (enum verdict) - 1; }
    envelope_deinit(&envelope);
    return verdict;
}

static enum verdict judge(struct verifier *verifier, const char *json)
{
    return judge_at(verifier, json, TEST_NOW_US);
}

/* Signs, judges with the verifier of `bench`, and tells the verdict. */
static enum verdict judge_new(struct bench *bench, const struct signer *signer, enum tier tier,
                              int64_t signed_us)
{
    struct text message = test_message(signer, tier, "event", signed_us);
    const enum verdict verdict = judge(bench->verifier, text_c(&message));
    text_deinit(&message);
    return verdict;
}

/* The message with one piece of its text replaced by another; free() it. */
static char *changed(const char *json, const char *from, const char *to)
{
    const char *at = strstr(json, from);
    if (!at) { abort(); }
    struct text out = text_limited((size_t)4 * ENVELOPE_SIZE_MAX);
    text_add_bytes(&out, span_of(json, (size_t)(at - json)));
    text_add(&out, to);
    text_add(&out, at + strlen(from));
    return text_take(&out);
}

static enum verdict judge_changed(struct bench *bench, const char *from, const char *to)
{
    struct text message = test_message(bench->edge, TIER_INFORMATIONAL, "event", TEST_NOW_US);
    CLEANUP(mem_free_p) char *other = changed(text_c(&message), from, to);
    text_deinit(&message);
    return judge(bench->verifier, other);
}

/* The message with the value of one member replaced (NULL: removed). */
static enum verdict judge_member(struct bench *bench, const char *key, struct value *member)
{
    struct text message = test_message(bench->edge, TIER_INFORMATIONAL, "event", TEST_NOW_US);
    struct value *whole = NULL;
    test_must(value_parse(&whole, text_span(&message), ENVELOPE_SIZE_MAX, NULL), &(struct why){""});
    if (member) {
        value_set(whole, key, member);
    } else {
        value_remove(whole, key);
    }
    text_clear(&message);
    value_write(whole, &message);
    value_free(whole);
    const enum verdict verdict = judge(bench->verifier, text_c(&message));
    text_deinit(&message);
    return verdict;
}

static void test_admit(struct bench *bench)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text message = text_limited(ENVELOPE_SIZE_MAX);
    struct value *content = value_object();
    value_set_text(content, "type", "event");
    value_set_real(content, "score", 0.87);
    value_set_text(content, "label", "\xe0\xb4\xb5\xe0\xb4\xb4\xe0\xb4\xbf \"x\"\n");
    test_must(envelope_sign(bench->edge,
                            &(struct envelope_draft){.now_us = TEST_NOW_US, .content = content},
                            &message, &why),
              &why);
    struct envelope envelope = {0};
    CHECK(verifier_judge(bench->verifier, text_span(&message), TEST_NOW_US, &envelope, &why) ==
          VERDICT_ADMIT);
    CHECK(id_valid(envelope.message_id));
    CHECK(envelope.timestamp_us == TEST_NOW_US && envelope.tier == TIER_INFORMATIONAL);
    CHECK(envelope.signer.role == ROLE_EDGE);
    CHECK_TEXT(envelope.signer.site, "riverside");
    CHECK_TEXT(envelope.signer.name, "north-1");
    CHECK_TEXT(envelope.type, "event");
    CHECK(value_real_or(value_get(envelope.content, "score"), 0) == 0.87);
    envelope_deinit(&envelope);
}

static void test_oversized(struct bench *bench)
{
    CLEANUP(mem_free_p) char *big = mem_zeroed(ENVELOPE_SIZE_MAX + 2);
    memset(big, ' ', ENVELOPE_SIZE_MAX + 1);
    CHECK(judge(bench->verifier, big) == VERDICT_OVERSIZED);
    big[ENVELOPE_SIZE_MAX] = '\0';
    CHECK(judge(bench->verifier, big) == VERDICT_MALFORMED);
}

static void test_malformed(struct bench *bench)
{
    CHECK(judge(bench->verifier, "") == VERDICT_MALFORMED);
    CHECK(judge(bench->verifier, "[]") == VERDICT_MALFORMED);
    CHECK(judge(bench->verifier, "{}") == VERDICT_MALFORMED);
    static const char *const members[] = {"message_id", "timestamp", "tier", "content"};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        CHECK(judge_member(bench, members[i], NULL) == VERDICT_MALFORMED);
        CHECK(judge_member(bench, members[i], value_integer(7)) == VERDICT_MALFORMED);
        CHECK(judge_member(bench, members[i], value_text("x")) == VERDICT_MALFORMED);
    }
    CHECK(judge_member(bench, "content", value_object()) == VERDICT_MALFORMED);
    CHECK(judge_member(bench, "more", value_null()) == VERDICT_MALFORMED);
    CHECK(judge_member(bench, "signature", value_text("%%")) == VERDICT_MALFORMED);
    CHECK(judge_member(bench, "signature", value_text("AAAA")) == VERDICT_MALFORMED);
    CHECK(judge_member(bench, "signature", value_integer(1)) == VERDICT_MALFORMED);
    CHECK(judge_member(bench, "certificate_chain", value_text("AAAA")) == VERDICT_MALFORMED);
    struct value *five = value_array();
    for (int i = 0; i < 5; i++) {
        value_append(five, value_text("AAAA"));
    }
    CHECK(judge_member(bench, "certificate_chain", five) == VERDICT_MALFORMED);
    CHECK(judge_member(bench, "timestamp", value_text("2026-11-22T09:30:00+01:00")) ==
          VERDICT_MALFORMED);
    CHECK(judge_member(bench, "message_id", value_text("9f3c1a52-0b7e-4d3a-8c11-5a2b6c7d8e9f")) ==
          VERDICT_MALFORMED);
    CHECK(judge_changed(bench, "{\"content\"", "{\"tier\":\"ipaws\",\"content\"") ==
          VERDICT_MALFORMED); /* a member twice */
    CHECK(judge_changed(bench, "\"event\"", "\"event\",\"n\":9007199254740993") ==
          VERDICT_MALFORMED); /* no canonical form */
}

static void test_unsigned(struct bench *bench)
{
    CHECK(judge_member(bench, "signature", NULL) == VERDICT_UNSIGNED);
    CHECK(judge_member(bench, "signature", value_text("")) == VERDICT_UNSIGNED);
    CHECK(judge_member(bench, "certificate_chain", NULL) == VERDICT_UNSIGNED);
    CHECK(judge_member(bench, "certificate_chain", value_array()) == VERDICT_UNSIGNED);
}

static void test_untrusted(struct bench *bench)
{
    struct value *chain = value_array();
    value_append(chain, value_text("AAAA"));
    CHECK(judge_member(bench, "certificate_chain", chain) == VERDICT_UNTRUSTED);

    struct test_site other; /* the same site name and identity, another CA */
    test_site_open(&other, "riverside");
    struct signer *impostor = test_site_signer(&other, ROLE_EDGE, "north-1");
    CHECK(judge_new(bench, impostor, TIER_INFORMATIONAL, TEST_NOW_US) == VERDICT_UNTRUSTED);
    signer_close(impostor);
    test_site_close(&other);

    const int64_t late_us = TEST_NOW_US + 31 * CLOCK_DAY_US;
    struct text message = test_message(bench->edge, TIER_INFORMATIONAL, "event", late_us);
    CHECK(judge_at(bench->verifier, text_c(&message), late_us) == VERDICT_UNTRUSTED);
    text_deinit(&message);
    const int64_t early_us = TEST_NOW_US - 6 * MINUTE;
    message = test_message(bench->edge, TIER_INFORMATIONAL, "event", early_us);
    CHECK(judge_at(bench->verifier, text_c(&message), early_us) == VERDICT_UNTRUSTED);
    text_deinit(&message);
}

static void test_over_tier(struct bench *bench)
{
    CHECK(judge_new(bench, bench->edge, TIER_EMERGENCY, TEST_NOW_US) == VERDICT_OVER_TIER);
    CHECK(judge_new(bench, bench->edge, TIER_ADVISORY, TEST_NOW_US) == VERDICT_OVER_TIER);
    CHECK(judge_new(bench, bench->control, TIER_WARNING, TEST_NOW_US) == VERDICT_ADMIT);
    CHECK(judge_new(bench, bench->control, TIER_EMERGENCY, TEST_NOW_US) == VERDICT_OVER_TIER);
    CHECK(judge_new(bench, bench->control, TIER_IPAWS, TEST_NOW_US) == VERDICT_OVER_TIER);
    struct signer *broker = test_site_signer(&bench->site, ROLE_BROKER, "broker-1");
    CHECK(judge_new(bench, broker, TIER_INFORMATIONAL, TEST_NOW_US) == VERDICT_OVER_TIER);
    signer_close(broker);
}

/* What becomes of an alert that says `status` of itself (NULL: nothing). */
static enum verdict judge_status(struct bench *bench, const struct signer *signer,
                                 struct value *status)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text message = text_limited(ENVELOPE_SIZE_MAX);
    struct value *content = value_object();
    value_set_text(content, "type", "alert");
    if (status) { value_set(content, "status", status); }
    const struct envelope_draft draft = {
        .tier = TIER_WARNING, .now_us = TEST_NOW_US, .content = content};
    test_must(envelope_sign(signer, &draft, &message, &why), &why);
    return judge(bench->verifier, text_c(&message));
}

/* Exercises have a key of their own: each key is worth nothing for the other's purpose. */
static void test_wrong_key(struct bench *bench)
{
    struct signer *drill = test_site_signer(&bench->site, ROLE_EXERCISE, "drill");
    static const char *const practised[] = {"exercise", "test", "Actual", ""};
    for (size_t i = 0; i < ARRAY_LEN(practised); i++) {
        const char *word = practised[i];
        CHECK(judge_status(bench, drill, value_text(word)) == VERDICT_ADMIT);
        CHECK(judge_status(bench, bench->control, value_text(word)) == VERDICT_WRONG_KEY);
        CHECK(judge_status(bench, bench->edge, value_text(word)) == VERDICT_WRONG_KEY);
    }
    CHECK(judge_status(bench, bench->control, value_integer(0)) == VERDICT_WRONG_KEY);
    CHECK(judge_status(bench, bench->control, value_null()) == VERDICT_WRONG_KEY);
    CHECK(judge_status(bench, bench->control, value_text("actual")) == VERDICT_ADMIT);
    CHECK(judge_status(bench, bench->control, NULL) == VERDICT_ADMIT);
    CHECK(judge_status(bench, drill, value_text("actual")) == VERDICT_WRONG_KEY);
    CHECK(judge_status(bench, drill, NULL) == VERDICT_WRONG_KEY);
    CHECK(judge_new(bench, drill, TIER_INFORMATIONAL, TEST_NOW_US) == VERDICT_WRONG_KEY);
    CHECK(judge_new(bench, drill, TIER_EMERGENCY, TEST_NOW_US) == VERDICT_WRONG_KEY);
    signer_close(drill);
}

/* Whoever carries an emergency: it is an alert, and counts by what its operators have signed. */
static size_t people_behind(struct bench *bench, const struct signer *carrier,
                            const struct signer *person)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text message = text_limited(ENVELOPE_SIZE_MAX);
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    struct value *content = value_object();
    value_set_text(content, "type", "alert");
    value_set_text(content, "alert_id", "x");
    if (person) {
        struct value *approval = NULL;
        struct value *list = value_array();
        test_must(signer_approve(person, content, &approval, &why), &why);
        value_append(list, approval);
        value_set(content, "approvals", list);
    }
    const struct envelope_draft draft = {
        .tier = TIER_EMERGENCY, .now_us = TEST_NOW_US, .content = content};
    test_must(envelope_sign(carrier, &draft, &message, &why), &why);
    const enum verdict verdict =
        verifier_judge(bench->verifier, text_span(&message), TEST_NOW_US, &envelope, &why);
    return verdict == VERDICT_ADMIT ? envelope.approvals.count : 99;
}

static void test_approvals(struct bench *bench)
{
    struct signer *anna = test_site_signer(&bench->site, ROLE_OPERATOR, "anna");
    struct signer *ops = test_site_signer(&bench->site, ROLE_OPS, "ops-1");
    CHECK(people_behind(bench, bench->control, NULL) == 0);
    CHECK(people_behind(bench, bench->control, anna) == 1);
    CHECK(people_behind(bench, ops, NULL) == 0);
    CHECK(people_behind(bench, bench->control, ops) == 0);
    CHECK(people_behind(bench, bench->control, bench->control) == 0);
    CHECK(people_behind(bench, anna, anna) == 99); /* an operator's key carries no message */
    signer_close(ops);
    signer_close(anna);
}

static void test_time_window(struct bench *bench)
{
    struct verifier *fresh = test_site_verifier(&bench->site);
    struct text message = test_message(bench->edge, TIER_INFORMATIONAL, "event", TEST_NOW_US);
    const char *json = text_c(&message);
    const int64_t late_us = TEST_NOW_US + 48 * CLOCK_HOUR_US;
    CHECK(judge_at(fresh, json, late_us + 1) == VERDICT_STALE);
    CHECK(judge_at(fresh, json, TEST_NOW_US - 30 * CLOCK_SECOND_US - 1) == VERDICT_STALE);
    CHECK(judge_at(fresh, json, TEST_NOW_US - 30 * CLOCK_SECOND_US) == VERDICT_ADMIT);
    verifier_close(fresh);
    fresh = test_site_verifier(&bench->site);
    CHECK(judge_at(fresh, json, late_us) == VERDICT_ADMIT);
    verifier_close(fresh);
    text_deinit(&message);
}

static void count_mark(void *context, const char *issuer, int64_t timestamp_us)
{
    printf("# mark %s %lld\n", issuer, (long long)timestamp_us);
    (*(int *)context)++;
}

static void give_mark(void *context, const char *issuer, int64_t timestamp_us)
{
    verifier_mark_set(context, issuer, timestamp_us);
}

static void test_replay(struct bench *bench)
{
    struct verifier *first = test_site_verifier(&bench->site);
    struct verifier *second = test_site_verifier(&bench->site); /* after the restart */
    struct text old = test_message(bench->edge, TIER_INFORMATIONAL, "event", TEST_NOW_US);
    struct text new = test_message(bench->edge, TIER_INFORMATIONAL, "event", TEST_NOW_US + 1);
    CHECK(judge(first, text_c(&old)) == VERDICT_ADMIT);
    CHECK(judge(first, text_c(&old)) == VERDICT_REPLAYED);
    verifier_marks_each(first, give_mark, second);
    CHECK(judge(second, text_c(&old)) == VERDICT_REPLAYED);
    CHECK(judge(second, text_c(&new)) == VERDICT_ADMIT);
    int count = 0;
    verifier_marks_each(first, count_mark, &count);
    CHECK(count == 0); /* told already */
    text_deinit(&old);
    text_deinit(&new);
    verifier_close(first);
    verifier_close(second);
}

static void test_exempt(struct bench *bench)
{
    struct text alert = test_message(bench->control, TIER_ADVISORY, "alert", TEST_NOW_US);
    CHECK(judge(bench->verifier, text_c(&alert)) == VERDICT_ADMIT);
    CHECK(judge(bench->verifier, text_c(&alert)) == VERDICT_ADMIT);
    CHECK(judge_at(bench->verifier, text_c(&alert), TEST_NOW_US + 72 * CLOCK_HOUR_US) ==
          VERDICT_ADMIT);
    verifier_mark_set(bench->verifier, "control/control-1", TEST_NOW_US + MINUTE);
    CHECK(judge(bench->verifier, text_c(&alert)) == VERDICT_ADMIT);
    text_deinit(&alert);

    struct why why = {0};
    CLEANUP(text_deinit) struct text will = text_limited(ENVELOPE_SIZE_MAX);
    struct value *content = value_object();
    value_set_text(content, "type", "status");
    value_set_text(content, "state", "offline");
    test_must(envelope_sign(bench->edge,
                            &(struct envelope_draft){.now_us = TEST_NOW_US, .content = content},
                            &will, &why),
              &why);
    verifier_mark_set(bench->verifier, "edge/north-1", TEST_NOW_US + MINUTE);
    CHECK(judge_at(bench->verifier, text_c(&will), TEST_NOW_US + 72 * CLOCK_HOUR_US) ==
          VERDICT_ADMIT);
}

static void test_forged(struct bench *bench)
{
    CHECK(judge_changed(bench, "\"event\"", "\"evenT\"") == VERDICT_FORGED);
    CHECK(judge_changed(bench, "\"event\"", "\"event\",\"more\":1") == VERDICT_FORGED);
    CHECK(judge_changed(bench, "{\"content\"", "{ \"content\"") == VERDICT_ADMIT);
    struct text message = test_message(bench->edge, TIER_INFORMATIONAL, "event", TEST_NOW_US);
    CLEANUP(mem_free_p) char *forged = changed(text_c(&message), "\"event\"", "\"Event\"");
    CHECK(judge(bench->verifier, forged) == VERDICT_FORGED);
    CHECK(judge(bench->verifier, text_c(&message)) ==
          VERDICT_ADMIT); /* the forgery left no trace */
    text_deinit(&message);
}

/* A withdrawn certificate's messages are refused from the next one on, and for good. */
static void test_revoked(struct bench *bench)
{
    struct why why = {0};
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    CLEANUP(revocations_close_p) struct revocations *held = NULL;
    CLEANUP(verifier_close_p) struct verifier *verifier = NULL;
    char path[256];
    test_must(anchors_open(&anchors, test_path(&bench->site, path, "ca.crt"), &why), &why);
    test_must(revocations_open(&held, anchors, NULL, &why), &why);
    const struct verifier_config config = {
        .site = "riverside", .ca_path = path, .revocations = held};
    test_must(verifier_open(&verifier, &config, &why), &why);
    struct text before = test_message(bench->edge, TIER_INFORMATIONAL, "event", TEST_NOW_US);
    struct text after = test_message(bench->edge, TIER_INFORMATIONAL, "event", TEST_NOW_US + 1000);
    struct text other = test_message(bench->control, TIER_WARNING, "event", TEST_NOW_US);
    CHECK(judge(verifier, text_c(&before)) == VERDICT_ADMIT);

    struct authority_list_entry entry = {.at_us = TEST_NOW_US};
    certificate_serial(signer_certificate(bench->edge), &entry.serial);
    const struct authority_list list = {.number = 1,
                                        .now_us = TEST_NOW_US,
                                        .next_us = TEST_NOW_US + CLOCK_DAY_US,
                                        .entries = &entry,
                                        .count = 1};
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    enum revocation_answer answer = REVOCATION_ANSWER_MALFORMED;
    test_must(authority_list_sign(&der, bench->site.authority, &list, &why), &why);
    test_must(revocations_take(held, text_span(&der), &answer, &why), &why);
    CHECK(judge(verifier, text_c(&after)) == VERDICT_REVOKED); /* though its chain is cached */
    CHECK(judge(verifier, text_c(&other)) == VERDICT_ADMIT);
    CHECK_TEXT(verdict_name(VERDICT_REVOKED), "revoked");
    text_deinit(&before);
    text_deinit(&after);
    text_deinit(&other);
}

/* The list itself is retained by brokers: it is not judged by its age. */
static void test_revocation_message(struct bench *bench)
{
    struct signer *enrol = test_site_signer(&bench->site, ROLE_ENROL, "enrol");
    struct text message = test_message(enrol, TIER_INFORMATIONAL, "revocation", TEST_NOW_US);
    const int64_t later_us = TEST_NOW_US + 20 * CLOCK_DAY_US;
    CHECK(judge_at(bench->verifier, text_c(&message), later_us) == VERDICT_ADMIT);
    CHECK(judge_at(bench->verifier, text_c(&message), later_us) == VERDICT_ADMIT);
    text_deinit(&message);
    signer_close(enrol);
}

/* While one CA replaces the other, both are trusted; afterwards only the new one. */
static void test_two_authorities(struct bench *bench)
{
    struct why why = {0};
    struct test_site next;
    char path[256];
    test_site_open(&next, "riverside");
    struct signer *newcomer = test_site_signer(&next, ROLE_CONTROL, "control-2");
    struct text old = test_message(bench->control, TIER_WARNING, "event", TEST_NOW_US + 5000);
    struct text new = test_message(newcomer, TIER_WARNING, "event", TEST_NOW_US + 5000);
    struct text newer = test_message(newcomer, TIER_WARNING, "event", TEST_NOW_US + 6000);
    CHECK(judge(bench->verifier, text_c(&new)) == VERDICT_UNTRUSTED);

    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    certificate_write_pem(authority_certificate(bench->site.authority), &pem);
    certificate_write_pem(authority_certificate(next.authority), &pem);
    test_must(file_write(test_path(&next, path, "both.crt"), text_span(&pem), 0644, &why), &why);
    const struct verifier_config config = {.site = "riverside", .ca_path = path};
    CLEANUP(verifier_close_p) struct verifier *verifier = NULL;
    CHECK(verifier_open(&verifier, &config, &why) == OK);
    CHECK(judge(verifier, text_c(&old)) == VERDICT_ADMIT);
    CHECK(judge(verifier, text_c(&new)) == VERDICT_ADMIT);

    CLEANUP(anchors_free_p) struct anchors *only = NULL;
    test_must(anchors_open(&only, test_path(&next, path, "ca.crt"), &why), &why);
    CHECK(verifier_trust(verifier, only, &why) == OK);
    CHECK(judge(verifier, text_c(&old)) == VERDICT_UNTRUSTED);
    CHECK(judge(verifier, text_c(&new)) == VERDICT_REPLAYED); /* it forgot no message */
    CHECK(judge(verifier, text_c(&newer)) == VERDICT_ADMIT);
    text_deinit(&old);
    text_deinit(&new);
    text_deinit(&newer);
    signer_close(newcomer);
    test_site_close(&next);
}

static void test_open(struct bench *bench)
{
    struct verifier *verifier = NULL;
    struct why why = {0};
    char path[256];
    struct verifier_config config = {.site = "elsewhere",
                                     .ca_path = test_path(&bench->site, path, "ca.crt")};
    CHECK(verifier_open(&verifier, &config, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "elsewhere") != NULL);
    config.site = "riverside";
    config.ca_path = test_path(&bench->site, path, "north-1.crt");
    CHECK(verifier_open(&verifier, &config, &why) == ERR_MALFORMED);
    config.ca_path = test_path(&bench->site, path, "missing.crt");
    CHECK(verifier_open(&verifier, &config, &why) == ERR_NOT_FOUND);
    config.ca_path = test_path(&bench->site, path, "ca.key");
    CHECK(verifier_open(&verifier, &config, &why) == ERR_MALFORMED);
    verifier_close(NULL);
}

int main(void)
{
    struct bench bench;
    setup(&bench);
    test_admit(&bench);
    test_oversized(&bench);
    test_malformed(&bench);
    test_unsigned(&bench);
    test_untrusted(&bench);
    test_over_tier(&bench);
    test_wrong_key(&bench);
    test_approvals(&bench);
    test_time_window(&bench);
    test_replay(&bench);
    test_forged(&bench);
    test_exempt(&bench);
    test_open(&bench);
    test_revoked(&bench);
    test_revocation_message(&bench);
    test_two_authorities(&bench);
    teardown(&bench);
    return CHECK_DONE();
}
