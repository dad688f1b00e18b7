/*
 * base/value - a JSON value (RFC 8259), read with limits, built, and written.
 *
 * Wraps jansson. Reading refuses duplicate members, more than VALUE_DEPTH_MAX levels, NUL inside
 * strings, invalid UTF-8, and anything larger than the caller's limit. Integers are int64_t.
 * A value is owned by one holder; members are borrowed from their parent. Not thread-safe.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"

enum { VALUE_DEPTH_MAX = 64 };

struct value;

enum value_kind {
    VALUE_KIND_NULL,
    VALUE_KIND_BOOLEAN,
    VALUE_KIND_INTEGER,
    VALUE_KIND_REAL,
    VALUE_KIND_TEXT,
    VALUE_KIND_ARRAY,
    VALUE_KIND_OBJECT,
};

/* Reads one JSON text of at most `size_max` bytes. ERR_LIMIT or ERR_MALFORMED with the place. */
MUST_USE enum err value_parse(struct value **out, struct span json, size_t size_max,
                              struct why *why);
void value_free(struct value *value);
CLEANUP_FOR(struct value, value_free)
struct value *value_copy(const struct value *value); /* deep */

/* Makers. The caller owns the result until value_set or value_append takes it. */
struct value *value_object(void);
struct value *value_array(void);
struct value *value_text(const char *utf8); /* what is not UTF-8 becomes '?' */
struct value *value_integer(int64_t number);
struct value *value_real(double number); /* must be finite */
struct value *value_boolean(bool truth);
struct value *value_null(void);

/* Takes `member` and puts it under `key`, replacing what was there. */
void value_set(struct value *object, const char *key, struct value *member);
void value_set_text(struct value *object, const char *key, const char *utf8); /* NULL = null */
void value_set_integer(struct value *object, const char *key, int64_t number);
void value_set_real(struct value *object, const char *key, double number);
void value_set_boolean(struct value *object, const char *key, bool truth);
void value_set_time(struct value *object, const char *key, int64_t wall_us); /* RFC 3339 */
void value_remove(struct value *object, const char *key);
void value_append(struct value *array, struct value *element); /* takes `element` */

enum value_kind value_kind(const struct value *value);
size_t value_count(const struct value *value); /* elements or members; 0 for scalars */
const struct value *value_at(const struct value *array, size_t index); /* NULL beyond the end */
const struct value *value_get(const struct value *object, const char *key); /* NULL when absent */

/* Calls `each` for every member in the order of insertion. */
void value_each(const struct value *object,
                void (*each)(void *context, const char *key, const struct value *member),
                void *context);

/* Scalars, or the fallback when `value` is NULL or of another kind. */
const char *value_text_or(const struct value *value, const char *fallback);
int64_t value_integer_or(const struct value *value, int64_t fallback);
double value_real_or(const struct value *value, double fallback); /* integers too */
bool value_boolean_or(const struct value *value, bool fallback);

/*
 * Members that must be there. ERR_MALFORMED names the key and what was expected. Text is copied
 * into `buffer` and must be shorter than `size`; integers must lie in [least, most].
 */
MUST_USE enum err value_need_text(const struct value *object, const char *key, char *buffer,
                                  size_t size, struct why *why);
MUST_USE enum err value_need_integer(const struct value *object, const char *key, int64_t range[2],
                                     int64_t *number, struct why *why);
MUST_USE enum err value_need_real(const struct value *object, const char *key,
                                  const double range[2], double *number, struct why *why);
MUST_USE enum err value_need_time(const struct value *object, const char *key, int64_t *wall_us,
                                  struct why *why);

/* Appends compact JSON. (trust/canonical writes the RFC 8785 form.) */
void value_write(const struct value *value, struct text *out);
