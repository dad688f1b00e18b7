#include "camera/decode.h"

#include <assert.h>
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>

struct decode {
    struct decode_options options;
    AVCodecContext *codec;    /* owned; NULL before the first packet */
    AVPacket *packet;         /* owned */
    AVFrame *decoded;         /* owned */
    AVFrame *converted;       /* owned: 8-bit 4:2:0, made of anything else */
    struct SwsContext *scale; /* owned; NULL until needed */
    uint64_t run;             /* of the packets that the codec has seen */
    bool key_needed;
    int64_t wall_offset_us; /* wall clock minus monotonic clock, of the newest packet */
    uint64_t sequence;
    struct decode_figures figures;
};

struct decode *decode_new(const struct decode_options *options)
{
    struct decode *decode = MEM_NEW(struct decode);
    decode->options = *options;
    decode->packet = av_packet_alloc();
    decode->decoded = av_frame_alloc();
    decode->converted = av_frame_alloc();
    if (!decode->packet || !decode->decoded || !decode->converted) { abort(); }
    return decode;
}

void decode_free(struct decode *decode)
{
    if (!decode) { return; }
    avcodec_free_context(&decode->codec);
    av_packet_free(&decode->packet);
    av_frame_free(&decode->decoded);
    av_frame_free(&decode->converted);
    sws_freeContext(decode->scale);
    free(decode);
}

static enum err open_codec(struct decode *decode, const struct packet_format *format,
                           struct why *why)
{
    avcodec_free_context(&decode->codec);
    const bool h264 = format->codec == PACKET_CODEC_H264;
    const AVCodec *kind = avcodec_find_decoder(h264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC);
    decode->codec = kind ? avcodec_alloc_context3(kind) : NULL;
    if (!decode->codec) {
        return why_set(why, ERR_UNAVAILABLE, "libavcodec has no decoder for %s",
                       h264 ? "H.264" : "H.265");
    }
    AVCodecContext *codec = decode->codec;
    codec->thread_count = 1;
    codec->max_pixels = (int64_t)FRAME_SIDE_MAX * FRAME_SIDE_MAX;
    codec->extradata = av_mallocz(format->parameters_size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!codec->extradata) { abort(); }
    memcpy(codec->extradata, format->parameters, format->parameters_size);
    codec->extradata_size = (int)format->parameters_size;
    if (avcodec_open2(codec, kind, NULL) < 0) {
        avcodec_free_context(&decode->codec);
        return why_set(why, ERR_UNAVAILABLE, "libavcodec cannot open its %s decoder",
                       h264 ? "H.264" : "H.265");
    }
    return OK;
}

static bool planar_8_bit(int format)
{
    return format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P;
}

/* The picture in 8-bit 4:2:0, or NULL when it cannot be brought there. */
static const AVFrame *usable(struct decode *decode)
{
    const AVFrame *from = decode->decoded;
    if (planar_8_bit(from->format)) { return from; }
    AVFrame *to = decode->converted;
    if (to->width != from->width || to->height != from->height) {
        av_frame_unref(to);
        to->width = from->width;
        to->height = from->height;
        to->format = AV_PIX_FMT_YUV420P;
        if (av_frame_get_buffer(to, 0) < 0) { return NULL; }
    }
    decode->scale = sws_getCachedContext(decode->scale, from->width, from->height,
                                         (enum AVPixelFormat)from->format, to->width, to->height,
                                         AV_PIX_FMT_YUV420P, SWS_FAST_BILINEAR, NULL, NULL, NULL);
    if (!decode->scale || sws_scale(decode->scale, (const uint8_t *const *)from->data,
                                    from->linesize, 0, from->height, to->data, to->linesize) < 0) {
        return NULL;
    }
    return to;
}

static bool side_sane(int side)
{
    return side >= FRAME_SIDE_MIN && side <= FRAME_SIDE_MAX;
}

static void hand_out(struct decode *decode)
{
    const AVFrame *picture = NULL;
    if (side_sane(decode->decoded->width) && side_sane(decode->decoded->height)) {
        picture = usable(decode);
    }
    if (!picture) {
        decode->figures.damaged++;
        return;
    }
    const int64_t captured_us = decode->decoded->reordered_opaque;
    struct frame frame = {
        .width = (uint32_t)picture->width,
        .height = (uint32_t)picture->height,
        .captured_us = captured_us,
        .wall_us = captured_us + decode->wall_offset_us,
        .sequence = ++decode->sequence,
    };
    for (int i = 0; i < FRAME_PLANES; i++) {
        if (picture->linesize[i] < 0) { return; } /* upside down: no decoder of ours does it */
        frame.plane[i] = picture->data[i];
        frame.stride_bytes[i] = (size_t)picture->linesize[i];
    }
    decode->figures.frames++;
    decode->options.frame(decode->options.context, &frame);
}

enum err decode_feed(struct decode *decode, const struct packet *packet, bool key_only,
                     struct why *why)
{
    if (!decode->codec || packet->format->run != decode->run) {
        const enum err err = open_codec(decode, packet->format, why);
        if (err) { return err; }
        decode->run = packet->format->run;
        decode->key_needed = true;
    }
    if (!packet->key && (key_only || decode->key_needed)) {
        decode->key_needed = true; /* what was left out is missing for the pictures after it */
        return OK;
    }
    decode->key_needed = false;
    assert(decode->codec);
    /* Borrowed by the decoder for the call: without a buffer it copies what it keeps. */
    union {
        const uint8_t *constant;
        uint8_t *writable;
    } data = {.constant = packet->data};
    decode->packet->data = data.writable;
    decode->packet->size = (int)packet->size;
    decode->packet->flags = packet->key ? AV_PKT_FLAG_KEY : 0;
    decode->codec->reordered_opaque = packet->captured_us + (packet->show_us - packet->decode_us);
    decode->wall_offset_us = packet->wall_us - packet->captured_us;
    if (avcodec_send_packet(decode->codec, decode->packet) < 0) { decode->figures.damaged++; }
    av_packet_unref(decode->packet);
    while (avcodec_receive_frame(decode->codec, decode->decoded) >= 0) {
        hand_out(decode);
        av_frame_unref(decode->decoded);
    }
    return OK;
}

struct decode_figures decode_figures(const struct decode *decode)
{
    return decode->figures;
}
