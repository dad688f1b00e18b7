/* What a witness over HTTP is asked and answers: a request that can be read is written as it was;
 * a line that is picked begins with its key's name. */
#include "ledger/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct witness_request request;
    struct note_key key;
    uint64_t number = 0;
    const struct span words = span_of(data, size);
    CLEANUP(text_deinit) struct text again = text_limited(WITNESS_REQUEST_MAX);
    CLEANUP(text_deinit) struct text line = text_limited(1024);
    if (witness_request_parse(&request, words, NULL) == OK) {
        witness_request_write(&request, &again);
        if (!span_equal(text_span(&again), words)) { abort(); }
    }
    if (witness_read_size(words, &number, NULL) == OK && number >> 63) { abort(); }
    if (note_key_parse(&key, "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                       NULL) != OK) {
        return 0;
    }
    if (witness_pick_line(words, &key, &line) && !strstr(text_c(&line), "PeterNeumann ")) {
        abort();
    }
    return 0;
}
