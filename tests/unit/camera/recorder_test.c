#include "camera/recorder.h"

#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "system/file.h"
#include "test_packets.h"

static const char video[] = SHARED_DATA "/video/derived/vtest-h264.mp4";
static char media[] = "/tmp/tocsin-recorder-XXXXXX";
static struct test_packets packets;

struct heard {
    unsigned reports, finished, full;
    struct id event_last;
    struct clip_facts facts;
    int64_t lead_us;
    char path[RECORDER_PATH_SIZE];
    char why[256];
};

static void on_report(void *context, const struct recorder_report *report)
{
    struct heard *heard = context;
    heard->reports++;
    heard->finished += report->finished;
    heard->full += report->disk_full;
    if (report->finished) { heard->event_last = report->event; }
    heard->facts = report->facts;
    heard->lead_us = report->lead_us;
    (void)snprintf(heard->path, sizeof heard->path, "%s", report->path ? report->path : "");
    (void)snprintf(heard->why, sizeof heard->why, "%s", report->why ? report->why : "");
}

static struct recorder *fresh(struct heard *heard)
{
    *heard = (struct heard){0};
    const struct recorder_options options = {.media = media,
                                             .camera = "gate",
                                             .before_us = 3 * CLOCK_SECOND_US,
                                             .after_us = 3 * CLOCK_SECOND_US,
                                             .length_max_us = 30 * CLOCK_SECOND_US,
                                             .ring_bytes_max = 16 * 1024 * 1024,
                                             .report = on_report,
                                             .context = heard};
    return recorder_new(&options);
}

static int64_t captured(size_t index)
{
    return packets.at[index]->captured_us;
}

static void push(struct recorder *recorder, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        recorder_push(recorder, packets.at[i]);
    }
}

/* An event from picture 100 to 150: 3 s before, 3 s after, beginning at a key picture. */
static void test_event(void)
{
    struct heard heard;
    CLEANUP(recorder_free_p) struct recorder *recorder = fresh(&heard);
    push(recorder, 0, 105);
    const struct id event = id_new(1795315200 * CLOCK_SECOND_US); /* 2026-11-22 */
    recorder_begin(recorder, event, captured(100));
    CHECK(heard.reports >= 1 && heard.facts.parts >= 1 && heard.finished == 0);
    CHECK(recorder_clips(recorder) == 1);
    push(recorder, 105, 155);
    recorder_end(recorder, event, captured(150));
    push(recorder, 155, 181);
    CHECK(heard.finished == 0);
    push(recorder, 181, 185);
    CHECK(heard.finished == 1 && recorder_clips(recorder) == 0);
    CHECK(heard.lead_us == 4 * CLOCK_SECOND_US); /* key pictures at 60, 80: 60 is before 70 */
    CHECK(heard.facts.pictures == 181 - 60);
    CHECK(heard.facts.finished && heard.why[0] == '\0');
    char expected[RECORDER_PATH_SIZE];
    (void)snprintf(expected, sizeof expected, "gate/20261122/%s.mp4", event.text);
    CHECK_TEXT(heard.path, expected);
    char path[FILE_PATH_SIZE];
    struct clip_facts facts = {0};
    CHECK(file_join(path, media, expected, NULL) == OK);
    CHECK(clip_recover(&facts, path, NULL) == OK && facts.pictures == heard.facts.pictures);

    CHECK(recorder_picture(recorder, &event, span_text("JPEG"), NULL) == OK);
    (void)snprintf(path + strlen(path) - 3, 4, "jpg");
    CHECK(file_exists(path));
}

static void test_several(void)
{
    struct heard heard;
    CLEANUP(recorder_free_p) struct recorder *recorder = fresh(&heard);
    push(recorder, 0, 50);
    struct id events[RECORDER_CLIPS_MAX];
    for (size_t i = 0; i < RECORDER_CLIPS_MAX; i++) {
        events[i] = id_new(CLOCK_SECOND_US);
        recorder_begin(recorder, events[i], captured(45));
    }
    CHECK(recorder_clips(recorder) == RECORDER_CLIPS_MAX && heard.finished == 0);
    recorder_begin(recorder, id_new(CLOCK_SECOND_US), captured(46));
    CHECK(heard.finished == 1 && heard.path[0] == '\0' && strstr(heard.why, "too many"));
    recorder_end(recorder, events[3], captured(49));
    recorder_end(recorder, id_new(0), captured(49)); /* unknown: nothing happens */
    push(recorder, 50, 100);
    CHECK(heard.finished == 2 && strcmp(heard.event_last.text, events[3].text) == 0);
    recorder_break(recorder); /* the camera is gone */
    CHECK(heard.finished == RECORDER_CLIPS_MAX + 1 && recorder_clips(recorder) == 0);
}

/* Cameras come and go: runs are never mixed, and what is open at the end is a good clip. */
static void test_runs(void)
{
    struct heard heard;
    struct test_packets other = {0};
    CHECK(test_packets_read(&other, video, 50, 2));
    struct recorder *recorder = fresh(&heard);
    recorder_begin(recorder, id_new(2 * CLOCK_SECOND_US), captured(0)); /* before any picture */
    CHECK(recorder_clips(recorder) == 1 && heard.reports == 0);
    push(recorder, 0, 30);
    recorder_push(recorder, other.at[0]);
    CHECK(heard.finished == 1 && heard.facts.pictures == 30);
    const struct id late = id_new(3 * CLOCK_SECOND_US);
    recorder_begin(recorder, late, other.at[0]->captured_us);
    recorder_push(recorder, other.at[1]);
    recorder_break(recorder);
    CHECK(heard.finished == 2 && heard.facts.pictures == 2);
    recorder_end(recorder, late, 0);
    const struct id never = id_new(3 * CLOCK_SECOND_US);
    recorder_begin(recorder, never, 0);
    recorder_end(recorder, never, 1); /* no stream: over at once, without a file */
    CHECK(heard.finished == 3 && heard.path[0] == '\0');
    push(recorder, 0, 400);
    recorder_begin(recorder, id_new(4 * CLOCK_SECOND_US), captured(399));
    push(recorder, 400, 790);
    CHECK(heard.finished == 4 && strstr(heard.why, "length"));
    CHECK(heard.facts.duration_us <= 30 * CLOCK_SECOND_US + 100000);
    recorder_begin(recorder, id_new(5 * CLOCK_SECOND_US), captured(780));
    recorder_free(recorder);
    CHECK(heard.finished == 5 && heard.facts.finished);
    test_packets_free(&other);
}

/* The disk is full when the event begins: told once, and tried again until there is room. */
static void test_disk_full(void)
{
    struct heard heard;
    CLEANUP(recorder_free_p) struct recorder *recorder = fresh(&heard);
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    struct rlimit before;
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const struct rlimit tight = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    push(recorder, 0, 50);
    CHECK(fflush(stdout) == 0 && setrlimit(RLIMIT_FSIZE, &tight) == 0);
    const struct id event = id_new(6 * CLOCK_SECOND_US);
    recorder_begin(recorder, event, captured(49));
    push(recorder, 50, 90);
    const struct rlimit some = {.rlim_cur = 200000, .rlim_max = before.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(heard.full == 1 && heard.finished == 0 && recorder_clips(recorder) == 1);
    CHECK(fflush(stdout) == 0 && setrlimit(RLIMIT_FSIZE, &some) == 0);
    push(recorder, 90, 500); /* a clip from the next key picture, until the disk is full again */
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(heard.full == 2 && heard.finished == 1 && recorder_clips(recorder) == 0);
    CHECK(heard.facts.pictures >= 20 && heard.path[0] != '\0');
    CHECK(heard.lead_us < 0);
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

int main(void)
{
    if (!test_packets_read(&packets, video, 1000, 1)) {
        return CHECK_SKIP_ALL("no ../shared/data/video");
    }
    CHECK(mkdtemp(media) != NULL);
    test_event();
    test_several();
    test_runs();
    test_disk_full();
    char path[RECORDER_PATH_SIZE];
    char longer[2 * RECORDER_PATH_SIZE];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const struct id event = id_new(0);
    CHECK(recorder_path(path, longer, &event, ".mp4") == ERR_LIMIT);
    CHECK(nftw(media, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
    test_packets_free(&packets);
    return CHECK_DONE();
}
