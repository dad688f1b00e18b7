#include "replay.h"

#include "base/clock.h"
#include "video_file.h"
#include "vision_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { SETTINGS_MAX = 32, POINTS_MAX = 4 * 1024 * 1024 };

struct replay_options {
    struct vision_tuning tuning;
    struct vision_place place;
};

static const struct option rows[] = {VISION_OPTIONS(struct replay_options),
                                     VISION_PLACE_OPTIONS("camera.", struct replay_options)};

static const struct option_table table = {
    .program = "tocsin-watch replay",
    .sentence = "Runs the pipeline of one camera over a video file.",
    .options = rows,
    .option_count = ARRAY_LEN(rows),
};

struct request {
    const char *file, *mot;
    const char *settings[SETTINGS_MAX + 1]; /* NULL after the last */
    size_t setting_count;
    char model[OPTION_TEXT_SIZE + 16];
    unsigned long frames_max;
    bool visits;
};

struct replay {
    struct track_point *points; /* owned; in the order in which they became known */
    size_t count, capacity;
    bool visits;
    const struct area_list *zones; /* borrowed */
    double decode_ms;              /* CPU time */
};

static void on_visit(void *context, const struct visit *visit, const struct frame *frame)
{
    static const char *const words[] = {"begin", "update", "end"};
    const struct replay *replay = context;
    (void)frame;
    if (!replay->visits) { return; }
    printf("visit %llu %s %s count %u score %.2f from %.1f s for %.1f s, %zu boxes%s",
           (unsigned long long)visit->number, words[visit->state], visit->label, visit->count,
           visit->score, (double)visit->started_us / 1e6,
           (double)(visit->updated_us - visit->started_us) / 1e6, visit->box_count,
           visit->best_look ? ", best look" : "");
    for (size_t i = 0; i < replay->zones->count; i++) {
        if (visit->zones >> i & 1) { printf(", in %s", replay->zones->areas[i].name); }
    }
    printf("\n");
}

static void on_points(void *context, const struct track_point *points, size_t count)
{
    struct replay *replay = context;
    for (size_t i = 0; i < count && replay->count < POINTS_MAX; i++) {
        if (replay->count == replay->capacity) {
            replay->capacity = replay->capacity ? 2 * replay->capacity : 4096;
            replay->points =
                mem_resized(replay->points, replay->capacity * sizeof replay->points[0]);
        }
        replay->points[replay->count++] = points[i];
    }
}

static int by_frame(const void *a, const void *b)
{
    const struct track_point *left = a;
    const struct track_point *right = b;
    if (left->sequence != right->sequence) { return left->sequence < right->sequence ? -1 : 1; }
    return (left->track > right->track) - (left->track < right->track);
}

static enum err write_mot(struct replay *replay, const char *path, struct why *why)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        return why_set(why, ERR_IO, "%s cannot be written: %s", path, strerrordesc_np(errno));
    }
    if (replay->count > 0) {
        qsort(replay->points, replay->count, sizeof replay->points[0], by_frame);
    }
    for (size_t i = 0; i < replay->count; i++) {
        const struct track_point *p = &replay->points[i];
        fprintf(file, "%llu,%llu,%.2f,%.2f,%.2f,%.2f,%.3f,-1,-1,-1\n",
                (unsigned long long)p->sequence, (unsigned long long)p->track, (double)p->box.x,
                (double)p->box.y, (double)p->box.width, (double)p->box.height, (double)p->score);
    }
    const bool failed = ferror(file) != 0;
    return fclose(file) != 0 || failed ? why_set(why, ERR_IO, "%s was not written whole", path)
                                       : OK;
}

static double process_cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void print_summary(const struct vision *vision, const struct detector *detector,
                          double decode_ms, double cpu_ms)
{
    const struct vision_figures f = vision_figures(vision);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const double engine_ms = (double)f.engine_cpu_us / 1e3;
    const double inferences = f.inferences ? (double)f.inferences : 1;
    printf("model %s on %s\n", detector_model(detector), detector_engine(detector));
    printf("frames %llu, with motion %llu, inferences %llu (%.2f a frame), detections %llu\n",
           (unsigned long long)f.frames, (unsigned long long)f.motion_frames,
           (unsigned long long)f.inferences, (double)f.inferences / (double)(f.frames + !f.frames),
           (unsigned long long)f.detections);
    printf("CPU ms: all %.0f, inferences %.0f (%.2f each), decoding %.0f, the rest %.0f\n", cpu_ms,
           engine_ms, engine_ms / inferences, decode_ms, cpu_ms - engine_ms - decode_ms);
    const double part = engine_ms > 0 ? 100 / engine_ms : 0;
    printf("overhead over the inferences: %.1f %%, without decoding %.1f %%\n",
           part * (cpu_ms - engine_ms), part * (cpu_ms - engine_ms - decode_ms));
    printf("resident memory at most %ld MiB\n", usage.ru_maxrss / 1024);
}

/* One argument that has a value. False when it is not known. */
static bool take_value(struct request *request, const char *word, const char *value)
{
    if (strcmp(word, "--mot") == 0) {
        request->mot = value;
    } else if (strcmp(word, "--frames") == 0) {
        request->frames_max = strtoul(value, NULL, 10);
    } else if (strcmp(word, "--model") == 0) {
        snprintf(request->model, sizeof request->model, "vision.model=%s", value);
        request->settings[request->setting_count++] = request->model;
    } else if (strcmp(word, "--set") == 0) {
        request->settings[request->setting_count++] = value;
    } else {
        return false;
    }
    return true;
}

static enum err parse(struct request *request, int argc, char *const argv[], struct why *why)
{
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--visits") == 0) {
            request->visits = true;
        } else if (word[0] != '-' && !request->file) {
            request->file = word;
        } else if (i + 1 < argc && request->setting_count < SETTINGS_MAX &&
                   take_value(request, word, argv[i + 1])) {
            i++;
        } else {
            return why_set(why, ERR_MALFORMED, "%s is not understood here", word);
        }
    }
    return request->file ? OK
                         : why_set(why, ERR_MALFORMED,
                                   "replay FILE [--mot OUT] [--model INI] [--set KEY=VALUE] "
                                   "[--frames N] [--visits] was expected");
}

static enum err play(struct vision *vision, const struct request *request, double *decode_ms,
                     struct why *why)
{
    CLEANUP(video_file_close_p) struct video_file *video = NULL;
    enum err err = video_file_open(&video, request->file, why);
    struct frame frame;
    bool more = true;
    unsigned long count = 0;
    while (!err && (request->frames_max == 0 || count++ < request->frames_max)) {
        const double before_ms = process_cpu_ms();
        err = video_file_next(video, &frame, &more, why);
        *decode_ms += process_cpu_ms() - before_ms;
        if (err || !more) { break; }
        err = vision_feed(vision, &frame, why);
    }
    vision_end(vision);
    return err;
}

static enum err replay(const struct request *request, struct why *why)
{
    struct replay_options options = {0};
    enum err err = option_load(&options, &table, NULL, request->settings, why);
    if (err) { return err; }
    CLEANUP(detector_close_p) struct detector *detector = NULL;
    vision_model_find(&options.tuning);
    const char *model = options.tuning.model;
    err = detector_open(&detector, model[0] ? model : NULL, (int)options.tuning.threads, why);
    if (err) { return err; }
    struct replay state = {.visits = request->visits};
    struct vision_options looking = vision_options_of(&options.tuning);
    err = vision_place_read(&looking, &options.place, why);
    if (err) { return err; }
    state.zones = &looking.zones;
    looking.detector = detector;
    looking.visit = on_visit;
    looking.points = on_points;
    looking.context = &state;
    CLEANUP(vision_close_p) struct vision *vision = NULL;
    err = vision_open(&vision, &looking, why);
    if (err) { return err; }
    const double before_ms = process_cpu_ms();
    err = play(vision, request, &state.decode_ms, why);
    if (!err) { print_summary(vision, detector, state.decode_ms, process_cpu_ms() - before_ms); }
    if (!err && request->mot) { err = write_mot(&state, request->mot, why); }
    free(state.points);
    return err;
}

int replay_run(int argc, char *const argv[])
{
    struct request request = {0};
    struct why why = {0};
    enum err err = parse(&request, argc, argv, &why);
    if (!err) { err = replay(&request, &why); }
    if (err) { fprintf(stderr, "tocsin-watch replay: %s\n", why.text); }
    return err == OK ? 0 : 1;
}
