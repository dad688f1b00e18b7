#include "detector/detector.h"

#include "check.h"
#include "picture.h"
#include "system/file.h"

#include <stdio.h>
#include <unistd.h>

static struct picture picture;
static struct detector_found found;
static char folder[] = "/tmp/tocsin-detector-XXXXXX";

static const char *write_model(const char *ini, const char *bytes)
{
    static char path[FILE_PATH_SIZE];
    struct why why = {0};
    CHECK(file_join(path, folder, "broken.onnx", &why) == OK &&
          file_write(path, span_text(bytes), 0600, &why) == OK);
    CHECK(file_join(path, folder, "broken.ini", &why) == OK &&
          file_write(path, span_text(ini), 0600, &why) == OK);
    return path;
}

static void test_refusals(void)
{
    struct detector *detector = NULL;
    struct why why = {0};
    CHECK(detector_open(&detector, "/nonexistent.ini", 1, &why) != OK);
    CHECK(detector_open(&detector, NULL, 0, &why) == ERR_RANGE);
    static const char named[] = "[model]\nname = m\nfile = %s\nside = 64\nengine = %s\n"
                                "[labels]\n0 = person\n";
    char ini[256];
    snprintf(ini, sizeof ini, named, "absent.onnx", "auto");
    CHECK(detector_open(&detector, write_model(ini, "x"), 1, &why) == ERR_NOT_FOUND);
    static const char *const engines[] = {"auto", "opencv"};
    for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
        snprintf(ini, sizeof ini, named, "broken.onnx", engines[i]);
        CHECK(detector_open(&detector, write_model(ini, "no model at all"), 1, &why) ==
              ERR_UNAVAILABLE);
        CHECK(strlen(why.text) > 20);
    }
    CHECK(detector == NULL);
}

static void test_hog(void)
{
    CLEANUP(detector_close_p) struct detector *detector = NULL;
    struct why why = {0};
    CHECK(detector_open(&detector, NULL, 1, &why) == OK);
    CHECK_TEXT(detector_engine(detector), "hog");
    CHECK_TEXT(detector_label(detector, 0), "person");
    CHECK_TEXT(detector_label(detector, 99), "unknown");
    CHECK(detector_traits(detector).region > 0);
    picture_init(&picture);
    picture_next(&picture, 90, 3);
    const struct box squares[] = {{0, 0, 240, 240}, {80, 0, 240, 240}};
    const struct detector_look look = {.squares = squares, .count = 2};
    CHECK(detector_find(detector, &picture.frame, look, &found, &why) == OK);
    CHECK(found.count == 0 && found.engine_us > 0);
    const struct detector_look much = {.squares = squares, .count = DETECTOR_SQUARES_MAX + 1};
    CHECK(detector_find(detector, &picture.frame, much, &found, &why) == ERR_LIMIT);
}

int main(void)
{
    CHECK(mkdtemp(folder) != NULL);
    test_refusals();
    test_hog();
    detector_close(NULL);
    char path[FILE_PATH_SIZE];
    for (int i = 0; i < 2; i++) {
        struct why why = {0};
        if (file_join(path, folder, i ? "broken.ini" : "broken.onnx", &why) == OK) { unlink(path); }
    }
    rmdir(folder);
    return CHECK_DONE();
}
