#include "detector/model.h"

#include "base/text.h"
#include "system/file.h"

#include <ini.h>
#include <math.h>
#include <stdio.h>

/* A number of the description: where it goes and what it may be. */
struct number {
    const char *key;
    size_t offset;
    float least, most;
};

struct word {
    const char *key;
    size_t offset;
};

static const struct number numbers[] = {
    {"mean", offsetof(struct model, input.mean), 0, 255},
    {"scale", offsetof(struct model, input.scale), 1e-4F, 1},
    {"region", offsetof(struct model, region), 32, 4096},
    {"score_least", offsetof(struct model, score_least), 0.01F, 1},
    {"score_low", offsetof(struct model, score_low), 0.01F, 1},
    {"score_high", offsetof(struct model, score_high), 0.01F, 1},
    {"overlap_most", offsetof(struct model, overlap_most), 0.1F, 0.95F},
};

static const struct word words[] = {
    {"name", offsetof(struct model, name)},
    {"file", offsetof(struct model, file)},
    {"licence", offsetof(struct model, licence)},
    {"source", offsetof(struct model, source)},
};

struct reading {
    struct model *model;
    struct why *why;
    enum err err;
};

static bool number_read(float *out, const char *text, float least, float most)
{
    char *end = NULL;
    float value = strtof(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || value < least || value > most) {
        return false;
    }
    *out = value;
    return true;
}

static enum err read_label(struct model *model, const char *class, const char *text,
                           struct why *why)
{
    float number = 0;
    if (!number_read(&number, class, 0, MODEL_CLASSES_MAX - 1) || floorf(number) != number) {
        return why_set(why, ERR_MALFORMED, "[labels] %s: a class number of 0..%d was expected",
                       class, MODEL_CLASSES_MAX - 1);
    }
    if (model->label_count == MODEL_LABELS_MAX) {
        return why_set(why, ERR_LIMIT, "[labels] has more than %d entries", MODEL_LABELS_MAX);
    }
    struct model_label *label = &model->labels[model->label_count];
    label->class = (uint32_t)number;
    if (!text_copy(label->text, sizeof label->text, text) || text[0] == '\0') {
        return why_set(why, ERR_LIMIT, "[labels] %s: a word of 1..%d letters was expected", class,
                       MODEL_LABEL_SIZE - 1);
    }
    model->label_count++;
    return OK;
}

static enum err read_engine(struct model *model, const char *value, struct why *why)
{
    static const char *const names[] = {"auto", "openvino", "opencv"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            model->engine = (enum model_engine)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED, "engine = %s: auto, openvino or opencv was expected", value);
}

static enum err read_side(struct model *model, const char *value, struct why *why)
{
    float side = 0;
    if (!number_read(&side, value, 32, CROP_SIDE_MAX) || floorf(side) != side) {
        return why_set(why, ERR_MALFORMED, "side = %s: a whole number of 32..%d was expected",
                       value, CROP_SIDE_MAX);
    }
    model->input.side = (uint32_t)side;
    return OK;
}

static enum err read_key(struct model *model, const char *key, const char *value, struct why *why)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (strcmp(key, numbers[i].key) != 0) { continue; }
        float *to = (float *)(void *)((char *)model + numbers[i].offset);
        if (number_read(to, value, numbers[i].least, numbers[i].most)) { return OK; }
        return why_set(why, ERR_MALFORMED, "%s = %s: a number of %g..%g was expected", key, value,
                       (double)numbers[i].least, (double)numbers[i].most);
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(key, words[i].key) != 0) { continue; }
        if (text_copy((char *)model + words[i].offset, MODEL_TEXT_SIZE, value)) { return OK; }
        return why_set(why, ERR_LIMIT, "%s is longer than %d letters", key, MODEL_TEXT_SIZE - 1);
    }
    if (strcmp(key, "engine") == 0) { return read_engine(model, value, why); }
    if (strcmp(key, "side") == 0) { return read_side(model, value, why); }
    if (strcmp(key, "colours") == 0 && (strcmp(value, "rgb") == 0 || strcmp(value, "bgr") == 0)) {
        model->input.bgr = value[0] == 'b';
        return OK;
    }
    return why_set(why, ERR_MALFORMED, "%s = %s is not known in a model's description", key, value);
}

static int on_pair(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    if (reading->err) { return 0; }
    if (strcmp(section, "labels") == 0) {
        reading->err = read_label(reading->model, key, value, reading->why);
    } else if (strcmp(section, "model") == 0) {
        reading->err = read_key(reading->model, key, value, reading->why);
    } else {
        reading->err = why_set(reading->why, ERR_MALFORMED,
                               "section [%s]: [model] or [labels] expected", section);
    }
    return reading->err == OK;
}

static enum err check(const struct model *model, struct why *why)
{
    if (model->name[0] == '\0' || model->file[0] == '\0' || model->label_count == 0) {
        return why_set(why, ERR_MALFORMED,
                       "name, file and at least one entry of [labels] were expected");
    }
    if (strchr(model->file, '/')) {
        return why_set(why, ERR_MALFORMED, "file = %s: the model lies beside its description",
                       model->file);
    }
    if (model->score_low > model->score_high || model->score_least > model->score_low) {
        return why_set(why, ERR_MALFORMED, "score_least <= score_low <= score_high was expected");
    }
    return OK;
}

enum err model_parse(struct model *out, struct span ini, struct why *why)
{
    if (ini.size > MODEL_FILE_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "the description has %zu bytes, at most %d were expected",
                       ini.size, MODEL_FILE_SIZE_MAX);
    }
    CLEANUP(mem_free_p) char *text = mem_text_of((const char *)ini.data, ini.size);
    struct model model = {
        .input = {.side = 640, .mean = 0, .scale = 1.0F / 255},
        .score_least = 0.05F,
        .score_low = 0.1F,
        .score_high = 0.5F,
        .overlap_most = 0.5F,
    };
    struct reading reading = {.model = &model, .why = why};
    const int line = ini_parse_string(text, on_pair, &reading);
    if (reading.err) { return reading.err; }
    if (line != 0) { return why_set(why, ERR_MALFORMED, "line %d is not `key = value`", line); }
    const enum err err = check(&model, why);
    if (err) { return err; }
    if (model.region <= 0) { model.region = (float)model.input.side; }
    *out = model;
    return OK;
}

enum err model_read(struct model *out, const char *path, struct why *why)
{
    CLEANUP(text_deinit) struct text ini = text_limited(MODEL_FILE_SIZE_MAX);
    enum err err = file_read(&ini, path, why);
    if (!err) { err = model_parse(out, text_span(&ini), why); }
    return err ? why_prefix(why, err, path) : OK;
}
