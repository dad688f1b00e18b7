/*
 * tests/alerts - the usual alert of the tests: to zone north, for an hour from TEST_NOW_US.
 */
#pragma once

#include "alert/alert.h"
#include "site.h"
#include "tables.h"

static inline void test_alert(struct alert *alert)
{
    static const char content[] =
        "{'type':'alert','alert_id':'019aaaaa-0000-7000-8000-000000000001','revision':1,"
        "'action':'show','tier':'advisory','targets':{'zones':['north']},"
        "'texts':[{'language':'en','text':'Path closed, use the north gate'},"
        "{'language':'ml','text':'\xe0\xb4\xb5\xe0\xb4\xb4\xe0\xb4\xbf'}],"
        "'begin':'2026-11-22T09:30:00Z','expire':'2026-11-22T10:30:00Z','repeat_s':0}";
    struct why why = {0};
    CLEANUP(value_free_p) struct value *value = json(content);
    test_must(alert_parse(alert, value, &why), &why);
}

/* The alert inside an envelope as verifier_judge would have filled it; envelope_deinit it. */
static inline struct envelope test_alert_envelope(const struct alert *alert)
{
    struct envelope envelope = {.timestamp_us = TEST_NOW_US, .tier = alert->tier, .type = "alert"};
    envelope.signer.role = ROLE_CONTROL;
    envelope.whole = value_object();
    value_set(envelope.whole, "content", alert_to_value(alert));
    envelope.content = value_get(envelope.whole, "content");
    return envelope;
}
