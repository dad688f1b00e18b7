#include "programs/watch/options.h"

#include <stddef.h>
#include <string.h>

#include "camera/address.h"
#include "camera/recorder.h"

#define TEXT(owner_, key_, member_, fallback_, sentence_)                                          \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_TEXT, .offset = offsetof(struct owner_, member_),       \
        .fallback = (fallback_), .sentence = (sentence_)                                           \
    }
#define NUMBER(key_, member_, least_, most_, fallback_, sentence_)                                 \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_INTEGER, .offset = offsetof(struct options, member_),   \
        .least = (least_), .most = (most_), .fallback = (fallback_), .sentence = (sentence_)       \
    }
#define SWITCH(owner_, key_, member_, fallback_, sentence_)                                        \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_BOOLEAN, .offset = offsetof(struct owner_, member_),    \
        .fallback = (fallback_), .sentence = (sentence_)                                           \
    }

static const struct option rows[] = {
    TEXT(options, "edge.socket", edge_socket, "/run/tocsin/edge.sock",
         "The socket on which tocsin-edge listens for events."),
    TEXT(options, "media.folder", media_folder, "/var/lib/tocsin/media",
         "Where clips and snapshots are written."),
    NUMBER("media.days", media_days, 0, 3650, "30", "Days after which media go; 0 keeps them."),
    NUMBER("media.gb", media_gb, 0, 1000000, "0",
           "Gigabytes of media at most, the oldest go first; 0 = only the disk limits."),
    NUMBER("media.reserve_mb", media_reserve_mb, 0, 1000000, "512",
           "Megabytes that stay free on the disk: for them the oldest media go."),
    NUMBER("clip.before_s", clip_before_s, 0, 60, "3", "Seconds of a clip before its event."),
    NUMBER("clip.after_s", clip_after_s, 0, 60, "3", "Seconds of a clip after its event."),
    NUMBER("clip.length_max_s", clip_length_max_s, 10, 3600, "120", "Seconds of a clip at most."),
    NUMBER("clip.ring_mb", clip_ring_mb, 1, 1024, "32",
           "Megabytes of memory of each camera for the seconds before an event, at most."),
    NUMBER("source.stall_s", stall_s, 1, 600, "10",
           "Seconds without a picture after which a camera counts as stalled."),
    NUMBER("source.retry_least_ms", retry_least_ms, 10, 600000, "1000",
           "Milliseconds before the first new attempt to reach a camera; doubles each time."),
    NUMBER("source.retry_most_ms", retry_most_ms, 10, 3600000, "60000",
           "Milliseconds between two attempts, at most."),
    SWITCH(options, "sandbox.enabled", sandbox, "true",
           "Whether to give up all rights that watching does not need (seccomp, Landlock)."),
    TEXT(options, "log.level", log_level, "info",
         "The least that is logged: debug, info, warning, error."),
    VISION_OPTIONS(struct options),
};

static const struct option camera_rows[] = {
    TEXT(options_camera, "url", url, NULL,
         "rtsp://[user:password@]host[:port]/path, or a file; never logged whole."),
    TEXT(options_camera, "transport", transport, "tcp", "How pictures come: tcp or udp."),
    SWITCH(options_camera, "detect", detect, "true", "Whether anybody looks for people on it."),
    VISION_PLACE_OPTIONS("", struct options_camera),
};

static const struct option_group groups[] = {{
    .section = "camera",
    .array_offset = offsetof(struct options, cameras),
    .count_offset = offsetof(struct options, camera_count),
    .element_size = sizeof(struct options_camera),
    .name_offset = offsetof(struct options_camera, name),
    .count_max = OPTIONS_CAMERAS_MAX,
    .options = camera_rows,
    .option_count = ARRAY_LEN(camera_rows),
}};

static enum err check_camera(const struct options_camera *camera, struct why *why)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t size = strlen(camera->name);
    if (size == 0 || size >= RECORDER_CAMERA_SIZE || strspn(camera->name, letters) != size ||
        camera->name[0] == '.') {
        return why_set(why, ERR_MALFORMED,
                       "[camera %.70s]: a name of 1 to %d letters A-Z a-z 0-9 . _ - is expected, "
                       "not beginning with a dot: it names a folder",
                       camera->name, RECORDER_CAMERA_SIZE - 1);
    }
    if (strcmp(camera->transport, "tcp") != 0 && strcmp(camera->transport, "udp") != 0) {
        return why_set(why, ERR_MALFORMED,
                       "[camera %s] transport is \"%.40s\"; tcp or udp is expected", camera->name,
                       camera->transport);
    }
    CLEANUP(address_free_p) struct address *address = NULL;
    enum err err = address_new(&address, camera->url, why);
    struct vision_options looking = vision_options_usual();
    if (!err) { err = vision_place_read(&looking, &camera->place, why); }
    return err ? why_prefix(why, err, camera->name) : OK;
}

static enum err check(const void *read, struct why *why)
{
    const struct options *options = read;
    if (options->camera_count == 0) {
        return why_set(why, ERR_RANGE, "there is no camera; a section [camera NAME] is expected");
    }
    if (options->retry_most_ms < options->retry_least_ms) {
        return why_set(why, ERR_RANGE,
                       "source.retry_most_ms is smaller than source.retry_least_ms");
    }
    enum err err = OK;
    for (size_t i = 0; !err && i < options->camera_count; i++) {
        err = check_camera(&options->cameras[i], why);
    }
    return err;
}

const struct option_table options_table = {
    .program = "tocsin-watch",
    .sentence = "Watches cameras: finds people, records clips, tells tocsin-edge.",
    .options = rows,
    .option_count = ARRAY_LEN(rows),
    .groups = groups,
    .group_count = ARRAY_LEN(groups),
    .check = check,
};
