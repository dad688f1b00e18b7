#include "ledger/witness.h"

#include "check.h"
#include "ledger_keys.h"
#include "ledger_tree.h"

enum { SIZE = 20 };

static struct ledger_signer log_key, other_key;
static struct merkle_hash leaves[SIZE];
static struct ledger_tree tree = {.leaves = leaves, .size = SIZE};
static const struct merkle_source source = {.context = &tree, .read = ledger_tree_read};
static struct witness_memory memory;

static void make_note(struct text *note, uint64_t size, const struct ledger_signer *signer)
{
    struct checkpoint checkpoint = {.size = size, .root = ledger_tree_root(leaves, size)};
    (void)!text_copy(checkpoint.origin, sizeof checkpoint.origin, "site/audit");
    CLEANUP(text_deinit) struct text text = text_limited(CHECKPOINT_SIZE_MAX);
    checkpoint_write(&checkpoint, &text);
    text_clear(note);
    text_format(note, "%s\n", text_c(&text));
    if (note_sign(&signer->note, text_span(&text), 0, note, NULL)) { abort(); }
}

/* Asks for `size` with a proof from `old`, over the wire's text; what is cosigned is remembered. */
static enum witness_answer ask(uint64_t old, uint64_t size, const struct ledger_signer *signer)
{
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    CLEANUP(text_deinit) struct text words = text_limited(WITNESS_REQUEST_MAX);
    make_note(&note, size, signer);
    struct witness_request request = {.old_size = old, .note = text_span(&note)};
    if (old <= size && merkle_prove_consistency(&source, old, size, &request.proof, NULL)) {
        abort();
    }
    witness_request_write(&request, &words);
    struct witness_request read;
    struct checkpoint checkpoint;
    struct span text;
    struct why why = {""};
    if (witness_request_parse(&read, text_span(&words), NULL)) { abort(); }
    const enum witness_answer answer = witness_judge(&memory, &read, &checkpoint, &text, &why);
    if (answer == WITNESS_ANSWER_COSIGN) { memory.checkpoint = checkpoint; }
    CHECK((answer == WITNESS_ANSWER_COSIGN) == !*why.text);
    return answer;
}

/* The answers of a witness over HTTP. */
static void test_answers(void)
{
    struct ledger_signer witness;
    uint64_t size = 7;
    CLEANUP(text_deinit) struct text answer = text_limited(4096);
    CLEANUP(text_deinit) struct text own = text_limited(1024);
    CLEANUP(text_deinit) struct text line = text_limited(1024);
    const struct span text = span_text("site/audit\n1\nAAAA\n");
    ledger_signer_open(&witness, NOTE_KIND_COSIGNATURE, "witness.example/w1", 4);
    CHECK(note_sign(&other_key.note, text, 0, &answer, NULL) == OK);
    CHECK(!witness_pick_line(text_span(&answer), &witness.note.key, &line));
    CHECK(note_sign(&witness.note, text, 1795312229, &own, NULL) == OK);
    text_add_bytes(&answer, text_span(&own));
    CHECK(witness_pick_line(text_span(&answer), &witness.note.key, &line));
    CHECK_TEXT(text_c(&line), text_c(&own));
    text_clear(&line);
    own.size--; /* without its newline it is no line */
    CHECK(!witness_pick_line(text_span(&own), &witness.note.key, &line));
    CHECK(witness_read_size(span_text("20852014\n"), &size, NULL) == OK && size == 20852014);
    static const char *const bad[] = {"", "\n", "12", "012\n", "12\n13\n", "-1\n", "12 \n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(witness_read_size(span_text(bad[i]), &size, NULL) == ERR_MALFORMED);
    }
    ledger_signer_close(&witness);
}

int main(void)
{
    ledger_signer_open(&log_key, NOTE_KIND_ED25519, "site/audit", 1);
    ledger_signer_open(&other_key, NOTE_KIND_ED25519, "site/audit", 2);
    for (int i = 0; i < SIZE; i++) {
        const uint8_t number = (uint8_t)i;
        leaves[i] = merkle_leaf(span_of(&number, 1));
    }
    memory.key = log_key.note.key;
    memory.checkpoint.root = merkle_empty();
    CHECK(ask(0, 3, &log_key) == WITNESS_ANSWER_COSIGN);
    CHECK(ask(3, 9, &log_key) == WITNESS_ANSWER_COSIGN);
    CHECK(ask(9, 9, &log_key) == WITNESS_ANSWER_COSIGN); /* idle: the same again, at a new time */
    CHECK(ask(3, 12, &log_key) == WITNESS_ANSWER_CONFLICT);
    CHECK(ask(0, 5, &log_key) == WITNESS_ANSWER_CONFLICT);
    CHECK(ask(9, 5, &log_key) == WITNESS_ANSWER_MALFORMED);
    CHECK(ask(9, 12, &other_key) == WITNESS_ANSWER_UNSIGNED);
    leaves[4] = merkle_leaf(span_text("changed")); /* a second history */
    CHECK(ask(9, 12, &log_key) == WITNESS_ANSWER_INCONSISTENT);
    CHECK(ask(9, 9, &log_key) == WITNESS_ANSWER_INCONSISTENT);
    CHECK(memory.checkpoint.size == 9);
    CHECK_TEXT(witness_answer_name(WITNESS_ANSWER_INCONSISTENT), "inconsistent");
    static const char *const bad[] = {
        "", "old 1\n", "old 01\n\nx\n", "new 1\n\nx\n", "old 1\nnot a hash\n\nx\n", "old 1\n\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct witness_request request;
        CHECK(witness_request_parse(&request, span_text(bad[i]), NULL) == ERR_MALFORMED);
    }
    test_answers();
    ledger_signer_close(&log_key);
    ledger_signer_close(&other_key);
    return CHECK_DONE();
}
