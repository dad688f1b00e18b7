/*
 * The web page: index.html with a fresh nonce for its style sheets, and the files of assets/.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "programs/control/route.h"
#include "system/file.h"

enum { INDEX_SIZE_MAX = 256 * 1024, NONCE_BYTES = 16 };

static const char NONCE_MARK[] = "__CSP_NONCE__";

/* ---- index.html ---- */

/* The maps are the only thing that a page may read from elsewhere. */
static void add_policy(struct call *call, const char *nonce)
{
    const struct control_options *options = call->desk->control->options;
    char origin[OPTION_TEXT_SIZE];
    char exact[OPTION_TEXT_SIZE];
    char name[OPTION_TEXT_SIZE];
    char policy[512 + 2 * OPTION_TEXT_SIZE];
    if (control_map_origin(origin, options->map_url, NULL)) { origin[0] = 0; }
    if (control_exact_map(exact, name, options->map_exact_url, NULL)) { exact[0] = 0; }
    if (strcmp(exact, origin) == 0) { exact[0] = 0; }
    (void)snprintf(policy, sizeof policy,
                   "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%s'; "
                   "img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; "
                   "connect-src 'self'%s%s%s%s; worker-src 'self'; manifest-src 'self'; "
                   "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
                   nonce, *origin ? " " : "", origin, *exact ? " " : "", exact);
    http_add_header(call->request, "Content-Security-Policy", policy);
}

/* The page with `nonce` in place of every mark. */
static void fill_page(struct text *out, const char *page, const char *nonce)
{
    const char *mark = NULL;
    while ((mark = strstr(page, NONCE_MARK))) {
        text_add_bytes(out, span_of(page, (size_t)(mark - page)));
        text_add(out, nonce);
        page = mark + strlen(NONCE_MARK);
    }
    text_add(out, page);
}

static void answer_index(struct call *call)
{
    char path[FILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text page = text_limited(INDEX_SIZE_MAX);
    const char *folder = call->desk->control->options->web_folder;
    if (file_join(path, folder, "index.html", NULL) || file_read(&page, path, NULL)) {
        call_refuse(call, 404, "Not Found", "The web page is not installed (web.folder).");
        return;
    }
    uint8_t random[NONCE_BYTES];
    randombytes_buf(random, sizeof random);
    CLEANUP(text_deinit) struct text nonce = text_limited(64);
    encode_base64_url(&nonce, span_of(random, sizeof random));
    CLEANUP(text_deinit) struct text filled = text_limited((size_t)INDEX_SIZE_MAX * 2);
    fill_page(&filled, text_c(&page), text_c(&nonce));
    add_policy(call, text_c(&nonce));
    http_answer_bytes(call->request, 200, "text/html; charset=utf-8", text_span(&filled));
}

void page_index(struct call *call)
{
    const char *path = http_path(call->request);
    /* The page has addresses of its own (/alerts/...); what has a dot wants to be a file. */
    static const char *const ours[] = {"/api/", "/auth/", "/stream/", "/assets"};
    bool other = strchr(path, '.') != NULL;
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        other = other || strncmp(path, ours[i], strlen(ours[i])) == 0;
    }
    if (other) {
        call_refuse(call, 404, "Not Found", "There is nothing at this address.");
        return;
    }
    answer_index(call);
}

/* ---- assets ---- */

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".wasm", "application/wasm"},
        {".map", "application/json"},
    };
    const char *end = strrchr(name, '.');
    for (size_t i = 0; end && i < ARRAY_LEN(types); i++) {
        if (strcmp(end, types[i][0]) == 0) { return types[i][1]; }
    }
    return "application/octet-stream";
}

static bool plain_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-";
    return name[0] != '.' && name[strspn(name, letters)] == '\0';
}

/* Vite puts eight letters of the content's hash before the ending: such a name never changes. */
static bool hashed_name(const char *name)
{
    const char *end = strrchr(name, '.');
    return end && end - name > 9 && end[-9] == '-';
}

/* Answers with a file of the page; a file that is not there is 404. */
static void answer_file(struct call *call, const char *path, const char *cache_control)
{
    struct stat about;
    int fd = *path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0 || fstat(fd, &about)) {
        file_close_p(&fd);
        call_refuse(call, 404, "Not Found", "There is no such file.");
        return;
    }
    char etag[64];
    (void)snprintf(etag, sizeof etag, "\"%llx-%llx\"", (unsigned long long)about.st_size,
                   (unsigned long long)about.st_mtim.tv_sec * 1000000 +
                       (unsigned long long)about.st_mtim.tv_nsec / 1000);
    http_add_header(call->request, "Cache-Control", cache_control);
    http_answer_file(call->request, type_of(path), fd, etag);
}

void page_asset(struct call *call)
{
    const char *name = call->arguments[0];
    char path[FILE_PATH_SIZE];
    char folder[FILE_PATH_SIZE];
    if (!plain_name(name) ||
        file_join(folder, call->desk->control->options->web_folder, "assets", NULL) ||
        file_join(path, folder, name, NULL)) {
        path[0] = '\0';
    }
    answer_file(call, path,
                hashed_name(name) ? "public, max-age=31536000, immutable" : "public, max-age=3600");
}

/* It keeps the page for a phone without a network; its address decides what it may answer. */
void page_service_worker(struct call *call)
{
    char path[FILE_PATH_SIZE];
    if (file_join(path, call->desk->control->options->web_folder, "service-worker.js", NULL)) {
        path[0] = '\0';
    }
    http_add_header(call->request, "Content-Security-Policy",
                    "default-src 'none'; connect-src 'self'");
    answer_file(call, path, "no-cache");
}
