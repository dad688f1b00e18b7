#include "camera/mux.h"

#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <unistd.h>

#include "base/clock.h"

enum { BUFFER_SIZE = 64 * 1024, RATE_HZ = 90000 };

#define LAST_PICTURE_US (CLOCK_SECOND_US / 10) /* when only one picture came */

struct mux {
    int fd;                  /* owned */
    AVFormatContext *output; /* owned */
    AVPacket *packet;        /* owned */
    struct packet *pending;  /* owned reference: its duration is known when the next one comes */
    uint64_t run;
    int64_t first_us;      /* decode_us of the first picture */
    int64_t part_first_us; /* decode_us of the first picture of the part in memory */
    int64_t step_us;       /* duration of the picture before */
    uint64_t written;      /* pictures given to libavformat */
    int64_t end_us;        /* where they end */
    int64_t size;          /* of the file */
    int error;             /* errno of the write that failed */
    bool finished;
    struct clip_facts facts;
};

/* libavformat hands us the bytes in order; what fails stays failed. */
static int put_bytes(void *context, uint8_t *bytes, int size)
{
    struct mux *mux = context;
    for (int done = 0; done < size && !mux->error;) {
        const ssize_t put = write(mux->fd, bytes + done, (size_t)(size - done));
        if (put < 0 && errno == EINTR) { continue; }
        if (put <= 0) {
            mux->error = put < 0 ? errno : EIO;
            break;
        }
        done += (int)put;
        mux->size += put;
    }
    return mux->error ? AVERROR(mux->error) : size;
}

/* Back to the last whole part: a clip never ends in the middle of one. */
static enum err give_up(struct mux *mux, const char *doing, struct why *why)
{
    mux->finished = true;
    const bool cut = ftruncate(mux->fd, mux->facts.bytes) == 0;
    const bool full = mux->error == ENOSPC || mux->error == EDQUOT || mux->error == EFBIG;
    return why_set(why, full ? ERR_LIMIT : ERR_IO, "cannot %s the clip%s: %s", doing,
                   cut ? "" : " nor cut it back", full ? "the disk is full" : "the disk refuses");
}

/* What libavformat holds goes to the disk, and stays there. */
static bool sync_part(struct mux *mux)
{
    avio_flush(mux->output->pb);
    if (mux->output->pb->error && !mux->error) { mux->error = EIO; }
    if (!mux->error && fdatasync(mux->fd) != 0) { mux->error = errno; }
    return !mux->error;
}

static void describe(AVCodecParameters *parameters, const struct packet_format *format)
{
    const bool h264 = format->codec == PACKET_CODEC_H264;
    parameters->codec_type = AVMEDIA_TYPE_VIDEO;
    parameters->codec_id = h264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC;
    parameters->codec_tag = h264 ? MKTAG('a', 'v', 'c', '1') : MKTAG('h', 'v', 'c', '1');
    parameters->width = (int)format->width;
    parameters->height = (int)format->height;
    parameters->extradata = av_mallocz(format->parameters_size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!parameters->extradata) { abort(); }
    memcpy(parameters->extradata, format->parameters, format->parameters_size);
    parameters->extradata_size = (int)format->parameters_size;
}

static enum err write_header(struct mux *mux, const struct packet_format *format, struct why *why)
{
    AVStream *stream = NULL;
    uint8_t *buffer = av_malloc(BUFFER_SIZE);
    if (!buffer || avformat_alloc_output_context2(&mux->output, NULL, "mp4", NULL) < 0 ||
        !(mux->output->pb =
              avio_alloc_context(buffer, BUFFER_SIZE, 1, mux, NULL, put_bytes, NULL)) ||
        !(stream = avformat_new_stream(mux->output, NULL)) || !(mux->packet = av_packet_alloc())) {
        return why_set(why, ERR_UNAVAILABLE, "libavformat cannot write MP4");
    }
    mux->output->flags |= AVFMT_FLAG_CUSTOM_IO;
    describe(stream->codecpar, format);
    stream->time_base = (AVRational){1, RATE_HZ};
    AVDictionary *options = NULL;
    (void)av_dict_set(&options, "movflags", "frag_custom+empty_moov+default_base_moof", 0);
    (void)av_dict_set_int(&options, "video_track_timescale", RATE_HZ, 0);
    const int code = avformat_write_header(mux->output, &options);
    av_dict_free(&options);
    if (code < 0 && !mux->error) {
        return why_set(why, ERR_MALFORMED, "the camera's parameter sets do not make a clip");
    }
    if (code < 0 || !sync_part(mux)) { return give_up(mux, "begin", why); }
    return clip_measure(&mux->facts, mux->fd, why);
}

enum err mux_open(struct mux **out, const char *path, const struct packet_format *format,
                  struct why *why)
{
    CLEANUP(mux_free_p) struct mux *mux = MEM_NEW(struct mux);
    mux->run = format->run;
    mux->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (mux->fd < 0) {
        const enum err err = errno == EEXIST ? ERR_CONFLICT : ERR_IO;
        return why_set(why, errno == ENOSPC ? ERR_LIMIT : err, "cannot create %.150s: error %d",
                       path, errno);
    }
    const enum err err = write_header(mux, format, why);
    if (err) {
        (void)unlink(path);
        return err;
    }
    *out = TAKE(mux);
    return OK;
}

/* Hands the pending packet to libavformat. */
static bool emit(struct mux *mux, int64_t duration_us)
{
    const struct packet *packet = mux->pending;
    AVPacket *raw = mux->packet;
    /* Borrowed by libavformat for the call: it copies what it keeps. */
    union {
        const uint8_t *constant;
        uint8_t *writable;
    } data = {.constant = packet->data};
    raw->data = data.writable;
    raw->size = (int)packet->size;
    raw->stream_index = 0;
    raw->flags = packet->key ? AV_PKT_FLAG_KEY : 0;
    const AVRational microseconds = {1, (int)CLOCK_SECOND_US};
    const AVRational unit = mux->output->streams[0]->time_base;
    raw->dts = av_rescale_q(packet->decode_us - mux->first_us, microseconds, unit);
    raw->pts = av_rescale_q(packet->show_us - mux->first_us, microseconds, unit);
    raw->duration = av_rescale_q(duration_us, microseconds, unit);
    const int code = av_write_frame(mux->output, raw);
    av_packet_unref(raw);
    mux->end_us = packet->decode_us - mux->first_us + duration_us;
    mux->written++;
    return code >= 0;
}

static bool end_part(struct mux *mux)
{
    if (av_write_frame(mux->output, NULL) < 0 || !sync_part(mux)) { return false; }
    mux->facts.bytes = mux->size;
    mux->facts.pictures = mux->written;
    mux->facts.duration_us = mux->end_us;
    mux->facts.parts++;
    return true;
}

static bool part_is_long_enough(const struct mux *mux, const struct packet *next)
{
    const int64_t length_us = next->decode_us - mux->part_first_us;
    return length_us >= (next->key ? MUX_PART_LEAST_US : MUX_PART_US);
}

/* Now that the next one is here, the pending packet's duration is known. */
static bool write_pending(struct mux *mux, const struct packet *next)
{
    mux->step_us = next->decode_us - mux->pending->decode_us;
    if (!emit(mux, mux->step_us)) { return false; }
    packet_drop(TAKE(mux->pending));
    if (!part_is_long_enough(mux, next)) { return true; }
    mux->part_first_us = next->decode_us;
    return end_part(mux);
}

enum err mux_write(struct mux *mux, struct packet *packet, struct why *why)
{
    if (mux->finished || packet->format->run != mux->run) {
        return why_set(why, ERR_CLOSED, "the clip has ended");
    }
    if (!mux->pending) {
        mux->first_us = mux->part_first_us = packet->decode_us;
    } else if (!write_pending(mux, packet)) {
        return give_up(mux, "write", why);
    }
    mux->pending = packet_hold(packet);
    return OK;
}

enum err mux_finish(struct mux *mux, struct why *why)
{
    if (mux->finished) { return OK; }
    if (mux->pending) {
        const bool emitted = emit(mux, mux->step_us ? mux->step_us : LAST_PICTURE_US);
        packet_drop(TAKE(mux->pending));
        if (!emitted || !end_part(mux)) { return give_up(mux, "end", why); }
    }
    if (av_write_trailer(mux->output) < 0 || !sync_part(mux)) { return give_up(mux, "end", why); }
    mux->facts.bytes = mux->size;
    mux->facts.finished = true;
    mux->finished = true;
    return OK;
}

struct clip_facts mux_facts(const struct mux *mux)
{
    return mux->facts;
}

void mux_free(struct mux *mux)
{
    if (!mux) { return; }
    packet_drop(mux->pending);
    av_packet_free(&mux->packet);
    if (mux->output) {
        if (mux->output->pb) { av_freep(&mux->output->pb->buffer); }
        avio_context_free(&mux->output->pb);
        avformat_free_context(mux->output);
    }
    if (mux->fd >= 0) { (void)close(mux->fd); }
    free(mux);
}
