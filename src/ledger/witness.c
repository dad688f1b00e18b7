#include "ledger/witness.h"

#include "base/encode.h"
#include "ledger/line.h"

const char *witness_answer_name(enum witness_answer answer)
{
    switch (answer) {
    case WITNESS_ANSWER_COSIGN: return "cosigned";
    case WITNESS_ANSWER_MALFORMED: return "malformed";
    case WITNESS_ANSWER_UNSIGNED: return "unsigned";
    case WITNESS_ANSWER_UNKNOWN: return "unknown";
    case WITNESS_ANSWER_CONFLICT: return "conflict";
    case WITNESS_ANSWER_INCONSISTENT: return "inconsistent";
    }
    return "malformed";
}

void witness_request_write(const struct witness_request *request, struct text *out)
{
    text_format(out, "old %llu\n", (unsigned long long)request->old_size);
    for (size_t i = 0; i < request->proof.count; i++) {
        line_add_hash(out, &request->proof.hashes[i]);
    }
    text_add_char(out, '\n');
    text_add_bytes(out, request->note);
}

enum err witness_request_parse(struct witness_request *request, struct span text, struct why *why)
{
    struct witness_request read = {.old_size = 0};
    struct span rest = text;
    struct span line;
    struct span words;
    if (text.size > WITNESS_REQUEST_MAX || !line_next(&rest, &line) ||
        !line_behind(line, "old", &words) || !line_number(words, &read.old_size) ||
        !line_proof(&rest, &read.proof) || rest.size == 0) {
        return why_set(why, ERR_MALFORMED,
                       "a witness is asked with \"old SIZE\", hashes, an empty line and a "
                       "checkpoint");
    }
    read.note = rest;
    *request = read;
    return OK;
}

/* "— NAME BASE64", of which the first four bytes are the key's id. */
static bool signed_by(struct span line, const struct note_key *key)
{
    static const char dash[] = "\xe2\x80\x94 ";
    uint8_t bytes[512];
    size_t size = 0;
    const size_t name = strlen(key->name);
    const size_t head = sizeof dash - 1 + name + 1;
    if (line.size <= head || line.size - head > sizeof bytes ||
        memcmp(line.data, dash, sizeof dash - 1) != 0 ||
        memcmp(line.data + sizeof dash - 1, key->name, name) != 0 || line.data[head - 1] != ' ') {
        return false;
    }
    CLEANUP(mem_free_p)
    char *base64 = mem_text_of((const char *)line.data + head, line.size - head);
    return decode_base64(bytes, sizeof bytes, &size, base64, NULL) == OK && size > 4 &&
           ((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
            bytes[3]) == key->id;
}

bool witness_pick_line(struct span answer, const struct note_key *key, struct text *line)
{
    struct span rest = answer;
    struct span one;
    while (line_next(&rest, &one)) {
        if (!signed_by(one, key)) { continue; }
        text_add_bytes(line, one);
        text_add(line, "\n");
        return !line->overflow;
    }
    return false;
}

enum err witness_read_size(struct span answer, uint64_t *size, struct why *why)
{
    struct span rest = answer;
    struct span line;
    if (line_next(&rest, &line) && rest.size == 0 && line_number(line, size)) { return OK; }
    return why_set(why, ERR_MALFORMED, "a witness that refuses tells its size, alone in a line");
}

static enum witness_answer refuse(enum witness_answer answer, const char *words, struct why *why)
{
    (void)why_set(why, ERR_DENIED, "%s", words);
    return answer;
}

enum witness_answer witness_judge(const struct witness_memory *memory,
                                  const struct witness_request *request,
                                  struct checkpoint *checkpoint, struct span *text, struct why *why)
{
    const struct checkpoint_trust trust = {
        .origin = memory->key.name, .keys = &memory->key, .key_count = 1};
    struct checkpoint read;
    struct note_opened opened;
    const enum note_verdict verdict = checkpoint_open(request->note, &trust, &read, &opened, why);
    if (verdict == NOTE_VERDICT_MALFORMED) { return WITNESS_ANSWER_MALFORMED; }
    if (verdict != NOTE_VERDICT_GOOD) { return WITNESS_ANSWER_UNSIGNED; }
    if (request->old_size > read.size) {
        return refuse(WITNESS_ANSWER_MALFORMED, "the old size is larger than the new", why);
    }
    const struct checkpoint *known = &memory->checkpoint;
    if (request->old_size != known->size) {
        return refuse(WITNESS_ANSWER_CONFLICT, "another checkpoint is the newest here", why);
    }
    const struct merkle_consistency claim = {
        .end = known->size, .size = read.size, .part = &known->root, .root = &read.root};
    if (!merkle_subtree_fits(&claim, &request->proof)) {
        return refuse(WITNESS_ANSWER_INCONSISTENT,
                      "the checkpoint does not begin with the one that is known", why);
    }
    *checkpoint = read;
    *text = opened.text;
    return WITNESS_ANSWER_COSIGN;
}
