/*
 * Signed notes against published vectors: C2SP's own examples (C2SP signed-note.md and
 * tlog-cosignature.md, CC BY 4.0), those of golang.org/x/mod/sumdb/note (BSD-3) and of
 * transparency-dev/formats (Apache-2.0), and a log of 16 checkpoints written by
 * transparency-dev/tessera (Apache-2.0). What is not embedded is looked for in ../shared/data.
 */
#include <stdio.h>

#include "base/encode.h"
#include "base/value.h"
#include "check.h"
#include "ledger/checkpoint.h"
#include "ledger/tile.h"
#include "system/file.h"

enum { FILE_SIZE_MAX = 1024 * 1024, KEYS_MAX = 4, TESSERA_SIZE = 15 };

#define DATA SHARED_DATA "/ops/tlog/"

static const char example_key[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char example_note[] =
    "This is an example message.\n\n"
    "\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjO"
    "BH3mFXmRKuwHjG1Yu72IneyaQM=\n";

static void test_example(void)
{
    struct note_key key;
    struct note_opened opened;
    CHECK(note_key_parse(&key, example_key, NULL) == OK);
    CHECK(note_open(span_text(example_note), &key, 1, &opened, NULL) == NOTE_VERDICT_GOOD);
    CHECK(span_equal(opened.text, span_text("This is an example message.\n")));
    /* Every prefix is refused, and every change of a letter. */
    bool refused = true;
    for (size_t size = 0; size < strlen(example_note); size++) {
        refused = refused && note_open(span_of(example_note, size), &key, 1, &opened, NULL);
    }
    char note[sizeof example_note];
    for (size_t at = 0; at < strlen(example_note); at++) {
        memcpy(note, example_note, sizeof note);
        note[at] ^= 1;
        refused = refused && note_open(span_text(note), &key, 1, &opened, NULL);
    }
    CHECK(refused);
}

static void test_vkeys(const struct value *file)
{
    const struct value *good = value_get(file, "vkey_good");
    for (size_t i = 0; i < value_count(good); i++) {
        const char *vkey = value_text_or(value_at(good, i), "");
        struct note_key key;
        char again[NOTE_VKEY_SIZE];
        CHECK(note_key_parse(&key, vkey, NULL) == OK);
        note_key_write(&key, again);
        CHECK_TEXT(again, vkey);
        char changed[NOTE_VKEY_SIZE];
        bool refused = true;
        for (size_t at = 0; at < strlen(vkey); at++) {
            (void)snprintf(changed, sizeof changed, "%s", vkey);
            changed[at]++;
            refused = refused && note_key_parse(&key, changed, NULL);
            changed[at] = '\0';
            refused = refused && note_key_parse(&key, changed, NULL);
            refused = refused && (at == 0 || note_key_parse(&key, vkey + at, NULL));
        }
        CHECK(refused);
    }
    const struct value *bad = value_get(file, "vkey_bad");
    for (size_t i = 0; i < value_count(bad); i++) {
        struct note_key key;
        CHECK(note_key_parse(&key, value_text_or(value_at(bad, i), ""), NULL) == ERR_MALFORMED);
    }
}

static void decode(struct text *out, const struct value *base64)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    size_t size = 0;
    if (decode_base64(bytes, sizeof bytes, &size, value_text_or(base64, ""), NULL)) { abort(); }
    text_add_bytes(out, span_of(bytes, size));
}

static void test_open(const struct value *one)
{
    CLEANUP(text_deinit) struct text note = text_limited(FILE_SIZE_MAX);
    decode(&note, value_get(one, "note_base64"));
    struct note_key keys[KEYS_MAX];
    const struct value *vkeys = value_get(one, "vkeys");
    const size_t count = value_count(vkeys);
    for (size_t i = 0; i < count; i++) {
        if (note_key_parse(&keys[i], value_text_or(value_at(vkeys, i), ""), NULL)) { abort(); }
    }
    struct note_opened opened;
    const enum note_verdict verdict = note_open(text_span(&note), keys, count, &opened, NULL);
    const bool valid = value_boolean_or(value_get(one, "valid"), false);
    if ((verdict == NOTE_VERDICT_GOOD) != valid) {
        printf("# %s: %s\n", value_text_or(value_get(one, "name"), ""), note_verdict_name(verdict));
    }
    CHECK((verdict == NOTE_VERDICT_GOOD) == valid);
    if (!valid) { return; }
    const struct value *verified = value_get(one, "verified");
    size_t named = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < value_count(verified) && opened.by[i]; j++) {
            named += strcmp(value_text_or(value_at(verified, j), ""), keys[i].name) == 0;
        }
    }
    CHECK(opened.known == value_count(verified) && named == opened.known);
}

/* Our signature is theirs: Ed25519 is deterministic. */
static void test_signing(const struct value *one)
{
    const char *base64 = value_text_or(value_get(one, "skey"), ""); /* PRIVATE+KEY+NAME+ID+... */
    for (int i = 0; i < 4; i++) {
        base64 = strchr(base64, '+') + 1;
    }
    uint8_t bytes[33];
    size_t size = 0;
    if (decode_base64(bytes, sizeof bytes, &size, base64, NULL)) { abort(); }
    CLEANUP(secret_free_p) struct secret *seed = NULL;
    CLEANUP(signing_key_free_p) struct signing_key *secret = NULL;
    CHECK(secret_new(&seed, span_of(bytes + 1, 32), NULL) == OK);
    CHECK(signing_key_new(&secret, seed, NULL) == OK);
    uint8_t public_key[PUBLIC_KEY_SIZE];
    signing_key_public(secret, public_key);
    struct note_signer signer = {.secret = secret};
    CHECK(note_key_make(&signer.key, NOTE_KIND_ED25519, "PeterNeumann", public_key, NULL) == OK);
    CLEANUP(text_deinit) struct text text = text_limited(FILE_SIZE_MAX);
    CLEANUP(text_deinit) struct text expected = text_limited(FILE_SIZE_MAX);
    CLEANUP(text_deinit) struct text made = text_limited(FILE_SIZE_MAX);
    decode(&text, value_get(one, "text_base64"));
    decode(&expected, value_get(one, "expected_note_base64"));
    text_add_bytes(&made, text_span(&text));
    text_add_char(&made, '\n');
    CHECK(note_sign(&signer, text_span(&text), 0, &made, NULL) == OK);
    CHECK(span_equal(text_span(&made), text_span(&expected)));
}

/* Upstream takes roots of any length; ours are 32 bytes, so only the syntax errors are theirs. */
static void test_checkpoints(const struct value *file)
{
    const struct value *bad = value_get(value_get(file, "checkpoint"), "invalid");
    for (size_t i = 0; i < value_count(bad); i++) {
        struct checkpoint checkpoint;
        const char *text = value_text_or(value_at(bad, i), "");
        CHECK(checkpoint_parse(&checkpoint, span_text(text), NULL) == ERR_MALFORMED);
    }
    bad = value_get(value_get(file, "tlog_proof"), "invalid");
    for (size_t i = 0; i < value_count(bad); i++) {
        struct checkpoint_proof proof;
        const char *text = value_text_or(value_at(bad, i), "");
        CHECK(checkpoint_proof_parse(&proof, span_text(text), NULL) == ERR_MALFORMED);
    }
}

static void test_vectors(void)
{
    CLEANUP(text_deinit) struct text json = text_limited(FILE_SIZE_MAX);
    CLEANUP(value_free_p) struct value *file = NULL;
    if (file_read(&json, DATA "signed_note_vectors.json", NULL)) {
        printf("# skipped: vectors of sumdb/note and formats, not in ../shared/data\n");
        return;
    }
    CHECK(value_parse(&file, text_span(&json), FILE_SIZE_MAX, NULL) == OK);
    test_vkeys(file);
    const struct value *open = value_get(file, "open");
    for (size_t i = 0; i < value_count(open); i++) {
        test_open(value_at(open, i));
    }
    CHECK(value_count(open) == 17);
    test_signing(value_get(file, "signing"));
    test_checkpoints(file);
}

/* ---- a log that tessera wrote ---- */

static struct merkle_hash tessera_leaves[TESSERA_SIZE];

static enum err read_leaf(void *context, unsigned level, uint64_t index, struct merkle_hash *hash,
                          struct why *why)
{
    (void)context, (void)why;
    *hash = tile_fold(tessera_leaves + (index << level), 1U << level);
    return OK;
}

static const struct merkle_source tessera = {.read = read_leaf};

/* Entries hash to the tile's hashes, and those to the checkpoint's root. */
static void test_tessera_size(const struct checkpoint_trust *trust, unsigned size,
                              struct merkle_hash *root)
{
    char path[256];
    CLEANUP(text_deinit) struct text note = text_limited(FILE_SIZE_MAX);
    (void)snprintf(path, sizeof path, DATA "tessera_testdata/log/checkpoint.%u", size);
    CHECK(file_read(&note, path, NULL) == OK);
    struct checkpoint checkpoint;
    struct note_opened opened;
    CHECK(checkpoint_open(text_span(&note), trust, &checkpoint, &opened, NULL) ==
          NOTE_VERDICT_GOOD);
    CHECK(checkpoint.size == size);
    CHECK(merkle_root(&tessera, size, root, NULL) == OK);
    CHECK(merkle_hash_equal(root, &checkpoint.root));
}

static void read_tessera_entries(void)
{
    CLEANUP(text_deinit) struct text bundle = text_limited(FILE_SIZE_MAX);
    CLEANUP(text_deinit) struct text tile = text_limited(FILE_SIZE_MAX);
    CHECK(file_read(&bundle, DATA "tessera_testdata/log/tile/entries/000.p/15", NULL) == OK);
    CHECK(file_read(&tile, DATA "tessera_testdata/log/tile/0/000.p/15", NULL) == OK);
    CHECK(tile.size == TESSERA_SIZE * MERKLE_HASH_SIZE);
    struct cursor cursor = cursor_over(text_span(&bundle));
    bool same = true;
    for (size_t i = 0; i < TESSERA_SIZE; i++) {
        struct span entry;
        if (bundle_next(&cursor, &entry, NULL)) { abort(); }
        tessera_leaves[i] = merkle_leaf(entry);
        same = same && memcmp(tessera_leaves[i].bytes, tile.data + i * MERKLE_HASH_SIZE,
                              MERKLE_HASH_SIZE) == 0;
    }
    CHECK(same && cursor.rest.size == 0);
}

static void test_tessera(void)
{
    if (!file_exists(DATA "tessera_testdata/log/checkpoint")) {
        printf("# skipped: the log of tessera, not in ../shared/data\n");
        return;
    }
    struct note_key key;
    CHECK(note_key_parse(&key,
                         "example.com/log/testdata+33d7b496+"
                         "AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
                         NULL) == OK);
    const struct checkpoint_trust trust = {.keys = &key, .key_count = 1};
    read_tessera_entries();
    struct merkle_hash roots[TESSERA_SIZE + 1];
    for (unsigned size = 0; size <= TESSERA_SIZE; size++) {
        test_tessera_size(&trust, size, &roots[size]);
    }
    bool all = true;
    for (unsigned size = 1; size <= TESSERA_SIZE; size++) {
        for (unsigned old = 1; old <= size; old++) {
            struct merkle_proof proof;
            const struct merkle_consistency claim = {0, old, size, &roots[old], &roots[size]};
            all = all && merkle_prove_consistency(&tessera, old, size, &proof, NULL) == OK &&
                  merkle_consistency_fits(&claim, &proof);
        }
    }
    CHECK(all);
}

int main(void)
{
    test_example();
    test_vectors();
    test_tessera();
    return CHECK_DONE();
}
