/* What strangers write in a request: target, query, cookies, ranges, lists. */
#include <stdlib.h>
#include <string.h>

#include "wire/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *text)
{
    char path[HTTP_PATH_SIZE];
    if (http_parse_path(path, text, NULL)) { return; }
    /* What is accepted has no way up and no hidden letters, however often it is decoded. */
    if (path[0] != '/' || strstr(path, "/../") || strstr(path, "//") || strchr(path, '\\')) {
        abort();
    }
}

static void check_range(const char *text, uint64_t size)
{
    struct http_span span = {0};
    if (http_parse_range(text, size, &span) != HTTP_RANGE_PART) { return; }
    if (span.first > span.last || span.last >= size) { abort(); }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_text_of((const char *)data, size);
    check_path(text);
    check_range(text, 0);
    check_range(text, 1000);
    check_range(text, UINT64_MAX);
    struct http_pairs pairs;
    if (http_parse_query(&pairs, text, NULL) == OK) { http_pairs_deinit(&pairs); }
    http_parse_cookies(&pairs, text);
    for (size_t i = 0; i < pairs.count; i++) {
        if (!http_token_valid(pairs.list[i].name)) { abort(); }
    }
    http_pairs_deinit(&pairs);
    (void)http_etag_listed(text, "\"etag\"");
    (void)http_token_listed(text, "upgrade");
    free(text);
    return 0;
}
