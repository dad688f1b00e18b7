#include "base/value.h"

#include <assert.h>
#include <jansson.h>

#include "base/clock.h"

/* struct value is never defined: a struct value * is a json_t *, seen only in this file. */
static json_t *inside(struct value *value)
{
    return (json_t *)(void *)value;
}

static const json_t *inside_const(const struct value *value)
{
    return (const json_t *)(const void *)value;
}

static struct value *outside(json_t *json)
{
    if (!json) { abort(); } /* out of memory, or a number that is not finite */
    return (struct value *)(void *)json;
}

static bool deeper_than(struct span json, int depth_max)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < json.size && depth <= depth_max; i++) {
        const uint8_t letter = json.data[i];
        if (quoted) {
            i += letter == '\\'; /* what it escapes says nothing */
            quoted = letter != '"';
        } else if (letter == '"') {
            quoted = true;
        } else if (letter == '[' || letter == '{') {
            depth++;
        } else if (letter == ']' || letter == '}') {
            depth--;
        }
    }
    return depth > depth_max;
}

enum err value_parse(struct value **out, struct span json, size_t size_max, struct why *why)
{
    if (json.size > size_max) {
        return why_set(why, ERR_LIMIT, "JSON has %zu bytes, at most %zu are allowed", json.size,
                       size_max);
    }
    if (deeper_than(json, VALUE_DEPTH_MAX)) {
        return why_set(why, ERR_LIMIT, "JSON nests deeper than %d levels", VALUE_DEPTH_MAX);
    }
    /* jansson takes a NUL for the end, and would not look at what follows it. */
    if (json.size && memchr(json.data, '\0', json.size)) {
        return why_set(why, ERR_MALFORMED, "JSON holds a NUL byte");
    }
    json_error_t error;
    json_t *parsed = json_loadb((const char *)json.data, json.size,
                                JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!parsed) {
        return why_set(why, ERR_MALFORMED, "JSON at line %d column %d: %.120s", error.line,
                       error.column, error.text);
    }
    *out = outside(parsed);
    return OK;
}

void value_free(struct value *value)
{
    json_decref(inside(value));
}

struct value *value_copy(const struct value *value)
{
    return outside(json_deep_copy(inside_const(value)));
}

struct value *value_object(void)
{
    return outside(json_object());
}

struct value *value_array(void)
{
    return outside(json_array());
}

struct value *value_text(const char *utf8)
{
    json_t *json = json_string(utf8);
    if (json) { return outside(json); }
    CLEANUP(mem_free_p) char *scrubbed = mem_text(utf8);
    text_scrub(scrubbed);
    return outside(json_string(scrubbed));
}

struct value *value_integer(int64_t number)
{
    return outside(json_integer(number));
}

struct value *value_real(double number)
{
    return outside(json_real(number));
}

struct value *value_boolean(bool truth)
{
    return outside(json_boolean(truth));
}

struct value *value_null(void)
{
    return outside(json_null());
}

void value_set(struct value *object, const char *key, struct value *member)
{
    if (json_object_set_new(inside(object), key, inside(member)) != 0) { abort(); }
}

void value_set_text(struct value *object, const char *key, const char *utf8)
{
    value_set(object, key, utf8 ? value_text(utf8) : value_null());
}

void value_set_integer(struct value *object, const char *key, int64_t number)
{
    value_set(object, key, value_integer(number));
}

void value_set_real(struct value *object, const char *key, double number)
{
    value_set(object, key, value_real(number));
}

void value_set_boolean(struct value *object, const char *key, bool truth)
{
    value_set(object, key, value_boolean(truth));
}

void value_set_time(struct value *object, const char *key, int64_t wall_us)
{
    char text[CLOCK_TEXT_SIZE];
    value_set_text(object, key, clock_text(text, wall_us));
}

void value_remove(struct value *object, const char *key)
{
    (void)json_object_del(inside(object), key);
}

void value_append(struct value *array, struct value *element)
{
    if (json_array_append_new(inside(array), inside(element)) != 0) { abort(); }
}

enum value_kind value_kind(const struct value *value)
{
    switch (json_typeof(inside_const(value))) {
    case JSON_OBJECT: return VALUE_KIND_OBJECT;
    case JSON_ARRAY: return VALUE_KIND_ARRAY;
    case JSON_STRING: return VALUE_KIND_TEXT;
    case JSON_INTEGER: return VALUE_KIND_INTEGER;
    case JSON_REAL: return VALUE_KIND_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return VALUE_KIND_BOOLEAN;
    case JSON_NULL: return VALUE_KIND_NULL;
    }
    abort(); /* unreachable: the list is jansson's */
}

size_t value_count(const struct value *value)
{
    const json_t *json = inside_const(value);
    return json_is_array(json) ? json_array_size(json) : json_object_size(json);
}

const struct value *value_at(const struct value *array, size_t index)
{
    return (const struct value *)(const void *)json_array_get(inside_const(array), index);
}

const struct value *value_get(const struct value *object, const char *key)
{
    return (const struct value *)(const void *)json_object_get(inside_const(object), key);
}

void value_each(const struct value *object,
                void (*each)(void *context, const char *key, const struct value *member),
                void *context)
{
    /* jansson's iterator takes a mutable object but does not change it. */
    json_t *json = (json_t *)(uintptr_t)inside_const(object);
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach(json, key, member)
    {
        each(context, key, outside(member));
    }
}

const char *value_text_or(const struct value *value, const char *fallback)
{
    const char *text = value ? json_string_value(inside_const(value)) : NULL;
    return text ? text : fallback;
}

int64_t value_integer_or(const struct value *value, int64_t fallback)
{
    const json_t *json = inside_const(value);
    return json_is_integer(json) ? json_integer_value(json) : fallback;
}

double value_real_or(const struct value *value, double fallback)
{
    const json_t *json = inside_const(value);
    return json_is_number(json) ? json_number_value(json) : fallback;
}

bool value_boolean_or(const struct value *value, bool fallback)
{
    const json_t *json = inside_const(value);
    return json_is_boolean(json) ? json_is_true(json) : fallback;
}

enum err value_need_text(const struct value *object, const char *key, char *buffer, size_t size,
                         struct why *why)
{
    const char *text = value_text_or(value_get(object, key), NULL);
    if (!text || !text_copy(buffer, size, text)) {
        return why_set(why, ERR_MALFORMED, "member \"%s\" must be text of at most %zu bytes", key,
                       size - 1);
    }
    return OK;
}

enum err value_need_integer(const struct value *object, const char *key, int64_t range[2],
                            int64_t *number, struct why *why)
{
    const struct value *member = value_get(object, key);
    const bool whole = member && value_kind(member) == VALUE_KIND_INTEGER;
    const int64_t found = value_integer_or(member, 0);
    if (!whole || found < range[0] || found > range[1]) {
        return why_set(why, ERR_MALFORMED, "member \"%s\" must be a whole number from %lld to %lld",
                       key, (long long)range[0], (long long)range[1]);
    }
    *number = found;
    return OK;
}

enum err value_need_real(const struct value *object, const char *key, const double range[2],
                         double *number, struct why *why)
{
    const json_t *json = json_object_get(inside_const(object), key);
    if (!json_is_number(json)) { return why_set(why, ERR_MALFORMED, "%s: expected a number", key); }
    const double found = json_number_value(json);
    if (!(found >= range[0] && found <= range[1])) {
        return why_set(why, ERR_MALFORMED, "%s is %g, expected %g to %g", key, found, range[0],
                       range[1]);
    }
    *number = found;
    return OK;
}

enum err value_need_time(const struct value *object, const char *key, int64_t *wall_us,
                         struct why *why)
{
    const char *text = value_text_or(value_get(object, key), "");
    const enum err err = clock_parse(wall_us, text, why);
    return err ? why_prefix(why, err, key) : OK;
}

static int add_piece(const char *piece, size_t size, void *context)
{
    text_add_bytes(context, span_of(piece, size));
    return 0;
}

void value_write(const struct value *value, struct text *out)
{
    const int failed =
        json_dump_callback(inside_const(value), add_piece, out, JSON_COMPACT | JSON_ENCODE_ANY);
    assert(!failed);
    (void)failed;
}
