#include "programs/map/publish_options.h"

#include <string.h>

#define TEXT(key_, member_, fallback_, sentence_)                                                  \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_TEXT,                                                   \
        .offset = offsetof(struct publish_options, member_), .fallback = (fallback_),              \
        .sentence = (sentence_)                                                                    \
    }
#define NUMBER(key_, member_, least_, most_, fallback_, sentence_)                                 \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_INTEGER,                                                \
        .offset = offsetof(struct publish_options, member_), .least = (least_), .most = (most_),   \
        .fallback = (fallback_), .sentence = (sentence_)                                           \
    }

static const struct option step_options[] = {
    {.key = "arguments",
     .kind = OPTION_KIND_TEXT,
     .offset = offsetof(struct publish_step, arguments),
     .sentence = "A command of tocsin-map with its arguments, between spaces: build or anonymise."},
};

static const struct option_group groups[] = {
    {.section = "step",
     .array_offset = offsetof(struct publish_options, steps),
     .count_offset = offsetof(struct publish_options, step_count),
     .element_size = sizeof(struct publish_step),
     .name_offset = offsetof(struct publish_step, name),
     .count_max = PUBLISH_STEPS_MAX,
     .options = step_options,
     .option_count = ARRAY_LEN(step_options)},
};

static const struct option options[] = {
    TEXT("archive.file", archive_file, "", "The archive that is published, unless FILE says so."),
    TEXT("archive.name", archive_name, "tactical",
         "What its name on the store begins with, before -SHA256.pmtiles."),
    TEXT("s3.endpoint", s3_endpoint, NULL,
         "The store, such as https://ACCOUNT.r2.cloudflarestorage.com. Credentials are in "
         "TOCSIN_S3_KEY_ID and TOCSIN_S3_KEY."),
    TEXT("s3.bucket", s3_bucket, NULL, "The bucket; it stands in the path."),
    TEXT("s3.region", s3_region, "auto", "The region of signatures."),
    TEXT("s3.prefix", s3_prefix, "", "What stands before every key, such as maps/."),
    TEXT("s3.ca", s3_ca, "", "PEM file of authorities to trust; empty: the system's."),
    NUMBER("s3.part_mb", s3_part_mb, 5, 4096, "16", "MiB of a part of a large archive."),
    NUMBER("s3.at_once", s3_at_once, 1, 16, "4", "Parts that are sent at once."),
    NUMBER("s3.attempts", s3_attempts, 1, 20, "6", "Attempts of one request, ever longer apart."),
    NUMBER("s3.idle_ms", s3_idle_ms, 100, 600000, "30000",
           "Milliseconds without a byte after which a request has failed."),
    {.key = "s3.conditional",
     .kind = OPTION_KIND_BOOLEAN,
     .offset = offsetof(struct publish_options, s3_conditional),
     .fallback = "yes",
     .sentence = "Whether the store knows If-Match and If-None-Match on PUT (R2, S3: yes; Swift: "
                 "no, then only one machine may publish)."},
    NUMBER("release.keep", release_keep, 2, 32, "5", "Releases that stay on the store."),
    NUMBER("release.cache_s", release_cache_s, 0, 3600, "60",
           "Seconds for which others may keep current.json."),
    TEXT("state.folder", state_folder, "/var/lib/tocsin/map-publish",
         "What the publisher remembers: the lock, the journal of an upload, what is to be purged."),
    TEXT("cdn.api", cdn_api, "https://api.cloudflare.com", "The CDN's API (Cloudflare's)."),
    TEXT("cdn.zone", cdn_zone, "",
         "The zone whose copy of current.json is purged; the token is in TOCSIN_CDN_TOKEN. Empty: "
         "there is no CDN."),
    TEXT("cdn.url", cdn_url, "", "Where clients read current.json, through the CDN."),
    TEXT("cdn.origins", cdn_origins, "",
         "Web origins that read it, between commas: their copies are purged too."),
    TEXT("watch.folder", watch_folder, ".",
         "The folder in which steps run, and from which inputs are named."),
    TEXT("watch.inputs", watch_inputs, "",
         "Files and folders that `watch` looks at, between commas; not what steps write."),
    NUMBER("watch.every_ms", watch_every_ms, 50, 3600000, "10000", "How often it looks."),
    NUMBER("watch.settle_ms", watch_settle_ms, 0, 3600000, "5000",
           "How long inputs must be at rest before it builds."),
    NUMBER("watch.retry_s", watch_retry_s, 1, 86400, "60",
           "Seconds after which it tries again what failed; doubles up to an hour."),
    TEXT("log.level", log_level, "info", "The least that is logged: debug, info, warning, error."),
};

const struct option_table publish_options_table = {
    .program = "tocsin-map publish",
    .sentence = "Publishes an archive to an S3 store; also for `rollback` and `watch`.",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .groups = groups,
    .group_count = ARRAY_LEN(groups),
};

size_t publish_options_split(char *text, const char *marks, const char *words[], size_t most)
{
    size_t count = 0;
    while (count < most) {
        text += strspn(text, marks);
        if (!*text) { break; }
        words[count++] = text;
        text += strcspn(text, marks);
        if (*text) { *text++ = '\0'; }
    }
    return count;
}
