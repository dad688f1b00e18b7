#include "ledger/witness.h"

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
