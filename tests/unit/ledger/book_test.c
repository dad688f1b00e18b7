#include "ledger/book.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "ledger/shelf.h"
#include "ledger_keys.h"
#include "ledger_tree.h"
#include "lib/scratch.h"
#include "system/file.h"

enum { SIZE = 1000 };

static struct ledger_signer log_key, other_key;
static struct merkle_hash leaves[SIZE];
static char words[SIZE][32];
static struct span entries[SIZE];

static enum err open_book(struct book **book, const char *folder, struct why *why)
{
    const struct checkpoint_trust trust = {
        .origin = "site/audit", .keys = &log_key.note.key, .key_count = 1};
    return book_open(book, folder, &trust, why);
}

/* What is in the folder is what was appended: entries, hashes, and proofs to the signed root. */
static bool holds(const char *folder, uint64_t size)
{
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(folder, size);
    const struct merkle_source source = shelf_source(shelf);
    const struct merkle_hash expected = ledger_tree_root(leaves, size);
    struct merkle_hash root;
    bool good =
        merkle_root(&source, size, &root, NULL) == OK && merkle_hash_equal(&root, &expected);
    for (uint64_t i = 0; good && i < size; i++) {
        struct span entry;
        struct merkle_hash leaf;
        struct merkle_proof proof;
        const struct merkle_inclusion claim = {i, size, &leaves[i], &root};
        good = shelf_entry(shelf, i, &entry, NULL) == OK && span_equal(entry, entries[i]) &&
               shelf_leaf(shelf, i, &leaf, NULL) == OK && merkle_hash_equal(&leaf, &leaves[i]) &&
               merkle_prove_inclusion(&source, i, size, &proof, NULL) == OK &&
               merkle_inclusion_fits(&claim, &proof);
    }
    return good;
}

static void test_growth(const char *folder)
{
    static const uint64_t sizes[] = {0, 1, 2, 255, 256, 257, 511, 512, 700, SIZE};
    CLEANUP(book_close_p) struct book *book = NULL;
    CHECK(open_book(&book, folder, NULL) == OK);
    CHECK(book_size(book) == 0 && book_note(book).size == 0);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        const uint64_t from = book_size(book);
        CHECK(book_append(book, entries + from, sizes[i] - from, NULL) == OK);
        CHECK(book_sign(book, &log_key.note, 1, NULL) == OK);
        CHECK(book_signed_size(book) == sizes[i]);
        CHECK(holds(folder, sizes[i]));
        CHECK(holds(folder, sizes[i ? i - 1 : 0])); /* and the one before, for who reads it now */
        book_close(TAKE(book));
        CHECK(open_book(&book, folder, NULL) == OK);
        CHECK(book_size(book) == sizes[i]);
    }
    struct span entry;
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(folder, SIZE);
    CHECK(shelf_entry(shelf, SIZE, &entry, NULL) == ERR_RANGE);
    char path[FILE_PATH_SIZE];
    CHECK(file_join(path, folder, "tile/0/000.p", NULL) == OK);
    CHECK(!file_exists(path)); /* the full tile is there */
}

/* Signatures may be added to the newest checkpoint, and to no other. */
static void test_note(const char *folder)
{
    CLEANUP(book_close_p) struct book *book = NULL;
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    CHECK(open_book(&book, folder, NULL) == OK);
    text_add_bytes(&note, book_note(book));
    text_add(&note, "\xe2\x80\x94 somebody AAAAAAAAAAAAAAAA\n");
    CHECK(book_note_store(book, text_span(&note), NULL) == OK);
    CHECK(span_equal(book_note(book), text_span(&note)));
    note.data[0] ^= 1;
    CHECK(book_note_store(book, text_span(&note), NULL) == ERR_CONFLICT);
    book_close(TAKE(book));
    CHECK(open_book(&book, folder, NULL) == OK);
}

static void spoil(const char *folder, const char *name, size_t at)
{
    char path[FILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text bytes = text_limited(1024 * 1024);
    if (file_join(path, folder, name, NULL) || file_read(&bytes, path, NULL)) { abort(); }
    bytes.data[at] ^= 1;
    if (file_write(path, text_span(&bytes), 0600, NULL)) { abort(); }
}

/* Nothing is signed on top of what is not what was signed. */
static void test_spoilt(const char *folder)
{
    struct book *book = NULL;
    struct why why = {""};
    spoil(folder, "tile/entries/003.p/232", 9);
    CHECK(open_book(&book, folder, &why) == ERR_CONFLICT);
    CHECK_TEXT(why.text, "the stored log: entry 768 is not the one that was signed");
    spoil(folder, "tile/entries/003.p/232", 9);
    spoil(folder, "tile/1/000.p/3", 33);
    CHECK(open_book(&book, folder, &why) == ERR_CONFLICT);
    CHECK_TEXT(why.text, "the stored log is not the one that was signed");
    spoil(folder, "tile/1/000.p/3", 33);
    spoil(folder, "checkpoint", 12);
    CHECK(open_book(&book, folder, &why) == ERR_DENIED);
    spoil(folder, "checkpoint", 12);
    CHECK(open_book(&book, folder, &why) == OK);
    book_close(book);
    const struct checkpoint_trust trust = {
        .origin = "site/audit", .keys = &other_key.note.key, .key_count = 1};
    CHECK(book_open(&book, folder, &trust, &why) == ERR_DENIED);
}

/* A child appends one entry after the other until it is killed. */
static void append_for_ever(const char *folder)
{
    struct book *book = NULL;
    if (open_book(&book, folder, NULL)) { _exit(1); }
    for (uint64_t at = book_size(book); at < SIZE; at++) {
        if (book_append(book, entries + at, 1, NULL) || book_sign(book, &log_key.note, 1, NULL)) {
            _exit(1);
        }
    }
    _exit(0);
}

static void test_kills(const char *folder)
{
    uint64_t size = 0;
    bool good = true;
    useconds_t least_us = 1000; /* more on a busy machine: some kills must come after an entry */
    for (int round = 0; round < 100 && size < SIZE; round++) {
        const pid_t child = fork();
        if (child == 0) { append_for_ever(folder); }
        (void)usleep(500 * (useconds_t)(round % 23) + least_us);
        (void)kill(child, SIGKILL);
        int status = 0;
        (void)waitpid(child, &status, 0);
        CLEANUP(book_close_p) struct book *book = NULL;
        good = good && (!WIFEXITED(status) || WEXITSTATUS(status) == 0) &&
               open_book(&book, folder, NULL) == OK && book_size(book) >= size;
        if (!good) { break; }
        if (size == book_size(book) && least_us < 100000) { least_us += least_us / 4; }
        size = book_size(book);
        good = holds(folder, size);
    }
    printf("# %llu entries over the kills\n", (unsigned long long)size);
    CHECK(good && size > 0);
}

int main(void)
{
    char folder[] = "/tmp/tocsin-book-XXXXXX";
    char inner[FILE_PATH_SIZE];
    if (!mkdtemp(folder)) { return 1; }
    ledger_signer_open(&log_key, NOTE_KIND_ED25519, "site/audit", 1);
    ledger_signer_open(&other_key, NOTE_KIND_ED25519, "site/audit", 2);
    for (int i = 0; i < SIZE; i++) {
        (void)snprintf(words[i], sizeof words[i], "entry number %d", i);
        entries[i] = span_text(words[i]);
        leaves[i] = merkle_leaf(entries[i]);
    }
    CHECK(file_join(inner, folder, "log", NULL) == OK);
    test_growth(inner);
    test_note(inner);
    test_spoilt(inner);
    CHECK(file_join(inner, folder, "killed", NULL) == OK);
    test_kills(inner);
    scratch_remove(folder);
    ledger_signer_close(&log_key);
    ledger_signer_close(&other_key);
    return CHECK_DONE();
}
