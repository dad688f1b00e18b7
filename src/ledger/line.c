#include "ledger/line.h"

#include "base/encode.h"

enum { HASH_TEXT_SIZE = 44, NUMBER_TEXT_MAX = 19 };

bool line_next(struct span *rest, struct span *line)
{
    const uint8_t *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
    if (!end) { return false; }
    const size_t size = (size_t)(end - rest->data);
    *line = span_of(rest->data, size);
    *rest = span_of(end + 1, rest->size - size - 1);
    return true;
}

bool line_behind(struct span line, const char *word, struct span *rest)
{
    const size_t size = strlen(word);
    if (line.size <= size || memcmp(line.data, word, size) != 0 || line.data[size] != ' ') {
        return false;
    }
    *rest = span_of(line.data + size + 1, line.size - size - 1);
    return true;
}

bool line_number(struct span line, uint64_t *number)
{
    uint64_t read = 0;
    if (line.size == 0 || line.size > NUMBER_TEXT_MAX || (line.data[0] == '0' && line.size > 1)) {
        return false;
    }
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] < '0' || line.data[i] > '9') { return false; }
        read = read * 10 + (uint64_t)(line.data[i] - '0'); /* 19 digits fit 64 bits */
    }
    if (read > INT64_MAX) { return false; }
    *number = read;
    return true;
}

bool line_hash(struct span line, struct merkle_hash *hash)
{
    char base64[HASH_TEXT_SIZE + 1] = "";
    struct merkle_hash read;
    size_t size = 0;
    if (line.size != HASH_TEXT_SIZE) { return false; }
    memcpy(base64, line.data, HASH_TEXT_SIZE);
    if (decode_base64(read.bytes, sizeof read.bytes, &size, base64, NULL) ||
        size != MERKLE_HASH_SIZE) {
        return false;
    }
    *hash = read;
    return true;
}

void line_add_hash(struct text *out, const struct merkle_hash *hash)
{
    encode_base64(out, span_of(hash->bytes, MERKLE_HASH_SIZE));
    text_add_char(out, '\n');
}

bool line_proof(struct span *rest, struct merkle_proof *proof)
{
    struct span line;
    proof->count = 0;
    while (line_next(rest, &line)) {
        if (line.size == 0) { return true; }
        if (proof->count == MERKLE_PROOF_MAX || !line_hash(line, &proof->hashes[proof->count++])) {
            return false;
        }
    }
    return false;
}
