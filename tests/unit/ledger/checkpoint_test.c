#include "ledger/checkpoint.h"

#include "check.h"
#include "ledger_keys.h"

#define EMPTY_ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static struct ledger_signer log_key, witness_key;

static void test_text(void)
{
    struct checkpoint checkpoint;
    static const char good[] = "site/audit\n12\n" EMPTY_ROOT "\n";
    CHECK(checkpoint_parse(&checkpoint, span_text(good), NULL) == OK);
    CHECK_TEXT(checkpoint.origin, "site/audit");
    CHECK(checkpoint.size == 12);
    CLEANUP(text_deinit) struct text again = text_limited(CHECKPOINT_SIZE_MAX);
    checkpoint_write(&checkpoint, &again);
    CHECK_TEXT(text_c(&again), good);
    CHECK(checkpoint_parse(&checkpoint, span_text("a\n0\n" EMPTY_ROOT "\nmore\n"), NULL) == OK);
    static const char *const bad[] = {"",
                                      "a\n",
                                      "a\n1\n",
                                      "\n1\n" EMPTY_ROOT "\n",
                                      "a\n01\n" EMPTY_ROOT "\n",
                                      "a\n-1\n" EMPTY_ROOT "\n",
                                      "a\n1\n" EMPTY_ROOT,
                                      "a\n1\nYmFuYW5hcw==\n",
                                      "a\n1\n" EMPTY_ROOT "\n\n",
                                      "a\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
                                      "a\n9223372036854775807\n" EMPTY_ROOT "\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct why why = {""};
        CHECK(checkpoint_parse(&checkpoint, span_text(bad[i]), &why) == ERR_MALFORMED && *why.text);
    }
}

/* A note of `origin`, signed by `signer`. */
static void make_note(struct text *note, const char *origin, const struct ledger_signer *signer)
{
    CLEANUP(text_deinit) struct text text = text_limited(CHECKPOINT_SIZE_MAX);
    text_format(&text, "%s\n5\n" EMPTY_ROOT "\n", origin);
    text_clear(note);
    text_format(note, "%s\n", text_c(&text));
    if (note_sign(&signer->note, text_span(&text), 1000, note, NULL)) { abort(); }
}

static void test_open(void)
{
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    const struct note_key keys[] = {log_key.note.key, witness_key.note.key};
    struct checkpoint_trust trust = {.keys = keys, .key_count = 2};
    struct checkpoint checkpoint;
    struct note_opened opened;
    make_note(&note, "site/audit", &log_key);
    CHECK(checkpoint_open(text_span(&note), &trust, &checkpoint, &opened, NULL) ==
          NOTE_VERDICT_GOOD);
    CHECK(checkpoint.size == 5 && opened.by[0]);
    trust.origin = "other/audit";
    CHECK(checkpoint_open(text_span(&note), &trust, &checkpoint, &opened, NULL) ==
          NOTE_VERDICT_UNSIGNED);
    trust.origin = NULL;
    make_note(&note, "other/audit", &log_key); /* a known log's key does not sign for others */
    CHECK(checkpoint_open(text_span(&note), &trust, &checkpoint, &opened, NULL) ==
          NOTE_VERDICT_UNSIGNED);
    make_note(&note, "site/audit", &witness_key); /* a witness alone makes no checkpoint */
    CHECK(checkpoint_open(text_span(&note), &trust, &checkpoint, &opened, NULL) ==
          NOTE_VERDICT_UNSIGNED);
}

static void test_proof(void)
{
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    CLEANUP(text_deinit) struct text text = text_limited(PROOF_SIZE_MAX);
    make_note(&note, "site/audit", &log_key);
    struct checkpoint_proof proof = {.index = 3, .note = text_span(&note)};
    proof.path.hashes[proof.path.count++] = merkle_empty();
    proof.path.hashes[proof.path.count++] = merkle_leaf(span_text("x"));
    checkpoint_proof_write(&proof, &text);
    struct checkpoint_proof read;
    CHECK(checkpoint_proof_parse(&read, text_span(&text), NULL) == OK);
    CHECK(read.index == 3 && read.path.count == 2 && span_equal(read.note, text_span(&note)));
    static const char extra[] = "c2sp.org/tlog-proof@v1\nextra YWdl\nindex 0\n\ncheckpoint\n";
    CHECK(checkpoint_proof_parse(&read, span_text(extra), NULL) == OK && read.index == 0);
    CHECK(checkpoint_proof_parse(&read, span_text("c2sp.org/tlog-proof@v1\nindex 0\n\n"), NULL) ==
          ERR_MALFORMED);
}

int main(void)
{
    ledger_signer_open(&log_key, NOTE_KIND_ED25519, "site/audit", 1);
    ledger_signer_open(&witness_key, NOTE_KIND_COSIGNATURE, "site/audit", 2);
    test_text();
    test_open();
    test_proof();
    ledger_signer_close(&log_key);
    ledger_signer_close(&witness_key);
    return CHECK_DONE();
}
