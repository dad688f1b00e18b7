#include "programs/map/serve_answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metric.h"
#include "geodata/deflate.h"
#include "map/mvt.h"
#include "release/current.h"
#include "release/pass.h"

enum { TILE_SIZE_MAX = 64 << 20, URL_SIZE = 1024, CACHE_S = 60 };

/* What is asked for, as counted. */
enum kind { KIND_ARCHIVE, KIND_TILE, KIND_TILEJSON, KIND_CURRENT, KIND_OTHER, KIND_COUNT };
static const char *const kind_names[KIND_COUNT] = {"archive", "tile", "tilejson", "current",
                                                   "other"};
static const int statuses[] = {200, 204, 206, 304, 400, 401, 404, 405, 406, 412, 416, 503, 0};
static struct metric *counters[KIND_COUNT][ARRAY_LEN(statuses)];

static struct metric *make_counter(const char *kind, int status)
{
    char labels[64];
    if (status) {
        (void)snprintf(labels, sizeof labels, "kind=\"%s\",status=\"%d\"", kind, status);
    } else {
        (void)snprintf(labels, sizeof labels, "kind=\"%s\",status=\"other\"", kind);
    }
    return metric_counter("tocsin_map_requests_total", "Requests for the map, by answer.", labels);
}

void serve_answer_begin(void)
{
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
            counters[kind][i] = make_counter(kind_names[kind], statuses[i]);
        }
    }
}

static void count(enum kind kind, int status)
{
    size_t i = 0;
    while (statuses[i] && statuses[i] != status) {
        i++;
    }
    metric_add(counters[kind][i], 1);
}

/* A request on its way. */
struct visit {
    const struct serve_desk *desk;
    struct http_request *request;
    size_t index; /* of the archive */
    bool pinned;  /* it names an edition by its hash */
    const struct edition *edition;
};

static void refuse(const struct visit *visit, int status, const char *title, const char *detail)
{
    http_answer_problem(visit->request, status, title, detail);
}

static void refuse_absent(const struct visit *visit)
{
    refuse(visit, 404, "Not Found", "There is nothing at this address.");
}

static void add_origin(const struct visit *visit, const char *origin)
{
    struct http_request *request = visit->request;
    if (!*origin) { return; }
    http_add_header(request, "Access-Control-Allow-Origin", origin);
    if (strcmp(origin, "*") != 0) { http_add_header(request, "Vary", "Origin"); }
    http_add_header(request, "Access-Control-Expose-Headers",
                    "ETag, Content-Range, Content-Length, Accept-Ranges, Content-Encoding");
}

/* How long others may keep the answer. What is named by its hash never changes. */
static void add_cache(const struct visit *visit)
{
    const bool is_private = shelf_is_private(visit->desk->shelf, visit->index);
    char value[64];
    if (is_private) {
        (void)snprintf(value, sizeof value, "private, no-store"); /* on no disk but ours */
    } else if (visit->pinned) {
        (void)snprintf(value, sizeof value, "public, max-age=31536000, immutable");
    } else {
        (void)snprintf(value, sizeof value, "public, max-age=%d", CACHE_S);
    }
    http_add_header(visit->request, "Cache-Control", value);
}

static bool authorised(const struct visit *visit)
{
    static const char scheme[] = "Bearer ";
    const struct secret *token = visit->desk->token;
    const char *header = http_header(visit->request, "Authorization");
    if (!header || strncasecmp(header, scheme, strlen(scheme)) != 0 || !token) { return false; }
    const struct span shown = span_text(header + strlen(scheme));
    return secret_equal(token, shown) ||
           pass_is_good(shown, token, shelf_name(visit->desk->shelf, visit->index),
                        clock_wall_us());
}

/* Finds the archive of `word`, and whether the client may see it; else it is answered. */
static bool enter(struct visit *visit, struct span word)
{
    const struct serve_options *options = visit->desk->options;
    struct shelf *shelf = visit->desk->shelf;
    if (!shelf_take(shelf, word, &visit->index, &visit->edition)) {
        refuse_absent(visit);
        return false;
    }
    visit->pinned = word.size > strlen(shelf_name(shelf, visit->index));
    const bool is_private = shelf_is_private(shelf, visit->index);
    add_origin(visit, is_private ? options->http_private_origin : options->http_origin);
    if (strcmp(http_method(visit->request), "OPTIONS") == 0) { return true; }
    if (is_private && !authorised(visit)) {
        http_add_header(visit->request, "WWW-Authenticate", "Bearer realm=\"map\"");
        refuse(visit, 401, "Unauthorized", "This archive is for those who have its token.");
        return false;
    }
    if (!visit->edition) {
        refuse(visit, visit->pinned ? 404 : 503,
               visit->pinned ? "Not Found" : "Service Unavailable",
               visit->pinned ? "This edition is not, or no longer, here." : "It is not here yet.");
        return false;
    }
    if (!edition_intact(visit->edition)) {
        http_add_header(visit->request, "Retry-After", "2");
        refuse(visit, 503, "Service Unavailable", "The archive is being written to.");
        return false;
    }
    return true;
}

/* What a browser asks before a request of another origin. */
static void answer_preflight(const struct visit *visit)
{
    struct http_request *request = visit->request;
    http_add_header(request, "Access-Control-Allow-Methods", "GET, HEAD");
    http_add_header(request, "Access-Control-Allow-Headers",
                    "Range, If-Match, If-None-Match, If-Range, Authorization, Cache-Control");
    http_add_header(request, "Access-Control-Max-Age", "86400");
    http_add_header(request, "Allow", "GET, HEAD, OPTIONS");
    http_answer_bytes(request, 204, NULL, span_of("", 0));
}

static void answer_archive(const struct visit *visit)
{
    const struct edition_facts *facts = edition_facts(visit->edition);
    const struct http_file file = {.fd = facts->fd,
                                   .size = facts->size,
                                   .type = "application/vnd.pmtiles",
                                   .etag = facts->etag};
    add_cache(visit);
    http_answer_open_file(visit->request, &file);
}

/* ---- tiles ---- */

static const struct {
    const char *ending, *type;
} tile_types[] = {
    [PMTILES_TYPE_UNKNOWN] = {"bin", "application/octet-stream"},
    [PMTILES_TYPE_MVT] = {"mvt", "application/vnd.mapbox-vector-tile"},
    [PMTILES_TYPE_PNG] = {"png", "image/png"},
    [PMTILES_TYPE_JPEG] = {"jpg", "image/jpeg"},
    [PMTILES_TYPE_WEBP] = {"webp", "image/webp"},
    [PMTILES_TYPE_AVIF] = {"avif", "image/avif"},
    [PMTILES_TYPE_MLT] = {"mlt", "application/vnd.maplibre-tile"},
};

static const char *tile_ending(const struct edition_facts *facts)
{
    const size_t type = (size_t)facts->header.type;
    return tile_types[type < ARRAY_LEN(tile_types) ? type : 0].ending;
}

/* "Z/X/Y.ending" */
static bool read_tile(const char *at, const char *ending, struct tile *tile)
{
    uint32_t parts[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        const size_t digits = strspn(at, "0123456789");
        if (digits == 0 || digits > 9 || (digits > 1 && *at == '0')) { return false; }
        parts[i] = (uint32_t)strtoul(at, NULL, 10);
        at += digits;
        if (*at++ != (i < 2 ? '/' : '.')) { return false; }
    }
    const bool known =
        strcmp(at, ending) == 0 || (strcmp(ending, "mvt") == 0 && strcmp(at, "pbf") == 0);
    if (!known || parts[0] > TILE_ZOOM_LIMIT || parts[1] >> parts[0] || parts[2] >> parts[0]) {
        return false;
    }
    *tile = (struct tile){(int)parts[0], parts[1], parts[2]};
    return true;
}

/* Whether a client that sent this Accept-Encoding (NULL: none) takes `coding`. */
static bool accepts(const char *header, const char *coding)
{
    if (!header) { return true; }
    const size_t size = strlen(coding);
    while (*header) {
        header += strspn(header, ", \t");
        const size_t member = strcspn(header, ",");
        const size_t name = strcspn(header, ",; \t");
        const bool named = (name == size && strncasecmp(header, coding, size) == 0) ||
                           (name == 1 && *header == '*');
        const char *weight = memmem(header, member, "q=", 2);
        if (named) { return !weight || strtod(weight + 2, NULL) > 0; }
        header += member;
    }
    return false;
}

static const char *stored_coding(const struct edition_facts *facts)
{
    switch (facts->header.tile) {
    case PMTILES_COMPRESSION_GZIP: return "gzip";
    case PMTILES_COMPRESSION_BROTLI: return "br";
    case PMTILES_COMPRESSION_ZSTD: return "zstd";
    case PMTILES_COMPRESSION_NONE:
    case PMTILES_COMPRESSION_UNKNOWN: break;
    }
    return NULL;
}

/* For the rare client that takes no gzip. */
static void answer_unpacked(const struct visit *visit, const char *type, uint8_t *packed,
                            size_t size)
{
    struct bytes plain = {0};
    CLEANUP(inflater_free_p) struct inflater *inflater = inflater_new();
    struct why why = {""};
    if (inflate_gzip(inflater, span_of(packed, size), MVT_TILE_SIZE_MAX, &plain, &why)) {
        refuse(visit, 500, "Internal Server Error", "The tile cannot be unpacked.");
        bytes_deinit(&plain);
    } else {
        http_answer_owned(visit->request, 200, type, plain.data, plain.size);
    }
    free(packed);
}

static void answer_stored(const struct visit *visit, const struct pmtiles_section *section)
{
    struct http_request *request = visit->request;
    const struct edition_facts *facts = edition_facts(visit->edition);
    const char *coding = stored_coding(facts);
    const bool taken = !coding || accepts(http_header(request, "Accept-Encoding"), coding);
    char etag[80];
    (void)snprintf(etag, sizeof etag, "\"%.32s-%llx%s\"", facts->sha256,
                   (unsigned long long)section->offset, taken ? "" : "-plain");
    http_add_header(request, "ETag", etag);
    if (coding) { http_add_header(request, "Vary", "Accept-Encoding"); }
    if (http_answer_unmet(request, etag)) { return; }
    if (!taken && facts->header.tile != PMTILES_COMPRESSION_GZIP) {
        refuse(visit, 406, "Not Acceptable", "The tiles are stored in another coding.");
        return;
    }
    const size_t size = (size_t)section->size;
    uint8_t *bytes = size <= TILE_SIZE_MAX ? mem_zeroed(size) : NULL;
    if (!bytes || pread(facts->fd, bytes, size, (off_t)section->offset) != (ssize_t)size) {
        free(bytes);
        refuse(visit, 500, "Internal Server Error", "The tile cannot be read.");
        return;
    }
    const size_t kind = (size_t)facts->header.type;
    const char *type = tile_types[kind < ARRAY_LEN(tile_types) ? kind : 0].type;
    if (!taken) {
        answer_unpacked(visit, type, bytes, size);
        return;
    }
    if (coding) { http_add_header(request, "Content-Encoding", coding); }
    http_answer_owned(request, 200, type, bytes, size);
}

static void answer_tile(const struct visit *visit, const char *rest)
{
    const struct edition_facts *facts = edition_facts(visit->edition);
    struct tile tile;
    struct pmtiles_section section;
    if (!read_tile(rest, tile_ending(facts), &tile) || tile.zoom < facts->header.zoom_min ||
        tile.zoom > facts->header.zoom_max) {
        refuse_absent(visit);
        return;
    }
    if (!facts->searchable) {
        refuse(visit, 501, "Not Implemented", "It has too many tiles: ask for byte ranges.");
        return;
    }
    add_cache(visit);
    if (edition_find(visit->edition, tile, &section)) {
        answer_stored(visit, &section);
    } else {
        http_answer_bytes(visit->request, 204, NULL, span_of("", 0)); /* nothing is drawn there */
    }
}

/* ---- what it says about itself ---- */

/* What stands before the path in the client's eyes. Not from a Host that is none. */
static bool write_base(const struct visit *visit, char base[static URL_SIZE])
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:[]";
    const struct serve_options *options = visit->desk->options;
    const char *host = http_header(visit->request, "Host");
    if (*options->http_public_url) {
        (void)snprintf(base, URL_SIZE, "%s", options->http_public_url);
        return true;
    }
    if (!host || !*host || host[strspn(host, letters)]) { return false; }
    (void)snprintf(base, URL_SIZE, "%s://%.255s", *options->http_certificate ? "https" : "http",
                   host);
    return true;
}

static void answer_text(const struct visit *visit, struct text *json)
{
    struct digest digest;
    char etag[40];
    digest_bytes(&digest, text_span(json));
    (void)snprintf(etag, sizeof etag, "\"%.32s\"", digest.sha256);
    http_add_header(visit->request, "ETag", etag);
    add_cache(visit);
    if (http_answer_unmet(visit->request, etag)) { return; }
    http_answer_bytes(visit->request, 200, "application/json", text_span(json));
}

/* The tiles' address names the edition: a view never mixes two. */
static void answer_tilejson(const struct visit *visit)
{
    const struct edition_facts *facts = edition_facts(visit->edition);
    char base[URL_SIZE];
    if (!write_base(visit, base)) {
        refuse(visit, 400, "Bad Request", "The Host header is not a host.");
        return;
    }
    CLEANUP(text_deinit) struct text json = text_limited(EDITION_TILEJSON_SIZE_MAX + 2 * URL_SIZE);
    text_add(&json, facts->tilejson);
    text_format(&json, ",\"tiles\":[\"%s/%s-%s/{z}/{x}/{y}.%s\"]}", base,
                shelf_name(visit->desk->shelf, visit->index), facts->sha256, tile_ending(facts));
    answer_text(visit, &json);
}

static void answer_current(const struct visit *visit)
{
    const struct edition_facts *facts = edition_facts(visit->edition);
    struct current *current = MEM_NEW(struct current);
    struct release *release = &current->releases[0];
    const enum err err =
        release_name(release, shelf_name(visit->desk->shelf, visit->index), facts->sha256, NULL);
    release->size = (int64_t)facts->size;
    release->published_us = facts->written_us;
    current->changed_us = facts->written_us;
    current->count = 1;
    CLEANUP(text_deinit) struct text json = text_limited(CURRENT_SIZE_MAX);
    if (!err) { current_write(current, &json); }
    free(current);
    answer_text(visit, &json);
}

/* ---- requests ---- */

/* Takes the ending off; false when it is another one. */
static bool ends(struct span *word, const char *ending)
{
    const size_t size = strlen(ending);
    if (word->size <= size || memcmp(word->data + word->size - size, ending, size) != 0) {
        return false;
    }
    word->size -= size;
    return true;
}

/* Which archive `/current.json` means: the first public one. */
static struct span first_public(const struct shelf *shelf)
{
    for (size_t i = 0; i < shelf_count(shelf); i++) {
        if (!shelf_is_private(shelf, i)) { return span_text(shelf_name(shelf, i)); }
    }
    return span_text("");
}

/* What `path` asks for; `word` becomes the archive's name in it. */
static enum kind kind_of(const struct visit *visit, const char *path, struct span *word)
{
    const char *slash = strchr(path, '/');
    *word = span_text(path);
    if (slash) {
        word->size = (size_t)(slash - path);
        return KIND_TILE;
    }
    const bool first = strcmp(path, "current.json") == 0;
    if (first) { *word = first_public(visit->desk->shelf); }
    if (first || ends(word, ".current.json")) { return KIND_CURRENT; }
    if (ends(word, ".json")) { return KIND_TILEJSON; }
    return ends(word, ".pmtiles") ? KIND_ARCHIVE : KIND_OTHER;
}

static enum kind answer_path(struct visit *visit, const char *path)
{
    struct span word;
    const enum kind kind = kind_of(visit, path, &word);
    if (kind == KIND_OTHER) { refuse_absent(visit); }
    if (kind == KIND_OTHER || !enter(visit, word)) { return kind; }
    if (strcmp(http_method(visit->request), "OPTIONS") == 0) {
        answer_preflight(visit);
        return kind;
    }
    switch (kind) {
    case KIND_ARCHIVE: answer_archive(visit); break;
    case KIND_TILE: answer_tile(visit, path + word.size + 1); break;
    case KIND_TILEJSON: answer_tilejson(visit); break;
    case KIND_CURRENT: answer_current(visit); break;
    case KIND_OTHER:
    case KIND_COUNT: break;
    }
    return kind;
}

void serve_answer(const struct serve_desk *desk, struct http_request *request)
{
    struct visit visit = {.desk = desk, .request = request};
    const char *method = http_method(request);
    enum kind kind = KIND_OTHER;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 &&
        strcmp(method, "OPTIONS") != 0) {
        http_add_header(request, "Allow", "GET, HEAD, OPTIONS");
        refuse(&visit, 405, "Method Not Allowed", "Only GET, HEAD and OPTIONS are answered.");
    } else {
        kind = answer_path(&visit, http_path(request) + 1);
    }
    shelf_give_back(desk->shelf, visit.edition);
    count(kind, http_status(request));
}
