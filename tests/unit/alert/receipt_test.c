/* The content of a receipt. */
#include "alert/receipt.h"

#include "check.h"
#include "tables.h"

#define HEAD "{'type':'receipt','alert_id':'019aaaaa-0000-7000-8000-000000000001','revision':2,"

static enum err parse(struct receipt *receipt, const char *text)
{
    CLEANUP(value_free_p) struct value *value = json(text);
    return receipt_parse(receipt, value, NULL);
}

int main(void)
{
    struct receipt receipt = {0};
    struct receipt back = {0};
    CHECK(parse(&receipt, HEAD "'state':'lit','reason':null,'at':'2026-11-22T09:30:00Z'}") == OK);
    CHECK(receipt.state == RECEIPT_STATE_LIT && receipt.revision == 2 && receipt.reason[0] == 0);
    CHECK(parse(&receipt, HEAD "'state':'refused','reason':'over_tier','at':"
                               "'2026-11-22T09:30:00Z'}") == OK);
    CLEANUP(value_free_p) struct value *value = receipt_to_value(&receipt);
    CHECK(receipt_parse(&back, value, NULL) == OK);
    CHECK(back.state == RECEIPT_STATE_REFUSED && back.at_us == receipt.at_us);
    CHECK_TEXT(back.reason, "over_tier");
    CHECK(parse(&back, HEAD "'state':'burnt','at':'2026-11-22T09:30:00Z'}") == ERR_MALFORMED);
    CHECK(parse(&back, HEAD "'state':'lit','reason':'Bad Word','at':'2026-11-22T09:30:00Z'}") ==
          ERR_MALFORMED);
    CHECK(parse(&back, HEAD "'state':'lit'}") == ERR_MALFORMED);
    CHECK(parse(&back, "{'alert_id':'x','revision':1,'state':'lit','at':'2026-11-22T09:30:00Z'}") ==
          ERR_MALFORMED);
    return CHECK_DONE();
}
