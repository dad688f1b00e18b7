/* What counts as the word of a person, and every way to pass off something else as one. */
#include "trust/approval.h"

#include "check.h"
#include "site.h"
#include "tables.h"
#include "trust/authority_list.h"

#define ALERT_ID "019aaaaa-0000-7000-8000-000000000001"

static const char content_words[] =
    "{'type':'alert','alert_id':'" ALERT_ID "','revision':1,'action':'show','tier':'emergency',"
    "'targets':{'broadcast':false,'zones':['north'],'devices':[]},"
    "'texts':[{'language':'en','text':'Leave by the north gate'},"
    "{'language':'ml','text':'\xe0\xb4\xb5'}],"
    "'begin':'2026-11-22T09:30:00Z','expire':'2026-11-22T10:30:00Z','repeat_s':0}";

struct bench {
    struct test_site site;
    struct chain_judge *judge;
    struct anchors *anchors;
    struct value *content;
    struct signer *anna, *ben;
};

static struct approval_court court_at(const struct bench *bench, int64_t now_us)
{
    return (struct approval_court){.judge = bench->judge, .site = "demo", .now_us = now_us};
}

static void bench_open(struct bench *bench)
{
    struct why why = {0};
    *bench = (struct bench){0};
    test_site_open(&bench->site, "demo");
    test_must(anchors_open(&bench->anchors, TEST_PATH(&bench->site, "ca.crt"), &why), &why);
    test_must(chain_judge_new(&bench->judge, bench->anchors, "demo", &why), &why);
    bench->content = json(content_words);
    bench->anna = test_site_signer(&bench->site, ROLE_OPERATOR, "anna");
    bench->ben = test_site_signer(&bench->site, ROLE_OPERATOR, "ben");
}

static void bench_close(struct bench *bench)
{
    signer_close(bench->anna);
    signer_close(bench->ben);
    value_free(bench->content);
    chain_judge_free(bench->judge);
    anchors_free(bench->anchors);
    test_site_close(&bench->site);
}

static struct value *approve(const struct signer *signer, const struct value *content)
{
    struct why why = {0};
    struct value *approval = NULL;
    test_must(signer_approve(signer, content, &approval, &why), &why);
    return approval;
}

/* "anna,ben|fault": who counts when these approvals stand in the content. Takes them. */
static const char *count_at(const struct bench *bench, const struct value *content,
                            struct value *const list[], int64_t now_us)
{
    static char words[512];
    CLEANUP(value_free_p) struct value *whole = value_copy(content);
    struct value *approvals = value_array();
    for (size_t i = 0; list[i]; i++) {
        value_append(approvals, list[i]);
    }
    value_set(whole, "approvals", approvals);
    struct why why = {0};
    struct approvals people;
    const struct approval_court court = court_at(bench, now_us);
    if (approvals_count(&court, whole, &people, &why)) { return "malformed"; }
    size_t at = 0;
    for (size_t i = 0; i < people.count; i++) {
        at += (size_t)snprintf(words + at, sizeof words - at, "%s,", people.people[i].name);
    }
    (void)snprintf(words + at, sizeof words - at, "|%s", people.fault.text);
    return words;
}
#define COUNT(bench, content, ...)                                                                 \
    count_at((bench), (content), (struct value *[]){__VA_ARGS__, NULL}, TEST_NOW_US)

static void test_counts(const struct bench *bench)
{
    const struct value *content = bench->content;
    CHECK_TEXT(COUNT(bench, content, approve(bench->anna, content)), "anna,|");
    CHECK_TEXT(COUNT(bench, content, approve(bench->anna, content), approve(bench->ben, content)),
               "anna,ben,|");
    const struct approval_court court = court_at(bench, TEST_NOW_US);
    struct approvals none = {.count = 7};
    CHECK(approvals_count(&court, content, &none, NULL) == OK && none.count == 0);
}

/* An approval of one content, shown with another that differs in one member. */
static void test_moved(const struct bench *bench)
{
    static const char *const changes[][2] = {
        {"alert_id", "'019aaaaa-0000-7000-8000-000000000002'"},
        {"revision", "2"},
        {"action", "'cancel'"},
        {"tier", "'warning'"},
        {"targets", "{'broadcast':true,'zones':[],'devices':[]}"},
        {"texts", "[{'language':'en','text':'Leave by the north gate'}]"},
        {"begin", "'2026-11-22T09:30:01Z'"},
        {"expire", "'2026-11-23T09:30:00Z'"},
        {"repeat_s", "1"},
        {"status", "'exercise'"},
        {"type", "'confirm'"},
        {"invented", "true"},
    };
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        CLEANUP(value_free_p) struct value *other = value_copy(bench->content);
        char array[128];
        (void)snprintf(array, sizeof array, "[%s]", changes[i][1]);
        CLEANUP(value_free_p) struct value *member = json(array);
        value_set(other, changes[i][0], value_copy(value_at(member, 0)));
        CHECK_TEXT(COUNT(bench, other, approve(bench->anna, bench->content)),
                   "|operator anna has signed something else than this");
    }
}

static void test_twice(const struct bench *bench)
{
    const struct value *content = bench->content;
    CHECK_TEXT(COUNT(bench, content, approve(bench->anna, content), approve(bench->anna, content)),
               "anna,|operator anna counts already");
    /* A second certificate of the same person, with another key. */
    struct signer *again = test_site_signer(&bench->site, ROLE_OPERATOR, "anna");
    CHECK_TEXT(COUNT(bench, content, approve(bench->anna, content), approve(again, content)),
               "anna,|operator anna counts already");
    signer_close(again);
    /* The same key under another name. */
    struct why why = {0};
    CLEANUP(key_free_p) struct key *key = NULL;
    CLEANUP(text_deinit) struct text der = text_limited(SIGNING_REQUEST_SIZE_MAX);
    CLEANUP(signing_request_free_p) struct signing_request *asked = NULL;
    const struct identity identity = {.site = "demo", .role = ROLE_OPERATOR, .name = "carl"};
    test_must(key_load(&key, TEST_PATH(&bench->site, "ben.key"), NULL, &why), &why);
    test_must(signing_request_make(&der, key, &identity, &why), &why);
    test_must(signing_request_from_der(&asked, text_span(&der), &why), &why);
    const struct authority_request request = {
        .role = ROLE_OPERATOR, .name = "carl", .asked = asked};
    struct authority_issued issued = {.key = TAKE(key)};
    test_must(
        authority_certify(&issued.certificate, bench->site.authority, &request, TEST_NOW_US, &why),
        &why);
    test_must(authority_issued_save(&issued, bench->site.folder, "carl", &why), &why);
    authority_issued_deinit(&issued);
    struct signer *carl = NULL;
    test_must(signer_open(&carl, TEST_PATH(&bench->site, "carl.key"),
                          TEST_PATH(&bench->site, "carl.crt"), &why),
              &why);
    CHECK_TEXT(COUNT(bench, content, approve(bench->ben, content), approve(carl, content)),
               "ben,|operator carl counts already");
    signer_close(carl);
}

static void test_others(const struct bench *bench)
{
    static const struct {
        enum role role;
        const char *words;
    } cases[] = {
        {ROLE_EDGE, "|edge/x is not an operator and may approve nothing"},
        {ROLE_GATEWAY, "|gateway/x is not an operator and may approve nothing"},
        {ROLE_CONTROL, "|control/x is not an operator and may approve nothing"},
        {ROLE_OPS, "|ops/x is not an operator and may approve nothing"},
        {ROLE_ENROL, "|enrol/x is not an operator and may approve nothing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct signer *signer = test_site_signer(&bench->site, cases[i].role, "x");
        CHECK_TEXT(COUNT(bench, bench->content, approve(signer, bench->content)), cases[i].words);
        signer_close(signer);
    }
    struct test_site other;
    test_site_open(&other, "demo"); /* the same name, another CA */
    struct signer *stranger = test_site_signer(&other, ROLE_OPERATOR, "anna");
    const char *words = COUNT(bench, bench->content, approve(stranger, bench->content));
    CHECK(strstr(words, "|the chain does not lead to the site CA") == words);
    signer_close(stranger);
    test_site_close(&other);
}

static void test_expired(const struct bench *bench)
{
    const int64_t late_us = TEST_NOW_US + 31 * CLOCK_DAY_US;
    struct value *list[] = {approve(bench->anna, bench->content), NULL};
    CHECK(strstr(count_at(bench, bench->content, list, late_us), "expired") != NULL);
}

static void test_revoked(const struct bench *bench)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text list = text_limited(REVOCATION_SIZE_MAX);
    CLEANUP(revocations_close_p) struct revocations *revocations = NULL;
    struct authority_list_entry entry = {.at_us = TEST_NOW_US};
    certificate_serial(signer_certificate(bench->anna), &entry.serial);
    const struct authority_list all = {.number = 1,
                                       .now_us = TEST_NOW_US,
                                       .next_us = TEST_NOW_US + CLOCK_DAY_US,
                                       .entries = &entry,
                                       .count = 1};
    test_must(authority_list_sign(&list, bench->site.authority, &all, &why), &why);
    test_must(revocations_open(&revocations, bench->anchors, NULL, &why), &why);
    enum revocation_answer taken = REVOCATION_ANSWER_OLDER;
    test_must(revocations_take(revocations, text_span(&list), &taken, &why), &why);
    struct approval_court court = court_at(bench, TEST_NOW_US);
    court.revocations = revocations;
    struct approvals people = {.count = 0};
    CLEANUP(value_free_p) struct value *annas = approve(bench->anna, bench->content);
    CLEANUP(value_free_p) struct value *bens = approve(bench->ben, bench->content);
    CHECK(approval_judge(&court, bench->content, annas, &people, &why) == APPROVAL_ANSWER_REVOKED);
    CHECK(approval_judge(&court, bench->content, bens, &people, &why) == APPROVAL_ANSWER_COUNTS);
    CHECK(people.count == 1);
}

/* A key that signs approvals signs nothing else with them, and the other way round. */
static void test_domain(const struct bench *bench)
{
    struct why why = {0};
    CLEANUP(text_deinit) struct text words = text_limited(APPROVAL_TEXT_SIZE_MAX);
    test_must(approval_text(&words, "demo", bench->content, &why), &why);
    static const char head[] = "tocsin approval 1\ndemo\n{\"action\":\"show\",";
    CHECK(strncmp(text_c(&words), head, sizeof head - 1) == 0);
    CHECK(strstr(text_c(&words), "approvals") == NULL);
    /* An envelope's signature, shown as an approval of its content. */
    CLEANUP(text_deinit) struct text message = text_limited(ENVELOPE_SIZE_MAX);
    const struct envelope_draft draft = {
        .tier = TIER_EMERGENCY, .now_us = TEST_NOW_US, .content = value_copy(bench->content)};
    test_must(envelope_sign(bench->anna, &draft, &message, &why), &why);
    CLEANUP(value_free_p) struct value *envelope = NULL;
    test_must(value_parse(&envelope, text_span(&message), ENVELOPE_SIZE_MAX, &why), &why);
    struct value *approval = value_object();
    value_set(approval, "signature", value_copy(value_get(envelope, "signature")));
    value_set(approval, "certificate_chain", value_copy(value_get(envelope, "certificate_chain")));
    CHECK_TEXT(COUNT(bench, bench->content, approval),
               "|operator anna has signed something else than this");
    /* The same content at another site. */
    struct approval_court court = court_at(bench, TEST_NOW_US);
    court.site = "elsewhere";
    struct approvals people = {.count = 0};
    CLEANUP(value_free_p) struct value *annas = approve(bench->anna, bench->content);
    CHECK(approval_judge(&court, bench->content, annas, &people, &why) == APPROVAL_ANSWER_FORGED);
}

static void test_form(const struct bench *bench)
{
    static const char *const forms[] = {"[1]", "['x']", "[{}]", "[{'signature':'AA=='}]",
                                        "[{'signature':'AA==','certificate_chain':['x']}]"};
    const struct approval_court court = court_at(bench, TEST_NOW_US);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        CLEANUP(value_free_p) struct value *list = json(forms[i]);
        struct approvals people = {.count = 0};
        CHECK(approval_judge(&court, bench->content, value_at(list, 0), &people, NULL) ==
              APPROVAL_ANSWER_MALFORMED);
    }
    CLEANUP(value_free_p) struct value *extra = approve(bench->anna, bench->content);
    value_set_text(extra, "note", "x");
    struct approvals people = {.count = 0};
    CHECK(approval_judge(&court, bench->content, extra, &people, NULL) ==
          APPROVAL_ANSWER_MALFORMED);
    CLEANUP(value_free_p) struct value *whole = value_copy(bench->content);
    value_set_text(whole, "approvals", "none");
    CHECK(approvals_count(&court, whole, &people, NULL) == ERR_MALFORMED);
    struct value *many = value_array();
    for (int i = 0; i <= APPROVAL_COUNT_MAX; i++) {
        value_append(many, approve(bench->anna, bench->content));
    }
    value_set(whole, "approvals", many);
    CHECK(approvals_count(&court, whole, &people, NULL) == ERR_MALFORMED);
    CHECK_TEXT(approval_answer_name(APPROVAL_ANSWER_TWICE), "twice");
}

int main(void)
{
    struct bench bench;
    bench_open(&bench);
    test_counts(&bench);
    test_moved(&bench);
    test_twice(&bench);
    test_others(&bench);
    test_expired(&bench);
    test_revoked(&bench);
    test_domain(&bench);
    test_form(&bench);
    bench_close(&bench);
    return CHECK_DONE();
}
