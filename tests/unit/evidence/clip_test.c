#include "evidence/clip.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "system/file.h"

/*
 * A clip written by hand, box by box: a header with a track of H.264 in 1/1000 s, then parts of two
 * pictures each. Real ones, made by libavformat and killed, are tested in camera/mux_test.
 */
struct bytes {
    uint8_t data[4096];
    size_t size;
};

static void add(struct bytes *bytes, const void *data, size_t size)
{
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void add_u32(struct bytes *bytes, uint32_t number)
{
    const uint8_t big[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                           (uint8_t)number};
    add(bytes, big, sizeof big);
}

static size_t begin(struct bytes *bytes, const char *kind)
{
    const size_t at = bytes->size;
    add_u32(bytes, 0);
    add(bytes, kind, 4);
    return at;
}

static void end(struct bytes *bytes, size_t at)
{
    const size_t whole = bytes->size;
    bytes->size = at;
    add_u32(bytes, (uint32_t)(whole - at));
    bytes->size = whole;
}

static void add_header(struct bytes *bytes, const char *entry)
{
    static const uint8_t zeros[78];
    static const uint8_t avc[] = {1, 0x4d, 0x40, 0x1f};
    static const uint8_t hvc[] = {1, 0x21, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93};
    const bool h264 = strcmp(entry, "avc1") == 0;
    end(bytes, begin(bytes, "ftyp"));
    const size_t moov = begin(bytes, "moov");
    const size_t trak = begin(bytes, "trak");
    const size_t mdia = begin(bytes, "mdia");
    const size_t mdhd = begin(bytes, "mdhd");
    add(bytes, zeros, 12);
    add_u32(bytes, 1000);
    end(bytes, mdhd);
    const size_t minf = begin(bytes, "minf");
    const size_t stbl = begin(bytes, "stbl");
    const size_t stsd = begin(bytes, "stsd");
    add(bytes, zeros, 8);
    const size_t sample = begin(bytes, entry);
    add(bytes, zeros, 78);
    const size_t configuration = begin(bytes, h264 ? "avcC" : "hvcC");
    add(bytes, h264 ? avc : hvc, h264 ? sizeof avc : sizeof hvc);
    end(bytes, configuration);
    end(bytes, sample);
    end(bytes, stsd);
    end(bytes, stbl);
    end(bytes, minf);
    end(bytes, mdia);
    end(bytes, trak);
    const size_t mvex = begin(bytes, "mvex");
    const size_t trex = begin(bytes, "trex");
    add(bytes, zeros, 12);
    add_u32(bytes, 40);
    end(bytes, trex);
    end(bytes, mvex);
    end(bytes, moov);
}

/* Two pictures, the second 60 ms long when it has its own duration. */
static void add_part(struct bytes *bytes, uint32_t time, uint32_t pictures, bool own_durations)
{
    const size_t moof = begin(bytes, "moof");
    const size_t traf = begin(bytes, "traf");
    const size_t tfhd = begin(bytes, "tfhd");
    add_u32(bytes, 0);
    add_u32(bytes, 1);
    end(bytes, tfhd);
    const size_t tfdt = begin(bytes, "tfdt");
    add_u32(bytes, 0);
    add_u32(bytes, time);
    end(bytes, tfdt);
    const size_t trun = begin(bytes, "trun");
    add_u32(bytes, own_durations ? 0x100 : 0);
    add_u32(bytes, pictures);
    if (own_durations) {
        add_u32(bytes, 40);
        add_u32(bytes, 60);
    }
    end(bytes, trun);
    end(bytes, traf);
    end(bytes, moof);
    const size_t mdat = begin(bytes, "mdat");
    add(bytes, "pictures", 8);
    end(bytes, mdat);
}

static enum err read_bytes(void *context, int64_t offset, uint8_t *buffer, size_t size)
{
    const struct bytes *bytes = context;
    memcpy(buffer, bytes->data + offset, size);
    return OK;
}

static enum err walk(struct clip_facts *facts, struct bytes *bytes, size_t size)
{
    const struct clip_input input = {.read = read_bytes, .context = bytes, .size = (int64_t)size};
    return clip_walk(facts, &input, NULL);
}

static void test_facts(void)
{
    struct bytes bytes = {0};
    struct clip_facts facts = {0};
    add_header(&bytes, "avc1");
    CHECK(walk(&facts, &bytes, bytes.size) == OK);
    CHECK(facts.parts == 0 && facts.bytes == (int64_t)bytes.size && facts.duration_us == 0);
    CHECK_TEXT(facts.codec, "avc1.4d401f");
    add_part(&bytes, 0, 2, false);
    CHECK(walk(&facts, &bytes, bytes.size) == OK);
    CHECK(facts.parts == 1 && facts.pictures == 2 && facts.duration_us == 80000);
    add_part(&bytes, 80, 2, true);
    CHECK(walk(&facts, &bytes, bytes.size) == OK);
    CHECK(facts.parts == 2 && facts.pictures == 4 && facts.duration_us == 180000);
    CHECK(!facts.finished && facts.bytes == (int64_t)bytes.size);
    end(&bytes, begin(&bytes, "mfra"));
    CHECK(walk(&facts, &bytes, bytes.size) == OK);
    CHECK(facts.finished && facts.bytes == (int64_t)bytes.size);

    struct bytes other = {0};
    add_header(&other, "hvc1");
    CHECK(walk(&facts, &other, other.size) == OK);
    CHECK_TEXT(facts.codec, "hvc1.1.6.H93.90");
}

/* Torn at every byte: whole parts before the tear count, nothing after it. */
static void test_torn(void)
{
    struct bytes bytes = {0};
    add_header(&bytes, "avc1");
    const size_t header = bytes.size;
    add_part(&bytes, 0, 2, false);
    const size_t first = bytes.size;
    add_part(&bytes, 80, 2, true);
    unsigned wrong = 0;
    for (size_t size = 0; size <= bytes.size; size++) {
        struct clip_facts facts = {0};
        const enum err err = walk(&facts, &bytes, size);
        size_t expected = size >= first ? first : header;
        if (size == bytes.size) { expected = size; }
        wrong +=
            size < header ? err != ERR_MALFORMED : err != OK || facts.bytes != (int64_t)expected;
    }
    CHECK(wrong == 0);
}

static void test_hostile(void)
{
    struct bytes bytes = {0};
    struct clip_facts facts = {0};
    add_header(&bytes, "mp4a"); /* no video */
    CHECK(walk(&facts, &bytes, bytes.size) == ERR_MALFORMED);
    bytes.size = 0;
    add_header(&bytes, "avc1");
    const size_t header = bytes.size;
    add_part(&bytes, 0, 1000000, false); /* a count beyond the limit */
    CHECK(walk(&facts, &bytes, bytes.size) == OK && facts.parts == 0);
    bytes.size = header;
    add_part(&bytes, 0, 5, true); /* a count beyond its own bytes */
    CHECK(walk(&facts, &bytes, bytes.size) == OK && facts.parts == 0);
    bytes.size = header;
    add_u32(&bytes, 7); /* a box smaller than its header */
    add(&bytes, "moof", 4);
    CHECK(walk(&facts, &bytes, bytes.size) == OK && facts.bytes == (int64_t)header);
    bytes.size = header;
    add_u32(&bytes, 1); /* a 64-bit size beyond everything */
    add(&bytes, "mdat\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    CHECK(walk(&facts, &bytes, bytes.size) == OK && facts.bytes == (int64_t)header);
    const struct clip_input huge = {
        .read = read_bytes, .context = &bytes, .size = INT64_C(1) << 40};
    bytes.size = 0;
    end(&bytes, begin(&bytes, "ftyp"));
    add_u32(&bytes, 0x7fffffff);
    add(&bytes, "moov", 4);
    CHECK(clip_walk(&facts, &huge, NULL) == ERR_LIMIT);
    bytes.size = 0;
    add(&bytes, "this is no MP4 file at all", 26);
    CHECK(walk(&facts, &bytes, bytes.size) == ERR_MALFORMED);
}

static void test_recover(void)
{
    char folder[] = "/tmp/tocsin-clip-XXXXXX";
    char path[FILE_PATH_SIZE];
    struct why why = {0};
    struct bytes bytes = {0};
    CHECK(mkdtemp(folder) != NULL && file_join(path, folder, "clip.mp4", &why) == OK);
    add_header(&bytes, "avc1");
    add_part(&bytes, 0, 2, false);
    const size_t whole = bytes.size;
    add_part(&bytes, 80, 2, false);
    CHECK(file_write(path, span_of(bytes.data, bytes.size - 3), 0600, &why) == OK);
    struct clip_facts facts = {0};
    struct stat file;
    CHECK(clip_recover(&facts, path, &why) == OK && facts.parts == 1);
    CHECK(stat(path, &file) == 0 && file.st_size == (off_t)whole);
    CHECK(clip_recover(&facts, path, &why) == OK && facts.bytes == (int64_t)whole);
    CHECK(file_write(path, span_text("torn before its header"), 0600, &why) == OK);
    CHECK(clip_recover(&facts, path, &why) == ERR_MALFORMED);
    CHECK(unlink(path) == 0);
    CHECK(clip_recover(&facts, path, &why) == ERR_NOT_FOUND);
    CHECK(rmdir(folder) == 0);
}

int main(void)
{
    test_facts();
    test_torn();
    test_hostile();
    test_recover();
    return CHECK_DONE();
}
