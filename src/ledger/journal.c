#include "ledger/journal.h"

#include <sodium.h>

#include "base/encode.h"
#include "queries/ledger_journal.h"
#include "vault/reseal.h"

enum { LIMIT_DEFAULT = 50, FORGET_FEW = 500, KEPT_SIZE_MAX = ENTRY_SALT_SIZE + ENTRY_BYTES_MAX };

struct journal {
    struct database *database; /* borrowed */
    struct vault *vault;       /* owned */
    struct statement *size, *insert, *each, *get, *find, *erase, *signed_get, *sign, *span, *list,
        *list_resource, *list_actor, *list_action;
    struct statement *adopt, *first, *time, *forget, *keep, *kept;
};

enum err journal_open(struct journal **out, struct database *database, struct why *why)
{
    CLEANUP(journal_close_p) struct journal *journal = MEM_NEW(struct journal);
    journal->database = database;
    const struct statement_text texts[] = {
        {&journal->size, SQL_JOURNAL_SIZE},
        {&journal->insert, SQL_JOURNAL_INSERT},
        {&journal->each, SQL_JOURNAL_EACH},
        {&journal->get, SQL_JOURNAL_GET},
        {&journal->list, SQL_JOURNAL_LIST},
        {&journal->find, SQL_JOURNAL_FIND},
        {&journal->erase, SQL_JOURNAL_ERASE},
        {&journal->signed_get, SQL_JOURNAL_SIGNED},
        {&journal->sign, SQL_JOURNAL_SIGN},
        {&journal->span, SQL_JOURNAL_SPAN},
        {&journal->list_resource, SQL_JOURNAL_LIST_RESOURCE},
        {&journal->list_actor, SQL_JOURNAL_LIST_ACTOR},
        {&journal->list_action, SQL_JOURNAL_LIST_ACTION},
        {&journal->adopt, SQL_JOURNAL_ADOPT},
        {&journal->first, SQL_JOURNAL_FIRST},
        {&journal->time, SQL_JOURNAL_TIME},
        {&journal->forget, SQL_JOURNAL_FORGET},
        {&journal->keep, SQL_JOURNAL_KEEP},
        {&journal->kept, SQL_JOURNAL_KEPT},
    };
    enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { err = vault_open(&journal->vault, database, why); }
    if (err == OK) { *out = TAKE(journal); }
    return err;
}

void journal_close(struct journal *journal)
{
    if (!journal) { return; }
    vault_close(journal->vault);
    free(journal); /* the statements belong to the connection */
}

void journal_entry_deinit(struct journal_entry *entry)
{
    text_deinit(&entry->bytes);
    text_deinit(&entry->sealed);
}

/* ---- writing ---- */

/* The salt and the sensitive text of `entry`, one value in the column `kept`. */
static enum err keep(struct journal *journal, const struct entry *entry, struct text *kept,
                     struct why *why)
{
    CLEANUP(text_deinit) struct text plain = text_limited(KEPT_SIZE_MAX);
    char row[RESEAL_ENTRY_ROW_SIZE];
    reseal_entry_row(row, text_span(&entry->bytes));
    const struct seal_place place = {.table = "audit", .column = "kept", .row = row};
    text_add_bytes(&plain, span_of(entry->salt, sizeof entry->salt));
    text_add_bytes(&plain, text_span(&entry->sealed));
    return vault_seal(journal->vault, &place, text_span(&plain), kept, why);
}

static enum err insert(struct journal *journal, struct statement *row,
                       const struct entry_words *words, const struct entry *entry, struct why *why)
{
    CLEANUP(text_deinit) struct text kept = text_limited(SEAL_SIZE_MAX);
    const bool sealed = entry->sealed.size > 0;
    const enum err err = sealed ? keep(journal, entry, &kept, why) : OK;
    if (err != OK) { return err; }
    statement_bind_integer(row, ":at_us", words->at_us);
    statement_bind_text(row, ":actor", words->user);
    statement_bind_text(row, ":action", words->action);
    statement_bind_text(row, ":resource", words->resource);
    statement_bind_bytes(row, ":entry", text_span(&entry->bytes));
    if (sealed) { statement_bind_bytes(row, ":kept", text_span(&kept)); }
    return statement_run(row, NULL, why);
}

enum err journal_enter(struct journal *journal, const struct entry_fact *fact, struct why *why)
{
    CLEANUP(entry_deinit) struct entry entry = {.bytes = {0}};
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    enum err err = entry_write(&entry, fact, why);
    if (err == OK) { err = entry_read(&words, text_span(&entry.bytes), why); }
    if (err != OK) { return err; }
    const bool ours = !database_in_transaction(journal->database);
    if (ours) { err = database_begin(journal->database, why); }
    if (err != OK) { return err; }
    err = insert(journal, journal->insert, &words, &entry, why);
    if (ours) { database_end(journal->database, &err, why); }
    return err;
}

enum err journal_adopt(struct journal *journal, uint64_t index, struct span bytes, struct why *why)
{
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    CLEANUP(entry_deinit) struct entry entry = {.bytes = text_limited(ENTRY_BYTES_MAX)};
    const enum err err = entry_read(&words, bytes, why);
    if (err != OK) { return err; }
    text_add_bytes(&entry.bytes, bytes);
    statement_bind_integer(journal->adopt, ":number", (int64_t)index + 1);
    return insert(journal, journal->adopt, &words, &entry, why);
}

enum err journal_forget(struct journal *journal, uint64_t end, struct why *why)
{
    int64_t changed = 1;
    enum err err = OK;
    while (err == OK && changed > 0) {
        statement_bind_integer(journal->forget, ":end", (int64_t)end);
        statement_bind_integer(journal->forget, ":few", FORGET_FEW);
        err = statement_run(journal->forget, &changed, why);
    }
    return err;
}

enum err journal_erase(struct journal *journal, uint64_t index, struct why *why)
{
    int64_t changed = 0;
    statement_bind_integer(journal->erase, ":number", (int64_t)index + 1);
    const enum err err = statement_run(journal->erase, &changed, why);
    if (err == OK && changed == 0) {
        return why_set(why, ERR_NOT_FOUND, "entry %llu has nothing to erase",
                       (unsigned long long)index);
    }
    return err;
}

/* ---- reading in order ---- */

enum err journal_size(struct journal *journal, uint64_t *size, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = journal->size;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *size = (uint64_t)column_integer(row, 0); }
    return err;
}

enum err journal_first(struct journal *journal, uint64_t *index, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = journal->first;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *index = (uint64_t)column_integer(row, 0); }
    return err;
}

enum err journal_time(struct journal *journal, uint64_t index, int64_t *at_us, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = journal->time;
    statement_bind_integer(row, ":number", (int64_t)index + 1);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "there is no entry %llu", (unsigned long long)index);
    }
    *at_us = column_integer(row, 0);
    return OK;
}

enum err journal_each(struct journal *journal, uint64_t index, uint64_t limit,
                      const struct journal_reader *reader, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = journal->each;
    statement_bind_integer(rows, ":number", (int64_t)index + 1);
    statement_bind_integer(rows, ":limit", (int64_t)limit);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        reader->each(reader->context, (uint64_t)column_integer(rows, 0) - 1, column_bytes(rows, 1));
        err = statement_step(rows, &step, why);
    }
    return err;
}

enum err journal_find(struct journal *journal, const char *action, const char *resource,
                      uint64_t *index, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = journal->find;
    statement_bind_text(row, ":action", action);
    statement_bind_text(row, ":resource", resource);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "no entry of %.40s tells of %.80s", action, resource);
    }
    *index = (uint64_t)column_integer(row, 0) - 1;
    return OK;
}

/* What `row` keeps of the entry in column `first`: kept, salt, sealed follow it. */
static enum err open_kept(struct journal *journal, const struct statement *row, int first,
                          struct journal_entry *entry, struct why *why)
{
    uint8_t bytes[KEPT_SIZE_MAX];
    char name[RESEAL_ENTRY_ROW_SIZE];
    struct seal_room plain = {.bytes = bytes, .capacity = sizeof bytes};
    entry->sealed = text_limited(ENTRY_BYTES_MAX);
    if (column_is_null(row, first + 1)) { /* from before it was sealed, or nothing */
        const struct span salt = column_bytes(row, first + 2);
        entry->opened = !column_is_null(row, first + 2) && salt.size == sizeof entry->salt;
        if (!entry->opened) { return OK; }
        memcpy(entry->salt, salt.data, sizeof entry->salt);
        text_add(&entry->sealed, column_text(row, first + 3));
        return OK;
    }
    reseal_entry_row(name, column_bytes(row, first));
    const struct seal_place place = {.table = "audit", .column = "kept", .row = name};
    const enum err err =
        vault_unseal(journal->vault, &place, column_bytes(row, first + 1), &plain, why);
    entry->opened = err == OK && plain.size >= sizeof entry->salt;
    if (err == ERR_DAMAGED) { return OK; } /* counted; as if it were erased, and the rest is read */
    if (!entry->opened) { return err; }
    memcpy(entry->salt, bytes, sizeof entry->salt);
    text_add_bytes(&entry->sealed,
                   span_of(bytes + sizeof entry->salt, plain.size - sizeof entry->salt));
    sodium_memzero(bytes, plain.size);
    return OK;
}

enum err journal_read(struct journal *journal, uint64_t index, struct journal_entry *entry,
                      struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = journal->get;
    statement_bind_integer(row, ":number", (int64_t)index + 1);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "there is no entry %llu", (unsigned long long)index);
    }
    *entry = (struct journal_entry){.bytes = text_limited(ENTRY_BYTES_MAX)};
    text_add_bytes(&entry->bytes, column_bytes(row, 0));
    return open_kept(journal, row, 0, entry, why);
}

/* ---- reading for people ---- */

static void set_base64(struct value *object, const char *key, struct span bytes)
{
    CLEANUP(text_deinit) struct text base64 = text_limited((size_t)2 * ENTRY_BYTES_MAX);
    encode_base64(&base64, bytes);
    value_set_text(object, key, text_c(&base64));
}

static void copy_member(void *context, const char *key, const struct value *member)
{
    value_set(context, key, value_copy(member));
}

/* The members that were sealed, while they are there. */
static void add_opened(struct value *object, struct span salt, const char *sealed)
{
    CLEANUP(value_free_p) struct value *opened = NULL;
    const bool there =
        sealed && value_parse(&opened, span_text(sealed), ENTRY_BYTES_MAX, NULL) == OK;
    const struct value *address = there ? value_get(opened, "address") : NULL;
    const struct value *agent = there ? value_get(opened, "agent") : NULL;
    const struct value *sensitive = there ? value_get(opened, "details") : NULL;
    value_set(object, "address", address ? value_copy(address) : value_null());
    value_set(object, "agent", agent ? value_copy(agent) : value_null());
    value_set(object, "sensitive", sensitive ? value_copy(sensitive) : value_null());
    value_set_text(object, "opened", there ? sealed : NULL);
    if (there) {
        set_base64(object, "salt", salt);
    } else {
        value_set(object, "salt", value_null());
    }
}

static enum err entry_value(uint64_t index, struct span bytes, struct span salt, const char *sealed,
                            struct value **out)
{
    CLEANUP(value_free_p) struct value *whole = NULL;
    const enum err err = value_parse(&whole, bytes, ENTRY_BYTES_MAX, NULL);
    if (err != OK) { return err; }
    struct value *object = value_object();
    value_set_integer(object, "index", (int64_t)index);
    value_each(whole, copy_member, object);
    set_base64(object, "bytes", bytes);
    add_opened(object, salt, sealed);
    *out = object;
    return OK;
}

enum err journal_get(struct journal *journal, uint64_t index, struct value **out, struct why *why)
{
    CLEANUP(journal_entry_deinit) struct journal_entry entry = {.opened = false};
    const enum err err = journal_read(journal, index, &entry, why);
    if (err != OK) { return err; }
    return entry_value(index, text_span(&entry.bytes), span_of(entry.salt, sizeof entry.salt),
                       entry.opened ? text_c(&entry.sealed) : NULL, out);
}

static enum err append_entry(struct journal *journal, const struct statement *row, uint64_t index,
                             struct value *entries, struct why *why)
{
    CLEANUP(journal_entry_deinit) struct journal_entry kept = {.opened = false};
    struct value *entry = NULL;
    enum err err = open_kept(journal, row, 1, &kept, why);
    if (err == OK) {
        err = entry_value(index, column_bytes(row, 1), span_of(kept.salt, sizeof kept.salt),
                          kept.opened ? text_c(&kept.sealed) : NULL, &entry);
    }
    if (err == OK) { value_append(entries, entry); }
    return err;
}

/* Numbers from `least` to below `before`, both from 1 on. */
struct numbers {
    int64_t least, before;
};

/* Only those of the span of time that is asked for, if one is. */
static enum err narrow(struct journal *journal, const struct journal_query *query,
                       struct numbers *numbers, struct why *why)
{
    if (!query->from_us && !query->to_us) { return OK; }
    CLEANUP(statement_reset_p) struct statement *row = journal->span;
    statement_bind_integer(row, ":from_us", query->from_us);
    statement_bind_integer(row, ":to_us", query->to_us ? query->to_us : INT64_MAX);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    const int64_t first = column_integer(row, 0); /* 0: there is none */
    const int64_t last = column_integer(row, 1);
    if (first > numbers->least) { numbers->least = first; }
    if (last < numbers->before) { numbers->before = last + 1; }
    return OK;
}

/* The statement along whose index the fewest entries lie, with what only it has bound. */
static struct statement *choose_list(const struct journal *journal,
                                     const struct journal_query *query)
{
    struct statement *rows = journal->list;
    if (query->resource) {
        rows = journal->list_resource;
        statement_bind_text(rows, ":resource", query->resource);
        statement_bind_text(rows, ":actor", query->user);
        statement_bind_text(rows, ":action", query->action);
    } else if (query->user) {
        rows = journal->list_actor;
        statement_bind_text(rows, ":actor", query->user);
        statement_bind_text(rows, ":action", query->action);
    } else if (query->action) {
        rows = journal->list_action;
        statement_bind_text(rows, ":action", query->action);
    }
    return rows;
}

enum err journal_list(struct journal *journal, const struct journal_query *query,
                      struct value **out, struct why *why)
{
    struct numbers numbers = {(int64_t)query->least + 1,
                              query->before ? (int64_t)query->before + 1 : INT64_MAX};
    enum err err = narrow(journal, query, &numbers, why);
    if (err != OK) { return err; }
    CLEANUP(statement_reset_p) struct statement *rows = choose_list(journal, query);
    CLEANUP(value_free_p) struct value *entries = value_array();
    const int64_t limit = query->limit > 0 ? query->limit : LIMIT_DEFAULT;
    int64_t next = -1;
    statement_bind_integer(rows, ":least", numbers.least);
    statement_bind_integer(rows, ":before", numbers.before);
    statement_bind_integer(rows, ":from_us", query->from_us);
    statement_bind_integer(rows, ":to_us", query->to_us ? query->to_us : INT64_MAX);
    statement_bind_integer(rows, ":limit", limit + 1);
    enum step step = STEP_DONE;
    err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        const int64_t index = column_integer(rows, 0) - 1;
        if ((int64_t)value_count(entries) == limit) {
            next = index + 1;
            break;
        }
        err = append_entry(journal, rows, (uint64_t)index, entries, why);
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    if (err != OK) { return err; }
    struct value *page = value_object();
    value_set(page, "entries", TAKE(entries));
    value_set(page, "next", next >= 0 ? value_integer(next) : value_null());
    *out = page;
    return OK;
}

/* ---- the checkpoint ---- */

enum err journal_signed(struct journal *journal, struct text *note, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = journal->signed_get;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK && step == STEP_ROW) { text_add(note, column_text(row, 0)); }
    return err;
}

enum err journal_sign(struct journal *journal, uint64_t size, const char *note, struct why *why)
{
    statement_bind_integer(journal->sign, ":size", (int64_t)size);
    statement_bind_text(journal->sign, ":note", note);
    return statement_run(journal->sign, NULL, why);
}

enum err journal_keep(struct journal *journal, int kind, uint64_t size, struct span note,
                      struct why *why)
{
    CLEANUP(mem_free_p) char *text = mem_text_of((const char *)note.data, note.size);
    statement_bind_integer(journal->keep, ":kind", kind);
    statement_bind_integer(journal->keep, ":size", (int64_t)size);
    statement_bind_text(journal->keep, ":note", text);
    return statement_run(journal->keep, NULL, why);
}

enum err journal_kept_each(struct journal *journal, const struct journal_kept *reader,
                           struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = journal->kept;
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        const char *note = column_text(rows, 2);
        err = reader->each(reader->context, (int)column_integer(rows, 0),
                           (uint64_t)column_integer(rows, 1), span_text(note ? note : ""), why);
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    return err;
}
