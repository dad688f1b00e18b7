#include "sign/driver.h"

#include <assert.h>

enum err sign_driver_swap(const struct sign_driver *driver, const struct sign_frame *frame,
                          int64_t wall_us, struct why *why)
{
    assert(driver->swap);
    return driver->swap(driver->state, frame, wall_us, why);
}

void sign_driver_close(struct sign_driver *driver)
{
    if (driver->close) { driver->close(driver->state); }
    *driver = (struct sign_driver){0};
}
