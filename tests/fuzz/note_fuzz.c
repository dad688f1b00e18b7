/* A key's text, and a note under C2SP's example key: whatever opens is the example itself. */
#include "ledger/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char vkey[] =
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    struct note_key key;
    struct note_opened opened;
    if (note_key_parse(&key, vkey, NULL)) { abort(); }
    if (note_open(span_of(data, size), &key, 1, &opened, NULL) == NOTE_VERDICT_GOOD &&
        !span_equal(opened.text, span_text("This is an example message.\n"))) {
        abort();
    }
    if (size > NOTE_VKEY_SIZE) { return 0; }
    CLEANUP(mem_free_p) char *text = mem_text_of((const char *)data, size);
    char again[NOTE_VKEY_SIZE];
    if (note_key_parse(&key, text, NULL)) { return 0; }
    note_key_write(&key, again);
    if (strcmp(again, text) != 0) { abort(); } /* a key has one spelling */
    return 0;
}
