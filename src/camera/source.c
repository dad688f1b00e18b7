#include "camera/source.h"

#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>

#include "base/clock.h"
#include "base/text.h"
#include "camera/nal.h"
#include "camera/timeline.h"

enum {
    PROBE_BYTES_MAX = 512 * 1024,
    PROBE_US_MAX = 500000,
    UDP_REORDER_US = 300000, /* how long a late datagram is waited for */
    ERROR_TEXT_SIZE = 96,
    UNTIMED_PICTURES_PER_SECOND = 25,
};

struct source {
    struct source_options options;
    AVFormatContext *input;        /* owned */
    AVBSFContext *annex_b;         /* owned: length-prefixed units of files become Annex B */
    AVCodecParserContext *parser;  /* owned: asked for the size of pictures only */
    AVCodecContext *parser_codec;  /* owned: never opened, a parser wants one */
    AVPacket *incoming, *filtered; /* owned */
    int stream;                    /* index of the video stream */
    enum packet_codec codec;
    AVRational unit; /* of timestamps, as a part of a second */
    struct timeline timeline;
    bool untimed;                 /* the newest packet came without a time */
    struct packet_format *format; /* owned reference; NULL before the first key picture */
    uint64_t run;
    int64_t deadline_us;
    bool timed_out;
    struct source_figures figures;
};

/* libav asks this while it waits. */
static int interrupted(void *context)
{
    struct source *source = context;
    if (source->options.stop && shared_flag_raised(source->options.stop)) { return 1; }
    if (clock_monotonic_us() < source->deadline_us) { return 0; }
    source->timed_out = true;
    return 1;
}

static enum err failure(const struct source *source, int code, const char *doing, struct why *why)
{
    if (source->options.stop && shared_flag_raised(source->options.stop)) {
        return why_set(why, ERR_CLOSED, "told to stop");
    }
    if (source->timed_out || code == AVERROR(ETIMEDOUT)) {
        return why_set(why, ERR_TIMEOUT, "%s: no answer in time", doing);
    }
    enum err err = ERR_IO;
    if (code == AVERROR_EOF) { err = ERR_CLOSED; }
    if (code == AVERROR_INVALIDDATA) { err = ERR_MALFORMED; }
    if (code == AVERROR_HTTP_UNAUTHORIZED || code == AVERROR_HTTP_FORBIDDEN) { err = ERR_DENIED; }
    if (code == AVERROR_HTTP_NOT_FOUND || code == AVERROR(ENOENT)) { err = ERR_NOT_FOUND; }
    char words[ERROR_TEXT_SIZE] = "";
    (void)av_strerror(code, words, sizeof words); /* holds no address */
    return why_set(why, err, "%s: %s", doing, words);
}

static void set_protocol_options(const struct source *source, AVDictionary **options)
{
    const bool file = address_is_file(source->options.address);
    const bool udp = source->options.transport == SOURCE_TRANSPORT_UDP;
    (void)av_dict_set(options, "protocol_whitelist", file ? "file" : "rtsp,rtp,udp,tcp,tls,crypto",
                      0);
    if (file) { return; }
    (void)av_dict_set(options, "rtsp_transport", udp ? "udp" : "tcp", 0);
    (void)av_dict_set(options, "allowed_media_types", "video", 0);
    (void)av_dict_set_int(options, "timeout", source->options.open_timeout_us, 0);
    (void)av_dict_set_int(options, "max_delay", UDP_REORDER_US, 0);
    (void)av_dict_set_int(options, "probesize", PROBE_BYTES_MAX, 0);
    (void)av_dict_set_int(options, "analyzeduration", PROBE_US_MAX, 0);
    (void)av_dict_set_int(options, "fpsprobesize", 0, 0);
}

static enum err connect_input(struct source *source, struct why *why)
{
    source->input = avformat_alloc_context();
    if (!source->input) { abort(); }
    source->input->interrupt_callback = (AVIOInterruptCB){interrupted, source};
    source->input->flags |= AVFMT_FLAG_DISCARD_CORRUPT;
    AVDictionary *options = NULL;
    set_protocol_options(source, &options);
    /* Frees and clears source->input when it fails. */
    int code =
        avformat_open_input(&source->input, address_whole(source->options.address), NULL, &options);
    av_dict_free(&options);
    if (code < 0) { return failure(source, code, "cannot open the stream", why); }
    if (source->options.probe || address_is_file(source->options.address)) {
        code = avformat_find_stream_info(source->input, NULL);
    }
    return code < 0 ? failure(source, code, "cannot find out what the stream holds", why) : OK;
}

static enum err choose_stream(struct source *source, struct why *why)
{
    source->stream = -1;
    for (unsigned i = 0; i < source->input->nb_streams; i++) {
        AVStream *stream = source->input->streams[i];
        const enum AVCodecID id = stream->codecpar->codec_id;
        if (source->stream >= 0 || (id != AV_CODEC_ID_H264 && id != AV_CODEC_ID_HEVC)) {
            stream->discard = AVDISCARD_ALL;
            continue;
        }
        source->stream = (int)i;
        source->codec = id == AV_CODEC_ID_H264 ? PACKET_CODEC_H264 : PACKET_CODEC_H265;
        source->unit = stream->time_base;
    }
    if (source->stream < 0) {
        return why_set(why, ERR_UNAVAILABLE, "the stream holds no H.264 or H.265 video");
    }
    if (source->unit.num != 1 || source->unit.den < 1) {
        /* Containers with odd clocks are brought to the usual one. */
        source->unit = (AVRational){1, 90000};
    }
    return OK;
}

static enum err open_filter(struct source *source, struct why *why)
{
    const bool h264 = source->codec == PACKET_CODEC_H264;
    const AVStream *stream = source->input->streams[source->stream];
    const AVBitStreamFilter *kind =
        av_bsf_get_by_name(h264 ? "h264_mp4toannexb" : "hevc_mp4toannexb");
    source->incoming = av_packet_alloc();
    source->filtered = av_packet_alloc();
    source->parser_codec = avcodec_alloc_context3(NULL);
    source->parser = av_parser_init((int)stream->codecpar->codec_id);
    if (!kind || !source->incoming || !source->filtered || !source->parser_codec ||
        !source->parser || av_bsf_alloc(kind, &source->annex_b) < 0) {
        return why_set(why, ERR_UNAVAILABLE, "libavcodec lacks the filter for %s",
                       h264 ? "H.264" : "H.265");
    }
    source->parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
    source->parser_codec->codec_id = stream->codecpar->codec_id;
    source->annex_b->time_base_in = stream->time_base;
    int code = avcodec_parameters_copy(source->annex_b->par_in, stream->codecpar);
    if (code >= 0) { code = av_bsf_init(source->annex_b); }
    return code < 0 ? failure(source, code, "the stream's parameter sets are damaged", why) : OK;
}

enum err source_open(struct source **out, const struct source_options *options, struct why *why)
{
    av_log_set_level(AV_LOG_QUIET); /* its lines would hold whole addresses */
    CLEANUP(source_close_p) struct source *source = MEM_NEW(struct source);
    source->options = *options;
    source->run = options->run_first;
    source->deadline_us = clock_monotonic_us() + options->open_timeout_us;
    enum err err = connect_input(source, why);
    if (!err) { err = choose_stream(source, why); }
    if (!err) { err = open_filter(source, why); }
    if (err) { return err; }
    *out = TAKE(source);
    return OK;
}

void source_close(struct source *source)
{
    if (!source) { return; }
    packet_format_drop(source->format);
    av_packet_free(&source->incoming);
    av_packet_free(&source->filtered);
    av_bsf_free(&source->annex_b);
    if (source->parser) { av_parser_close(source->parser); }
    avcodec_free_context(&source->parser_codec);
    source->deadline_us = clock_monotonic_us() + CLOCK_SECOND_US / 2; /* for TEARDOWN */
    avformat_close_input(&source->input);
    free(source);
}

/* Pixels of the pictures that `bytes`, a key picture with its parameter sets, begins. */
static void measure(struct source *source, struct span bytes, struct packet_format *facts)
{
    const AVCodecParameters *said = source->input->streams[source->stream]->codecpar;
    facts->width = said->width > 0 ? (uint32_t)said->width : 0;
    facts->height = said->height > 0 ? (uint32_t)said->height : 0;
    uint8_t *picture = NULL;
    int size = 0;
    (void)av_parser_parse2(source->parser, source->parser_codec, &picture, &size, bytes.data,
                           (int)bytes.size, AV_NOPTS_VALUE, AV_NOPTS_VALUE, 0);
    if (source->parser->width > 0 && source->parser->height > 0) {
        facts->width = (uint32_t)source->parser->width;
        facts->height = (uint32_t)source->parser->height;
    }
}

/* Sees to it that source->format describes this key picture. */
static enum err follow_format(struct source *source, struct span picture, struct why *why)
{
    const AVCodecParameters *said = source->annex_b->par_out;
    if (source->format &&
        nal_same_sequence(source->codec,
                          span_of(source->format->parameters, source->format->parameters_size),
                          picture)) {
        return OK;
    }
    CLEANUP(text_deinit) struct text sets = text_limited(PACKET_PARAMETERS_MAX);
    nal_parameters(source->codec, picture, &sets);
    if (sets.size == 0 && said->extradata_size > 0) {
        nal_parameters(source->codec, span_of(said->extradata, (size_t)said->extradata_size),
                       &sets);
    }
    if (sets.size == 0 || sets.overflow) {
        return why_set(why, ERR_MALFORMED, "a key picture without usable parameter sets");
    }
    CLEANUP(text_deinit)
    struct text whole = text_limited(PACKET_PARAMETERS_MAX + PACKET_SIZE_MAX + PACKET_PADDING);
    text_add_bytes(&whole, text_span(&sets));
    text_add_bytes(&whole, picture);
    const uint8_t padding[PACKET_PADDING] = {0};
    text_add_bytes(&whole, span_of(padding, sizeof padding));
    struct packet_format facts = {.codec = source->codec,
                                  .run = source->format ? source->run + 1 : source->run};
    measure(source, span_of(whole.data, whole.size - PACKET_PADDING), &facts);
    struct packet_format *format = NULL;
    const enum err err = packet_format_new(&format, &facts, text_span(&sets), why);
    if (err) { return err; }
    packet_format_drop(source->format);
    source->format = format;
    source->run = facts.run;
    return OK;
}

/* The clock jumped: the same pictures, another run. */
static void begin_run(struct source *source)
{
    struct packet_format facts = *source->format;
    facts.run = ++source->run;
    struct packet_format *format = NULL;
    const struct span sets = span_of(source->format->parameters, source->format->parameters_size);
    if (packet_format_new(&format, &facts, sets, NULL)) { abort(); } /* it was fine before */
    packet_format_drop(source->format);
    source->format = format;
}

static int64_t in_unit(const struct source *source, int64_t ticks)
{
    return av_rescale_q(ticks, source->input->streams[source->stream]->time_base, source->unit);
}

/* When it is to be decoded, and how much later it is to be shown. */
static struct timeline_picture timing_of(struct source *source, const AVPacket *raw,
                                         int64_t *ahead_us)
{
    const int64_t rate_hz = source->unit.den;
    const int64_t step =
        raw->duration > 0 ? in_unit(source, raw->duration) : rate_hz / UNTIMED_PICTURES_PER_SECOND;
    const int64_t stamp = raw->dts != AV_NOPTS_VALUE ? raw->dts : raw->pts;
    int64_t decoded = (int64_t)source->timeline.ticks + step;
    if (stamp != AV_NOPTS_VALUE) {
        const int64_t ahead = raw->pts != AV_NOPTS_VALUE ? raw->pts - stamp : 0;
        const int64_t shown_us = in_unit(source, ahead) * CLOCK_SECOND_US / rate_hz;
        if (shown_us > 0 && shown_us < CLOCK_SECOND_US) { *ahead_us = shown_us; }
        decoded = in_unit(source, stamp);
        if (source->untimed) { source->timeline.ticks = (uint32_t)(uint64_t)(decoded - step); }
    }
    source->untimed = stamp == AV_NOPTS_VALUE;
    struct timeline_picture picture = {.ticks = (uint32_t)(uint64_t)decoded,
                                       .rate_hz = rate_hz,
                                       .arrived_us = clock_monotonic_us()};
    if (address_is_file(source->options.address) && source->timeline.started) {
        /* A file is read faster than it was filmed: its own time is the only one it has. */
        const int64_t gone = (int32_t)(picture.ticks - source->timeline.ticks);
        picture.arrived_us = source->timeline.captured_us + gone * CLOCK_SECOND_US / rate_hz;
    }
    return picture;
}

/* B pictures without decoding times: only probing, which costs most of a second, sorts them out. */
static bool out_of_order(const struct source *source, const struct timeline_picture *picture)
{
    const int32_t step = (int32_t)(picture->ticks - source->timeline.ticks);
    return !source->options.probe && source->filtered->dts == AV_NOPTS_VALUE &&
           source->timeline.started && step < 0 && step > -source->unit.den;
}

/* Makes `out` of the filtered packet; ERR_MALFORMED: it is to be left out. */
static enum err make_packet(struct source *source, struct packet **out, struct why *why)
{
    const AVPacket *raw = source->filtered;
    const bool key = raw->flags & AV_PKT_FLAG_KEY;
    if (raw->size <= 0 || raw->size > PACKET_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "a picture of %d bytes", raw->size);
    }
    const struct span bytes = span_of(raw->data, (size_t)raw->size);
    if (!key && !source->format) { return why_set(why, ERR_MALFORMED, "no key picture yet"); }
    const enum err err = key ? follow_format(source, bytes, why) : OK;
    if (err) { return err; }

    int64_t ahead_us = 0;
    const struct timeline_picture picture = timing_of(source, raw, &ahead_us);
    if (out_of_order(source, &picture)) {
        return why_set(why, ERR_CONFLICT, "the pictures come out of order");
    }
    const bool jumped = timeline_take(&source->timeline, &picture) == TIMELINE_STEP_JUMP;
    if (jumped) { begin_run(source); }
    const struct packet facts = {
        .format = source->format,
        .key = key,
        .decode_us = source->timeline.media_us,
        .show_us = source->timeline.media_us + ahead_us,
        .captured_us = source->timeline.captured_us,
        .wall_us = source->timeline.captured_us + clock_wall_us() - clock_monotonic_us(),
    };
    return packet_new(out, &facts, bytes, why);
}

/* The next packet of the stream through the filter, in source->filtered. */
static enum err read_filtered(struct source *source, struct why *why)
{
    for (;;) {
        int code = av_bsf_receive_packet(source->annex_b, source->filtered);
        if (code >= 0) { return OK; }
        code = av_read_frame(source->input, source->incoming);
        if (code == AVERROR(EAGAIN) && !interrupted(source)) { continue; }
        if (code < 0) { return failure(source, code, "the stream broke off", why); }
        const bool ours = source->incoming->stream_index == source->stream;
        if (!ours || av_bsf_send_packet(source->annex_b, source->incoming) < 0) {
            source->figures.dropped += ours;
            av_packet_unref(source->incoming);
            av_bsf_flush(source->annex_b);
        }
    }
}

enum err source_next(struct source *source, struct packet **out, struct why *why)
{
    source->deadline_us = clock_monotonic_us() + source->options.stall_us;
    for (;;) {
        enum err err = read_filtered(source, why);
        if (err) { return err; }
        err = make_packet(source, out, why);
        const uint64_t size = (uint64_t)source->filtered->size;
        av_packet_unref(source->filtered);
        if (!err) {
            source->figures.packets++;
            source->figures.bytes += size;
            return OK;
        }
        if (err == ERR_CONFLICT) { return err; }
        source->figures.dropped++;
        if (interrupted(source)) { return failure(source, 0, "the stream cannot be used", why); }
    }
}

uint64_t source_run(const struct source *source)
{
    return source->run;
}

struct source_figures source_figures(const struct source *source)
{
    return source->figures;
}
