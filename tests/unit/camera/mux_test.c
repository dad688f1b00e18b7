#include "camera/mux.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "system/file.h"
#include "system/process.h"
#include "test_packets.h"

static const char video[] = SHARED_DATA "/video/derived/vtest-h264.mp4";
static const char video_h265[] = SHARED_DATA "/video/derived/vtest-h265-20s.mp4";

static char folder[] = "/tmp/tocsin-mux-XXXXXX";
static char path[FILE_PATH_SIZE];
static struct test_packets packets;

/* How many pictures an outside tool decodes; -1 when it complains. */
static int decoded_by_ffprobe(void)
{
    const char *const arguments[] = {
        "ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of",
        "csv=p=0", path, NULL};
    const struct process_plan plan = {.arguments = arguments, .output = PROCESS_OUTPUT_PIPE};
    CLEANUP(process_free_p) struct process *process = NULL;
    struct process_end end = {0};
    if (process_start(&process, &plan, NULL) || process_wait(process, 60 * CLOCK_SECOND_US, &end)) {
        return -1;
    }
    char words[256] = "";
    const ssize_t got = read(process_output(process), words, sizeof words - 1);
    char *rest = NULL;
    const long count = got > 0 ? strtol(words, &rest, 10) : -1;
    return end.status == 0 && rest && *rest == '\n' ? (int)count : -1;
}

static struct clip_facts measured(void)
{
    CLEANUP(file_close_p) const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct clip_facts facts = {0};
    CHECK(clip_measure(&facts, fd, NULL) == OK);
    return facts;
}

static bool facts_equal(const struct clip_facts *a, const struct clip_facts *b)
{
    const int64_t apart_us = a->duration_us - b->duration_us;
    return a->bytes == b->bytes && a->pictures == b->pictures && a->parts == b->parts &&
           a->finished == b->finished && apart_us < 1000 && apart_us > -1000 &&
           strcmp(a->codec, b->codec) == 0;
}

static void test_whole(const char *file, size_t count, const char *codec)
{
    struct why why = {0};
    CHECK(test_packets_read(&packets, file, count, 1));
    CLEANUP(mux_free_p) struct mux *mux = NULL;
    CHECK(mux_open(&mux, path, packets.at[0]->format, &why) == OK);
    struct mux *again = NULL;
    CHECK(mux_open(&again, path, packets.at[0]->format, &why) == ERR_CONFLICT);
    enum err err = OK;
    for (size_t i = 0; i < packets.count && !err; i++) {
        err = mux_write(mux, packets.at[i], &why);
    }
    CHECK(err == OK);
    const struct clip_facts growing = mux_facts(mux);
    CHECK(growing.parts >= 2 && !growing.finished);
    CHECK(mux_finish(mux, &why) == OK && mux_finish(mux, &why) == OK);
    CHECK(mux_write(mux, packets.at[0], &why) == ERR_CLOSED);
    const struct clip_facts facts = mux_facts(mux);
    const struct clip_facts walked = measured();
    CHECK(facts_equal(&facts, &walked));
    CHECK(facts.pictures == packets.count && facts.finished);
    CHECK(facts.duration_us == (int64_t)packets.count * 100000);
    CHECK_TEXT(facts.codec, codec);
    CHECK(decoded_by_ffprobe() == (int)packets.count);
    test_packets_free(&packets);
    (void)unlink(path);
}

/* A recording process is killed at any moment: all but the part in memory is there and plays. */
static void test_killed(void)
{
    CHECK(test_packets_read(&packets, video, 75, 1));
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        struct mux *mux = NULL;
        enum err err = mux_open(&mux, path, packets.at[0]->format, NULL);
        for (size_t i = 0; i < packets.count && !err; i++) {
            err = mux_write(mux, packets.at[i], NULL);
        }
        if (!err) { (void)kill(getpid(), SIGKILL); }
        _exit(1);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    struct clip_facts facts = measured();
    CHECK(!facts.finished && facts.pictures == 60); /* three groups of twenty */
    CHECK(decoded_by_ffprobe() == 60);

    /* Power goes in the middle of the last part: cut at every length, it recovers. */
    const int64_t whole = facts.bytes;
    CHECK(truncate(path, whole - 10) == 0);
    CHECK(clip_recover(&facts, path, NULL) == OK);
    CHECK(facts.pictures == 40 && facts.bytes < whole - 10);
    CHECK(decoded_by_ffprobe() == 40);
    (void)unlink(path);
    test_packets_free(&packets);
}

/* The disk refuses in the middle: the clip ends with its last whole part. */
static void test_disk_full(void)
{
    CHECK(test_packets_read(&packets, video, 200, 1));
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    struct rlimit before;
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    struct why why = {0};
    CLEANUP(mux_free_p) struct mux *mux = NULL;
    CHECK(mux_open(&mux, path, packets.at[0]->format, &why) == OK);
    const struct rlimit tight = {.rlim_cur = 300000, .rlim_max = before.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &tight) == 0);
    enum err err = OK;
    for (size_t i = 0; i < packets.count && !err; i++) {
        err = mux_write(mux, packets.at[i], &why);
    }
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(err == ERR_LIMIT);
    CHECK(strstr(why.text, "full") != NULL);
    const struct clip_facts facts = mux_facts(mux);
    const struct clip_facts walked = measured();
    CHECK(facts.parts > 0 && facts_equal(&facts, &walked));
    struct stat file;
    CHECK(stat(path, &file) == 0 && file.st_size == facts.bytes);
    CHECK(decoded_by_ffprobe() == (int)facts.pictures);
    (void)unlink(path);
    test_packets_free(&packets);
}

static void test_refusals(void)
{
    struct why why = {0};
    CHECK(test_packets_read(&packets, video, 2, 7));
    struct mux *mux = NULL;
    CHECK(mux_open(&mux, "/nowhere/clip.mp4", packets.at[0]->format, &why) == ERR_IO);
    const struct packet_format facts = {.run = 7, .width = 64, .height = 64};
    CLEANUP(packet_format_drop_p) struct packet_format *bare = NULL;
    CHECK(packet_format_new(&bare, &facts, span_of("\0\0\0\1g", 5), &why) == OK);
    CHECK(mux_open(&mux, path, bare, &why) != OK); /* no usable parameter sets */
    CHECK(!file_exists(path));
    CHECK(mux_open(&mux, path, packets.at[0]->format, &why) == OK);
    CHECK(mux_write(mux, packets.at[0], &why) == OK);
    packets.at[1]->format->run = 8;
    CHECK(mux_write(mux, packets.at[1], &why) == ERR_CLOSED);
    CHECK(mux_finish(mux, &why) == OK); /* a single picture is a clip too */
    CHECK(mux_facts(mux).pictures == 1);
    mux_free(mux);
    (void)unlink(path);
    test_packets_free(&packets);
}

int main(void)
{
    if (!file_exists(video)) { return CHECK_SKIP_ALL("no ../shared/data/video"); }
    CHECK(mkdtemp(folder) != NULL);
    CHECK(file_join(path, folder, "clip.mp4", NULL) == OK);
    test_whole(video, 100, "avc1.64001f");
    test_whole(video_h265, 100, "hvc1.1.6.L90.90");
    test_killed();
    test_disk_full();
    test_refusals();
    CHECK(rmdir(folder) == 0);
    return CHECK_DONE();
}
