/*
 * wire/http_parse - the parts of an HTTP request that strangers write and we read ourselves:
 * target, query, cookies, ranges, lists of tokens.
 *
 * RFC 9110 and RFC 3986, read strictly: what is ambiguous is refused rather than repaired. No I/O,
 * no state; any thread.
 */
#pragma once

#include "base/err.h"
#include "wire/http.h"

#include <stdbool.h>

enum { HTTP_PAIRS_MAX = 32, HTTP_TARGET_SIZE = 8192 };

struct http_pair {
    const char *name, *value; /* borrowed from the pairs' memory */
};

/* The members of a query or of a Cookie header, each decoded once. Zeroed = none. */
struct http_pairs {
    char *memory; /* owned */
    size_t count;
    struct http_pair list[HTTP_PAIRS_MAX];
};
void http_pairs_deinit(struct http_pairs *pairs);
const char *http_pairs_get(const struct http_pairs *pairs, const char *name); /* the first */

/*
 * The path of a request target, percent-decoded once. Refused: no leading '/', a broken escape, an
 * escaped '/' or '\', control characters and NUL, "." and ".." as segments, empty segments.
 */
MUST_USE enum err http_parse_path(char path[static HTTP_PATH_SIZE], const char *target,
                                  struct why *why);

/* The query of a target (what follows '?'), form-decoded. ERR_LIMIT beyond HTTP_PAIRS_MAX. */
MUST_USE enum err http_parse_query(struct http_pairs *pairs, const char *target, struct why *why);

/* A Cookie header (RFC 6265). What does not look like a pair is passed over. */
void http_parse_cookies(struct http_pairs *pairs, const char *header);

enum http_range {
    HTTP_RANGE_WHOLE, /* no range, or one that RFC 9110 lets us ignore (several, other units) */
    HTTP_RANGE_PART,
    HTTP_RANGE_UNSATISFIABLE,
};
struct http_span {
    uint64_t first, last; /* inclusive */
};
/* Judges a Range header (NULL: none) against a file of `size` bytes. */
enum http_range http_parse_range(const char *header, uint64_t size, struct http_span *span);

/* Whether an If-None-Match header (NULL: none) names `etag` ("\"...\"" with its quotes) or is *. */
bool http_etag_listed(const char *header, const char *etag);

/* Whether an If-Match header means `etag`, a strong one: the strong comparison, or *. */
bool http_etag_meant(const char *header, const char *etag);

/* Whether a comma-separated header value has `token`, letter case aside. */
bool http_token_listed(const char *header, const char *token);

/* Whether `name` is a token of RFC 9110, such as a header's name. */
bool http_token_valid(const char *name);
