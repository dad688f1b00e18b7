#include "camera/snapshot.h"

#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>

enum { QUANTISER = 4 }; /* 2 is best, 31 worst; 4 shows faces no worse than the video does */

struct shot {
    AVCodecContext *codec;
    AVFrame *picture; /* full range, as JPEG has it */
    AVPacket *packet;
    struct SwsContext *scale;
};

static void shot_deinit(struct shot *shot)
{
    avcodec_free_context(&shot->codec);
    av_frame_free(&shot->picture);
    av_packet_free(&shot->packet);
    sws_freeContext(shot->scale);
}

static bool open_encoder(struct shot *shot, int width, int height)
{
    av_log_set_level(AV_LOG_QUIET); /* libswscale finds the usual formats of JPEG old-fashioned */
    const AVCodec *kind = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    if (!kind || !(shot->codec = avcodec_alloc_context3(kind))) { return false; }
    shot->codec->width = width;
    shot->codec->height = height;
    shot->codec->pix_fmt = AV_PIX_FMT_YUVJ420P;
    shot->codec->color_range = AVCOL_RANGE_JPEG;
    shot->codec->time_base = (AVRational){1, 25};
    shot->codec->thread_count = 1;
    shot->codec->flags |= AV_CODEC_FLAG_QSCALE;
    shot->codec->global_quality = QUANTISER * FF_QP2LAMBDA;
    return avcodec_open2(shot->codec, kind, NULL) >= 0;
}

static bool convert(struct shot *shot, const struct frame *frame)
{
    AVFrame *picture = shot->picture;
    picture->width = (int)frame->width;
    picture->height = (int)frame->height;
    picture->format = AV_PIX_FMT_YUVJ420P;
    picture->quality = shot->codec->global_quality;
    if (av_frame_get_buffer(picture, 0) < 0) { return false; }
    shot->scale =
        sws_getContext(picture->width, picture->height, AV_PIX_FMT_YUV420P, picture->width,
                       picture->height, AV_PIX_FMT_YUVJ420P, SWS_FAST_BILINEAR, NULL, NULL, NULL);
    const int strides[] = {(int)frame->stride_bytes[FRAME_PLANE_Y],
                           (int)frame->stride_bytes[FRAME_PLANE_U],
                           (int)frame->stride_bytes[FRAME_PLANE_V]};
    return shot->scale && sws_scale(shot->scale, frame->plane, strides, 0, picture->height,
                                    picture->data, picture->linesize) == picture->height;
}

enum err snapshot_encode(struct text *jpeg, const struct frame *frame, struct why *why)
{
    if (frame->width < FRAME_SIDE_MIN || frame->width > FRAME_SIDE_MAX ||
        frame->height < FRAME_SIDE_MIN || frame->height > FRAME_SIDE_MAX) {
        return why_set(why, ERR_RANGE, "a picture of %ux%u cannot be a snapshot", frame->width,
                       frame->height);
    }
    CLEANUP(shot_deinit)
    struct shot shot = {.picture = av_frame_alloc(), .packet = av_packet_alloc()};
    if (!shot.picture || !shot.packet) { abort(); }
    if (!open_encoder(&shot, (int)frame->width, (int)frame->height) || !convert(&shot, frame) ||
        avcodec_send_frame(shot.codec, shot.picture) < 0 ||
        avcodec_receive_packet(shot.codec, shot.packet) < 0) {
        return why_set(why, ERR_UNAVAILABLE, "libavcodec cannot encode JPEG");
    }
    text_add_bytes(jpeg, span_of(shot.packet->data, (size_t)shot.packet->size));
    return jpeg->overflow ? why_set(why, ERR_LIMIT, "the snapshot is too large") : OK;
}
