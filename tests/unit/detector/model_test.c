#include "detector/model.h"

#include "check.h"

static const char good[] = "[model]\nname = m\nfile = m.onnx\nlicence = MIT\nside = 320\n"
                           "colours = bgr\nmean = 127.5\nscale = 0.0078\nscore_least = 0.1\n"
                           "score_low = 0.2\nscore_high = 0.6\n[labels]\n0 = person\n2 = car\n";

static enum err parse(const char *ini, struct model *model)
{
    struct why why = {0};
    const enum err err = model_parse(model, span_text(ini), &why);
    if (err) { printf("# %s\n", why.text); }
    return err;
}

int main(void)
{
    struct model model = {0};
    CHECK(parse(good, &model) == OK);
    CHECK_TEXT(model.name, "m");
    CHECK(model.input.side == 320 && model.input.bgr && model.region == 320);
    CHECK(model.label_count == 2 && model.labels[1].class == 2);
    CHECK_TEXT(model.labels[1].text, "car");
    CHECK(model.engine == MODEL_ENGINE_AUTO);

    struct model kept = {.label_count = 7};
    CHECK(parse("", &kept) == ERR_MALFORMED);
    CHECK(parse("[model]\nname = m\nfile = ../m.onnx\n[labels]\n0 = a\n", &kept) == ERR_MALFORMED);
    CHECK(parse("[model]\nname = m\nfile = m\nside = 99999\n[labels]\n0 = a\n", &kept) ==
          ERR_MALFORMED);
    CHECK(parse("[model]\nname = m\nfile = m\nmean = x\n[labels]\n0 = a\n", &kept) ==
          ERR_MALFORMED);
    CHECK(parse("[model]\nname = m\nfile = m\nwhat = 1\n[labels]\n0 = a\n", &kept) ==
          ERR_MALFORMED);
    CHECK(parse("[model]\nname = m\nfile = m\nengine = gpu\n[labels]\n0 = a\n", &kept) ==
          ERR_MALFORMED);
    CHECK(parse("[model]\nname = m\nfile = m\n[labels]\n-1 = a\n", &kept) == ERR_MALFORMED);
    CHECK(parse("[model]\nname = m\nfile = m\n[labels]\n900 = a\n", &kept) == ERR_MALFORMED);
    CHECK(parse("[model]\nname = m\nfile = m\nscore_low = 0.9\n[labels]\n0 = a\n", &kept) ==
          ERR_MALFORMED);
    CHECK(parse("[other]\na = b\n", &kept) == ERR_MALFORMED);
    CHECK(parse("[model]\nnonsense\n", &kept) == ERR_MALFORMED);
    CHECK(kept.label_count == 7);

    static char long_text[MODEL_FILE_SIZE_MAX + 2];
    memset(long_text, '\n', sizeof long_text - 1);
    CHECK(parse(long_text, &kept) == ERR_LIMIT);
    struct why why = {0};
    CHECK(model_read(&kept, "/nonexistent/model.ini", &why) != OK);
    CHECK(strstr(why.text, "/nonexistent/model.ini") != NULL);
    CHECK(model_read(&model, "tools/models/ssd-mobilenetv2-oidv4.ini", &why) == OK);
    CHECK(model_read(&model, "tools/models/yolo-fastest-1.1_body.ini", &why) == OK);
    return CHECK_DONE();
}
