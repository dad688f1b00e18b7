#include "detector/engine.h"

#include "check.h"
#include "system/file.h"

#ifdef TOCSIN_OPENVINO

#include <math.h>

static const char file[] = "build/cache/models/yolo-fastest-1.1_body.onnx";
static struct model model;

static void *opened(const struct engine_kind *kind)
{
    struct why why = {0};
    void *state = NULL;
    const struct engine_request request = {.model = &model, .file = file, .threads = 1};
    const enum err err = kind->open(&state, &request, &why);
    if (err) { printf("# %s\n", why.text); }
    return state;
}

/* Both engines run the same file: they must agree, up to the precision of the processor. */
static void test_agreement(void)
{
    void *openvino = opened(&engine_openvino);
    void *opencv = opened(&engine_opencv);
    CHECK(openvino && opencv);
    const size_t count = (size_t)3 * model.input.side * model.input.side;
    CLEANUP(mem_free_p) float *input = MEM_ARRAY(float, count);
    uint32_t dice = 7;
    for (size_t i = 0; i < count; i++) {
        dice = dice * 1664525 + 1013904223;
        input[i] = (float)(dice >> 24) / 255;
    }
    struct engine_output a = {0};
    struct engine_output b = {0};
    struct why why = {0};
    CHECK(engine_openvino.run(openvino, input, &a, &why) == OK);
    CHECK(engine_opencv.run(opencv, input, &b, &why) == OK);
    CHECK(a.rows == b.rows && a.columns == b.columns);
    float worst = 0;
    for (size_t i = 0; i < a.columns; i++) {
        const float apart = fabsf(a.values[4 * a.columns + i] - b.values[4 * b.columns + i]);
        worst = fmaxf(worst, apart);
    }
    printf("# scores differ by at most %.4f\n", (double)worst);
    CHECK(worst < 0.15F);
    engine_openvino.close(openvino);
    engine_opencv.close(opencv);
}

int main(void)
{
    struct why why = {0};
    if (!file_exists(file) ||
        model_read(&model, "tools/models/yolo-fastest-1.1_body.ini", &why) != OK) {
        return CHECK_SKIP_ALL("the test model is not here (tools/fetch-models.sh)");
    }
    test_agreement();
    void *state = NULL;
    const struct engine_request absent = {
        .model = &model, .file = "/nonexistent.onnx", .threads = 1};
    CHECK(engine_openvino.open(&state, &absent, &why) == ERR_UNAVAILABLE);
    CHECK(state == NULL);
    engine_openvino.close(NULL);
    return CHECK_DONE();
}

#else

int main(void)
{
    return CHECK_SKIP_ALL("this build has no OpenVINO (tools/fetch-openvino.sh)");
}

#endif
