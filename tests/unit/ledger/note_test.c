#include "ledger/note.h"

#include "check.h"
#include "ledger_keys.h"

static const char words[] = "example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

static struct ledger_signer log_key, other_key, witness_key;

static void sign(struct text *note, const struct ledger_signer *signer, int64_t time_s)
{
    if (note->size == 0) { text_format(note, "%s\n", words); }
    CHECK(note_sign(&signer->note, span_text(words), time_s, note, NULL) == OK);
}

static void test_both(void)
{
    CLEANUP(text_deinit) struct text note = text_limited(NOTE_SIZE_MAX);
    sign(&note, &log_key, 0);
    sign(&note, &witness_key, 1795312229);
    const struct note_key keys[] = {witness_key.note.key, other_key.note.key, log_key.note.key};
    struct note_opened opened;
    CHECK(note_open(text_span(&note), keys, 3, &opened, NULL) == NOTE_VERDICT_GOOD);
    CHECK(opened.by[0] && !opened.by[1] && opened.by[2]);
    CHECK(opened.known == 2 && opened.unknown == 0 && opened.at_s[0] == 1795312229);
    CHECK(span_equal(opened.text, span_text(words)));
    CHECK(note_open(text_span(&note), keys + 1, 1, &opened, NULL) == NOTE_VERDICT_UNSIGNED);
    CHECK(note_open(text_span(&note), keys, 0, &opened, NULL) == NOTE_VERDICT_UNSIGNED);
    CHECK(note_open(text_span(&note), keys + 2, 1, &opened, NULL) == NOTE_VERDICT_GOOD);
    CHECK(opened.unknown == 1);
}

/* A cosignature's time is signed: another one is a forgery, not another good signature. */
static void test_time(void)
{
    CLEANUP(text_deinit) struct text note = text_limited(NOTE_SIZE_MAX);
    CLEANUP(text_deinit) struct text later = text_limited(NOTE_SIZE_MAX);
    sign(&note, &witness_key, 1000);
    sign(&later, &witness_key, 1001);
    CHECK(note.size == later.size && !span_equal(text_span(&note), text_span(&later)));
    /* the head of the line with the later time, the tail with the earlier one's signature */
    const size_t head = strlen(words) + 1 + strlen("\xe2\x80\x94 example.com/witness ") + 16;
    memcpy(note.data, later.data, head);
    struct note_opened opened;
    struct why why = {""};
    CHECK(note_open(text_span(&note), &witness_key.note.key, 1, &opened, &why) ==
          NOTE_VERDICT_FORGED);
    CHECK_TEXT(why.text, "the note's signature of example.com/witness is wrong");
}

/* A known signer's wrong signature refuses the note, whoever else signed it. */
static void test_forged(void)
{
    CLEANUP(text_deinit) struct text note = text_limited(NOTE_SIZE_MAX);
    sign(&note, &other_key, 0);
    CHECK(note_sign(&log_key.note, span_text("something else\n"), 0, &note, NULL) == OK);
    const struct note_key keys[] = {other_key.note.key, log_key.note.key};
    struct note_opened opened;
    CHECK(note_open(text_span(&note), keys, 1, &opened, NULL) == NOTE_VERDICT_GOOD);
    CHECK(note_open(text_span(&note), keys, 2, &opened, NULL) == NOTE_VERDICT_FORGED);
    const struct note_key twice[] = {other_key.note.key, other_key.note.key};
    CHECK(note_open(text_span(&note), twice, 2, &opened, NULL) == NOTE_VERDICT_AMBIGUOUS);
    CHECK_TEXT(note_verdict_name(NOTE_VERDICT_AMBIGUOUS), "ambiguous");
}

static void test_refusals(void)
{
    struct note_key key;
    CHECK(note_key_make(&key, NOTE_KIND_ED25519, "", log_key.note.key.public_key, NULL) != OK);
    CHECK(note_key_make(&key, NOTE_KIND_ED25519, "a b", log_key.note.key.public_key, NULL) != OK);
    CHECK(note_key_make(&key, NOTE_KIND_ED25519, "a+b", log_key.note.key.public_key, NULL) != OK);
    CHECK(note_key_make(&key, NOTE_KIND_ED25519, "a\xe2\x80\x83", log_key.note.key.public_key,
                        NULL) != OK); /* an em space */
    CLEANUP(text_deinit) struct text out = text_limited(NOTE_SIZE_MAX);
    CHECK(note_sign(&log_key.note, span_text("no newline"), 0, &out, NULL) == ERR_MALFORMED);
    CHECK(note_sign(&log_key.note, span_text(""), 0, &out, NULL) == ERR_MALFORMED);
    CHECK(note_sign(&log_key.note, span_text("tab\t\n"), 0, &out, NULL) == ERR_MALFORMED);
    char vkey[NOTE_VKEY_SIZE];
    note_key_write(&witness_key.note.key, vkey);
    CHECK(note_key_parse(&key, vkey, NULL) == OK);
    CHECK(note_key_equal(&key, &witness_key.note.key));
    CHECK(!note_key_equal(&key, &log_key.note.key));
    CHECK(key.kind == NOTE_KIND_COSIGNATURE);
}

int main(void)
{
    ledger_signer_open(&log_key, NOTE_KIND_ED25519, "example.com/log", 1);
    ledger_signer_open(&other_key, NOTE_KIND_ED25519, "example.com/log", 2);
    ledger_signer_open(&witness_key, NOTE_KIND_COSIGNATURE, "example.com/witness", 3);
    test_both();
    test_time();
    test_forged();
    test_refusals();
    ledger_signer_close(&log_key);
    ledger_signer_close(&other_key);
    ledger_signer_close(&witness_key);
    return CHECK_DONE();
}
