/* Bytes of an entry, such as an export brings them: what is read has one form. */
#include "ledger/entry.h"
#include "trust/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    if (entry_read(&words, span_of(data, size), NULL)) { return 0; }
    CLEANUP(text_deinit) struct text again = text_limited(ENTRY_BYTES_MAX);
    if (canonical_write(words.whole, &again, NULL) ||
        !span_equal(text_span(&again), span_of(data, size))) {
        abort();
    }
    return 0;
}
