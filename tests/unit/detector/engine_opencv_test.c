#include "detector/engine.h"

#include "check.h"
#include "system/file.h"

/* Runs the engine over a grey square: the shape is the model's, the scores are low. */
static void check_engine(const struct engine_kind *kind, const struct engine_request *request)
{
    struct why why = {0};
    void *state = NULL;
    CHECK(kind->open(&state, request, &why) == OK);
    if (!state) {
        printf("# %s\n", why.text);
        return;
    }
    const size_t side = request->model->input.side;
    CLEANUP(mem_free_p) float *input = MEM_ARRAY(float, 3 * side * side);
    struct engine_output output = {0};
    for (int i = 0; i < 2; i++) {
        CHECK(kind->run(state, input, &output, &why) == OK);
        CHECK(output.rows == 5 && output.columns > 0);
    }
    bool quiet = true;
    for (size_t i = 0; i < output.columns; i++) {
        quiet = quiet && output.values[4 * output.columns + i] < 0.5F;
    }
    CHECK(quiet);
    kind->close(state);
}

int main(void)
{
    struct model model;
    engine_hog_model(&model);
    CHECK(model.label_count == 1 && model.input.side <= CROP_SIDE_MAX);
    check_engine(&engine_hog, &(struct engine_request){.model = &model, .threads = 1});

    static const char file[] = "build/cache/models/yolo-fastest-1.1_body.onnx";
    struct why why = {0};
    if (!file_exists(file) ||
        model_read(&model, "tools/models/yolo-fastest-1.1_body.ini", &why) != OK) {
        printf("# the test model is not here (tools/fetch-models.sh)\n");
        return CHECK_DONE();
    }
    check_engine(&engine_opencv,
                 &(struct engine_request){.model = &model, .file = file, .threads = 1});
    void *state = NULL;
    CHECK(engine_opencv.open(
              &state,
              &(struct engine_request){.model = &model, .file = "/nonexistent.onnx", .threads = 1},
              &why) == ERR_UNAVAILABLE);
    return CHECK_DONE();
}
