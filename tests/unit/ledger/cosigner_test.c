#include "ledger/cosigner.h"

#include "check.h"
#include "ledger_keys.h"
#include "migrations/control.h"
#include "tables.h"

#define TEXT "site/audit\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

static struct ledger_signer log_key, one_key, two_key;

static void fill(struct cosigner *cosigner, const char *name, const struct ledger_signer *key,
                 uint64_t size)
{
    CLEANUP(text_deinit) struct text line = text_limited(COSIGNER_LINE_SIZE);
    *cosigner = (struct cosigner){.key = key->note.key, .size = size, .at_us = 5};
    if (!text_copy(cosigner->name, sizeof cosigner->name, name) ||
        note_sign(&key->note, span_text(TEXT), 1000, &line, NULL) ||
        !text_copy(cosigner->line, sizeof cosigner->line, text_c(&line))) {
        abort();
    }
}

int main(void)
{
    ledger_signer_open(&log_key, NOTE_KIND_ED25519, "site/audit", 1);
    ledger_signer_open(&one_key, NOTE_KIND_COSIGNATURE, "site/gateway/one", 2);
    ledger_signer_open(&two_key, NOTE_KIND_COSIGNATURE, "site/gateway/two", 3);
    struct tables tables;
    tables_open(&tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    struct database *database = tables.database;
    CLEANUP(cosigner_store_close_p) struct cosigner_store *store = NULL;
    CHECK(cosigner_store_open(&store, database, NULL) == OK);
    struct cosigner list[COSIGNER_MAX];
    struct cosigner made;
    size_t count = 9;
    CHECK(cosigner_list(store, list, &count, NULL) == OK && count == 0);
    CHECK(cosigner_get(store, "one", &made, NULL) == ERR_NOT_FOUND);
    fill(&made, "two", &two_key, 7);
    CHECK(cosigner_put(store, &made, NULL) == OK);
    fill(&made, "one", &one_key, 0);
    CHECK(cosigner_put(store, &made, NULL) == OK);
    CHECK(cosigner_list(store, list, &count, NULL) == OK && count == 2);
    CHECK_TEXT(list[0].name, "one");
    CHECK(note_key_equal(&list[1].key, &two_key.note.key) && list[1].size == 7);
    fill(&made, "two", &two_key, 0);
    CHECK(cosigner_put(store, &made, NULL) == OK);
    CHECK(cosigner_get(store, "two", &made, NULL) == OK && made.size == 0 && made.at_us == 5);

    /* Only those of this size, only good ones. */
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    text_add(&note, TEXT "\n");
    CHECK(note_sign(&log_key.note, span_text(TEXT), 0, &note, NULL) == OK);
    fill(&list[0], "one", &one_key, 0);
    fill(&list[1], "two", &two_key, 1);
    fill(&list[2], "three", &two_key, 0);
    list[2].key = one_key.note.key; /* a line of another key */
    CHECK(cosigner_gather(list, 3, 0, &note, NULL) == OK);
    const struct note_key keys[] = {log_key.note.key, one_key.note.key, two_key.note.key};
    struct note_opened opened;
    CHECK(note_open(text_span(&note), keys, 3, &opened, NULL) == NOTE_VERDICT_GOOD);
    CHECK(opened.by[0] && opened.by[1] && !opened.by[2] && opened.unknown == 0);
    CLEANUP(text_deinit) struct text none = text_limited(100);
    CHECK(cosigner_gather(list, 1, 0, &none, NULL) == ERR_MALFORMED);
    ledger_signer_close(&log_key);
    ledger_signer_close(&one_key);
    ledger_signer_close(&two_key);
    tables_close(&tables);
    return CHECK_DONE();
}
