#include "programs/watch/board.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void board_add(struct board *board, const char *camera, int64_t now_us)
{
    assert(board->count < BOARD_CAMERAS_MAX);
    struct board_camera *added = &board->cameras[board->count++];
    *added = (struct board_camera){.state = READER_STATE_CONNECTING, .since_us = now_us};
    if (!text_copy(added->name, sizeof added->name, camera)) { abort(); } /* options checked it */
}

struct board_camera *board_find(struct board *board, const char *camera)
{
    for (size_t i = 0; i < board->count; i++) {
        if (strcmp(board->cameras[i].name, camera) == 0) { return &board->cameras[i]; }
    }
    return NULL;
}

struct value *board_message(const struct board_camera *camera)
{
    const bool online = camera->state == READER_STATE_ONLINE;
    struct value *figures = value_object();
    value_set_integer(figures, "packets", (int64_t)camera->reading.packets);
    value_set_integer(figures, "unrecorded", (int64_t)camera->reading.unrecorded);
    value_set_integer(figures, "frames", (int64_t)camera->seeing.frames);
    value_set_integer(figures, "skipped", (int64_t)camera->seeing.skipped);
    value_set_integer(figures, "damaged", (int64_t)camera->seeing.damaged);
    value_set_integer(figures, "inferences", (int64_t)camera->seeing.inferences);
    struct value *message = value_object();
    value_set_text(message, "type", "camera");
    value_set_text(message, "camera", camera->name);
    value_set_text(message, "state", reader_state_name(camera->state));
    value_set_text(message, "reason", camera->reason);
    value_set_real(message, "fps", online ? round(camera->reading.fps * 10) / 10 : 0);
    value_set_time(message, "at", camera->since_us);
    value_set(message, "figures", figures);
    return message;
}
