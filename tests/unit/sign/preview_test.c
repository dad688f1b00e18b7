#include "sign/preview.h"

#include "base/clock.h"
#include "check.h"
#include "system/worker.h"

static struct sign_view seen;
static enum err outcome;

static void look(void *context)
{
    outcome = sign_preview_wait(context, 0, 10 * CLOCK_SECOND_US, &seen);
}

static void test_wakes_a_looker(void)
{
    CLEANUP(sign_preview_release_p) struct sign_preview *preview = NULL;
    CHECK(sign_preview_open(&preview, 64, 32, NULL) == OK);
    struct sign_driver driver = sign_preview_driver(preview);
    struct worker *worker = NULL;
    CHECK(worker_start(&worker, "looker", look, preview, NULL) == OK);
    static struct sign_frame frame;
    sign_frame_clear(&frame, 64, 32);
    sign_frame_light(&frame, 3, 4, (struct sign_colour){5, 6, 7});
    CHECK(sign_driver_swap(&driver, &frame, 1234, NULL) == OK);
    worker_join(worker);
    CHECK(outcome == OK && seen.sequence == 1 && seen.wall_us == 1234);
    CHECK(sign_frame_at(&seen.frame, 3, 4).blue == 7);
    CHECK(sign_preview_wait(preview, 1, 1000, &seen) == ERR_TIMEOUT);
    sign_driver_close(&driver);
    CHECK(sign_preview_wait(preview, 1, 1000, &seen) == ERR_CLOSED);
}

static void test_stream_form(void)
{
    CLEANUP(sign_preview_release_p) struct sign_preview *preview = NULL;
    CHECK(sign_preview_open(&preview, 64, 32, NULL) == OK);
    static struct sign_view view;
    sign_preview_look(preview, &view);
    CHECK(view.sequence == 0);
    view.sequence = 0x01020304;
    view.wall_us = 0x1122334455667788;
    CLEANUP(text_deinit) struct text bytes = text_limited(100000);
    sign_view_write(&view, &bytes);
    CHECK(bytes.size == 20 + 6144);
    CHECK(memcmp(bytes.data, "TSGN\1\2\3\4\x11\x22\x33\x44\x55\x66\x77\x88\0\x40\0\x20", 20) == 0);
}

static void test_refuses_a_giant(void)
{
    struct sign_preview *preview = NULL;
    struct why why = {0};
    CHECK(sign_preview_open(&preview, 4096, 32, &why) == ERR_RANGE && !preview);
    CHECK(sign_preview_open(&preview, 64, 0, &why) == ERR_RANGE);
    sign_preview_release(NULL);
}

int main(void)
{
    test_wakes_a_looker();
    test_stream_form();
    test_refuses_a_giant();
    return CHECK_DONE();
}
