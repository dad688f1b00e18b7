/* A device's status: both ways, and every limit. */
#include "fleet/status.h"

#include "check.h"
#include "fleet_words.h"

static enum err parse(const struct value *content, struct why *why)
{
    struct status status;
    return status_parse(&status, content, why);
}

int main(void)
{
    static const struct words_case cases[] = {
        {"state", "'asleep'", ERR_MALFORMED},
        {"state", "'offline'", OK},
        {"kind", "'sign'", ERR_MALFORMED},
        {"kind", "'gateway'", OK},
        {"zone", "'North'", ERR_MALFORMED},
        {"zone", "null", OK},
        {"version", NULL, ERR_MALFORMED},
        {"media_url", NULL, OK},
        {"sign", "null", OK},
        {"sign", "[]", ERR_MALFORMED},
        {"sign", "{'width':0,'height':32}", ERR_MALFORMED},
        {"sign", "{'width':64}", ERR_MALFORMED},
        {"cameras", NULL, OK},
        {"cameras", "{}", ERR_LIMIT},
        {"cameras", "[1]", ERR_MALFORMED},
        {"cameras", "[{'name':'a','state':'broken','since':'2026-11-22T09:00:00Z'}]",
         ERR_MALFORMED},
        {"cameras", "[{'name':'','state':'online','since':'2026-11-22T09:00:00Z'}]", ERR_MALFORMED},
        {"started_at", "1", ERR_MALFORMED},
        {"at", NULL, ERR_MALFORMED},
    };
    struct status status;
    struct status back;
    words_status_read(&status);
    CHECK(status.online && status.kind == STATUS_KIND_EDGE && status.camera_count == 1);
    CHECK(status.sign_width == 64 && status.sign_height == 32);
    CHECK_TEXT(status.cameras[0].name, "gate");
    CLEANUP(value_free_p) struct value *value = status_to_value(&status);
    CHECK(status_parse(&back, value, NULL) == OK && memcmp(&status, &back, sizeof back) == 0);
    CHECK(words_try(words_status, cases, ARRAY_LEN(cases), parse) == 0);
    CLEANUP(value_free_p) struct value *many = json(words_status);
    struct value *cameras = value_array();
    for (int i = 0; i <= STATUS_CAMERA_MAX; i++) {
        value_append(cameras, value_null());
    }
    value_set(many, "cameras", cameras);
    CHECK(parse(many, NULL) == ERR_LIMIT);
    return CHECK_DONE();
}
