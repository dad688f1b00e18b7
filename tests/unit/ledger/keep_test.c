#include "ledger/keep.h"

#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "ledger/book.h"
#include "ledger/entry.h"
#include "ledger_keys.h"
#include "lib/scratch.h"
#include "system/file.h"

static char root[] = "/tmp/tocsin-keep-XXXXXX";

static void must(enum err err, const struct why *why)
{
    if (err == OK) { return; }
    printf("Bail out! %s\n", why->text);
    exit(1);
}

static void test_list(void)
{
    struct why why = {""};
    uint64_t sizes[KEEP_COUNT_MAX];
    size_t count = 9;
    char path[FILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text note = text_limited(100);
    CHECK(keep_list(root, KEEP_EPOCH, sizes, &count, &why) == OK && count == 0);
    must(keep_write(root, KEEP_EPOCH, 4000, span_text("later\n"), &why), &why);
    must(keep_write(root, KEEP_EPOCH, 300, span_text("first\n"), &why), &why);
    must(keep_write(root, KEEP_ROTATION, 7, span_text("other\n"), &why), &why);
    must(file_join(path, root, "epoch/README", &why), &why);
    must(file_write(path, span_text("not a size"), 0600, &why), &why);
    must(file_join(path, root, "epoch/99999999999999999999", &why), &why);
    must(file_write(path, span_text("too large"), 0600, &why), &why);
    CHECK(keep_list(root, KEEP_EPOCH, sizes, &count, &why) == OK && count == 2);
    CHECK(sizes[0] == 300 && sizes[1] == 4000);
    CHECK(keep_read(root, KEEP_EPOCH, 300, &note, &why) == OK);
    CHECK_TEXT(text_c(&note), "first\n");
    CHECK(keep_read(root, KEEP_EPOCH, 301, &note, &why) == ERR_NOT_FOUND);
    CHECK_TEXT(keep_folder(KEEP_ROTATION), "rotation");
}

/* A log of 300 entries, of which the 200th names a key. */
static void make_log(const struct ledger_signer *key)
{
    struct why why = {""};
    CLEANUP(book_close_p) struct book *book = NULL;
    const struct checkpoint_trust trust = {
        .origin = "site/audit", .keys = &key->note.key, .key_count = 1};
    must(book_open(&book, root, &trust, &why), &why);
    for (int i = 0; i < 300; i++) {
        CLEANUP(entry_deinit) struct entry entry = {.bytes = {0}};
        const struct entry_fact fact = {.at_us = CLOCK_DAY_US + i,
                                        .action = i == 200 ? "key_rotated" : "alive"};
        must(entry_write(&entry, &fact, &why), &why);
        const struct span bytes = text_span(&entry.bytes);
        must(book_append(book, &bytes, 1, &why), &why);
    }
    must(book_sign(book, &key->note, 1, &why), &why);
}

static void test_entry(void)
{
    struct why why = {""};
    char path[FILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text in_log = text_limited(ENTRY_SIZE_MAX);
    CLEANUP(text_deinit) struct text beside = text_limited(ENTRY_SIZE_MAX);
    CLEANUP(text_deinit) struct text file = text_limited(KEEP_ENTRY_SIZE_MAX);
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(root, 300);
    CHECK(shelf_first(shelf) == 0);
    CHECK(keep_rotation_entry(shelf, root, 100, &in_log, &why) == ERR_NOT_FOUND);
    CHECK(keep_rotation_entry(shelf, root, 202, &in_log, &why) == OK);
    CHECK(strstr(text_c(&in_log), "key_rotated") != NULL);
    CHECK(keep_rotation_save(shelf, root, 202, &why) == OK);
    CHECK(keep_rotation_save(shelf, root, 202, &why) == OK);
    must(file_join(path, root, "tile/entries/000", &why), &why);
    CHECK(unlink(path) == 0);
    CLEANUP(shelf_close_p) struct shelf *pruned = shelf_open(root, 300);
    CHECK(shelf_first(pruned) == 256);
    CHECK(keep_rotation_entry(pruned, root, 202, &beside, &why) == OK);
    CHECK(span_equal(text_span(&beside), text_span(&in_log)));
    /* Another entry there does not fit the leaf that is left. */
    must(file_join(path, root, "rotation/00000000000000000202.entry", &why), &why);
    must(file_read(&file, path, &why), &why);
    char *action = strstr(text_c(&file), "1970");
    CHECK(action != NULL);
    if (action) { action[0] = '2'; }
    must(file_write(path, text_span(&file), 0600, &why), &why);
    text_clear(&beside);
    CHECK(keep_rotation_entry(pruned, root, 202, &beside, &why) == ERR_CONFLICT);
    must(file_write(path, span_text("x"), 0600, &why), &why);
    CHECK(keep_rotation_entry(pruned, root, 202, &beside, &why) == ERR_MALFORMED);
}

int main(void)
{
    struct ledger_signer key;
    if (!mkdtemp(root)) { return 1; }
    ledger_signer_open(&key, NOTE_KIND_ED25519, "site/audit", 1);
    test_list();
    make_log(&key);
    test_entry();
    ledger_signer_close(&key);
    scratch_remove(root);
    return CHECK_DONE();
}
