#include "ledger/cosigner.h"

#include "queries/ledger_cosigner.h"

struct cosigner_store {
    struct statement *get, *put, *each;
};

enum err cosigner_store_open(struct cosigner_store **out, struct database *database,
                             struct why *why)
{
    CLEANUP(cosigner_store_close_p) struct cosigner_store *store = MEM_NEW(struct cosigner_store);
    const struct statement_text texts[] = {
        {&store->get, SQL_COSIGNER_GET},
        {&store->put, SQL_COSIGNER_PUT},
        {&store->each, SQL_COSIGNER_EACH},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(store); }
    return err;
}

void cosigner_store_close(struct cosigner_store *store)
{
    free(store); /* the statements belong to the connection */
}

/* From the columns vkey, size, at_us, line, entered_us, of which the first is `first`. */
static enum err read_row(struct cosigner *cosigner, const char *name, const struct statement *row,
                         int first, struct why *why)
{
    struct cosigner read = {.size = (uint64_t)column_integer(row, first + 1),
                            .at_us = column_integer(row, first + 2),
                            .entered_us = column_integer(row, first + 4)};
    if (!text_copy(read.name, sizeof read.name, name) ||
        !text_copy(read.line, sizeof read.line, column_text(row, first + 3))) {
        return why_set(why, ERR_LIMIT, "a witness has too long a name or signature");
    }
    const enum err err = note_key_parse(&read.key, column_text(row, first), why);
    if (err == OK) { *cosigner = read; }
    return err;
}

enum err cosigner_get(struct cosigner_store *store, const char *name, struct cosigner *cosigner,
                      struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->get;
    statement_bind_text(row, ":name", name);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "no witness is named %.63s", name);
    }
    return read_row(cosigner, name, row, 0, why);
}

enum err cosigner_put(struct cosigner_store *store, const struct cosigner *cosigner,
                      struct why *why)
{
    char vkey[NOTE_VKEY_SIZE];
    note_key_write(&cosigner->key, vkey);
    statement_bind_text(store->put, ":name", cosigner->name);
    statement_bind_text(store->put, ":vkey", vkey);
    statement_bind_integer(store->put, ":size", (int64_t)cosigner->size);
    statement_bind_integer(store->put, ":at_us", cosigner->at_us);
    statement_bind_text(store->put, ":line", cosigner->line);
    statement_bind_integer(store->put, ":entered_us", cosigner->entered_us);
    return statement_run(store->put, NULL, why);
}

enum err cosigner_list(struct cosigner_store *store, struct cosigner *list, size_t *count,
                       struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->each;
    enum step step = STEP_DONE;
    *count = 0;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW && *count < COSIGNER_MAX) {
        err = read_row(&list[(*count)++], column_text(rows, 0), rows, 1, why);
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    return err;
}

enum err cosigner_gather(const struct cosigner *list, size_t count, uint64_t size,
                         struct text *note, struct why *why)
{
    const struct span own = text_span(note);
    const uint8_t *end = own.size > 0 ? memmem(own.data, own.size, "\n\n", 2) : NULL;
    if (!end) { return why_set(why, ERR_MALFORMED, "a checkpoint has no signatures"); }
    const size_t text_size = (size_t)(end - own.data) + 2;
    CLEANUP(text_deinit) struct text alone = text_limited(CHECKPOINT_SIZE_MAX);
    CLEANUP(text_deinit) struct text added = text_limited(CHECKPOINT_SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        struct note_opened opened;
        if (list[i].size != size || !*list[i].line) { continue; }
        text_clear(&alone);
        text_add_bytes(&alone, span_of(own.data, text_size));
        text_add(&alone, list[i].line);
        if (note_open(text_span(&alone), &list[i].key, 1, &opened, NULL) == NOTE_VERDICT_GOOD) {
            text_add(&added, list[i].line);
        }
    }
    text_add_bytes(note, text_span(&added));
    return note->overflow ? why_set(why, ERR_LIMIT, "a checkpoint has too many signatures") : OK;
}
