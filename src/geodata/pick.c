#include "geodata/pick.h"

#include <stdio.h>

enum { FATE_UNKNOWN, FATE_KEPT, FATE_DROPPED };

/* NAME, NAME=A|B or NAME!=A|B. */
struct condition {
    struct span name;
    struct span values; /* separated by '|'; size 0: it must be there, or with `not` must not */
    bool not ;
};

struct picker {
    struct reading reading;
    struct schema read;     /* of the file: all names */
    struct feature feature; /* what goes on, in the layer's schema */
    struct feature_taker taker;
    char *texts[2]; /* owned: what names and conditions point into */
    struct span names[PICK_NAMES_MAX];
    size_t name_count;
    struct condition conditions[PICK_NAMES_MAX];
    size_t condition_count;
    uint8_t *fates; /* owned; by number in `read` */
    size_t fate_count;
    char *class; /* owned, or NULL */
    uint32_t kinds;
    bool all, no_ids;
};

static bool is_empty(const char *text)
{
    return !text || !*text;
}

bool pick_is_all(const struct pick *pick)
{
    return is_empty(pick->attributes) && is_empty(pick->where) && is_empty(pick->class) &&
           pick->kinds == 0 && !pick->no_ids;
}

static struct span trimmed(struct span text)
{
    while (text.size > 0 && text.data[0] == ' ') {
        text = span_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && text.data[text.size - 1] == ' ') {
        text.size--;
    }
    return text;
}

/* The part before `letter`, which leaves `rest` with the letter; all of it without one. */
static struct span part_before(struct span *rest, char letter)
{
    const uint8_t *end = rest->size ? memchr(rest->data, letter, rest->size) : NULL;
    const size_t size = end ? (size_t)(end - rest->data) : rest->size;
    const struct span part = trimmed(span_of(rest->data, size));
    const size_t used = end ? size + 1 : size;
    *rest = span_of(rest->data + used, rest->size - used);
    return part;
}

static enum err read_condition(struct picker *picker, struct span text, struct why *why)
{
    struct condition condition = {0};
    struct span rest = text;
    const bool compared = memchr(text.data, '=', text.size) != NULL;
    condition.name = part_before(&rest, '=');
    condition.values = trimmed(rest);
    struct span *name = &condition.name;
    if (compared && name->size > 0 && name->data[name->size - 1] == '!') {
        condition.not = true;
        *name = trimmed(span_of(name->data, name->size - 1));
    } else if (name->size > 0 && name->data[0] == '!') {
        condition.not = true;
        *name = trimmed(span_of(name->data + 1, name->size - 1));
    }
    if (name->size == 0 || (compared && condition.values.size == 0)) {
        return why_set(why, ERR_RANGE,
                       "\"%.*s\" is no condition: NAME, !NAME, NAME=A|B or NAME!=A is expected",
                       text.size < 80 ? (int)text.size : 80, (const char *)text.data);
    }
    picker->conditions[picker->condition_count++] = condition;
    return OK;
}

/* Both lists are separated by commas. */
static enum err read_list(struct picker *picker, const char *text, bool conditions, struct why *why)
{
    enum err err = OK;
    if (!text || !*text) { return OK; }
    if (strlen(text) > PICK_TEXT_SIZE_MAX) {
        return why_set(why, ERR_RANGE, "a list of attributes has at most %d bytes",
                       PICK_TEXT_SIZE_MAX);
    }
    char *copy = mem_text(text);
    picker->texts[conditions] = copy;
    struct span rest = span_text(copy);
    while (rest.size > 0 && !err) {
        const struct span part = part_before(&rest, ',');
        if (part.size == 0) { continue; }
        if ((conditions ? picker->condition_count : picker->name_count) == PICK_NAMES_MAX) {
            return why_set(why, ERR_RANGE, "a list has more than %d attributes", PICK_NAMES_MAX);
        }
        if (conditions) {
            err = read_condition(picker, part, why);
        } else {
            picker->names[picker->name_count++] = part;
        }
    }
    return err;
}

static bool is_listed(const struct picker *picker, const struct schema_name *name)
{
    if (picker->class && strcmp(name->name, "class") == 0) { return false; } /* ours goes on */
    for (size_t i = 0; i < picker->name_count; i++) {
        if (span_equal(picker->names[i], span_of(name->name, name->size))) { return true; }
    }
    return picker->all;
}

static bool goes_on(struct picker *picker, uint32_t number)
{
    if (number >= picker->fate_count) {
        const size_t count = picker->read.capacity;
        picker->fates = mem_resized(picker->fates, count);
        memset(picker->fates + picker->fate_count, FATE_UNKNOWN, count - picker->fate_count);
        picker->fate_count = count;
    }
    uint8_t *fate = &picker->fates[number];
    if (*fate == FATE_UNKNOWN) {
        *fate = is_listed(picker, &picker->read.names[number]) ? FATE_KEPT : FATE_DROPPED;
    }
    return *fate == FATE_KEPT;
}

/* The value as a condition writes it. */
static struct span words_of(struct attribute attribute, char buffer[static 32])
{
    struct span text = {0};
    int64_t number = 0;
    bool truth = false;
    if (attribute_text(attribute, &text)) { return text; }
    if (attribute_boolean(attribute, &truth)) { return span_text(truth ? "true" : "false"); }
    if (!attribute_integer(attribute, &number)) { return span_of(NULL, 0); }
    (void)snprintf(buffer, 32, "%lld", (long long)number);
    return span_text(buffer);
}

static bool holds(const struct condition *condition, const struct feature *feature)
{
    struct attribute attribute;
    char buffer[32];
    struct span rest = condition->values;
    bool found = feature_find(feature, condition->name, &attribute);
    if (!found || rest.size == 0) { return found != condition->not ; }
    const struct span words = words_of(attribute, buffer);
    found = false;
    while (rest.size > 0 && !found) {
        found = span_equal(part_before(&rest, '|'), words);
    }
    return found != condition->not ;
}

static bool is_picked(const struct picker *picker, const struct feature *feature)
{
    if (picker->kinds && !(picker->kinds >> feature->shape.kind & 1)) { return false; }
    for (size_t i = 0; i < picker->condition_count; i++) {
        if (!holds(&picker->conditions[i], feature)) { return false; }
    }
    return true;
}

static enum err copy_attributes(struct picker *picker, const struct feature *from, struct why *why)
{
    struct attribute attribute;
    enum err err = OK;
    for (size_t at = 0; !err && feature_next(from, &at, &attribute);) {
        if (!goes_on(picker, attribute.name)) { continue; }
        const struct schema_name *name = &picker->read.names[attribute.name];
        err = feature_add_value(&picker->feature, span_of(name->name, name->size), attribute.value,
                                why);
    }
    if (!err && picker->class) {
        err = feature_add_text(&picker->feature, span_text("class"), span_text(picker->class), why);
    }
    return err;
}

static enum err take(void *context, struct feature *from, struct why *why)
{
    struct picker *picker = context;
    struct feature *feature = &picker->feature;
    if (!is_picked(picker, from)) {
        picker->reading.tally.taken--; /* the reader has counted it */
        picker->reading.tally.not_picked++;
        return OK;
    }
    feature->attributes.size = 0;
    feature->attribute_count = 0;
    feature->has_id = from->has_id && !picker->no_ids;
    feature->id = feature->has_id ? from->id : 0;
    enum err err = copy_attributes(picker, from, why);
    if (err) { return err; }
    feature->shape = from->shape; /* lent for the call */
    err = picker->taker.take(picker->taker.context, feature, why);
    from->shape = feature->shape;
    feature->shape = (struct shape){0};
    return err;
}

enum err picker_new(struct picker **out, const struct pick *pick, struct schema *schema,
                    struct feature_taker taker, struct why *why)
{
    CLEANUP(picker_free_p) struct picker *picker = MEM_NEW(struct picker);
    picker->feature.schema = schema;
    picker->taker = taker;
    picker->kinds = pick->kinds;
    picker->no_ids = pick->no_ids;
    picker->class = pick->class && *pick->class ? mem_text(pick->class) : NULL;
    picker->reading.schema = &picker->read;
    picker->reading.taker = (struct feature_taker){take, picker};
    enum err err = read_list(picker, pick->where, true, why);
    const bool none = pick->attributes && strcmp(pick->attributes, "-") == 0;
    if (!err && !none) { err = read_list(picker, pick->attributes, false, why); }
    picker->all = !none && picker->name_count == 0;
    if (!err) { *out = TAKE(picker); }
    return err;
}

void picker_free(struct picker *picker)
{
    if (!picker) { return; }
    schema_deinit(&picker->read);
    feature_deinit(&picker->feature);
    free(picker->texts[0]);
    free(picker->texts[1]);
    free(picker->fates);
    free(picker->class);
    free(picker);
}

struct reading *picker_reading(struct picker *picker)
{
    return &picker->reading;
}
