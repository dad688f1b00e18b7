/*
 * watch/board - how each camera is, as edge is told: at once when it changes, else now and then.
 *
 * Belongs to the loop; no I/O.
 */
#pragma once

#include "base/value.h"
#include "programs/watch/listener.h"

enum { BOARD_CAMERAS_MAX = 32 };

struct board_camera {
    char name[BOOK_CAMERA_SIZE];
    enum reader_state state;
    char reason[256];
    int64_t since_us; /* wall clock */
    struct reading_figures reading;
    struct seeing_figures seeing;
};

struct board {
    struct board_camera cameras[BOARD_CAMERAS_MAX];
    size_t count;
};

void board_add(struct board *board, const char *camera, int64_t now_us);
struct board_camera *board_find(struct board *board, const char *camera); /* NULL when unknown */

/* Its "camera" message (docs/protocols/watch.md). */
struct value *board_message(const struct board_camera *camera);
