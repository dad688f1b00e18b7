/* Exercises and tests in the inbox: where they light, and that they touch nothing real. */
#include "inbox_device.h"

static void an_exercise_lights_only_where_it_may(void)
{
    struct device device;
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    test_alert(&alert);
    alert.status = ALERT_STATUS_EXERCISE;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "exercise");
    device.exercises = true;
    device_reboot(&device);
    alert.status = ALERT_STATUS_TEST;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    device_close(&device);
}

/* Whoever has the key for exercises ends nothing real, buries nothing, and fills no room. */
static void an_exercise_touches_nothing_real(void)
{
    struct device device;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    device.exercises = true;
    device_reboot(&device);
    test_alert(&alert);
    alert.expire_us = alert.begin_us + CLOCK_MINUTE_US;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    alert.status = ALERT_STATUS_EXERCISE;
    alert.tier = TIER_WARNING; /* graver as a word, and yet no more than an exercise */
    alert.action = ALERT_ACTION_CANCEL;
    alert.revision = 99;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "over_tier");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US), "Path/1 ");
    CHECK_TEXT(owed(&device, &words), "received1 ");

    alert.id[35] = '2';
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "cancel");
    alert.status = ALERT_STATUS_ACTUAL;
    alert.tier = TIER_INFORMATIONAL;
    alert.action = ALERT_ACTION_SHOW;
    alert.revision = 1;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    device_reboot(&device); /* and all that is on the disk */
    alert.status = ALERT_STATUS_TEST;
    alert.revision = 2;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "over_tier");
    alert.id[35] = '3'; /* nor what the disk could not take */
    alert.status = ALERT_STATUS_ACTUAL;
    CHECK_TEXT(admit_unsaved(&device, &alert), "show");
    alert.status = ALERT_STATUS_TEST;
    alert.revision = 3;
    CHECK_TEXT(admit_unsaved(&device, &alert), "over_tier");
    device_close(&device);
}

int main(void)
{
    an_exercise_lights_only_where_it_may();
    an_exercise_touches_nothing_real();
    return CHECK_DONE();
}
