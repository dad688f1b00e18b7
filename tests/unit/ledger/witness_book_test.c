#include "ledger/witness_book.h"

#include "check.h"
#include "ledger_keys.h"
#include "ledger_tree.h"
#include "migrations/gateway.h"
#include "tables.h"

enum { SIZE = 20 };

static const int64_t now_us = INT64_C(1795312229000000);
static struct ledger_signer log_key, next_key, witness_key;
static struct merkle_hash leaves[SIZE];
static struct ledger_tree tree = {.leaves = leaves, .size = SIZE};
static const struct merkle_source source = {.context = &tree, .read = ledger_tree_read};
static struct witness_book *book;
static uint64_t remembered;

/* Asks about a checkpoint of `size`, signed by `signers`; the last one's key is said to be new. */
static enum witness_answer ask(uint64_t old, uint64_t size, const struct ledger_signer *signers[2])
{
    struct checkpoint checkpoint = {.size = size, .root = ledger_tree_root(leaves, size)};
    char vkey[NOTE_VKEY_SIZE];
    CLEANUP(text_deinit) struct text text = text_limited(CHECKPOINT_SIZE_MAX);
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    (void)!text_copy(checkpoint.origin, sizeof checkpoint.origin, "site/audit");
    checkpoint_write(&checkpoint, &text);
    text_format(&note, "%s\n", text_c(&text));
    for (int i = 0; i < 2 && signers[i]; i++) {
        if (note_sign(&signers[i]->note, text_span(&text), 0, &note, NULL)) { abort(); }
        note_key_write(&signers[i]->note.key, vkey);
    }
    struct witness_call call = {.vkey = vkey,
                                .request = {.old_size = old, .note = text_span(&note)},
                                .signer = &witness_key.note,
                                .now_us = now_us};
    if (merkle_prove_consistency(&source, old, size, &call.request.proof, NULL)) { abort(); }
    CLEANUP(witness_reply_deinit) struct witness_reply reply;
    if (witness_book_cosign(book, &call, &reply, NULL)) { abort(); }
    remembered = reply.size;
    if (reply.answer == WITNESS_ANSWER_COSIGN) {
        struct note_opened opened;
        text_add_bytes(&note, text_span(&reply.line));
        CHECK(note_open(text_span(&note), &witness_key.note.key, 1, &opened, NULL) ==
              NOTE_VERDICT_GOOD);
        CHECK(opened.at_s[0] == now_us / 1000000);
    } else if (reply.answer == WITNESS_ANSWER_CONFLICT) { /* its evidence: the log's own words */
        struct note_opened opened;
        const struct note_key keys[] = {log_key.note.key, next_key.note.key};
        CHECK(note_open(text_span(&reply.line), keys, 2, &opened, NULL) == NOTE_VERDICT_GOOD);
    }
    return reply.answer;
}

int main(void)
{
    ledger_signer_open(&log_key, NOTE_KIND_ED25519, "site/audit", 1);
    ledger_signer_open(&next_key, NOTE_KIND_ED25519, "site/audit", 2);
    ledger_signer_open(&witness_key, NOTE_KIND_COSIGNATURE, "site/gateway/north", 3);
    for (int i = 0; i < SIZE; i++) {
        const uint8_t number = (uint8_t)i;
        leaves[i] = merkle_leaf(span_of(&number, 1));
    }
    struct tables tables;
    tables_open(&tables, MIGRATIONS_GATEWAY, ARRAY_LEN(MIGRATIONS_GATEWAY));
    CHECK(witness_book_open(&book, tables.database, NULL) == OK);
    const struct ledger_signer *old[2] = {&log_key};
    const struct ledger_signer *both[2] = {&log_key, &next_key};
    const struct ledger_signer *next[2] = {&next_key};
    CHECK(ask(0, 5, old) == WITNESS_ANSWER_COSIGN && remembered == 5);
    CHECK(ask(5, 8, old) == WITNESS_ANSWER_COSIGN && remembered == 8);
    CHECK(ask(5, 9, old) == WITNESS_ANSWER_CONFLICT && remembered == 8);
    CHECK(ask(8, 9, next) == WITNESS_ANSWER_UNSIGNED); /* a key out of nowhere */
    CHECK(ask(8, 9, both) == WITNESS_ANSWER_COSIGN);   /* the old key vouches for the new */
    CHECK(ask(9, 10, old) == WITNESS_ANSWER_UNSIGNED);
    CHECK(ask(9, 10, next) == WITNESS_ANSWER_COSIGN && remembered == 10);
    leaves[2] = merkle_leaf(span_text("another history"));
    CHECK(ask(10, 12, next) == WITNESS_ANSWER_INCONSISTENT && remembered == 10);
    struct witness_reply reply;
    CHECK(witness_book_cosign(book, &(struct witness_call){.vkey = "none"}, &reply, NULL) ==
          ERR_MALFORMED);
    witness_book_close(book);
    tables_close(&tables);
    ledger_signer_close(&log_key);
    ledger_signer_close(&next_key);
    ledger_signer_close(&witness_key);
    return CHECK_DONE();
}
