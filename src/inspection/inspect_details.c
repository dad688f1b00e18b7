#include <stdio.h>

#include "base/encode.h"
#include "inspection/inspect_inside.h"
#include "system/file.h"
#include "trust/canonical.h"

/* ---- what entries say of others ---- */

static void excuse(struct inspection *at, uint64_t first, uint64_t end)
{
    if (at->excuse_count == at->excuse_room) { /* each is an entry: their number is bounded */
        at->excuse_room = at->excuse_room ? 2 * at->excuse_room : 64;
        struct excuse *more = MEM_ARRAY(struct excuse, at->excuse_room);
        if (at->excuse_count > 0) { memcpy(more, at->excuses, at->excuse_count * sizeof *more); }
        free(at->excuses);
        at->excuses = more;
    }
    at->excuses[at->excuse_count++] = (struct excuse){first, end};
}

static uint64_t number_of(const struct value *details, const char *key)
{
    const int64_t number = value_integer_or(value_get(details, key), -1);
    return number < 0 ? 0 : (uint64_t)number;
}

/* An entry speaks of what stands before it, never of what comes. */
void inspect_hear(struct inspection *at, uint64_t index, const struct entry_words *words)
{
    const struct value *details = value_get(words->whole, "details");
    if (strcmp(words->action, "log_pruned") == 0) {
        const uint64_t end = number_of(details, "end");
        if (end > index || end < at->pruned_end) { return; }
        at->pruned_end = end;
        at->pruned_epoch = number_of(details, "epoch");
        const char *digest = value_text_or(value_get(details, "checkpoint"), "");
        if (!text_copy(at->pruned_note, sizeof at->pruned_note, digest)) {
            *at->pruned_note = '\0';
        }
    } else if (strcmp(words->action, "entries_recovered") == 0) {
        excuse(at, number_of(details, "first"), number_of(details, "end"));
    } else if (strcmp(words->action, "details_erased") == 0) {
        const uint64_t erased = strtoull(words->resource, NULL, 10);
        if (erased < index) { excuse(at, erased, erased + 1); }
    }
}

/* ---- what was sealed ---- */

/* What is null must have gone by the log's own word. */
static bool excused(const struct inspection *at, uint64_t index)
{
    for (size_t i = 0; i < at->excuse_count; i++) {
        if (index >= at->excuses[i].first && index < at->excuses[i].end) { return true; }
    }
    return false;
}

/* Whether the entries from `*next` up to `index` sealed nothing. */
static bool check_bare(struct inspection *at, uint64_t *next, uint64_t index)
{
    for (; *next < index; (*next)++) {
        struct span bytes;
        CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
        if (shelf_entry(at->shelf, *next, &bytes, NULL) || entry_read(&words, bytes, NULL) ||
            value_kind(value_get(words.whole, "sealed")) != VALUE_KIND_NULL) {
            return inspect_find(at, *next, "its line in " INSPECT_DETAILS " is missing");
        }
    }
    return true;
}

/* One line: an entry's salt and sealed text, both null once they are erased. */
static bool check_detail(struct inspection *at, const struct value *detail, uint64_t *next)
{
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    uint8_t salt[ENTRY_SALT_SIZE];
    size_t size = 0;
    struct span bytes;
    const int64_t index = value_integer_or(value_get(detail, "index"), -1);
    const struct value *opened = value_get(detail, "opened");
    const char *base64 = value_text_or(value_get(detail, "salt"), NULL);
    const bool erased = opened && value_kind(opened) == VALUE_KIND_NULL && !base64;
    if (index < (int64_t)*next || (uint64_t)index >= at->report->checkpoint.size ||
        (!erased && (!base64 || decode_base64(salt, sizeof salt, &size, base64, NULL)))) {
        return inspect_find(at, INSPECT_NO_ENTRY,
                            "a line of " INSPECT_DETAILS " belongs to no entry");
    }
    if (!check_bare(at, next, (uint64_t)index)) { return false; }
    *next = (uint64_t)index + 1;
    if (erased) {
        at->report->erased++;
        return excused(at, (uint64_t)index) ||
               inspect_find(at, (uint64_t)index,
                            "its details are missing, and no entry says that they were erased");
    }
    at->report->opened++;
    if (shelf_entry(at->shelf, (uint64_t)index, &bytes, NULL) || entry_read(&words, bytes, NULL)) {
        return inspect_find(at, (uint64_t)index, "the entry cannot be read");
    }
    return entry_seal_fits(words.whole, span_of(salt, size),
                           span_text(value_text_or(opened, ""))) ||
           inspect_find(at, (uint64_t)index, "its details are not those that were sealed");
}

static bool check_line(struct inspection *at, struct span line, uint64_t *next)
{
    CLEANUP(value_free_p) struct value *detail = NULL;
    CLEANUP(text_deinit) struct text again = text_limited(INSPECT_DETAIL_SIZE_MAX);
    if (value_parse(&detail, line, INSPECT_DETAIL_SIZE_MAX, NULL) ||
        canonical_write(detail, &again, NULL) || !span_equal(text_span(&again), line) ||
        value_kind(detail) != VALUE_KIND_OBJECT || value_count(detail) != 3) {
        return inspect_find(at, INSPECT_NO_ENTRY, "a line of " INSPECT_DETAILS " is malformed");
    }
    return check_detail(at, detail, next);
}

bool inspect_details(struct inspection *at)
{
    char path[FILE_PATH_SIZE];
    if (file_join(path, at->config->folder, INSPECT_DETAILS, NULL)) { return false; }
    FILE *file = fopen(path, "re");
    if (!file) { return true; } /* an export without them: the log stands all the same */
    char *line = NULL;
    size_t capacity = 0;
    uint64_t next = at->report->pruned;
    bool good = true;
    for (ssize_t size = getline(&line, &capacity, file); good && size > 0;
         size = getline(&line, &capacity, file)) {
        good = size <= INSPECT_DETAIL_SIZE_MAX && line[size - 1] == '\n'
                   ? check_line(at, span_of(line, (size_t)size - 1), &next)
                   : inspect_find(at, INSPECT_NO_ENTRY, "a line of " INSPECT_DETAILS " is cut off");
    }
    free(line);
    (void)fclose(file);
    return good && check_bare(at, &next, at->report->checkpoint.size);
}
