#include "camera/decode.h"

#include "check.h"
#include "system/file.h"
#include "test_packets.h"

static const char video[] = SHARED_DATA "/video/derived/vtest-h264.mp4";

struct seen {
    unsigned frames;
    uint32_t width, height;
    int64_t captured_us;
    bool grows;
    uint64_t luma; /* sum of the first row of the newest picture */
    uint64_t sequence;
};

static void on_frame(void *context, const struct frame *frame)
{
    struct seen *seen = context;
    seen->grows = (seen->frames == 0 || seen->grows) && frame->captured_us > seen->captured_us;
    seen->frames++;
    seen->width = frame->width;
    seen->height = frame->height;
    seen->captured_us = frame->captured_us;
    seen->sequence = frame->sequence;
    seen->luma = 0;
    for (uint32_t x = 0; x < frame->width; x++) {
        seen->luma += frame->plane[FRAME_PLANE_Y][x];
    }
}

static struct seen decode_all(const struct test_packets *packets, bool key_only,
                              struct decode_figures *figures)
{
    struct seen seen = {0};
    const struct decode_options options = {.frame = on_frame, .context = &seen};
    CLEANUP(decode_free_p) struct decode *decode = decode_new(&options);
    for (size_t i = 0; i < packets->count; i++) {
        CHECK(decode_feed(decode, packets->at[i], key_only, NULL) == OK);
    }
    *figures = decode_figures(decode);
    return seen;
}

static void test_good(const char *path, unsigned frames, unsigned keys)
{
    struct test_packets packets = {0};
    struct decode_figures figures = {0};
    CHECK(test_packets_read(&packets, path, 100, 1));
    struct seen seen = decode_all(&packets, false, &figures);
    /* A decoder may hold pictures back until it knows that none comes before them. */
    CHECK(seen.frames + 3 >= frames && seen.frames <= frames && seen.grows);
    CHECK(seen.width == 768 && seen.height == 576 && seen.luma > 0);
    CHECK(figures.frames == seen.frames && figures.damaged == 0 && seen.sequence == seen.frames);
    seen = decode_all(&packets, true, &figures);
    CHECK(seen.frames + 1 >= keys && seen.frames <= keys);
    test_packets_free(&packets);
}

/* From key pictures only back to everything: nothing is decoded upon pictures that are missing. */
static void test_resume(void)
{
    struct test_packets packets = {0};
    CHECK(test_packets_read(&packets, video, 60, 1));
    struct seen seen = {0};
    const struct decode_options options = {.frame = on_frame, .context = &seen};
    CLEANUP(decode_free_p) struct decode *decode = decode_new(&options);
    for (size_t i = 0; i < 60; i++) {
        CHECK(decode_feed(decode, packets.at[i], i < 30, NULL) == OK);
        if (i == 39) { CHECK(seen.frames == 2); }
    }
    CHECK(seen.frames == 22 && decode_figures(decode).damaged == 0);

    /* Another run begins at its key picture, whatever was before. */
    struct test_packets other = {0};
    CHECK(test_packets_read(&other, SHARED_DATA "/video/h264-conformance/MIDR_MW_D.264", 60, 2));
    for (size_t i = 0; i < other.count; i++) {
        CHECK(decode_feed(decode, other.at[i], false, NULL) == OK);
    }
    CHECK(seen.width == 176 && seen.height == 144);
    test_packets_free(&other);
    test_packets_free(&packets);
}

static void test_damaged(void)
{
    static const char *const names[] = {
        "BA_MW_D.264",   "BA_MW_D_IDR_LOST.264", "BA_MW_D_P_LOST.264",
        "Error_I_P.264", "MIDR_MW_D.264",        "MPS_MW_A.264",
        "NRF_MW_E.264",  "SVA_BA1_B.264",        "SarVui.264",
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[FILE_PATH_SIZE];
        struct test_packets packets = {0};
        struct decode_figures figures = {0};
        if (file_join(path, SHARED_DATA "/video/h264-conformance", names[i], NULL) ||
            !test_packets_read(&packets, path, 1000, 1)) {
            continue;
        }
        struct seen seen = decode_all(&packets, false, &figures);
        printf("# %s: %zu packets, %u frames, %d refused\n", names[i], packets.count, seen.frames,
               (int)figures.damaged);
        /* Every third packet gets noise in its middle. */
        for (size_t j = 0; j < packets.count; j += 3) {
            for (size_t k = packets.at[j]->size / 4; k < packets.at[j]->size / 2; k++) {
                packets.at[j]->data[k] = (uint8_t)(k * 131 + j);
            }
        }
        seen = decode_all(&packets, false, &figures);
        CHECK(seen.frames <= 2 * packets.count);
        test_packets_free(&packets);
    }
}

int main(void)
{
    if (!file_exists(video)) { return CHECK_SKIP_ALL("no ../shared/data/video"); }
    test_good(video, 100, 5);
    test_good(SHARED_DATA "/video/derived/vtest-h265-20s.mp4", 100, 5);
    test_resume();
    test_damaged();
    decode_free(NULL);
    return CHECK_DONE();
}
