#include "ledger/witness_book.h"

#include "base/clock.h"
#include "queries/ledger_witness_book.h"

struct witness_book {
    struct database *database; /* borrowed */
    struct statement *get, *put;
};

enum err witness_book_open(struct witness_book **out, struct database *database, struct why *why)
{
    CLEANUP(witness_book_close_p) struct witness_book *book = MEM_NEW(struct witness_book);
    book->database = database;
    const struct statement_text texts[] = {
        {&book->get, SQL_WITNESS_BOOK_GET},
        {&book->put, SQL_WITNESS_BOOK_PUT},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(book); }
    return err;
}

void witness_book_close(struct witness_book *book)
{
    free(book); /* the statements belong to the connection */
}

void witness_reply_deinit(struct witness_reply *reply)
{
    text_deinit(&reply->line);
}

/* What is remembered of the log; of an unknown one its key is taken as it is given. */
static enum err remember(struct witness_book *book, const struct note_key *given,
                         struct witness_memory *memory, struct text *note, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = book->get;
    statement_bind_text(row, ":origin", given->name);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    *memory = (struct witness_memory){.key = *given};
    (void)!text_copy(memory->checkpoint.origin, sizeof memory->checkpoint.origin, given->name);
    memory->checkpoint.root = merkle_empty();
    if (step == STEP_DONE) { return OK; }
    err = note_key_parse(&memory->key, column_text(row, 0), why);
    if (err != OK) { return err; }
    text_add(note, column_text(row, 1));
    const struct span whole = text_span(note);
    const uint8_t *end = memmem(whole.data, whole.size, "\n\n", 2);
    return checkpoint_parse(&memory->checkpoint,
                            span_of(whole.data, end ? (size_t)(end - whole.data) + 1 : 0), why);
}

/* Whether the note is signed by `key` too: then it may take the old key's place. */
static bool signed_by(const struct note_key *key, struct span note)
{
    const struct checkpoint_trust trust = {.origin = key->name, .keys = key, .key_count = 1};
    struct checkpoint checkpoint;
    struct note_opened opened;
    return checkpoint_open(note, &trust, &checkpoint, &opened, NULL) == NOTE_VERDICT_GOOD;
}

static enum err store(struct witness_book *book, const struct note_key *key,
                      const struct checkpoint *checkpoint, struct span note, struct why *why)
{
    char vkey[NOTE_VKEY_SIZE];
    note_key_write(key, vkey);
    CLEANUP(mem_free_p) char *text = mem_text_of((const char *)note.data, note.size);
    statement_bind_text(book->put, ":origin", key->name);
    statement_bind_text(book->put, ":vkey", vkey);
    statement_bind_integer(book->put, ":size", (int64_t)checkpoint->size);
    statement_bind_text(book->put, ":note", text);
    return statement_run(book->put, NULL, why);
}

static enum err judge(struct witness_book *book, const struct witness_call *call,
                      const struct note_key *given, struct witness_reply *reply, struct why *why)
{
    struct witness_memory memory;
    struct checkpoint checkpoint;
    struct span text;
    enum err err = remember(book, given, &memory, &reply->line, why);
    if (err != OK) { return err; }
    reply->answer = witness_judge(&memory, &call->request, &checkpoint, &text, why);
    reply->size = memory.checkpoint.size;
    if (reply->answer != WITNESS_ANSWER_COSIGN) { return OK; }
    const struct span note = call->request.note;
    const bool follows = !note_key_equal(given, &memory.key) && signed_by(given, note);
    err = store(book, follows ? given : &memory.key, &checkpoint, note, why);
    if (err != OK) { return err; }
    text_clear(&reply->line);
    reply->size = checkpoint.size;
    return note_sign(call->signer, text, call->now_us / CLOCK_SECOND_US, &reply->line, why);
}

enum err witness_book_cosign(struct witness_book *book, const struct witness_call *call,
                             struct witness_reply *reply, struct why *why)
{
    struct note_key given;
    CLEANUP(witness_reply_deinit)
    struct witness_reply made = {.line = text_limited(CHECKPOINT_SIZE_MAX)};
    enum err err = note_key_parse(&given, call->vkey, why);
    if (err != OK || given.kind != NOTE_KIND_ED25519) {
        return why_set(why, ERR_MALFORMED, "a log's key must be an Ed25519 vkey");
    }
    err = database_begin(book->database, why);
    if (err != OK) { return err; }
    err = judge(book, call, &given, &made, why);
    database_end(book->database, &err, why);
    if (err != OK) { return err; }
    *reply = made;
    made.line = (struct text){0};
    return OK;
}
