/*
 * tests/test_camera - starts the RTSP camera of tests/fake/camera.c beside the test program.
 */
#pragma once

#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "system/file.h"
#include "system/process.h"

#define TEST_CAMERA_VIDEO SHARED_DATA "/video/derived/vtest-h264.mp4"

struct test_camera {
    struct process *process;
    char url[128];
};

static inline void test_camera_stop(struct test_camera *camera)
{
    process_free(camera->process);
    camera->process = NULL;
}

/*
 * Starts the camera with more arguments, such as {"--mode", "stall", NULL}, on a free port unless
 * they name one. False when it is not built, its video is not here, or it does not come up.
 */
static inline bool test_camera_start(struct test_camera *camera, const char *const *more)
{
    char self[FILE_PATH_SIZE] = "";
    char program[FILE_PATH_SIZE + 16];
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) { return false; }
    (void)snprintf(program, sizeof program, "%s/tests/camera", dirname(self));
    if (!file_exists(program) || !file_exists(TEST_CAMERA_VIDEO)) { return false; }
    const char *arguments[16] = {program, "--file", TEST_CAMERA_VIDEO};
    size_t count = 3;
    bool port = false;
    for (; more && *more && count < ARRAY_LEN(arguments) - 3; more++) {
        port = port || strcmp(*more, "--port") == 0;
        arguments[count++] = *more;
    }
    if (!port) {
        arguments[count++] = "--port";
        arguments[count++] = "0";
    }
    const struct process_plan plan = {
        .arguments = arguments, .output = PROCESS_OUTPUT_STDOUT, .die_with_parent = true};
    if (process_start(&camera->process, &plan, NULL)) { return false; }
    size_t size = 0;
    while (size + 1 < sizeof camera->url) {
        struct pollfd readable = {.fd = process_output(camera->process), .events = POLLIN};
        if (poll(&readable, 1, 60000) <= 0) { return false; }
        if (read(readable.fd, camera->url + size, 1) <= 0) { return false; }
        if (camera->url[size] == '\n') {
            camera->url[size] = '\0';
            return true;
        }
        size++;
    }
    return false;
}
