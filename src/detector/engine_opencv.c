#include "detector/engine.h"
#include "detector/opencv.h"

struct network {
    struct opencv_network *opencv; /* owned */
    int side;
};

struct hog {
    struct opencv_hog *opencv; /* owned */
    int side;
};

static enum err failed(struct why *why, const char *what, const struct opencv_said *said)
{
    return why_set(why, ERR_UNAVAILABLE, "OpenCV could not %s: %s", what, said->text);
}

static struct engine_output output_of(const struct opencv_matrix *matrix)
{
    return (struct engine_output){
        .values = matrix->values, .rows = matrix->rows, .columns = matrix->columns};
}

static enum err network_open(void **state, const struct engine_request *request, struct why *why)
{
    struct opencv_said said = {.text = ""};
    struct opencv_network *opencv = NULL;
    if (!opencv_network_open(&opencv, request->file, request->threads, &said)) {
        return failed(why, "read the model", &said);
    }
    struct network *self = MEM_NEW(struct network);
    self->opencv = opencv;
    self->side = (int)request->model->input.side;
    *state = self;
    return OK;
}

static enum err network_run(void *state, const float *input, struct engine_output *output,
                            struct why *why)
{
    const struct network *self = state;
    struct opencv_said said = {.text = ""};
    struct opencv_matrix matrix = {.rows = 0};
    if (!opencv_network_run(self->opencv, input, self->side, &matrix, &said)) {
        return failed(why, "run the model", &said);
    }
    *output = output_of(&matrix);
    return OK;
}

static void network_close(void *state)
{
    struct network *self = state;
    opencv_network_close(self->opencv);
    free(self);
}

static enum err hog_open(void **state, const struct engine_request *request, struct why *why)
{
    struct opencv_said said = {.text = ""};
    struct opencv_hog *opencv = NULL;
    if (!opencv_hog_open(&opencv, request->threads, &said)) {
        return failed(why, "start its people detector", &said);
    }
    struct hog *self = MEM_NEW(struct hog);
    self->opencv = opencv;
    self->side = (int)request->model->input.side;
    *state = self;
    return OK;
}

static enum err hog_run(void *state, const float *input, struct engine_output *output,
                        struct why *why)
{
    const struct hog *self = state;
    struct opencv_said said = {.text = ""};
    struct opencv_matrix matrix = {.rows = 0};
    if (!opencv_hog_run(self->opencv, input, self->side, &matrix, &said)) {
        return failed(why, "look for people", &said);
    }
    *output = output_of(&matrix);
    return OK;
}

static void hog_close(void *state)
{
    struct hog *self = state;
    opencv_hog_close(self->opencv);
    free(self);
}

void engine_hog_model(struct model *out)
{
    *out = (struct model){
        .name = "opencv-hog-people",
        .licence = "Apache-2.0",
        .input = {.side = 640, .mean = 0, .scale = 1},
        .region = 320,
        .score_least = 0.05F,
        .score_low = 0.2F,
        .score_high = 0.5F,
        .overlap_most = 0.45F,
        .labels = {{.class = 0, .text = "person"}},
        .label_count = 1,
    };
}

const struct engine_kind engine_opencv = {
    .name = "opencv",
    .open = network_open,
    .run = network_run,
    .close = network_close,
};

const struct engine_kind engine_hog = {
    .name = "hog",
    .open = hog_open,
    .run = hog_run,
    .close = hog_close,
};
