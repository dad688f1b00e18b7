/* Confirms: both ways, and their limit. */
#include "fleet/confirm.h"

#include "check.h"
#include "tables.h"

static enum err parse(const char *text, struct confirm *confirm)
{
    CLEANUP(value_free_p) struct value *value = json(text);
    return confirm_parse(confirm, value, NULL);
}

int main(void)
{
    static struct confirm confirm;
    static struct confirm back;
    const char *id = "019aaaaa-0000-7000-8000-00000000000a";
    CHECK(confirm_add(&confirm, id, 3));
    CLEANUP(value_free_p) struct value *value = confirm_to_value(&confirm);
    CHECK(confirm_parse(&back, value, NULL) == OK && back.count == 1);
    CHECK(back.events[0].sequence == 3);
    CHECK_TEXT(back.events[0].event_id, id);
    while (confirm_add(&confirm, id, 1)) {}
    CHECK(confirm.count == CONFIRM_MAX);
    CHECK(parse("{}", &back) == ERR_MALFORMED);
    CHECK(parse("{'events':[1]}", &back) == ERR_MALFORMED);
    CHECK(parse("{'events':[{'event_id':'x','sequence':1}]}", &back) == ERR_MALFORMED);
    CHECK(parse("{'events':[]}", &back) == OK && back.count == 0);
    CLEANUP(value_free_p) struct value *many = confirm_to_value(&confirm);
    struct value *one = value_object();
    value_set_text(one, "event_id", id);
    value_set_integer(one, "sequence", 1);
    struct value *events = value_copy(value_get(many, "events"));
    value_append(events, one);
    value_set(many, "events", events);
    CHECK(confirm_parse(&back, many, NULL) == ERR_LIMIT);
    return CHECK_DONE();
}
