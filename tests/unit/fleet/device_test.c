/* What control knows of devices. */
#include "fleet/device.h"

#include "check.h"
#include "fleet/heartbeat.h"
#include "fleet_words.h"
#include "migrations/control.h"

static struct device_store *store;

static enum device_change enter(const struct status *status, int64_t now_us)
{
    enum device_change change = DEVICE_CHANGE_NONE;
    struct why why = {0};
    const struct device_report report = {.name = "sign-1",
                                         .identity = "spiffe://demo/edge/sign-1",
                                         .certificate_expires_us = TEST_NOW_US + CLOCK_DAY_US,
                                         .status = status,
                                         .now_us = now_us};
    test_must(device_store_status(store, &report, &change, &why), &why);
    return change;
}

static bool shows(int64_t now_us, const char *words)
{
    struct value *device = NULL;
    CLEANUP(text_deinit) struct text text = {0};
    if (device_store_get(store, "sign-1", now_us, &device, NULL) != OK) { return false; }
    const bool found = strstr(words_of(device, &text), words) != NULL;
    if (!found) { printf("# %s\n", text_c(&text)); }
    return found;
}

static void statuses_are_entered(void)
{
    struct status status;
    words_status_read(&status);
    CHECK(enter(&status, TEST_NOW_US) == DEVICE_CHANGE_BACK);
    status.at_us += 1;
    CHECK(enter(&status, TEST_NOW_US + 1) == DEVICE_CHANGE_NONE);
    CHECK(shows(TEST_NOW_US, "\"state\":\"online\""));
    CHECK(shows(TEST_NOW_US, "\"sign\":{\"width\":64,\"height\":32}"));
    CHECK(shows(TEST_NOW_US, "\"identity\":\"spiffe://demo/edge/sign-1\""));
    CHECK(shows(TEST_NOW_US, "\"cameras\":[{\"name\":\"gate\",\"device\":\"sign-1\""));
    (void)!text_copy(status.cameras[0].name, IDENTITY_NAME_SIZE, "roof");
    status.at_us += 1;
    CHECK(enter(&status, TEST_NOW_US + 2) == DEVICE_CHANGE_SOME);
    CHECK(shows(TEST_NOW_US, "\"cameras\":[{\"name\":\"roof\""));
    status.at_us -= 1;
    CHECK(enter(&status, TEST_NOW_US + 3) == DEVICE_CHANGE_STALE);
}

static void wills_count_within_a_run(void)
{
    struct status status;
    words_status_read(&status);
    status.online = false;
    status.camera_count = 0;
    status.at_us = TEST_NOW_US - CLOCK_HOUR_US; /* signed at connect, long before */
    const int64_t started_us = status.started_us;
    status.started_us -= 1;
    CHECK(enter(&status, TEST_NOW_US + 4) == DEVICE_CHANGE_STALE);
    status.started_us = started_us;
    CHECK(enter(&status, TEST_NOW_US + 5) == DEVICE_CHANGE_SOME);
    CHECK(enter(&status, TEST_NOW_US + 6) == DEVICE_CHANGE_NONE);
    CHECK(shows(TEST_NOW_US, "\"state\":\"offline\""));
    CHECK(shows(TEST_NOW_US, "\"name\":\"roof\""));
    words_status_read(&status);
    status.at_us += CLOCK_MINUTE_US;
    CHECK(enter(&status, TEST_NOW_US + 7) == DEVICE_CHANGE_BACK);
}

/* A device that booted in 2038 signs a will; its clock is set right afterwards. */
static void wrong_clocks_are_forgiven(void)
{
    struct status status;
    words_status_read(&status);
    const int64_t at_us = TEST_NOW_US + 10 * CLOCK_SECOND_US;
    status.at_us = at_us + 365 * CLOCK_DAY_US;
    CHECK(enter(&status, at_us) == DEVICE_CHANGE_STALE);
    status.online = false;
    CHECK(enter(&status, at_us) == DEVICE_CHANGE_STALE);
    /* Ours was wrong as well, so that it got in. */
    status.online = true;
    CHECK(enter(&status, status.at_us) != DEVICE_CHANGE_STALE);
    status.at_us = at_us;
    CHECK(enter(&status, at_us + 1) != DEVICE_CHANGE_STALE);
    status.at_us = at_us - 1;
    CHECK(enter(&status, at_us + 2) == DEVICE_CHANGE_STALE);
}

static void count_lapse(void *context, const char *name)
{
    *(int *)context += strcmp(name, "sign-1") == 0;
}

static void silence_is_noticed(void)
{
    int lapsed = 0;
    const int64_t heard_us = TEST_NOW_US + CLOCK_MINUTE_US;
    CHECK(device_store_contact(store, "sign-1", heard_us, NULL) == OK);
    CHECK(device_store_lapse(store, heard_us + HEARTBEAT_LOST_AFTER_US - 1, count_lapse, &lapsed,
                             NULL) == OK);
    CHECK(lapsed == 0);
    CHECK(shows(heard_us + HEARTBEAT_LOST_AFTER_US, "\"state\":\"offline\""));
    CHECK(device_store_lapse(store, heard_us + HEARTBEAT_LOST_AFTER_US, count_lapse, &lapsed,
                             NULL) == OK);
    CHECK(lapsed == 1 && shows(heard_us, "\"state\":\"offline\""));
    CHECK(device_store_lapse(store, heard_us + CLOCK_HOUR_US, count_lapse, &lapsed, NULL) == OK);
    CHECK(lapsed == 1);
}

static void telemetry_is_the_newest(void)
{
    struct telemetry telemetry;
    CLEANUP(value_free_p) struct value *words = json(words_telemetry);
    CHECK(telemetry_parse(&telemetry, words, NULL) == OK);
    CHECK(device_store_telemetry(store, "nobody", &telemetry, TEST_NOW_US, NULL) == ERR_NOT_FOUND);
    CHECK(device_store_telemetry(store, "sign-1", &telemetry, TEST_NOW_US, NULL) == OK);
    CHECK(shows(TEST_NOW_US, "\"rss_bytes\":40000000"));
    CHECK(shows(TEST_NOW_US, "\"fps\":10.0"));
}

static bool suspended(void)
{
    bool answer = false;
    CHECK(device_store_suspended(store, "sign-1", &answer, NULL) == OK);
    return answer;
}

/* An opened housing suspends until it is cleared, and again when it is opened again. */
static void a_tampered_device_is_suspended(void)
{
    struct telemetry telemetry = {0};
    struct why why = {0};
    CHECK(!suspended() && device_store_clear(store, "sign-1", &why) == ERR_CONFLICT);
    telemetry.physical.guarded = true;
    CHECK(device_store_telemetry(store, "sign-1", &telemetry, TEST_NOW_US, NULL) == OK);
    CHECK(!suspended() && shows(TEST_NOW_US, "\"suspended_since\":null"));
    telemetry.physical.tampered_us = TEST_NOW_US - 5 * CLOCK_SECOND_US;
    CHECK(device_store_telemetry(store, "sign-1", &telemetry, TEST_NOW_US, NULL) == OK);
    CHECK(suspended() && shows(TEST_NOW_US, "\"suspended_since\":\"2026-"));
    CHECK(device_store_clear(store, "sign-1", &why) == OK && !suspended());
    CHECK(device_store_telemetry(store, "sign-1", &telemetry, TEST_NOW_US, NULL) == OK);
    CHECK(!suspended()); /* the same opening, told again */
    telemetry.physical.tampered_us = TEST_NOW_US;
    CHECK(device_store_telemetry(store, "sign-1", &telemetry, TEST_NOW_US, NULL) == OK);
    CHECK(suspended());
    telemetry.physical.tampered_us = 0; /* what was forgotten clears nothing */
    CHECK(device_store_telemetry(store, "sign-1", &telemetry, TEST_NOW_US, NULL) == OK);
    CHECK(suspended() && device_store_clear(store, "sign-1", &why) == OK);
    telemetry.physical.tampered_us = TEST_NOW_US + CLOCK_DAY_US; /* a clock that runs ahead */
    CHECK(device_store_telemetry(store, "sign-1", &telemetry, TEST_NOW_US + 1, NULL) == OK);
    CHECK(suspended() && device_store_clear(store, "sign-1", &why) == OK);
    telemetry.physical.tampered_us = TEST_NOW_US + CLOCK_MINUTE_US; /* set right, opened again */
    CHECK(device_store_telemetry(store, "sign-1", &telemetry, TEST_NOW_US + CLOCK_HOUR_US, NULL) ==
          OK);
    CHECK(suspended() && device_store_clear(store, "sign-1", &why) == OK);
}

static void small_questions(void)
{
    char zone[IDENTITY_NAME_SIZE];
    char url[STATUS_URL_SIZE];
    int64_t count = 0;
    CLEANUP(value_free_p) struct value *list = NULL;
    struct value *none = NULL;
    CHECK(device_store_zone(store, "sign-1", zone, NULL) == OK && strcmp(zone, "north") == 0);
    CHECK(device_store_zone(store, "nobody", zone, NULL) == OK && zone[0] == '\0');
    CHECK(device_store_media_url(store, "sign-1", url, NULL) == OK);
    CHECK_TEXT(url, "https://127.0.0.1:9443");
    CHECK(device_store_media_url(store, "nobody", url, NULL) == ERR_NOT_FOUND);
    CHECK(device_store_get(store, "nobody", TEST_NOW_US, &none, NULL) == ERR_NOT_FOUND);
    CHECK(device_store_list(store, TEST_NOW_US, &list, NULL) == OK && value_count(list) == 1);
    CHECK(device_store_count(store, &count, NULL) == OK && count == 1);
}

int main(void)
{
    struct tables tables;
    tables_open(&tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    CHECK(device_store_open(&store, tables.database, NULL) == OK);
    statuses_are_entered();
    wills_count_within_a_run();
    telemetry_is_the_newest();
    wrong_clocks_are_forgiven();
    silence_is_noticed();
    a_tampered_device_is_suspended();
    small_questions();
    device_store_close(store);
    tables_close(&tables);
    return CHECK_DONE();
}
