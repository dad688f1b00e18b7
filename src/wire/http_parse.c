#include "wire/http_parse.h"

#include <string.h>
#include <strings.h>

void http_pairs_deinit(struct http_pairs *pairs)
{
    free(pairs->memory);
    *pairs = (struct http_pairs){0};
}

const char *http_pairs_get(const struct http_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->list[i].name, name) == 0) { return pairs->list[i].value; }
    }
    return NULL;
}

static int hex_digit(char letter)
{
    if (letter >= '0' && letter <= '9') { return letter - '0'; }
    if (letter >= 'a' && letter <= 'f') { return letter - 'a' + 10; }
    if (letter >= 'A' && letter <= 'F') { return letter - 'A' + 10; }
    return -1;
}

/* The next letter of percent-encoded text, 1..255; 0 for a broken escape or a control character. */
static unsigned char decoded_letter(const char **at)
{
    unsigned char letter = (unsigned char)**at;
    if (letter == '%') {
        const int high = hex_digit((*at)[1]);
        const int low = high < 0 ? -1 : hex_digit((*at)[2]);
        if (low < 0) { return 0; }
        letter = (unsigned char)(high * 16 + low);
        *at += 2;
    }
    (*at)++;
    return letter < ' ' || letter == 127 ? 0 : letter;
}

/* "/a/../b", "/./", "//": whoever writes these wants two readers to disagree. */
static bool segments_clean(const char *path)
{
    for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
        const char *segment = slash + 1;
        const size_t size = strcspn(segment, "/");
        const bool last = segment[size] == '\0';
        if (size == 0 && !last) { return false; }
        if (size == 1 && segment[0] == '.') { return false; }
        if (size == 2 && segment[0] == '.' && segment[1] == '.') { return false; }
    }
    return true;
}

enum err http_parse_path(char path[static HTTP_PATH_SIZE], const char *target, struct why *why)
{
    if (*target != '/') {
        return why_set(why, ERR_MALFORMED, "the request target must start with a slash");
    }
    const char *end = target + strcspn(target, "?#");
    size_t size = 0;
    for (const char *at = target; at < end;) {
        const bool escaped = *at == '%';
        const unsigned char letter = decoded_letter(&at);
        if (!letter || at > end || letter == '\\' || (escaped && letter == '/')) {
            return why_set(why, ERR_MALFORMED,
                           "the path has an escape or letter that is not allowed");
        }
        if (size + 1 >= HTTP_PATH_SIZE) {
            return why_set(why, ERR_LIMIT, "the path is longer than %d bytes", HTTP_PATH_SIZE - 1);
        }
        path[size++] = (char)letter;
    }
    path[size] = '\0';
    if (!segments_clean(path)) {
        return why_set(why, ERR_MALFORMED, "the path has an empty or relative segment");
    }
    return OK;
}

/* Decodes [*at, '&' or end) in place into *to; false when an escape is broken. */
static bool decode_form(const char **at, const char *stop, char **to)
{
    while (*at < stop) {
        unsigned char letter = ' ';
        if (**at == '+') {
            (*at)++;
        } else {
            letter = decoded_letter(at);
        }
        if (!letter || *at > stop) { return false; }
        *(*to)++ = (char)letter;
    }
    *(*to)++ = '\0';
    return true;
}

/* Reads one member, up to '&' or the end, into the next pair; false when an escape is broken. */
static bool read_pair(struct http_pairs *pairs, const char **at, char **to)
{
    const char *end = *at + strcspn(*at, "&");
    const char *equals = memchr(*at, '=', (size_t)(end - *at));
    struct http_pair *pair = &pairs->list[pairs->count];
    pair->name = *to;
    bool sound = decode_form(at, equals ? equals : end, to);
    if (equals) { *at = equals + 1; }
    pair->value = *to;
    sound = sound && decode_form(at, end, to);
    *at = *end ? end + 1 : end;
    if (sound && *pair->name) { pairs->count++; }
    return sound;
}

enum err http_parse_query(struct http_pairs *pairs, const char *target, struct why *why)
{
    *pairs = (struct http_pairs){0};
    const char *at = strchr(target, '?');
    if (!at || !at[1]) { return OK; }
    at++;
    const size_t size = strlen(at);
    if (size >= HTTP_TARGET_SIZE) {
        return why_set(why, ERR_LIMIT, "the query is longer than %d bytes", HTTP_TARGET_SIZE - 1);
    }
    /* Decoding never grows; each pair may need two terminators where one '&' stood. */
    pairs->memory = mem_zeroed(2 * size + 2);
    char *to = pairs->memory;
    while (*at) {
        const bool room = pairs->count < HTTP_PAIRS_MAX;
        if (room && read_pair(pairs, &at, &to)) { continue; }
        http_pairs_deinit(pairs);
        return room ? why_set(why, ERR_MALFORMED, "the query has an escape that is not allowed")
                    : why_set(why, ERR_LIMIT, "the query has more than %d members", HTTP_PAIRS_MAX);
    }
    return OK;
}

static char *trimmed(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) {
        text[--size] = '\0';
    }
    return text;
}

void http_parse_cookies(struct http_pairs *pairs, const char *header)
{
    *pairs = (struct http_pairs){0};
    if (!header || strlen(header) >= HTTP_TARGET_SIZE) { return; }
    pairs->memory = mem_text(header);
    char *next = pairs->memory;
    while (next && pairs->count < HTTP_PAIRS_MAX) {
        char *pair = next;
        next = strchr(pair, ';');
        if (next) { *next++ = '\0'; }
        char *equals = strchr(pair, '=');
        if (!equals) { continue; }
        *equals = '\0';
        char *name = trimmed(pair);
        char *value = trimmed(equals + 1);
        const size_t size = strlen(value);
        if (size >= 2 && value[0] == '"' && value[size - 1] == '"') {
            value[size - 1] = '\0';
            value++;
        }
        if (http_token_valid(name)) {
            pairs->list[pairs->count++] = (struct http_pair){.name = name, .value = value};
        }
    }
}

/* Decimal digits up to `limit`; false for none or too many. */
static bool read_digits(const char **at, uint64_t *number)
{
    const size_t count = strspn(*at, "0123456789");
    if (count == 0 || count > 18) { return false; }
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        *number = *number * 10 + (uint64_t)((*at)[i] - '0');
    }
    *at += count;
    return true;
}

/* "first-last", "first-" or "-suffix"; a missing number is UINT64_MAX. False: not one range. */
static bool read_range(const char *at, uint64_t *first, uint64_t *last)
{
    *first = UINT64_MAX;
    *last = UINT64_MAX;
    at += strspn(at, " \t");
    if (*at != '-' && !read_digits(&at, first)) { return false; }
    if (*at++ != '-') { return false; }
    const bool open = at[strspn(at, " \t")] == '\0';
    if (open) { return *first != UINT64_MAX; }
    return read_digits(&at, last) && at[strspn(at, " \t")] == '\0';
}

enum http_range http_parse_range(const char *header, uint64_t size, struct http_span *span)
{
    uint64_t first = 0;
    uint64_t last = 0;
    if (!header || strncasecmp(header, "bytes=", 6) != 0 ||
        !read_range(header + 6, &first, &last)) {
        return HTTP_RANGE_WHOLE; /* several ranges too: the whole is a lawful answer */
    }
    if (first == UINT64_MAX) { /* the last so many bytes */
        if (last == 0 || size == 0) { return HTTP_RANGE_UNSATISFIABLE; }
        *span = (struct http_span){.first = last < size ? size - last : 0, .last = size - 1};
        return HTTP_RANGE_PART;
    }
    if (last < first) { return HTTP_RANGE_WHOLE; } /* invalid, so ignored (RFC 9110, 14.1.1) */
    if (first >= size) { return HTTP_RANGE_UNSATISFIABLE; }
    *span = (struct http_span){.first = first, .last = last < size ? last : size - 1};
    return HTTP_RANGE_PART;
}

/* The next member of a comma-separated list, trimmed; false at the end. */
static bool next_member(const char **at, struct span *member)
{
    *at += strspn(*at, ", \t");
    if (!**at) { return false; }
    size_t size = strcspn(*at, ",");
    const char *start = *at;
    *at += size;
    while (size > 0 && (start[size - 1] == ' ' || start[size - 1] == '\t')) {
        size--;
    }
    *member = span_of(start, size);
    return true;
}

bool http_etag_listed(const char *header, const char *etag)
{
    struct span member;
    while (header && next_member(&header, &member)) {
        if (member.size > 2 && member.data[0] == 'W' && member.data[1] == '/') {
            member = span_of(member.data + 2, member.size - 2); /* weak comparison, as for GET */
        }
        if (span_equal(member, span_text("*")) || span_equal(member, span_text(etag))) {
            return true;
        }
    }
    return false;
}

bool http_etag_meant(const char *header, const char *etag)
{
    struct span member;
    while (header && next_member(&header, &member)) {
        if (span_equal(member, span_text("*")) || span_equal(member, span_text(etag))) {
            return true;
        }
    }
    return false;
}

bool http_token_listed(const char *header, const char *token)
{
    struct span member;
    while (header && next_member(&header, &member)) {
        if (member.size == strlen(token) &&
            strncasecmp((const char *)member.data, token, member.size) == 0) {
            return true;
        }
    }
    return false;
}

bool http_token_valid(const char *name)
{
    static const char letters[] = "!#$%&'*+-.^_`|~0123456789"
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return *name && name[strspn(name, letters)] == '\0';
}
