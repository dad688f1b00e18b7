#ifdef TOCSIN_OPENVINO

#include "detector/engine.h"

/* OpenVINO has an OK of its own. */
#define OK OPENVINO_OK
#include <openvino/c/openvino.h>
#undef OK
#include <stdio.h>

struct openvino {
    ov_core_t *core;
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
    ov_tensor_t *input, *output;
    const float *bound; /* the numbers that `input` stands over */
    int64_t side;
};

static void openvino_close(void *state)
{
    struct openvino *self = state;
    if (!self) { return; }
    ov_tensor_free(self->output);
    ov_tensor_free(self->input);
    ov_infer_request_free(self->request);
    ov_compiled_model_free(self->compiled);
    ov_core_free(self->core);
    free(self);
}
CLEANUP_FOR(struct openvino, openvino_close)

static void said_free_p(const char **said)
{
    ov_free(*said);
}

static enum err failed(struct why *why, const char *what, ov_status_e status)
{
    CLEANUP(said_free_p) const char *said = ov_get_last_err_msg();
    return why_set(why, ERR_UNAVAILABLE, "OpenVINO could not %s: %s: %.160s", what,
                   ov_get_error_info(status), said ? said : "no more is known");
}

static void model_free_p(ov_model_t **model)
{
    ov_model_free(*model);
}

static enum err compile(struct openvino *self, const struct engine_request *request,
                        struct why *why)
{
    CLEANUP(model_free_p) ov_model_t *model = NULL;
    ov_status_e status = ov_core_read_model(self->core, request->file, NULL, &model);
    if (status != 0) { return failed(why, "read the model", status); }
    char threads[16];
    snprintf(threads, sizeof threads, "%d", request->threads);
    status =
        ov_core_compile_model(self->core, model, "CPU", 6, &self->compiled, "INFERENCE_NUM_THREADS",
                              threads, "PERFORMANCE_HINT", "LATENCY", "ENABLE_CPU_PINNING", "NO");
    if (status != 0) { return failed(why, "compile the model", status); }
    status = ov_compiled_model_create_infer_request(self->compiled, &self->request);
    return status ? failed(why, "make a request", status) : OK;
}

static enum err openvino_open(void **state, const struct engine_request *request, struct why *why)
{
    CLEANUP(openvino_close_p) struct openvino *self = MEM_NEW(struct openvino);
    self->side = request->model->input.side;
    const ov_status_e status = ov_core_create(&self->core);
    if (status != 0) { return failed(why, "start", status); }
    const enum err err = compile(self, request, why);
    if (err) { return err; }
    *state = TAKE(self);
    return OK;
}

/* Lets the request read `numbers` where they are. */
static ov_status_e bind(struct openvino *self, const float *numbers)
{
    if (self->bound == numbers) { return 0; }
    int64_t dims[4] = {1, 3, self->side, self->side};
    ov_shape_t shape = {.rank = 4, .dims = dims};
    ov_tensor_t *tensor = NULL;
    void *memory = (void *)(uintptr_t)numbers; /* the engine only reads its input */
    ov_status_e status = ov_tensor_create_from_host_ptr(F32, shape, memory, &tensor);
    if (status == 0) { status = ov_infer_request_set_input_tensor(self->request, tensor); }
    if (status != 0) {
        ov_tensor_free(tensor);
        return status;
    }
    ov_tensor_free(self->input);
    self->input = tensor;
    self->bound = numbers;
    return 0;
}

static enum err read_output(struct openvino *self, struct engine_output *output, struct why *why)
{
    ov_tensor_free(self->output);
    self->output = NULL;
    ov_status_e status =
        ov_infer_request_get_output_tensor_by_index(self->request, 0, &self->output);
    ov_shape_t shape = {0};
    ov_element_type_e type = DYNAMIC;
    void *values = NULL;
    if (status == 0) { status = ov_tensor_get_shape(self->output, &shape); }
    if (status == 0) { status = ov_tensor_get_element_type(self->output, &type); }
    if (status == 0) { status = ov_tensor_data(self->output, &values); }
    if (status != 0) { return failed(why, "yield its output", status); }
    const bool shaped = type == F32 && shape.rank == 3 && shape.dims[0] == 1 && shape.dims[1] > 0 &&
                        shape.dims[2] > 0;
    if (shaped) {
        *output = (struct engine_output){
            .values = values, .rows = (size_t)shape.dims[1], .columns = (size_t)shape.dims[2]};
    }
    ov_shape_free(&shape);
    return shaped ? OK
                  : why_set(why, ERR_MALFORMED,
                            "the model's output is not [1, 4 + classes, N] of float");
}

static enum err openvino_run(void *state, const float *input, struct engine_output *output,
                             struct why *why)
{
    struct openvino *self = state;
    ov_status_e status = bind(self, input);
    if (status == 0) { status = ov_infer_request_infer(self->request); }
    if (status != 0) { return failed(why, "run the model", status); }
    return read_output(self, output, why);
}

const struct engine_kind engine_openvino = {
    .name = "openvino",
    .open = openvino_open,
    .run = openvino_run,
    .close = openvino_close,
};

#endif

typedef int engine_openvino_unit; /* ISO C wants one declaration in every file */
