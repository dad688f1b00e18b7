/*
 * A camera for tests and for `tocsin demo`: a real RTSP server (gst-rtsp-server) that plays one
 * file for ever, H.264, ten pictures a second, timestamps that never run back.
 *
 *   camera --port N --file F [--path cam1] [--mode MODE] [--after N] [--cache DIR]
 *
 * Modes: normal; stall (after N pictures nothing more comes, connections stay open); vanish (after
 * N pictures the program ends); resize (after N pictures they are half as wide); damage (every
 * seventh picture is broken); garbage (no RTSP at all, noise to whoever connects).
 *
 * What is not H.264 yet is encoded once, by ffmpeg, into the cache; afterwards playing costs next
 * to nothing. Prints `rtsp://127.0.0.1:PORT/cam1` when it is ready (port 0: a free one).
 */
#include <arpa/inet.h>
#include <gst/app/gstappsrc.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PICTURES_PER_SECOND = 10, PATH_SIZE = 4096 };

struct film { /* the file, picture by picture, in a circle */
    char path[PATH_SIZE];
    AVFormatContext *input;
    AVBSFContext *annex_b;
    AVPacket *packet;
    int stream;
};

struct camera {
    int port;
    const char *file, *mode, *path, *cache;
    long after;
    struct film film, small;
    struct film *playing;
    GMutex
        lock; /* clients come and go on threads of the server; the members below are theirs too */
    GstAppSrc *out; /* owned reference; NULL while nobody watches */
    bool key_sent;
    guint64 sent;  /* to this audience */
    long pictures; /* in all */
};

static void fail(const char *what, const char *about)
{
    (void)fprintf(stderr, "camera: %s %s\n", what, about);
    exit(1);
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static void film_open(struct film *film)
{
    const AVBitStreamFilter *kind = av_bsf_get_by_name("h264_mp4toannexb");
    if (avformat_open_input(&film->input, film->path, NULL, NULL) < 0 ||
        avformat_find_stream_info(film->input, NULL) < 0) {
        fail("cannot read", film->path);
    }
    film->stream = av_find_best_stream(film->input, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (film->stream < 0 || av_bsf_alloc(kind, &film->annex_b) < 0 ||
        avcodec_parameters_copy(film->annex_b->par_in,
                                film->input->streams[film->stream]->codecpar) < 0 ||
        av_bsf_init(film->annex_b) < 0) {
        fail("no H.264 video in", film->path);
    }
    film->packet = av_packet_alloc();
}

/* The next picture in film->packet; after the last one comes the first. */
static void film_next(struct film *film)
{
    for (;;) {
        av_packet_unref(film->packet);
        if (av_read_frame(film->input, film->packet) < 0) {
            if (av_seek_frame(film->input, film->stream, 0, AVSEEK_FLAG_BACKWARD) < 0) {
                fail("cannot play again", film->path);
            }
            av_bsf_flush(film->annex_b);
            continue;
        }
        if (film->packet->stream_index == film->stream &&
            av_bsf_send_packet(film->annex_b, film->packet) == 0 &&
            av_bsf_receive_packet(film->annex_b, film->packet) == 0) {
            return;
        }
    }
}

static bool is_h264(const char *path)
{
    AVFormatContext *input = NULL;
    if (avformat_open_input(&input, path, NULL, NULL) < 0) { fail("cannot read", path); }
    bool found = false;
    for (unsigned i = 0; i < input->nb_streams; i++) {
        found = found || input->streams[i]->codecpar->codec_id == AV_CODEC_ID_H264;
    }
    avformat_close_input(&input);
    return found;
}

/* Encodes once; the name in the cache holds size and time of the original. */
static void film_prepare(struct film *film, const struct camera *camera, const char *scale)
{
    struct stat facts;
    if (stat(camera->file, &facts) != 0) { fail("there is no file", camera->file); }
    if (same(scale, "iw") && is_h264(camera->file)) {
        (void)snprintf(film->path, sizeof film->path, "%s", camera->file);
        film_open(film);
        return;
    }
    (void)g_mkdir_with_parents(camera->cache, 0700);
    char *base = g_path_get_basename(camera->file);
    (void)snprintf(film->path, sizeof film->path, "%s/%s-%lld-%lld-%s.mp4", camera->cache, base,
                   (long long)facts.st_size, (long long)facts.st_mtime,
                   same(scale, "iw") ? "1" : "2");
    g_free(base);
    if (access(film->path, R_OK) != 0) {
        char part[PATH_SIZE + 32];
        char filter[128];
        (void)snprintf(part, sizeof part, "%s.%d.part", film->path, (int)getpid());
        (void)snprintf(filter, sizeof filter, "fps=%d,scale=%s:-2,format=yuv420p",
                       PICTURES_PER_SECOND, same(scale, "iw") ? "trunc(iw/2)*2" : scale);
        const char *arguments[] = {"ffmpeg",     "-v",       "error", "-nostdin", "-y",   "-i",
                                   camera->file, "-an",      "-vf",   filter,     "-c:v", "libx264",
                                   "-preset",    "veryfast", "-crf",  "28",       "-g",   "20",
                                   "-bf",        "0",        "-f",    "mp4",      part,   NULL};
        int status = 0;
        if (!g_spawn_sync(NULL, (char **)(uintptr_t)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL,
                          NULL, NULL, NULL, &status, NULL) ||
            status != 0 || rename(part, film->path) != 0) {
            fail("ffmpeg cannot encode", camera->file);
        }
    }
    film_open(film);
}

static bool finished(struct camera *camera)
{
    if (camera->after <= 0 || camera->pictures < camera->after) { return false; }
    if (same(camera->mode, "vanish")) { _exit(0); }
    if (same(camera->mode, "resize") && camera->playing != &camera->small) {
        camera->playing = &camera->small;
        camera->key_sent = false;
    }
    return same(camera->mode, "stall");
}

/* One picture every tenth of a second, to whoever watches. */
static void play_one(struct camera *camera)
{
    if (!camera->out || finished(camera)) { return; }
    do {
        film_next(camera->playing);
    } while (!camera->key_sent && !(camera->playing->packet->flags & AV_PKT_FLAG_KEY));
    camera->key_sent = true;
    const AVPacket *picture = camera->playing->packet;
    GstBuffer *buffer = gst_buffer_new_memdup(picture->data, (gsize)picture->size);
    if (same(camera->mode, "damage") && camera->pictures % 7 == 3 && picture->size > 64) {
        (void)gst_buffer_memset(buffer, 40, (guint8)(camera->pictures * 37 + 1),
                                (gsize)picture->size / 3);
    }
    GST_BUFFER_PTS(buffer) = camera->sent * GST_SECOND / PICTURES_PER_SECOND;
    GST_BUFFER_DTS(buffer) = GST_BUFFER_PTS(buffer);
    GST_BUFFER_DURATION(buffer) = GST_SECOND / PICTURES_PER_SECOND;
    camera->sent++;
    camera->pictures++;
    (void)gst_app_src_push_buffer(camera->out, buffer); /* takes the buffer */
}

static gboolean on_tick(gpointer context)
{
    struct camera *camera = context;
    g_mutex_lock(&camera->lock);
    play_one(camera);
    g_mutex_unlock(&camera->lock);
    return TRUE;
}

static void on_unprepared(GstRTSPMedia *media, gpointer context)
{
    struct camera *camera = context;
    (void)media;
    g_mutex_lock(&camera->lock);
    gst_clear_object(&camera->out);
    g_mutex_unlock(&camera->lock);
}

static void on_configure(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer context)
{
    struct camera *camera = context;
    (void)factory;
    GstElement *bin = gst_rtsp_media_get_element(media);
    g_mutex_lock(&camera->lock);
    gst_clear_object(&camera->out);
    camera->out = GST_APP_SRC(gst_bin_get_by_name_recurse_up(GST_BIN(bin), "pictures"));
    gst_object_unref(bin);
    camera->sent = 0;
    camera->key_sent = false;
    g_mutex_unlock(&camera->lock);
    (void)g_signal_connect(media, "unprepared", G_CALLBACK(on_unprepared), camera);
}

static void serve(struct camera *camera)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    GstRTSPServer *server = gst_rtsp_server_new();
    GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(server);
    GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
    char service[16];
    char path[128];
    (void)snprintf(service, sizeof service, "%d", camera->port);
    (void)snprintf(path, sizeof path, "/%s", camera->path);
    gst_rtsp_server_set_address(server, "127.0.0.1");
    gst_rtsp_server_set_service(server, service);
    gst_rtsp_media_factory_set_launch(
        factory, "( appsrc name=pictures is-live=true format=time max-bytes=4000000 "
                 "leaky-type=downstream caps=video/x-h264,stream-format=byte-stream,alignment=au "
                 "! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )");
    gst_rtsp_media_factory_set_shared(factory, TRUE);
    (void)g_signal_connect(factory, "media-configure", G_CALLBACK(on_configure), camera);
    gst_rtsp_mount_points_add_factory(mounts, path, factory);
    g_object_unref(mounts);
    if (gst_rtsp_server_attach(server, NULL) == 0) { fail("cannot listen on port", service); }
    (void)g_timeout_add(1000 / PICTURES_PER_SECOND, on_tick, camera);
    printf("rtsp://127.0.0.1:%d%s\n", gst_rtsp_server_get_bound_port(server), path);
    (void)fflush(stdout);
    g_main_loop_run(loop);
}

/* Not a camera at all. */
static void serve_garbage(const struct camera *camera)
{
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)camera->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int yes = 1;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        fail("cannot listen for", "garbage");
    }
    printf("rtsp://127.0.0.1:%d/%s\n", ntohs(address.sin_port), camera->path);
    (void)fflush(stdout);
    GRand *noise = g_rand_new_with_seed(1);
    for (;;) {
        const int client = accept(listener, NULL, NULL);
        guint32 words[1024];
        for (int i = 0; i < 1024; i++) {
            words[i] = g_rand_int(noise);
        }
        (void)!send(client, words, sizeof words, MSG_NOSIGNAL);
        (void)close(client);
    }
}

static void read_arguments(struct camera *camera, int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *value = argv[i + 1];
        if (same(argv[i], "--port")) {
            camera->port = (int)strtol(value, NULL, 10);
        } else if (same(argv[i], "--file")) {
            camera->file = value;
        } else if (same(argv[i], "--path")) {
            camera->path = value;
        } else if (same(argv[i], "--mode")) {
            camera->mode = value;
        } else if (same(argv[i], "--after")) {
            camera->after = strtol(value, NULL, 10);
        } else if (same(argv[i], "--cache")) {
            camera->cache = value;
        } else {
            fail("unknown option", argv[i]);
        }
    }
    if (argc % 2 == 0) { fail("no value for", argv[argc - 1]); }
    const char *modes[] = {"normal", "stall", "vanish", "resize", "damage", "garbage"};
    bool known = false;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        known = known || same(camera->mode, modes[i]);
    }
    if (!known) { fail("unknown mode", camera->mode); }
}

int main(int argc, char **argv)
{
    char cache[PATH_SIZE];
    const char *given = getenv("TOCSIN_CACHE");
    (void)snprintf(cache, sizeof cache, given ? "%s/camera" : "/tmp/tocsin-camera-%s",
                   given ? given : g_get_user_name());
    struct camera camera = {.mode = "normal", .path = "cam1", .cache = cache};
    read_arguments(&camera, argc, argv);
    if (same(camera.mode, "garbage")) { serve_garbage(&camera); }
    if (!camera.file) { fail("--file is missing;", "a video to play"); }
    gst_init(NULL, NULL);
    av_log_set_level(AV_LOG_ERROR);
    film_prepare(&camera.film, &camera, "iw");
    if (same(camera.mode, "resize")) { film_prepare(&camera.small, &camera, "trunc(iw/4)*2"); }
    camera.playing = &camera.film;
    serve(&camera);
    return 0;
}
