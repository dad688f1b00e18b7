#include "fleet/physical.h"

#include "check.h"

static enum err parse_json(struct physical *physical, const char *json)
{
    struct why why = {0};
    CLEANUP(value_free_p) struct value *value = NULL;
    if (value_parse(&value, span_text(json), 4096, &why)) { abort(); }
    return physical_parse(physical, value, &why);
}

static void test_json(void)
{
    struct physical physical;
    CHECK(physical_parse(&physical, NULL, NULL) == OK && !physical.guarded && !physical.placed);
    CHECK(parse_json(&physical, "{\"tamper\":{\"open\":true,\"since\":\"2026-11-22T09:00:00Z\"},"
                                "\"position\":{\"latitude\":52.5,\"longitude\":-13},"
                                "\"secure_boot\":\"on\"}") == OK);
    CHECK(physical.guarded && physical.open && physical.tampered_us == INT64_C(1795338000000000));
    CHECK(physical.placed && physical.position.latitude == 52.5);
    CHECK(physical.position.longitude == -13 && physical.secure_boot == SECURE_BOOT_ON);
    struct physical back;
    CLEANUP(value_free_p) struct value *written = physical_to_value(&physical);
    CHECK(physical_parse(&back, written, NULL) == OK);
    CHECK(back.open && back.tampered_us == physical.tampered_us && back.placed);

    const struct physical nothing = {0};
    CLEANUP(value_free_p) struct value *empty = physical_to_value(&nothing);
    CHECK(physical_parse(&back, empty, NULL) == OK && !back.guarded && !back.placed);
    static const char *const bad[] = {
        "{}",
        "{\"secure_boot\":\"maybe\"}",
        "{\"secure_boot\":\"on\",\"tamper\":{}}",
        "{\"secure_boot\":\"on\",\"tamper\":{\"open\":1}}",
        "{\"secure_boot\":\"on\",\"tamper\":{\"open\":true,\"since\":\"yesterday\"}}",
        "{\"secure_boot\":\"on\",\"position\":{\"latitude\":91,\"longitude\":0}}",
        "{\"secure_boot\":\"on\",\"position\":{\"latitude\":1}}"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(parse_json(&back, bad[i]) == ERR_MALFORMED || parse_json(&back, bad[i]) == ERR_RANGE);
    }
}

static void test_nmea(void)
{
    /* The first two are the examples that every receiver's manual prints. */
    static const char *const good[] = {
        "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n",
        "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A"};
    struct position position;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        position = (struct position){0};
        CHECK(position_read_nmea(&position, good[i]));
        CHECK(position.latitude > 48.117 && position.latitude < 48.118);
        CHECK(position.longitude > 11.516 && position.longitude < 11.517);
    }
    static const char *const bad[] = {
        "",
        "$",
        "$GPGGA*00",
        "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*48", /* checksum */
        "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "$GPGGA,123519,,,,,0,00,,,M,,M,,*6B", /* no fix */
        "GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
        "$GPGSV,1,1,00*79"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(!position_read_nmea(&position, bad[i]));
    }
}

int main(void)
{
    test_json();
    test_nmea();
    CHECK_TEXT(secure_boot_name(SECURE_BOOT_UNKNOWN), "unknown");
    return CHECK_DONE();
}
