#include "trust/canonical.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { DIGITS_MAX = DBL_DECIMAL_DIG }; /* 17 always read back */

static const int64_t integer_max = INT64_C(9007199254740991);

/* 0.d1d2d3... times 10 to the `point`: d are `count` digits without leading or trailing zeros. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int count;
    int point;
};

/* ---- numbers ---- */

static double decimal_value(const struct decimal *decimal)
{
    char text[48];
    (void)snprintf(text, sizeof text, "0.%se%d", decimal->digits, decimal->point);
    return strtod(text, NULL);
}

static void strip_zeros(struct decimal *decimal)
{
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0') {
        decimal->digits[--decimal->count] = '\0';
    }
}

/* `number` (positive) correctly rounded to `count` digits. */
static struct decimal round_to(double number, int count)
{
    char text[48];
    (void)snprintf(text, sizeof text, "%.*e", count - 1, number);
    struct decimal decimal = {.count = count};
    decimal.digits[0] = text[0];
    if (count > 1) { memcpy(decimal.digits + 1, text + 2, (size_t)count - 1); }
    decimal.point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
    return decimal;
}

/* The next larger decimal of as many digits. */
static struct decimal next_above(struct decimal decimal)
{
    int at = decimal.count - 1;
    while (at >= 0 && decimal.digits[at] == '9') {
        decimal.digits[at--] = '0';
    }
    if (at >= 0) {
        decimal.digits[at]++;
    } else {
        decimal.digits[0] = '1'; /* 999 -> 1000 */
        decimal.point++;
    }
    return decimal;
}

/*
 * The shortest decimal that reads back as `number` (positive), the nearest of them. At a power of
 * two the doubles below lie twice as close as those above: there the shortest may be the neighbour
 * above the correctly rounded one (2^-44 is 5.684341886080802e-14, not ...801e-14).
 */
static struct decimal shortest(double number)
{
    int exponent = 0;
    const bool power_of_two = frexp(number, &exponent) == 0.5;
    /* Normal doubles keep 15 digits: what has 15 or fewer shows once its zeros are stripped. */
    int count = number >= DBL_MIN ? DBL_DIG : 1;
    for (; count < DIGITS_MAX; count++) {
        struct decimal decimal = round_to(number, count);
        if (power_of_two && decimal_value(&decimal) != number) { decimal = next_above(decimal); }
        if (decimal_value(&decimal) == number) {
            strip_zeros(&decimal);
            return decimal;
        }
    }
    struct decimal decimal = round_to(number, DIGITS_MAX);
    strip_zeros(&decimal);
    return decimal;
}

/* ECMA-262 Number::toString, steps 6 to 10; n there is `point`, k is `count`. */
static void lay_out(char text[static CANONICAL_NUMBER_SIZE], const char *sign,
                    const struct decimal *decimal)
{
    const char *digits = decimal->digits;
    const int count = decimal->count;
    const int point = decimal->point;
    const size_t size = CANONICAL_NUMBER_SIZE;
    if (count <= point && point <= 21) {
        (void)snprintf(text, size, "%s%s%.*s", sign, digits, point - count, "00000000000000000000");
    } else if (0 < point && point <= 21) {
        (void)snprintf(text, size, "%s%.*s.%s", sign, point, digits, digits + point);
    } else if (-6 < point && point <= 0) {
        (void)snprintf(text, size, "%s0.%.*s%s", sign, -point, "00000", digits);
    } else {
        (void)snprintf(text, size, "%s%c%s%se%+d", sign, digits[0], count > 1 ? "." : "",
                       digits + 1, point - 1);
    }
}

const char *canonical_number(char text[static CANONICAL_NUMBER_SIZE], double number)
{
    if (number == 0.0) { return memcpy(text, "0", 2); }
    const struct decimal decimal = shortest(fabs(number));
    lay_out(text, number < 0 ? "-" : "", &decimal);
    return text;
}

/* ---- text ---- */

static void write_text(const char *utf8, struct text *out)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    text_add_char(out, '"');
    const char *plain = utf8;
    const char *at = utf8;
    for (; *at; at++) {
        const char *found = strchr(named, *at);
        if (!found && (unsigned char)*at >= 0x20) { continue; }
        text_add_bytes(out, span_of(plain, (size_t)(at - plain)));
        plain = at + 1;
        if (found) {
            text_add_bytes(out, span_of((char[]){'\\', names[found - named]}, 2));
        } else {
            text_format(out, "\\u%04x", (unsigned)(unsigned char)*at);
        }
    }
    text_add_bytes(out, span_of(plain, (size_t)(at - plain)));
    text_add_char(out, '"');
}

/*
 * UTF-8 sorts as UTF-16 does, but for one thing: what UTF-16 writes as surrogates (first byte F0 to
 * F4) stands before U+E000 to U+FFFF (EE, EF). Where two texts first differ, both bytes are first
 * bytes or neither is, so lifting EE and EF is enough.
 */
static int utf16_weight(char letter)
{
    const unsigned char byte = (unsigned char)letter;
    return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
}

static int utf16_compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return utf16_weight(*a) - utf16_weight(*b);
}

/* ---- values ---- */

struct member {
    const char *key;
    const struct value *value;
};

struct members {
    struct member *list; /* owned */
    size_t count;
};

static void collect(void *context, const char *key, const struct value *value)
{
    struct members *members = context;
    members->list[members->count++] = (struct member){key, value};
}

static int by_key(const void *a, const void *b)
{
    return utf16_compare(((const struct member *)a)->key, ((const struct member *)b)->key);
}

/* NOLINTBEGIN(misc-no-recursion): write_value ends it at VALUE_DEPTH_MAX */
static enum err write_value(const struct value *value, int depth, struct text *out,
                            struct why *why);

static enum err write_object(const struct value *object, int depth, struct text *out,
                             struct why *why)
{
    /* As many as value_parse let in: the text that they came from was limited. */
    CLEANUP(mem_free_p) struct member *list = MEM_ARRAY(struct member, value_count(object));
    struct members members = {.list = list};
    value_each(object, collect, &members);
    qsort(list, members.count, sizeof *list, by_key);
    text_add_char(out, '{');
    for (size_t i = 0; i < members.count; i++) {
        if (i > 0) { text_add_char(out, ','); }
        write_text(list[i].key, out);
        text_add_char(out, ':');
        const enum err err = write_value(list[i].value, depth + 1, out, why);
        if (err) { return err; }
    }
    text_add_char(out, '}');
    return OK;
}

static enum err write_array(const struct value *array, int depth, struct text *out, struct why *why)
{
    text_add_char(out, '[');
    for (size_t i = 0; i < value_count(array); i++) {
        if (i > 0) { text_add_char(out, ','); }
        const enum err err = write_value(value_at(array, i), depth + 1, out, why);
        if (err) { return err; }
    }
    text_add_char(out, ']');
    return OK;
}

static enum err write_integer(int64_t number, struct text *out, struct why *why)
{
    char exact[CANONICAL_NUMBER_SIZE];
    char written[CANONICAL_NUMBER_SIZE];
    (void)snprintf(exact, sizeof exact, "%" PRId64, number);
    const bool small = number <= integer_max && number >= -integer_max;
    if (!small && strcmp(exact, canonical_number(written, (double)number)) != 0) {
        return why_set(why, ERR_RANGE, "number %s is not exact as a double, write it as text",
                       exact);
    }
    text_add(out, exact);
    return OK;
}

static enum err write_real(double number, struct text *out, struct why *why)
{
    char text[CANONICAL_NUMBER_SIZE];
    if (!isfinite(number)) { return why_set(why, ERR_RANGE, "a number is not finite"); }
    text_add(out, canonical_number(text, number));
    return OK;
}

static enum err write_value(const struct value *value, int depth, struct text *out, struct why *why)
{
    if (depth > VALUE_DEPTH_MAX) {
        return why_set(why, ERR_LIMIT, "JSON nests deeper than %d levels", VALUE_DEPTH_MAX);
    }
    switch (value_kind(value)) {
    case VALUE_KIND_NULL: text_add(out, "null"); return OK;
    case VALUE_KIND_BOOLEAN:
        text_add(out, value_boolean_or(value, false) ? "true" : "false");
        return OK;
    case VALUE_KIND_INTEGER: return write_integer(value_integer_or(value, 0), out, why);
    case VALUE_KIND_REAL: return write_real(value_real_or(value, 0), out, why);
    case VALUE_KIND_TEXT: write_text(value_text_or(value, ""), out); return OK;
    case VALUE_KIND_ARRAY: return write_array(value, depth, out, why);
    case VALUE_KIND_OBJECT: return write_object(value, depth, out, why);
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

/* NOLINTEND(misc-no-recursion) */

enum err canonical_write(const struct value *value, struct text *out, struct why *why)
{
    const enum err err = write_value(value, 0, out, why);
    if (err) { return err; }
    if (out->overflow) {
        return why_set(why, ERR_LIMIT, "canonical form is longer than %zu bytes", out->size_max);
    }
    return OK;
}
