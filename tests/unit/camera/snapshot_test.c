#include "camera/snapshot.h"

#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "system/file.h"
#include "system/process.h"

enum { WIDTH = 100, HEIGHT = 75 }; /* an odd side, and strides wider than the picture */

static uint8_t luma[HEIGHT * 128], blue[38 * 64], red[38 * 64];

static struct frame grey(void)
{
    memset(luma, 126, sizeof luma);
    memset(blue, 128, sizeof blue);
    memset(red, 128, sizeof red);
    return (struct frame){.plane = {luma, blue, red},
                          .stride_bytes = {128, 64, 64},
                          .width = WIDTH,
                          .height = HEIGHT};
}

/* What an outside tool sees: "width,height,average luma". */
static void ask_ffprobe(const char *path, char *words, size_t size)
{
    char source[FILE_PATH_SIZE + 32];
    (void)snprintf(source, sizeof source, "movie=%s,signalstats", path);
    const char *const arguments[] = {"ffprobe",
                                     "-v",
                                     "error",
                                     "-f",
                                     "lavfi",
                                     "-i",
                                     source,
                                     "-show_entries",
                                     "stream=width,height:frame_tags=lavfi.signalstats.YAVG",
                                     "-of",
                                     "csv=p=0:nk=1",
                                     NULL};
    const struct process_plan plan = {.arguments = arguments, .output = PROCESS_OUTPUT_PIPE};
    CLEANUP(process_free_p) struct process *process = NULL;
    struct process_end end = {0};
    words[0] = '\0';
    if (process_start(&process, &plan, NULL) || process_wait(process, 60 * CLOCK_SECOND_US, &end)) {
        return;
    }
    const ssize_t got = read(process_output(process), words, size - 1);
    words[got > 0 ? got : 0] = '\0';
}

int main(void)
{
    char folder[] = "/tmp/tocsin-snapshot-XXXXXX";
    char path[FILE_PATH_SIZE];
    char words[256];
    struct why why = {0};
    CHECK(mkdtemp(folder) != NULL && file_join(path, folder, "grey.jpg", &why) == OK);
    CLEANUP(text_deinit) struct text jpeg = text_limited(SNAPSHOT_SIZE_MAX);
    struct frame frame = grey();
    CHECK(snapshot_encode(&jpeg, &frame, &why) == OK);
    CHECK(jpeg.size > 200 && memcmp(jpeg.data, "\xff\xd8\xff", 3) == 0);
    CHECK(memcmp(jpeg.data + jpeg.size - 2, "\xff\xd9", 2) == 0);
    CHECK(file_write(path, text_span(&jpeg), 0600, &why) == OK);
    ask_ffprobe(path, words, sizeof words);
    printf("# %s", words);
    CHECK(strstr(words, "100,75") != NULL);
    CHECK(strstr(words, "128") != NULL); /* 126 of 16..235 is the middle of 0..255 */

    frame.width = 8;
    CHECK(snapshot_encode(&jpeg, &frame, &why) == ERR_RANGE);
    frame = grey();
    CLEANUP(text_deinit) struct text small = text_limited(10);
    CHECK(snapshot_encode(&small, &frame, &why) == ERR_LIMIT);
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
    return CHECK_DONE();
}
