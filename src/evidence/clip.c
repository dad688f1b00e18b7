#include "evidence/clip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "system/file.h"

#define FOUR(a, b, c, d)                                                                           \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

enum {
    BOX_FTYP = FOUR('f', 't', 'y', 'p'),
    BOX_MOOV = FOUR('m', 'o', 'o', 'v'),
    BOX_TRAK = FOUR('t', 'r', 'a', 'k'),
    BOX_MDIA = FOUR('m', 'd', 'i', 'a'),
    BOX_MDHD = FOUR('m', 'd', 'h', 'd'),
    BOX_MINF = FOUR('m', 'i', 'n', 'f'),
    BOX_STBL = FOUR('s', 't', 'b', 'l'),
    BOX_STSD = FOUR('s', 't', 's', 'd'),
    BOX_AVC1 = FOUR('a', 'v', 'c', '1'),
    BOX_AVCC = FOUR('a', 'v', 'c', 'C'),
    BOX_HVC1 = FOUR('h', 'v', 'c', '1'),
    BOX_HVCC = FOUR('h', 'v', 'c', 'C'),
    BOX_MVEX = FOUR('m', 'v', 'e', 'x'),
    BOX_TREX = FOUR('t', 'r', 'e', 'x'),
    BOX_MOOF = FOUR('m', 'o', 'o', 'f'),
    BOX_TRAF = FOUR('t', 'r', 'a', 'f'),
    BOX_TFHD = FOUR('t', 'f', 'h', 'd'),
    BOX_TFDT = FOUR('t', 'f', 'd', 't'),
    BOX_TRUN = FOUR('t', 'r', 'u', 'n'),
    BOX_MDAT = FOUR('m', 'd', 'a', 't'),
    BOX_MFRA = FOUR('m', 'f', 'r', 'a'),
};

enum {
    BOX_HEADER_SIZE = 8,
    BOX_HEADER_LONG_SIZE = 16,
    SAMPLE_ENTRY_SIZE = 78, /* of a visual sample entry, before its own boxes */
};

struct track {
    uint32_t timescale;        /* ticks per second */
    uint32_t duration_default; /* of a picture, from trex */
};

/* The content of the next box of `rest`. False at the end, and when it does not fit. */
static bool box_next(struct cursor *rest, uint32_t *kind, struct span *content)
{
    const uint64_t size = cursor_u32(rest);
    *kind = cursor_u32(rest);
    if (rest->short_read || size < BOX_HEADER_SIZE) { return false; }
    *content = cursor_bytes(rest, (size_t)(size - BOX_HEADER_SIZE));
    return !rest->short_read;
}

/* The first box of that kind in `parent`; an empty span when there is none. */
static struct span box_in(struct span parent, uint32_t kind)
{
    struct cursor rest = cursor_over(parent);
    uint32_t found = 0;
    struct span content;
    while (box_next(&rest, &found, &content)) {
        if (found == kind) { return content; }
    }
    return span_of(NULL, 0);
}

static uint32_t bits_reversed(uint32_t bits)
{
    uint32_t reversed = 0;
    for (unsigned i = 0; i < 32; i++) {
        reversed |= (bits >> i & 1U) << (31 - i);
    }
    return reversed;
}

/* RFC 6381 with ISO/IEC 14496-15 annex E. */
static void name_h265(char codec[static CLIP_CODEC_SIZE], struct span configuration)
{
    static const char *const spaces[] = {"", "A", "B", "C"};
    struct cursor rest = cursor_over(configuration);
    (void)cursor_u8(&rest);
    const uint8_t profile = cursor_u8(&rest);
    const uint32_t compatible = cursor_u32(&rest);
    const struct span constraints = cursor_bytes(&rest, 6);
    const uint8_t level = cursor_u8(&rest);
    if (rest.short_read) { return; }
    int size =
        snprintf(codec, CLIP_CODEC_SIZE, "hvc1.%s%u.%x.%c%u", spaces[profile >> 6], profile & 0x1fU,
                 bits_reversed(compatible), profile & 0x20U ? 'H' : 'L', level);
    size_t last = constraints.size;
    while (last > 0 && constraints.data[last - 1] == 0) {
        last--;
    }
    for (size_t i = 0; i < last; i++) {
        size += snprintf(codec + size, CLIP_CODEC_SIZE - (size_t)size, ".%x", constraints.data[i]);
    }
}

static void name_codec(char codec[static CLIP_CODEC_SIZE], struct span descriptions)
{
    struct cursor rest = cursor_over(descriptions);
    (void)cursor_bytes(&rest, 8); /* version, flags, count */
    uint32_t kind = 0;
    struct span entry;
    if (!box_next(&rest, &kind, &entry) || entry.size < SAMPLE_ENTRY_SIZE) { return; }
    const struct span boxes =
        span_of(entry.data + SAMPLE_ENTRY_SIZE, entry.size - SAMPLE_ENTRY_SIZE);
    if (kind == BOX_HVC1) { name_h265(codec, box_in(boxes, BOX_HVCC)); }
    const struct span avc = box_in(boxes, BOX_AVCC);
    if (kind == BOX_AVC1 && avc.size >= 4) {
        (void)snprintf(codec, CLIP_CODEC_SIZE, "avc1.%02x%02x%02x", avc.data[1], avc.data[2],
                       avc.data[3]);
    }
}

static enum err read_moov(struct track *track, char codec[static CLIP_CODEC_SIZE], struct span moov,
                          struct why *why)
{
    const struct span media = box_in(box_in(moov, BOX_TRAK), BOX_MDIA);
    struct cursor header = cursor_over(box_in(media, BOX_MDHD));
    const bool wide = cursor_u32(&header) >> 24 == 1;
    (void)cursor_bytes(&header, wide ? 16 : 8); /* creation, modification */
    track->timescale = cursor_u32(&header);
    struct cursor defaults = cursor_over(box_in(box_in(moov, BOX_MVEX), BOX_TREX));
    (void)cursor_bytes(&defaults, 12); /* version, track, sample description */
    track->duration_default = cursor_u32(&defaults);
    name_codec(codec, box_in(box_in(box_in(media, BOX_MINF), BOX_STBL), BOX_STSD));
    if (header.short_read || track->timescale == 0 || codec[0] == '\0') {
        return why_set(why, ERR_MALFORMED, "the header describes no H.264 or H.265 video track");
    }
    return OK;
}

/* Adds up the pictures of one trun. False when it does not fit its own count. */
static bool read_run(struct span run, uint32_t duration_default, uint64_t *pictures,
                     uint64_t *ticks)
{
    struct cursor rest = cursor_over(run);
    const uint32_t flags = cursor_u32(&rest) & 0xffffffU;
    const uint32_t count = cursor_u32(&rest);
    (void)cursor_bytes(&rest, (flags & 0x1U ? 4U : 0U) + (flags & 0x4U ? 4U : 0U));
    if (rest.short_read || count > CLIP_SAMPLES_MAX) { return false; }
    const size_t after = (flags & 0x200U ? 4U : 0U) + (flags & 0x400U ? 4U : 0U) +
                         (flags & 0x800U ? 4U : 0U); /* size, flags, composition offset */
    for (uint32_t i = 0; i < count && !rest.short_read; i++) {
        *ticks += flags & 0x100U ? cursor_u32(&rest) : duration_default;
        (void)cursor_bytes(&rest, after);
    }
    *pictures += count;
    return !rest.short_read;
}

/* Adds up one moof. False when it holds nothing that can be shown. */
static bool read_moof(const struct track *track, struct span moof, struct clip_facts *facts)
{
    const struct span fragment = box_in(moof, BOX_TRAF);
    struct cursor header = cursor_over(box_in(fragment, BOX_TFHD));
    const uint32_t flags = cursor_u32(&header) & 0xffffffU;
    (void)cursor_bytes(&header, 4U + (flags & 0x1U ? 8U : 0U) + (flags & 0x2U ? 4U : 0U));
    const uint32_t duration_default = flags & 0x8U ? cursor_u32(&header) : track->duration_default;
    struct cursor time = cursor_over(box_in(fragment, BOX_TFDT));
    const bool wide = cursor_u32(&time) >> 24 == 1;
    const uint64_t begin = wide ? cursor_u64(&time) : cursor_u32(&time);
    if (header.short_read || time.short_read) { return false; }

    struct cursor rest = cursor_over(fragment);
    uint32_t kind = 0;
    struct span content;
    uint64_t ticks = 0;
    uint64_t pictures = 0;
    while (box_next(&rest, &kind, &content)) {
        if (kind == BOX_TRUN && !read_run(content, duration_default, &pictures, &ticks)) {
            return false;
        }
    }
    /* A clip lasts minutes; anything beyond a century of ticks is not time. */
    if (pictures == 0 || begin > INT64_MAX / 4 || ticks > INT64_MAX / 4) { return false; }
    facts->pictures += pictures;
    const double seconds = (double)(begin + ticks) / track->timescale;
    facts->duration_us = seconds < 1e9 ? (int64_t)(seconds * 1e6 + 0.5) : facts->duration_us;
    return true;
}

/* One box at the top level. */
struct part {
    uint32_t kind;
    int64_t header_size, size;
};

/* False when no whole box begins at `offset`. */
static bool part_at(const struct clip_input *input, int64_t offset, struct part *part)
{
    uint8_t bytes[BOX_HEADER_LONG_SIZE];
    const int64_t left = input->size - offset;
    if (left < BOX_HEADER_SIZE || input->read(input->context, offset, bytes, BOX_HEADER_SIZE)) {
        return false;
    }
    struct cursor rest = cursor_over(span_of(bytes, sizeof bytes));
    uint64_t size = cursor_u32(&rest);
    *part = (struct part){.kind = cursor_u32(&rest), .header_size = BOX_HEADER_SIZE};
    if (size == 1) {
        if (left < BOX_HEADER_LONG_SIZE ||
            input->read(input->context, offset, bytes, BOX_HEADER_LONG_SIZE)) {
            return false;
        }
        size = cursor_u64(&rest);
        part->header_size = BOX_HEADER_LONG_SIZE;
    }
    if (size < (uint64_t)part->header_size || size > (uint64_t)left) { return false; }
    part->size = (int64_t)size;
    return true;
}

/* The content of a part, in memory; the caller frees it. */
static enum err load(const struct clip_input *input, int64_t offset, const struct part *part,
                     uint8_t **out, struct why *why)
{
    const int64_t size = part->size - part->header_size;
    if (size > CLIP_HEADER_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "a header of %lld bytes at %lld, more than %d",
                       (long long)size, (long long)offset, CLIP_HEADER_SIZE_MAX);
    }
    CLEANUP(mem_free_p) uint8_t *content = mem_zeroed((size_t)size + 1);
    if (input->read(input->context, offset + part->header_size, content, (size_t)size)) {
        return why_set(why, ERR_IO, "cannot read the clip at %lld", (long long)offset);
    }
    *out = TAKE(content);
    return OK;
}

struct walk {
    int64_t offset; /* of the next part */
    struct track track;
    bool header_seen;
    bool moof_pending;          /* a moof was read; its mdat is still to come */
    struct clip_facts promised; /* facts once that mdat is whole */
};

static enum err walk_header(struct walk *walk, struct clip_facts *facts, const struct part *part,
                            struct span content, struct why *why)
{
    if (part->kind == BOX_MOOV) {
        walk->header_seen = true;
        facts->bytes = walk->offset;
        return read_moov(&walk->track, facts->codec, content, why);
    }
    walk->promised = *facts;
    walk->moof_pending = walk->header_seen && read_moof(&walk->track, content, &walk->promised);
    return OK;
}

static void walk_data(struct walk *walk, struct clip_facts *facts, int64_t end)
{
    if (!walk->moof_pending) { return; }
    *facts = walk->promised;
    facts->parts++;
    facts->bytes = end;
    walk->moof_pending = false;
}

/* Takes the part at `offset` into account. */
static enum err walk_part(struct walk *walk, struct clip_facts *facts,
                          const struct clip_input *input, const struct part *part, struct why *why)
{
    const int64_t offset = walk->offset;
    walk->offset += part->size;
    if (part->kind == BOX_MDAT) { walk_data(walk, facts, walk->offset); }
    facts->finished = part->kind == BOX_MFRA && walk->offset == input->size;
    if (part->kind != BOX_MOOV && part->kind != BOX_MOOF) { return OK; }
    CLEANUP(mem_free_p) uint8_t *content = NULL;
    const enum err err = load(input, offset, part, &content, why);
    if (err) { return err; }
    return walk_header(walk, facts, part,
                       span_of(content, (size_t)(part->size - part->header_size)), why);
}

enum err clip_walk(struct clip_facts *out, const struct clip_input *input, struct why *why)
{
    struct walk walk = {0};
    struct clip_facts facts = {0};
    struct part part = {0};
    for (unsigned boxes = 0; part_at(input, walk.offset, &part); boxes++) {
        if (boxes == 0 && part.kind != BOX_FTYP) { break; }
        if (boxes == CLIP_BOXES_MAX) {
            return why_set(why, ERR_LIMIT, "more than %d boxes in a clip", CLIP_BOXES_MAX);
        }
        const enum err err = walk_part(&walk, &facts, input, &part, why);
        if (err) { return err; }
    }
    if (!walk.header_seen) {
        return why_set(why, ERR_MALFORMED, "this is not an MP4 file with a whole header");
    }
    if (facts.finished) { facts.bytes = input->size; }
    *out = facts;
    return OK;
}

static enum err read_descriptor(void *context, int64_t offset, uint8_t *buffer, size_t size)
{
    const int fd = *(const int *)context;
    while (size > 0) {
        const ssize_t got = pread(fd, buffer, size, offset);
        if (got < 0 && errno == EINTR) { continue; }
        if (got <= 0) { return ERR_IO; }
        buffer += got;
        offset += got;
        size -= (size_t)got;
    }
    return OK;
}

enum err clip_measure(struct clip_facts *out, int fd, struct why *why)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0) { return why_set(why, ERR_IO, "fstat: error %d", errno); }
    const struct clip_input input = {
        .read = read_descriptor, .context = &fd, .size = facts.st_size};
    return clip_walk(out, &input, why);
}

enum err clip_recover(struct clip_facts *out, const char *path, struct why *why)
{
    CLEANUP(file_close_p) const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return why_set(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                       "cannot open the clip %.150s: error %d", path, errno);
    }
    struct clip_facts facts = {0};
    const enum err err = clip_measure(&facts, fd, why);
    if (err) { return err; }
    struct stat now = {0};
    if (fstat(fd, &now) != 0 ||
        (now.st_size != facts.bytes && (ftruncate(fd, facts.bytes) != 0 || fsync(fd) != 0))) {
        return why_set(why, ERR_IO, "cannot cut the clip %.150s: error %d", path, errno);
    }
    *out = facts;
    return OK;
}
