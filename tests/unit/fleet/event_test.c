/* The event: both ways, every limit, and the browser's form. */
#include "fleet/event.h"

#include "check.h"
#include "fleet_words.h"

static enum err parse(const struct value *content, struct why *why)
{
    struct event event;
    return event_parse(&event, content, why);
}

int main(void)
{
    static const struct words_case cases[] = {
        {"event_id", "'x'", ERR_MALFORMED},
        {"sequence", "0", ERR_MALFORMED},
        {"state", "'pause'", ERR_MALFORMED},
        {"state", "'end'", ERR_MALFORMED}, /* without ended_at */
        {"camera", "''", ERR_MALFORMED},
        {"camera", "'a\\u0001'", ERR_MALFORMED},
        {"zone", NULL, OK},
        {"zone", "'a b'", ERR_MALFORMED},
        {"label", NULL, ERR_MALFORMED},
        {"score", "1.01", ERR_MALFORMED},
        {"score", "1", OK},
        {"count", "-1", ERR_MALFORMED},
        {"updated_at", "'2026-11-22T09:00:00Z'", ERR_MALFORMED},
        {"ended_at", "'2026-11-22T09:00:00Z'", ERR_MALFORMED},
        {"ended_at", "'2026-11-22T09:40:00Z'", OK},
        {"boxes", NULL, OK},
        {"boxes", "{}", ERR_MALFORMED},
        {"boxes", "[[0,0,0,0]]", ERR_MALFORMED},
        {"boxes", "[[0,0,0,0,1.5]]", ERR_MALFORMED},
        {"boxes", "[[0,0,0,0,'1']]", ERR_MALFORMED},
        {"clip", "null", OK},
        {"clip", "true", ERR_MALFORMED},
        {"clip", "{'bytes':1}", ERR_MALFORMED},
        {"clip", "{'bytes':1,'duration_s':1,'codec':'x'}", OK}, /* without lead_s */
        {"clip", "{'bytes':1,'duration_s':1,'codec':'x','lead_s':null}", OK},
        {"clip", "{'bytes':1,'duration_s':1,'codec':'x','lead_s':-1}", ERR_MALFORMED},
        {"zones", NULL, OK}, /* from before there were any */
        {"zones", "null", OK},
        {"zones", "[]", OK},
        {"zones", "'door'", ERR_MALFORMED},
        {"zones", "[1]", ERR_MALFORMED},
        {"zones", "['']", ERR_MALFORMED},
        {"zones", "['the door']", ERR_MALFORMED},
        {"zones", "['abcdefghijklmnopqrstuvwxyz-01234']", ERR_MALFORMED},
        {"zones", "['abcdefghijklmnopqrstuvwxyz-0123']", OK},
        {"zones", "['1','2','3','4','5','6','7','8','9','a','b','c','d','e','f','g','h']",
         ERR_LIMIT},
        {"snapshot", "'yes'", ERR_MALFORMED},
        {"model", NULL, ERR_MALFORMED},
        {"clip_path", "'gate/x.mp4'", OK}, /* watch adds it */
    };
    struct event event;
    struct event back;
    CLEANUP(text_deinit) struct text text = {0};
    CLEANUP(text_deinit) struct text again = {0};
    words_event_read(&event);
    CHECK(event.box_count == 2 && event.has_clip && event.has_snapshot && event.ended_us == 0);
    CLEANUP(value_free_p) struct value *value = event_to_value(&event);
    CHECK(event_parse(&back, value, NULL) == OK);
    CHECK_TEXT(words_of(event_to_value(&back), &text), words_of(event_to_value(&event), &again));
    CHECK(strstr(text_c(&text), "\"score\":0.875") != NULL);
    CHECK(strstr(text_c(&text), "\"zones\":[\"door\",\"drive-2\"]") != NULL);
    CHECK(words_try(words_event, cases, ARRAY_LEN(cases), parse) == 0);

    const char *api = words_of(event_to_api(&event, "sign-1", TEST_NOW_US), &text);
    CHECK(strstr(api, "\"id\":\"019aaaaa-0000-7000-8000-00000000000a\"") != NULL);
    CHECK(strstr(api, "\"device\":\"sign-1\"") && strstr(api, "\"duration_s\":2.5"));
    CHECK(strstr(api, "\"media_available\":true") && strstr(api, "\"lead_s\":1.5"));
    CHECK(strstr(api, "\"zones\":[\"door\",\"drive-2\"]") != NULL);
    event.zone_count = 0; /* who has none sends what was sent before */
    CHECK(strstr(words_of(event_to_value(&event), &again), "\"zones\"") == NULL);
    CHECK(strstr(words_of(event_to_api(&event, "x", 0), &again), "\"zones\":[]") != NULL);
    event.clip.lead_s = -1;
    CHECK(strstr(words_of(event_to_value(&event), &text), "\"lead_s\":null") != NULL);

    struct value *boxes = value_array();
    for (int i = 0; i <= EVENT_BOX_MAX; i++) {
        value_append(boxes, value_null());
    }
    CHECK(event_boxes_parse(&event, boxes, NULL) == ERR_LIMIT);
    value_free(boxes);
    return CHECK_DONE();
}
