/*
 * Any bytes as an alert's content with its approvals; and the same bytes written over a content
 * that one operator has approved: whoever counts then has signed exactly what is there.
 */
#include <assert.h>

#include "site.h"
#include "tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct chain_judge *judge;
static struct text genuine, approved;

static void start(void)
{
    static struct test_site site;
    struct why why = {0};
    struct anchors *anchors = NULL;
    test_site_open(&site, "riverside");
    struct signer *anna = test_site_signer(&site, ROLE_OPERATOR, "anna");
    test_must(anchors_open(&anchors, TEST_PATH(&site, "ca.crt"), &why), &why);
    test_must(chain_judge_new(&judge, anchors, "riverside", &why), &why);
    struct value *content =
        json("{'type':'alert','tier':'emergency','revision':1,'a':[1,2.5,'x']}");
    struct value *approval = NULL;
    struct value *list = value_array();
    genuine = text_limited(ENVELOPE_SIZE_MAX);
    approved = text_limited(APPROVAL_TEXT_SIZE_MAX);
    test_must(approval_text(&approved, "riverside", content, &why), &why);
    test_must(signer_approve(anna, content, &approval, &why), &why);
    value_append(list, approval);
    value_set(content, "approvals", list);
    value_write(content, &genuine);
    value_free(content);
    signer_close(anna);
    anchors_free(anchors);
    test_site_close(&site);
}

static void count(struct span bytes)
{
    struct value *content = NULL;
    struct why why = {0};
    if (value_parse(&content, bytes, ENVELOPE_SIZE_MAX, &why) != OK) { return; }
    struct approvals people = {.count = 9};
    const struct approval_court court = {
        .judge = judge, .site = "riverside", .now_us = TEST_NOW_US};
    if (value_kind(content) == VALUE_KIND_OBJECT &&
        approvals_count(&court, content, &people, &why) == OK && people.count > 0) {
        struct text words = text_limited(APPROVAL_TEXT_SIZE_MAX);
        assert(people.count == 1 && strcmp(people.people[0].name, "anna") == 0);
        assert(approval_text(&words, "riverside", content, &why) == OK);
        assert(strcmp(text_c(&words), text_c(&approved)) == 0);
        text_deinit(&words);
    }
    value_free(content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!judge) { start(); }
    count(span_of(data, size));
    if (size < 4) { return 0; }
    struct text changed = text_limited(ENVELOPE_SIZE_MAX);
    const size_t at = ((size_t)data[0] << 8 | data[1]) % genuine.size;
    const size_t cut = ((size_t)data[2] << 8 | data[3]) % (genuine.size - at);
    text_add_bytes(&changed, span_of(genuine.data, at));
    text_add_bytes(&changed, span_of(data + 4, size - 4 < 4096 ? size - 4 : 4096));
    text_add_bytes(&changed, span_of(genuine.data + at + cut, genuine.size - at - cut));
    count(text_span(&changed));
    text_deinit(&changed);
    return 0;
}
