/* What alert_parse accepts, it can write and read again. */
#include "alert/alert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(value_free_p) struct value *content = NULL;
    CLEANUP(alert_deinit) struct alert alert = {0};
    CLEANUP(alert_deinit) struct alert again = {0};
    if (value_parse(&content, span_of(data, size), ALERT_CONTENT_SIZE_MAX, NULL) != OK ||
        alert_parse(&alert, content, NULL) != OK) {
        return 0;
    }
    CLEANUP(value_free_p) struct value *written = alert_to_value(&alert);
    if (alert_parse(&again, written, NULL) != OK) { abort(); }
    return 0;
}
