#include "sign/driver.h"

#include "check.h"

static int swaps, closes;

static enum err swap(void *state, const struct sign_frame *frame, int64_t wall_us, struct why *why)
{
    (void)state;
    (void)frame;
    swaps++;
    return wall_us < 0 ? why_set(why, ERR_IO, "the panel is silent") : OK;
}

static void close_panel(void *state)
{
    (void)state;
    closes++;
}

int main(void)
{
    static struct sign_frame frame;
    sign_frame_clear(&frame, 8, 8);
    struct sign_driver driver = {.swap = swap, .close = close_panel};
    struct why why = {0};
    CHECK(sign_driver_swap(&driver, &frame, 1, &why) == OK && swaps == 1);
    CHECK(sign_driver_swap(&driver, &frame, -1, &why) == ERR_IO);
    CHECK_TEXT(why.text, "the panel is silent");
    sign_driver_close(&driver);
    sign_driver_close(&driver); /* a second time is harmless */
    CHECK(closes == 1);
    return CHECK_DONE();
}
