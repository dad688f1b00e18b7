#include "programs/map/serve_options.h"

#define TEXT(key_, member_, fallback_, sentence_)                                                  \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_TEXT,                                                   \
        .offset = offsetof(struct serve_options, member_), .fallback = (fallback_),                \
        .sentence = (sentence_)                                                                    \
    }
#define NUMBER(key_, member_, least_, most_, fallback_, sentence_)                                 \
    {                                                                                              \
        .key = (key_), .kind = OPTION_KIND_INTEGER,                                                \
        .offset = offsetof(struct serve_options, member_), .least = (least_), .most = (most_),     \
        .fallback = (fallback_), .sentence = (sentence_)                                           \
    }

static const struct option archive_options[] = {
    {.key = "file",
     .kind = OPTION_KIND_TEXT,
     .offset = offsetof(struct served_archive, file),
     .sentence = "The PMTiles archive; another one renamed to its place is served within 1 s."},
    {.key = "private",
     .kind = OPTION_KIND_BOOLEAN,
     .offset = offsetof(struct served_archive, is_private),
     .fallback = "no",
     .sentence = "Only for requests that carry the token of TOCSIN_MAP_TOKEN as bearer, or a pass "
                 "that control made with it."},
};

static const struct option_group groups[] = {
    {.section = "archive",
     .array_offset = offsetof(struct serve_options, archives),
     .count_offset = offsetof(struct serve_options, archive_count),
     .element_size = sizeof(struct served_archive),
     .name_offset = offsetof(struct served_archive, name),
     .count_max = SHELF_ARCHIVES_MAX,
     .options = archive_options,
     .option_count = ARRAY_LEN(archive_options)},
};

static const struct option options[] = {
    TEXT("http.address", http_address, "127.0.0.1",
         "Where the map is served; without a certificate only a loopback address."),
    NUMBER("http.port", http_port, 0, 65535, "9450", "The port; 0 takes a free one."),
    NUMBER("http.connections", http_connections, 8, 1000000, "10000",
           "Connections at once, as far as the limit of open files lets."),
    TEXT("http.certificate", http_certificate, "", "PEM chain for TLS; empty: plain HTTP."),
    TEXT("http.key", http_key, "", "PEM key of the certificate."),
    TEXT("http.public_url", http_public_url, "",
         "What clients see before /NAME.json, such as https://maps.town.example; empty: the "
         "request's own Host."),
    TEXT("http.origin", http_origin, "*",
         "The web origin that may read public archives; * is every one, empty is none."),
    TEXT("http.private_origin", http_private_origin, "",
         "The web origin that may read private archives; empty is none."),
    NUMBER("metrics.port", metrics_port, 0, 65535, "9451",
           "The loopback port of /metrics and /health; 0 takes a free one."),
    TEXT("log.level", log_level, "info", "The least that is logged: debug, info, warning, error."),
};

const struct option_table serve_options_table = {
    .program = "tocsin-map serve",
    .sentence = "Serves PMTiles archives by byte range and by tile.",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .groups = groups,
    .group_count = ARRAY_LEN(groups),
};
