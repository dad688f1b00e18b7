/* The contents of the witness's two messages; what can be read is written as it was. */
#include "ledger/witness_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct value *content = NULL;
    if (value_parse(&content, span_of(data, size), 64 * 1024, NULL)) { return 0; }
    struct witness_question question;
    struct witness_told told;
    if (witness_question_parse(&question, content, NULL) == OK) {
        value_free(witness_question_value(question.vkey, question.request));
    }
    if (witness_told_parse(&told, content, NULL) == OK) {
        struct witness_told again;
        struct value *written = witness_told_value(&told);
        if (witness_told_parse(&again, written, NULL) || again.size != told.size ||
            again.answer != told.answer) {
            abort();
        }
        value_free(written);
    }
    value_free(content);
    return 0;
}
