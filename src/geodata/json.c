#include "geodata/json.h"

#include <math.h>
#include <stdlib.h>

struct json json_over(struct span bytes)
{
    const char *at = (const char *)bytes.data;
    return (struct json){.at = at, .end = bytes.size ? at + bytes.size : at};
}

static void fail(struct json *json, const char *fault)
{
    if (!json_stopped(json)) { json->fault = fault; }
}

static bool is_space(char letter)
{
    return letter == ' ' || letter == '\n' || letter == '\t' || letter == '\r';
}

char json_peek(struct json *json)
{
    if (json_stopped(json)) { return 0; }
    while (json->at < json->end && is_space(*json->at)) {
        json->at++;
    }
    if (json->at == json->end) {
        json->starved = true;
        return 0;
    }
    if (*json->at == 0) { fail(json, "there is a NUL byte"); }
    return *json->at;
}

bool json_take(struct json *json, char letter)
{
    if (json_peek(json) != letter || json_stopped(json)) { return false; }
    json->at++;
    return true;
}

void json_need(struct json *json, char letter, const char *fault)
{
    if (!json_take(json, letter)) { fail(json, fault); }
}

bool json_more(struct json *json, char closing, bool *first)
{
    if (json_take(json, closing)) { return false; }
    if (!*first) { json_need(json, ',', "a comma or a closing bracket is missing"); }
    *first = false;
    return !json_stopped(json);
}

/* Steps over plain letters of a string: printable ASCII but quote and backslash. */
static const char *plain_end(const char *at, const char *end)
{
    while (at < end) {
        const uint8_t letter = (uint8_t)*at;
        if (letter < 0x20 || letter >= 0x80 || letter == '"' || letter == '\\') { break; }
        at++;
    }
    return at;
}

/* The size of the UTF-8 sequence at `at`, 0 when it is none. `left` bytes are there. */
static size_t sequence_size(const uint8_t *at, size_t left)
{
    const uint8_t lead = at[0];
    const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < size) { return 0; }
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) { return 0; }
    }
    const bool bad = (lead == 0xe0 && at[1] < 0xa0) || (lead == 0xed && at[1] > 0x9f) ||
                     (lead == 0xf0 && at[1] < 0x90) || (lead == 0xf4 && at[1] > 0x8f);
    return bad ? 0 : size;
}

static int hex_digit(char letter)
{
    if (letter >= '0' && letter <= '9') { return letter - '0'; }
    letter = (char)(letter | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The four digits of \uXXXX. */
static uint32_t unit(struct json *json)
{
    if (json->end - json->at < 4) {
        json->starved = true;
        return 0;
    }
    uint32_t number = 0;
    for (int i = 0; i < 4; i++) {
        const int digit = hex_digit(*json->at++);
        if (digit < 0) {
            fail(json, "\\u is not followed by four hexadecimal digits");
            return 0;
        }
        number = number * 16 + (uint32_t)digit;
    }
    return number;
}

static void add_letter(struct bytes *out, uint32_t letter)
{
    if (letter < 0x80) {
        bytes_add_u8(out, (uint8_t)letter);
        return;
    }
    const unsigned more = letter < 0x800 ? 1 : letter < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    bytes_add_u8(out, (uint8_t)(leads[more] | (letter >> (6 * more))));
    for (unsigned i = more; i-- > 0;) {
        bytes_add_u8(out, (uint8_t)(0x80 | ((letter >> (6 * i)) & 0x3f)));
    }
}

static void escaped_unit(struct json *json, struct bytes *out)
{
    uint32_t letter = unit(json);
    if (letter >= 0xdc00 && letter <= 0xdfff) { fail(json, "half a surrogate pair"); }
    if (letter >= 0xd800 && letter <= 0xdbff) {
        if (json->end - json->at < 2) {
            json->starved = true;
            return;
        }
        if (json->at[0] != '\\' || json->at[1] != 'u') { fail(json, "half a surrogate pair"); }
        json->at += 2;
        const uint32_t low = unit(json);
        if (low < 0xdc00 || low > 0xdfff) { fail(json, "half a surrogate pair"); }
        letter = 0x10000 + ((letter - 0xd800) << 10) + (low - 0xdc00);
    }
    if (letter == 0) { fail(json, "a string contains NUL"); }
    if (!json_stopped(json)) { add_letter(out, letter); }
}

/* What stands behind a backslash. */
static void escape(struct json *json, struct bytes *out)
{
    if (json->at == json->end) {
        json->starved = true;
        return;
    }
    const char letter = *json->at++;
    switch (letter) {
    case '"':
    case '\\':
    case '/': bytes_add_u8(out, (uint8_t)letter); return;
    case 'b': bytes_add_u8(out, '\b'); return;
    case 'f': bytes_add_u8(out, '\f'); return;
    case 'n': bytes_add_u8(out, '\n'); return;
    case 'r': bytes_add_u8(out, '\r'); return;
    case 't': bytes_add_u8(out, '\t'); return;
    case 'u': escaped_unit(json, out); return;
    default: fail(json, "an unknown escape in a string"); return;
    }
}

/* Steps over one sequence beyond ASCII. */
static void beyond_ascii(struct json *json)
{
    const size_t left = (size_t)(json->end - json->at);
    const size_t size = sequence_size((const uint8_t *)json->at, left);
    if (size == 0 && left < 4) {
        json->starved = true;
    } else if (size == 0) {
        fail(json, "a string is not UTF-8");
    }
    json->at += size;
}

struct span json_text(struct json *json, struct bytes *scratch)
{
    json_need(json, '"', "a string is missing");
    const char *from = json->at;
    bool copied = false;
    scratch->size = 0;
    while (!json_stopped(json)) {
        json->at = plain_end(json->at, json->end);
        if (json->at == json->end) {
            json->starved = true;
        } else if (*json->at == '"') {
            break;
        } else if (*json->at == '\\') {
            bytes_add(scratch, from, (size_t)(json->at - from));
            copied = true;
            json->at++;
            escape(json, scratch);
            from = json->at;
        } else if ((uint8_t)*json->at >= 0x80) {
            beyond_ascii(json);
        } else {
            fail(json, "a control character in a string");
        }
    }
    if (json_stopped(json)) { return span_of("", 0); }
    const size_t size = (size_t)(json->at++ - from);
    if (!copied) { return span_of(from, size); }
    bytes_add(scratch, from, size);
    return bytes_span(scratch);
}

struct span json_name(struct json *json, struct bytes *scratch)
{
    const struct span name = json_text(json, scratch);
    json_need(json, ':', "a colon is missing");
    return name;
}

void json_word(struct json *json, const char *word)
{
    (void)json_peek(json);
    const size_t size = strlen(word);
    for (size_t i = 0; i < size && !json_stopped(json); i++) {
        if (json->at == json->end) {
            json->starved = true;
        } else if (*json->at++ != word[i]) {
            fail(json, "a value is neither string, number, list, object, true, false nor null");
        }
    }
}

/* What is left open while a value is stepped over: one letter per level. */
static bool step_over(struct json *json, char *open, size_t *depth, struct bytes *scratch)
{
    const char letter = json_peek(json);
    if (letter == '{' || letter == '[') {
        if (*depth == JSON_DEPTH_MAX) {
            fail(json, "lists and objects are nested too deeply");
            return false;
        }
        json->at++;
        open[(*depth)++] = letter == '{' ? '}' : ']';
        return true;
    }
    if (letter == '"') {
        (void)json_text(json, scratch);
    } else if (letter == 't') {
        json_word(json, "true");
    } else if (letter == 'f') {
        json_word(json, "false");
    } else if (letter == 'n') {
        json_word(json, "null");
    } else {
        (void)json_number(json);
    }
    return false;
}

struct span json_skip(struct json *json)
{
    char open[JSON_DEPTH_MAX];
    size_t depth = 0;
    struct bytes scratch = {0};
    (void)json_peek(json);
    const char *from = json->at;
    bool first = step_over(json, open, &depth, &scratch);
    while (depth > 0 && !json_stopped(json)) {
        if (!json_more(json, open[depth - 1], &first)) {
            depth--;
            first = false;
            continue;
        }
        if (open[depth - 1] == '}') { (void)json_name(json, &scratch); }
        first = step_over(json, open, &depth, &scratch);
    }
    bytes_deinit(&scratch);
    return span_of(from, (size_t)(json->at - from));
}
