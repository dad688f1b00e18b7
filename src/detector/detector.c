#include "detector/detector.h"

#include "base/clock.h"
#include "detector/engine.h"
#include "detector/finds.h"

#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

struct detector {
    pthread_mutex_t lock; /* one look at a time: the engine's memory is needed once */
    struct model model;
    const struct engine_kind *engine;
    void *state;  /* owned, of the engine */
    float *input; /* owned, 3 * side * side */
    struct finds finds;
};

enum { PATH_SIZE = 4096, THREADS_MAX = 64 };

static enum err check_file(const char *path, struct why *why)
{
    struct stat found;
    if (stat(path, &found) != 0 || !S_ISREG(found.st_mode)) {
        return why_set(why, ERR_NOT_FOUND, "there is no model %.180s; run tools/fetch-models.sh",
                       path);
    }
    if (found.st_size > ENGINE_MODEL_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "the model %.150s has more than %lld MiB", path,
                       (long long)(ENGINE_MODEL_SIZE_MAX >> 20));
    }
    return OK;
}

/* The path of the model itself: its name, in the folder of its description. */
static enum err beside(char path[static PATH_SIZE], const char *description, const char *file,
                       struct why *why)
{
    const char *slash = strrchr(description, '/');
    const size_t folder = slash ? (size_t)(slash - description) + 1 : 0;
    if (folder + strlen(file) >= PATH_SIZE) {
        return why_set(why, ERR_LIMIT, "the path of the model is longer than %d", PATH_SIZE - 1);
    }
    memcpy(path, description, folder);
    memcpy(path + folder, file, strlen(file) + 1);
    return check_file(path, why);
}

static enum err choose_engine(struct detector *detector, struct why *why)
{
    const enum model_engine asked = detector->model.engine;
#ifdef TOCSIN_OPENVINO
    if (asked != MODEL_ENGINE_OPENCV) {
        detector->engine = &engine_openvino;
        return OK;
    }
#else
    if (asked == MODEL_ENGINE_OPENVINO) {
        return why_set(why, ERR_UNAVAILABLE,
                       "this build has no OpenVINO (tools/fetch-openvino.sh)");
    }
#endif
    (void)why;
    detector->engine = &engine_opencv;
    return OK;
}

/* One run on nothing: a model whose output does not fit is refused at start, not at night. */
static enum err rehearse(struct detector *detector, struct why *why)
{
    const struct box nowhere = {0, 0, (float)detector->model.input.side,
                                (float)detector->model.input.side};
    struct engine_output output = {0};
    const enum err err = detector->engine->run(detector->state, detector->input, &output, why);
    if (err) { return err; }
    detector->finds.count = 0;
    return finds_add(&detector->finds, &output, &detector->model, nowhere, why);
}

enum err detector_open(struct detector **out, const char *path, int threads, struct why *why)
{
    if (threads < 1 || threads > THREADS_MAX) {
        return why_set(why, ERR_RANGE, "threads = %d: 1..%d was expected", threads, THREADS_MAX);
    }
    CLEANUP(detector_close_p) struct detector *detector = MEM_NEW(struct detector);
    pthread_mutex_init(&detector->lock, NULL);
    char file[PATH_SIZE];
    enum err err = OK;
    if (path) {
        err = model_read(&detector->model, path, why);
        if (!err) { err = beside(file, path, detector->model.file, why); }
        if (!err) { err = choose_engine(detector, why); }
    } else {
        engine_hog_model(&detector->model);
        detector->engine = &engine_hog;
    }
    if (err) { return err; }
    const size_t side = detector->model.input.side;
    detector->input = MEM_ARRAY(float, 3 * side * side);
    const struct engine_request request = {
        .model = &detector->model, .file = path ? file : NULL, .threads = threads};
    err = detector->engine->open(&detector->state, &request, why);
    if (!err) { err = rehearse(detector, why); }
    if (err) { return why_prefix(why, err, detector->model.name); }
    *out = TAKE(detector);
    return OK;
}

void detector_close(struct detector *detector)
{
    if (!detector) { return; }
    if (detector->state) { detector->engine->close(detector->state); }
    pthread_mutex_destroy(&detector->lock);
    free(detector->input);
    free(detector);
}

static int64_t process_cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * CLOCK_SECOND_US + now.tv_nsec / 1000;
}

static enum err look_into(struct detector *detector, const struct frame *frame, struct box square,
                          struct detector_found *out, struct why *why)
{
    crop_fill(detector->input, &detector->model.input, frame, square);
    struct engine_output output = {0};
    const int64_t wall_us = clock_monotonic_us();
    const int64_t cpu_us = process_cpu_us();
    enum err err = detector->engine->run(detector->state, detector->input, &output, why);
    out->engine_cpu_us += process_cpu_us() - cpu_us;
    out->engine_us += clock_monotonic_us() - wall_us;
    if (err) { return err; }
    const size_t first = detector->finds.count;
    err = finds_add(&detector->finds, &output, &detector->model, square, why);
    if (!err) { finds_drop_cut(&detector->finds, first, square, frame); }
    return err;
}

enum err detector_find(struct detector *detector, const struct frame *frame,
                       struct detector_look look, struct detector_found *out, struct why *why)
{
    *out = (struct detector_found){.count = 0};
    if (look.count > DETECTOR_SQUARES_MAX) {
        return why_set(why, ERR_LIMIT, "%zu squares to look into, at most %d", look.count,
                       DETECTOR_SQUARES_MAX);
    }
    pthread_mutex_lock(&detector->lock);
    enum err err = OK;
    detector->finds.count = 0;
    for (size_t i = 0; i < look.count && !err; i++) {
        err = look_into(detector, frame, look.squares[i], out, why);
    }
    finds_thin(&detector->finds, detector->model.overlap_most);
    if (!err) {
        out->count = detector->finds.count;
        memcpy(out->found, detector->finds.list, out->count * sizeof out->found[0]);
    }
    pthread_mutex_unlock(&detector->lock);
    return err;
}

const char *detector_model(const struct detector *detector)
{
    return detector->model.name;
}

const char *detector_engine(const struct detector *detector)
{
    return detector->engine->name;
}

const char *detector_label(const struct detector *detector, int label)
{
    const bool known = label >= 0 && (size_t)label < detector->model.label_count;
    return known ? detector->model.labels[label].text : "unknown";
}

struct detector_traits detector_traits(const struct detector *detector)
{
    return (struct detector_traits){
        .region = detector->model.region,
        .score_high = detector->model.score_high,
        .score_low = detector->model.score_low,
    };
}
