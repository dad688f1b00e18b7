#include "geodata/feature.h"

#include <math.h>

#include "geodata/proto.h"

/* The fields of an MVT Value message, with their wire types. */
enum {
    VALUE_TEXT = (1 << 3) | 2,
    VALUE_FLOAT = (2 << 3) | 5,
    VALUE_DOUBLE = (3 << 3) | 1,
    VALUE_UNSIGNED = 5 << 3,
    VALUE_SIGNED = 6 << 3,
    VALUE_BOOLEAN = 7 << 3,
};

void feature_deinit(struct feature *feature)
{
    shape_deinit(&feature->shape);
    bytes_deinit(&feature->attributes);
}

void feature_clear(struct feature *feature)
{
    feature->id = 0;
    feature->has_id = false;
    feature->attributes.size = 0;
    feature->attribute_count = 0;
    shape_clear(&feature->shape);
}

static bool has_name(const struct feature *feature, uint32_t number)
{
    struct proto row = proto_over(bytes_span(&feature->attributes));
    while (row.at < row.end) {
        if (proto_varint(&row) == number) { return true; }
        row.at += proto_varint(&row);
    }
    return false;
}

/* Adds number and size of an attribute whose value of `size` bytes follows. */
static enum err begin(struct feature *feature, struct span name, enum schema_kind kind, size_t size,
                      struct why *why)
{
    if (feature->attribute_count == FEATURE_ATTRIBUTES_MAX) {
        return why_set(why, ERR_LIMIT, "it has more than %d attributes", FEATURE_ATTRIBUTES_MAX);
    }
    const uint32_t guess = (uint32_t)feature->attribute_count;
    uint32_t number = 0;
    const enum err err = schema_number(feature->schema, name, guess, &number, why);
    if (err) { return err; }
    if (has_name(feature, number)) {
        return why_set(why, ERR_MALFORMED, "it has the attribute \"%.*s\" twice", (int)name.size,
                       (const char *)name.data);
    }
    feature->schema->names[number].kinds |= kind;
    feature->attribute_count++;
    bytes_add_varint(&feature->attributes, number);
    bytes_add_varint(&feature->attributes, size);
    return OK;
}

enum err feature_add_text(struct feature *feature, struct span name, struct span utf8,
                          struct why *why)
{
    if (utf8.size > FEATURE_TEXT_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "attribute \"%.*s\" is longer than %d bytes",
                       name.size < 60 ? (int)name.size : 60, (const char *)name.data,
                       FEATURE_TEXT_SIZE_MAX);
    }
    const size_t size = 1 + varint_size(utf8.size) + utf8.size;
    const enum err err = begin(feature, name, SCHEMA_KIND_TEXT, size, why);
    if (err) { return err; }
    bytes_add_u8(&feature->attributes, VALUE_TEXT);
    bytes_add_varint(&feature->attributes, utf8.size);
    bytes_add(&feature->attributes, utf8.data, utf8.size);
    return OK;
}

enum err feature_add_boolean(struct feature *feature, struct span name, bool truth, struct why *why)
{
    const enum err err = begin(feature, name, SCHEMA_KIND_BOOLEAN, 2, why);
    if (err) { return err; }
    bytes_add_u8(&feature->attributes, VALUE_BOOLEAN);
    bytes_add_u8(&feature->attributes, truth);
    return OK;
}

/* Both formats are little-endian in a tile, as is every machine that we build for. */
static enum err add_real(struct feature *feature, struct span name, double number, struct why *why)
{
    const float single = (float)number;
    const bool small = (double)single == number;
    const enum err err = begin(feature, name, SCHEMA_KIND_NUMBER, small ? 5 : 9, why);
    if (err) { return err; }
    bytes_add_u8(&feature->attributes, small ? VALUE_FLOAT : VALUE_DOUBLE);
    if (small) {
        bytes_add(&feature->attributes, &single, sizeof single);
    } else {
        bytes_add(&feature->attributes, &number, sizeof number);
    }
    return OK;
}

enum err feature_add_integer(struct feature *feature, struct span name, bool negative,
                             uint64_t magnitude, struct why *why)
{
    if (negative && magnitude > (uint64_t)INT64_MAX) {
        return add_real(feature, name, -(double)magnitude, why);
    }
    const uint64_t coded = negative ? zigzag(-(int64_t)magnitude) : magnitude;
    const enum err err = begin(feature, name, SCHEMA_KIND_NUMBER, 1 + varint_size(coded), why);
    if (err) { return err; }
    bytes_add_u8(&feature->attributes, negative ? VALUE_SIGNED : VALUE_UNSIGNED);
    bytes_add_varint(&feature->attributes, coded);
    return OK;
}

enum err feature_add_real(struct feature *feature, struct span name, double number, struct why *why)
{
    const double exact = 9007199254740992.0; /* 2^53: every whole number up to here is a double */
    if (number == floor(number) && fabs(number) <= exact) {
        return feature_add_integer(feature, name, number < 0, (uint64_t)fabs(number), why);
    }
    return add_real(feature, name, number, why);
}

bool feature_next(const struct feature *feature, size_t *at, struct attribute *attribute)
{
    if (*at >= feature->attributes.size) { return false; }
    const uint8_t *data = feature->attributes.data;
    struct proto row = proto_over(span_of(data + *at, feature->attributes.size - *at));
    attribute->name = (uint32_t)proto_varint(&row);
    const size_t size = (size_t)proto_varint(&row);
    attribute->value = span_of(row.at, size);
    *at = (size_t)(row.at - data) + size;
    return true;
}

bool feature_find(const struct feature *feature, struct span name, struct attribute *attribute)
{
    uint32_t number = 0;
    size_t at = 0;
    if (!schema_find(feature->schema, name, &number)) { return false; }
    while (feature_next(feature, &at, attribute)) {
        if (attribute->name == number) { return true; }
    }
    return false;
}

static enum schema_kind kind_of(struct span value)
{
    switch (value.data[0]) {
    case VALUE_TEXT: return SCHEMA_KIND_TEXT;
    case VALUE_BOOLEAN: return SCHEMA_KIND_BOOLEAN;
    default: return SCHEMA_KIND_NUMBER;
    }
}

enum err feature_add_value(struct feature *feature, struct span name, struct span value,
                           struct why *why)
{
    const enum err err = begin(feature, name, kind_of(value), value.size, why);
    if (!err) { bytes_add(&feature->attributes, value.data, value.size); }
    return err;
}

bool attribute_text(struct attribute attribute, struct span *utf8)
{
    struct proto value = proto_over(attribute.value);
    if (!proto_next(&value) || value.wire != PROTO_WIRE_BYTES) { return false; }
    *utf8 = proto_bytes(&value);
    return true;
}

bool attribute_integer(struct attribute attribute, int64_t *number)
{
    const uint8_t tag = attribute.value.data[0];
    struct proto value = proto_over(attribute.value);
    if (!proto_next(&value) || (tag != VALUE_UNSIGNED && tag != VALUE_SIGNED)) { return false; }
    const uint64_t coded = proto_number(&value);
    if (tag == VALUE_UNSIGNED && coded > INT64_MAX) { return false; }
    *number = tag == VALUE_SIGNED ? unzigzag(coded) : (int64_t)coded;
    return true;
}

bool attribute_boolean(struct attribute attribute, bool *truth)
{
    struct proto value = proto_over(attribute.value);
    if (attribute.value.data[0] != VALUE_BOOLEAN || !proto_next(&value)) { return false; }
    *truth = proto_number(&value) != 0;
    return true;
}

void feature_tally_add(struct feature_tally *sum, const struct feature_tally *more)
{
    sum->read += more->read;
    sum->taken += more->taken;
    sum->no_geometry += more->no_geometry;
    sum->empty += more->empty;
    sum->ids_not_whole += more->ids_not_whole;
    sum->nested += more->nested;
    sum->beyond += more->beyond;
    sum->not_picked += more->not_picked;
    sum->incomplete += more->incomplete;
}
