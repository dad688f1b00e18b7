#include "release/clearance.h"

#include <string.h>

enum { METADATA_SIZE_MAX = 1 << 20 };

/* What anonymise writes, and what a layers file may add to every feature alike. */
static const char *const attributes[] = {"category", "period", "count", "zoom", "class"};

bool clearance_is_private(const struct value *metadata)
{
    const struct value *member = metadata ? value_get(metadata, "private") : NULL;
    return member && value_boolean_or(member, true);
}

struct fields {
    const char *layer;
    const char *strange; /* the first that is none of `attributes` */
};

static void look_at_field(void *context, const char *key, const struct value *member)
{
    (void)member;
    struct fields *fields = context;
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        if (strcmp(attributes[i], key) == 0) { return; }
    }
    if (!fields->strange) { fields->strange = key; }
}

static const struct value *layer_named(const struct value *metadata, const char *name)
{
    const struct value *layers = value_get(metadata, "vector_layers");
    for (size_t i = 0; i < value_count(layers); i++) {
        const struct value *layer = value_at(layers, i);
        if (strcmp(value_text_or(value_get(layer, "id"), ""), name) == 0) { return layer; }
    }
    return NULL;
}

/* The notes of the layers, one after the other. */
struct notes {
    const struct value *metadata;
    struct why *why;
    enum err err;
};

static void look_at_note(void *context, const char *key, const struct value *note)
{
    struct notes *notes = context;
    if (notes->err) { return; }
    if (value_count(value_get(note, "rule")) == 0 || !value_get(note, "periods")) {
        notes->err = why_set(notes->why, ERR_DENIED,
                             "layer %.60s does not say by which rule and for which periods it was "
                             "anonymised: it is not published",
                             key);
        return;
    }
    const struct value *layer = layer_named(notes->metadata, key);
    struct fields fields = {key, NULL};
    value_each(layer ? value_get(layer, "fields") : NULL, look_at_field, &fields);
    if (fields.strange) {
        notes->err = why_set(notes->why, ERR_DENIED,
                             "layer %.60s is called anonymised but has the attribute \"%.60s\", "
                             "which no release has: it is not published",
                             key, fields.strange);
    }
}

static enum err judge(const struct value *metadata, struct why *why)
{
    if (clearance_is_private(metadata)) {
        return why_set(why, ERR_DENIED,
                       "the archive says that it is private: it is never published");
    }
    const struct value *anonymised = metadata ? value_get(metadata, "anonymised") : NULL;
    if (!anonymised || value_kind(anonymised) != VALUE_KIND_OBJECT ||
        value_count(anonymised) == 0) {
        return why_set(why, ERR_DENIED,
                       "the archive does not say that it is anonymised (\"anonymised\" in its "
                       "metadata): build it from what tocsin-map anonymise wrote. What does not "
                       "say so is not published");
    }
    struct notes notes = {.metadata = metadata, .why = why};
    value_each(anonymised, look_at_note, &notes);
    return notes.err;
}

enum err clearance_check(struct pmtiles_reader *reader, struct why *why)
{
    struct bytes plain = {0};
    CLEANUP(value_free_p) struct value *metadata = NULL;
    enum err err = pmtiles_reader_metadata(reader, &plain, why);
    if (!err && plain.size > 0) {
        err = value_parse(&metadata, bytes_span(&plain), METADATA_SIZE_MAX, why);
    }
    bytes_deinit(&plain);
    return err ? err : judge(metadata, why);
}
