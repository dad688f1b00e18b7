#include "ledger/checkpoint.h"

#include "base/encode.h"
#include "ledger/line.h"

static const char proof_head[] = "c2sp.org/tlog-proof@v1";

void checkpoint_write(const struct checkpoint *checkpoint, struct text *out)
{
    text_format(out, "%s\n%llu\n", checkpoint->origin, (unsigned long long)checkpoint->size);
    line_add_hash(out, &checkpoint->root);
}

enum err checkpoint_parse(struct checkpoint *checkpoint, struct span text, struct why *why)
{
    struct checkpoint read = {.size = 0};
    struct span origin;
    struct span size;
    struct span root;
    struct span more;
    struct span rest = text;
    bool good = line_next(&rest, &origin) && line_next(&rest, &size) && line_next(&rest, &root) &&
                origin.size > 0 && origin.size < sizeof read.origin &&
                !memchr(origin.data, '\0', origin.size) && line_number(size, &read.size) &&
                read.size <= MERKLE_SIZE_MAX && line_hash(root, &read.root);
    while (good && rest.size > 0) {
        good = line_next(&rest, &more) && more.size > 0;
    }
    if (!good) {
        return why_set(why, ERR_MALFORMED,
                       "a checkpoint must be lines of origin, size and root (base64 of 32 bytes)");
    }
    const struct merkle_hash empty = merkle_empty();
    if (read.size == 0 && !merkle_hash_equal(&read.root, &empty)) {
        return why_set(why, ERR_MALFORMED, "a checkpoint of no entries has another root");
    }
    memcpy(read.origin, origin.data, origin.size);
    *checkpoint = read;
    return OK;
}

/* Whether a log's own key, named as the origin, is among the signers. */
static bool signed_by_origin(const struct checkpoint_trust *trust, const struct note_opened *opened,
                             const char *origin)
{
    for (size_t i = 0; i < trust->key_count; i++) {
        const struct note_key *key = &trust->keys[i];
        if (opened->by[i] && key->kind == NOTE_KIND_ED25519 && strcmp(key->name, origin) == 0) {
            return true;
        }
    }
    return false;
}

enum note_verdict checkpoint_open(struct span note, const struct checkpoint_trust *trust,
                                  struct checkpoint *checkpoint, struct note_opened *opened,
                                  struct why *why)
{
    struct checkpoint read;
    const enum note_verdict verdict = note_open(note, trust->keys, trust->key_count, opened, why);
    if (verdict != NOTE_VERDICT_GOOD) { return verdict; }
    if (checkpoint_parse(&read, opened->text, why) != OK) { return NOTE_VERDICT_MALFORMED; }
    if ((trust->origin && strcmp(trust->origin, read.origin) != 0) ||
        !signed_by_origin(trust, opened, read.origin)) {
        (void)why_set(why, ERR_DENIED, "the checkpoint of %.100s is not signed by that log",
                      read.origin);
        return NOTE_VERDICT_UNSIGNED;
    }
    *checkpoint = read;
    return NOTE_VERDICT_GOOD;
}

void checkpoint_proof_write(const struct checkpoint_proof *proof, struct text *out)
{
    text_format(out, "%s\nindex %llu\n", proof_head, (unsigned long long)proof->index);
    for (size_t i = 0; i < proof->path.count; i++) {
        line_add_hash(out, &proof->path.hashes[i]);
    }
    text_add_char(out, '\n');
    text_add_bytes(out, proof->note);
}

/* "extra BASE64": opaque, and nothing here trusts it. */
static bool extra_valid(struct span words)
{
    CLEANUP(mem_free_p) char *base64 = mem_text_of((const char *)words.data, words.size);
    CLEANUP(mem_free_p) uint8_t *bytes = mem_zeroed(words.size + 1);
    size_t size = 0;
    return decode_base64(bytes, words.size + 1, &size, base64, NULL) == OK;
}

enum err checkpoint_proof_parse(struct checkpoint_proof *proof, struct span text, struct why *why)
{
    struct checkpoint_proof read = {.index = 0};
    struct span line = {0};
    struct span words;
    struct span rest = text;
    bool good = text.size <= PROOF_SIZE_MAX && line_next(&rest, &line) &&
                span_equal(line, span_text(proof_head)) && line_next(&rest, &line);
    if (good && line_behind(line, "extra", &words)) {
        good = extra_valid(words) && line_next(&rest, &line);
    }
    good = good && line_behind(line, "index", &words) && line_number(words, &read.index) &&
           line_proof(&rest, &read.path) && rest.size > 0;
    if (!good) {
        return why_set(why, ERR_MALFORMED,
                       "a proof must be \"%s\", an index, hashes, an empty line and a checkpoint",
                       proof_head);
    }
    read.note = rest;
    *proof = read;
    return OK;
}
