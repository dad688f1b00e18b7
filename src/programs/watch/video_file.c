#include "video_file.h"

#include "base/clock.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

struct video_file {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *picture;
    int stream;
    uint64_t sequence;
    int64_t last_us;
};

void video_file_close(struct video_file *video)
{
    if (!video) { return; }
    av_frame_free(&video->picture);
    av_packet_free(&video->packet);
    avcodec_free_context(&video->codec);
    avformat_close_input(&video->format);
    free(video);
}

static enum err failed(struct why *why, const char *path, const char *what, int code)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = {0};
    av_strerror(code, text, sizeof text);
    return why_set(why, ERR_MALFORMED, "%.150s: %s: %s", path, what, text);
}

static enum err open_codec(struct video_file *video, const char *path, struct why *why)
{
    const AVCodec *codec = NULL;
    int code = av_find_best_stream(video->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (code < 0) { return failed(why, path, "no video that can be decoded", code); }
    video->stream = code;
    video->codec = avcodec_alloc_context3(codec);
    code = avcodec_parameters_to_context(video->codec,
                                         video->format->streams[video->stream]->codecpar);
    video->codec->thread_count = 1;
    if (code >= 0) { code = avcodec_open2(video->codec, codec, NULL); }
    return code < 0 ? failed(why, path, "its decoder does not start", code) : OK;
}

enum err video_file_open(struct video_file **out, const char *path, struct why *why)
{
    av_log_set_level(AV_LOG_ERROR);
    CLEANUP(video_file_close_p) struct video_file *video = MEM_NEW(struct video_file);
    int code = avformat_open_input(&video->format, path, NULL, NULL);
    if (code >= 0) { code = avformat_find_stream_info(video->format, NULL); }
    if (code < 0) { return failed(why, path, "not readable as video", code); }
    const enum err err = open_codec(video, path, why);
    if (err) { return err; }
    video->packet = av_packet_alloc();
    video->picture = av_frame_alloc();
    *out = TAKE(video);
    return OK;
}

/* Time of the picture in the file; one tenth of a second after the last where it has none. */
static int64_t time_of(const struct video_file *video)
{
    const int64_t stamp = video->picture->best_effort_timestamp;
    const AVRational unit = video->format->streams[video->stream]->time_base;
    const int64_t next_us = video->last_us + CLOCK_SECOND_US / 10;
    if (stamp == AV_NOPTS_VALUE) { return next_us; }
    const int64_t at_us = CLOCK_SECOND_US + av_rescale_q(stamp, unit, AV_TIME_BASE_Q);
    return at_us > video->last_us ? at_us : next_us;
}

static enum err hand_out(struct video_file *video, struct frame *frame, struct why *why)
{
    const AVFrame *picture = video->picture;
    const bool full = picture->format == AV_PIX_FMT_YUVJ420P;
    if (picture->format != AV_PIX_FMT_YUV420P && !full) {
        return why_set(why, ERR_MALFORMED, "the video is not YUV 4:2:0 of 8 bits");
    }
    video->last_us = time_of(video);
    *frame = (struct frame){
        .width = (uint32_t)picture->width,
        .height = (uint32_t)picture->height,
        .full_range = full || picture->color_range == AVCOL_RANGE_JPEG,
        .captured_us = video->last_us,
        .wall_us = video->last_us,
        .sequence = ++video->sequence,
    };
    for (int i = 0; i < FRAME_PLANES; i++) {
        if (picture->linesize[i] <= 0) {
            return why_set(why, ERR_MALFORMED, "a picture that stands on its head");
        }
        frame->plane[i] = picture->data[i];
        frame->stride_bytes[i] = (size_t)picture->linesize[i];
    }
    return OK;
}

/* One packet of the video to the decoder, or the word that none will come. */
static void feed(struct video_file *video)
{
    while (av_read_frame(video->format, video->packet) >= 0) {
        const bool ours = video->packet->stream_index == video->stream;
        if (ours) { (void)avcodec_send_packet(video->codec, video->packet); }
        av_packet_unref(video->packet);
        if (ours) { return; }
    }
    (void)avcodec_send_packet(video->codec, NULL);
}

enum err video_file_next(struct video_file *video, struct frame *frame, bool *more, struct why *why)
{
    for (;;) {
        const int code = avcodec_receive_frame(video->codec, video->picture);
        *more = code != AVERROR_EOF;
        if (code == AVERROR_EOF) { return OK; }
        if (code >= 0) { return hand_out(video, frame, why); }
        if (code != AVERROR(EAGAIN)) { return failed(why, "replay", "decoding failed", code); }
        feed(video);
    }
}
