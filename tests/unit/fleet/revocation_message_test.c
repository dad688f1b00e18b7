#include "fleet/revocation_message.h"

#include "check.h"

static enum err read_json(const char *json)
{
    struct why why = {0};
    CLEANUP(value_free_p) struct value *content = NULL;
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    if (value_parse(&content, span_text(json), (size_t)1 << 20, &why)) { abort(); }
    return revocation_message_read(&der, content, &why);
}

int main(void)
{
    struct why why = {0};
    static uint8_t large[REVOCATION_SIZE_MAX];
    memset(large, 7, sizeof large);
    CLEANUP(value_free_p)
    struct value *content = revocation_message_make(span_of(large, sizeof large));
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    CHECK(revocation_message_read(&der, content, &why) == OK);
    CHECK(span_equal(text_span(&der), span_of(large, sizeof large)));
    CHECK(revocation_message_read(&der, content, &why) == ERR_LIMIT); /* no room any more */

    CHECK(read_json("{\"type\":\"revocation\",\"list\":\"AAEC\"}") == OK);
    CHECK(read_json("{\"type\":\"revocation\",\"list\":\"AAE\"}") == ERR_MALFORMED);
    CHECK(read_json("{\"type\":\"revocation\",\"list\":5}") == ERR_MALFORMED);
    CHECK(read_json("{\"type\":\"revocation\"}") == ERR_MALFORMED);
    CHECK(read_json("{\"type\":\"alert\",\"list\":\"AAEC\"}") == ERR_MALFORMED);
    CHECK(read_json("[]") == ERR_MALFORMED);
    return CHECK_DONE();
}
