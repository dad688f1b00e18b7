/* The bodies of POST and PUT /api/alerts: whatever comes, an alert that a receiver accepts or none.
 */
#include "alert/lifecycle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_us = INT64_C(1795339800000000);
    CLEANUP(value_free_p) struct value *body = NULL;
    CLEANUP(alert_deinit) struct alert alert = {0};
    CLEANUP(alert_deinit) struct alert next = {0};
    if (value_parse(&body, span_of(data, size), ALERT_CONTENT_SIZE_MAX, NULL) != OK ||
        lifecycle_create(&alert, body, ROLE_CONTROL, now_us, NULL) != OK) {
        return 0;
    }
    if (lifecycle_check_times(alert.tier, alert.begin_us, alert.expire_us, NULL) != OK) { abort(); }
    (void)!lifecycle_update(&next, &alert, body, now_us + 1, NULL);
    return 0;
}
