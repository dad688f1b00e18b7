/* Telemetry: both ways, and every limit. */
#include "fleet/telemetry.h"

#include "check.h"
#include "fleet_words.h"

static enum err parse(const struct value *content, struct why *why)
{
    struct telemetry telemetry;
    return telemetry_parse(&telemetry, content, why);
}

int main(void)
{
    static const struct words_case cases[] = {
        {"at", NULL, ERR_MALFORMED},
        {"rss_bytes", "-1", ERR_MALFORMED},
        {"rss_bytes", "1.5", ERR_MALFORMED},
        {"cpu_s", "'much'", ERR_MALFORMED},
        {"cpu_s", "7", OK},
        {"clips", NULL, ERR_MALFORMED},
        {"fps", NULL, OK},
        {"fps", "[]", ERR_MALFORMED},
        {"fps", "{'gate':-1}", ERR_MALFORMED},
        {"fps", "{'gate':'ten'}", ERR_MALFORMED},
        {"physical", "{'tamper':null,'position':null,'secure_boot':'on'}", OK},
        {"physical", "{'tamper':null,'position':null,'secure_boot':'maybe'}", ERR_MALFORMED},
    };
    struct telemetry telemetry;
    struct telemetry back;
    CLEANUP(value_free_p) struct value *value = json(words_telemetry);
    CHECK(telemetry_parse(&telemetry, value, NULL) == OK);
    CHECK(telemetry.rss_bytes == 40000000 && telemetry.fps_count == 2);
    CHECK_TEXT(telemetry.fps[1].camera, "roof");
    CLEANUP(value_free_p) struct value *again = telemetry_to_value(&telemetry);
    CHECK(telemetry_parse(&back, again, NULL) == OK);
    CHECK(back.fps_count == 2 && back.queue_receipts == 1 && back.at_us == telemetry.at_us);
    CHECK(words_try(words_telemetry, cases, ARRAY_LEN(cases), parse) == 0);
    struct value *fps = value_object();
    for (int i = 0; i <= STATUS_CAMERA_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "c%d", i);
        value_set_real(fps, name, 1);
    }
    value_set(value, "fps", fps);
    CHECK(parse(value, NULL) == ERR_LIMIT);
    return CHECK_DONE();
}
