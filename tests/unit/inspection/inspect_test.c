/* Attacks on a log that was exported: each is noticed, and the first wrong entry is named. */
#include "inspection/inspect.h"

#include "check.h"
#include "ledger/shelf.h"
#include "ledger_log.h"
#include "lib/scratch.h"
#include "mutation.h"

enum { MUTATIONS = 10000 };

static struct ledger_log log_;
static char root[] = "/tmp/tocsin-inspect-XXXXXX";
static struct inspect_report report;

static const char *in(const char *name)
{
    static char paths[4][FILE_PATH_SIZE];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    if (file_join(path, root, name, NULL)) { abort(); }
    return path;
}

static bool inspect(const char *folder)
{
    struct why why = {""};
    const struct inspect_config config = {
        .folder = in(folder), .policy = &log_.policy, .now_s = LEDGER_LOG_NOW_S};
    ledger_log_must(inspect_folder(&config, &report, &why), &why);
    return report.good;
}

static void make(const char *folder, int size)
{
    const struct ledger_log_make plain = {
        .folder = in(folder), .size = size, .swapped = -1, .signer = &log_.key.note};
    ledger_log_make(&log_, &plain);
}

static void read_file(const char *path, struct text *bytes)
{
    struct why why = {""};
    text_clear(bytes);
    ledger_log_must(file_read(bytes, path, &why), &why);
}

static void write_file(const char *path, struct span bytes)
{
    struct why why = {""};
    ledger_log_must(file_write(path, bytes, 0600, &why), &why);
}

/* Does `twist` to the file, looks, and puts it back. */
static void attack(const char *name, void (*twist)(struct text *bytes), uint64_t entry)
{
    CLEANUP(text_deinit) struct text good = text_limited(1024 * 1024);
    CLEANUP(text_deinit) struct text bad = text_limited(1024 * 1024);
    read_file(in(name), &good);
    read_file(in(name), &bad);
    twist(&bad);
    write_file(in(name), text_span(&bad));
    CHECK(!inspect("log"));
    printf("# %s: entry %lld: %s\n", name, (long long)report.entry, report.what);
    CHECK(report.entry == entry && *report.what);
    write_file(in(name), text_span(&good));
}

/* Where entry `number` of a bundle begins, with its length. */
static size_t place_of(const struct text *bundle, unsigned number)
{
    size_t at = 0;
    for (unsigned i = 0; i < number; i++) {
        at += 2 + (((size_t)(uint8_t)bundle->data[at] << 8) | (uint8_t)bundle->data[at + 1]);
    }
    return at;
}

static void edit_entry_5(struct text *bundle)
{
    char *user = memmem(bundle->data + place_of(bundle, 5), 400, "ana", 3);
    memcpy(user, "eva", 3);
}

static void swap_entries_7_8(struct text *bundle)
{
    const size_t one = place_of(bundle, 7);
    const size_t two = place_of(bundle, 8);
    const size_t end = place_of(bundle, 9);
    CLEANUP(mem_free_p) char *held = mem_text_of(bundle->data + one, two - one);
    memmove(bundle->data + one, bundle->data + two, end - two);
    memcpy(bundle->data + one + (end - two), held, two - one);
}

static void drop_last_entry(struct text *bundle)
{
    bundle->size = place_of(bundle, 43);
}

/* The entry and its leaf, both: the tile above does not fit any more. */
static void change_leaf_9(struct text *tile)
{
    tile->data[9 * MERKLE_HASH_SIZE] ^= 1;
}

static void change_level_1(struct text *tile)
{
    tile->data[3] ^= 1;
}

static void take_signature(struct text *note)
{
    char *end = memmem(note->data, note->size, "\n\n", 2);
    note->size = (size_t)(end - note->data) + 1;
}

static void take_witness(struct text *note)
{
    char *line = memmem(note->data, note->size, "\xe2\x80\x94 site/gateway", 16);
    note->size = (size_t)(line - note->data);
}

static void seal_with_another_key(struct text *note)
{
    char *end = memmem(note->data, note->size, "\n\n", 2);
    const size_t size = (size_t)(end - note->data) + 1;
    CLEANUP(mem_free_p) char *text = mem_text_of(note->data, size);
    note->size = size + 1;
    if (note_sign(&log_.next_key.note, span_text(text), 0, note, NULL) ||
        note_sign(&log_.witness.note, span_text(text), LEDGER_LOG_NOW_S, note, NULL)) {
        abort();
    }
}

static void change_detail_3(struct text *lines)
{
    char *line = memmem(lines->data, lines->size, "{\"index\":3,", 11);
    char *address = memmem(line, 400, "192.0.2.7", 9);
    address[0] = '2';
}

/* The line of an entry, as an export has it once its details are erased. */
static void take_detail(struct text *lines, int index)
{
    char begin[32];
    char erased[64];
    (void)snprintf(begin, sizeof begin, "{\"index\":%d,", index);
    (void)snprintf(erased, sizeof erased, "{\"index\":%d,\"opened\":null,\"salt\":null}", index);
    const char *line = memmem(lines->data, lines->size, begin, strlen(begin));
    const size_t at = (size_t)(line - lines->data);
    const size_t end = (size_t)((const char *)memchr(line, '\n', lines->size - at) - lines->data);
    CLEANUP(mem_free_p) char *rest = mem_text_of(lines->data + end, lines->size - end);
    lines->size = at;
    text_add(lines, erased);
    text_add(lines, rest);
}

static void hide_detail_3(struct text *lines)
{
    take_detail(lines, 3);
}

/* What was erased by the log's own word is missing rightly. */
static void test_erased(void)
{
    CLEANUP(text_deinit) struct text good = text_limited(1024 * 1024);
    CLEANUP(text_deinit) struct text erased = text_limited(1024 * 1024);
    read_file(in("log/details.jsonl"), &good);
    read_file(in("log/details.jsonl"), &erased);
    take_detail(&erased, LEDGER_LOG_ERASED);
    write_file(in("log/details.jsonl"), text_span(&erased));
    CHECK(inspect("log") && report.erased == 1 && report.opened == LEDGER_LOG_SIZE - 1);
    write_file(in("log/details.jsonl"), text_span(&good));
}

static void test_files(void)
{
    attack("log/tile/entries/000", edit_entry_5, 5);
    attack("log/tile/entries/000", swap_entries_7_8, 7);
    attack("log/tile/entries/001.p/44", drop_last_entry, 256);
    attack("log/tile/0/000", change_leaf_9, 9);
    attack("log/tile/1/000.p/1", change_level_1, 0);
    attack("log/checkpoint", take_signature, INSPECT_NO_ENTRY);
    attack("log/checkpoint", take_witness, INSPECT_NO_ENTRY);
    attack("log/checkpoint", seal_with_another_key, INSPECT_NO_ENTRY);
    attack("log/details.jsonl", change_detail_3, 3);
    attack("log/details.jsonl", hide_detail_3, 3);
    CHECK(inspect("log"));
}

/* A reader who kept something is not shown another history. */
static void test_kept(void)
{
    struct why why = {""};
    CLEANUP(text_deinit) struct text kept = text_limited(CHECKPOINT_SIZE_MAX);
    read_file(in("log/checkpoint"), &kept);
    struct inspect_config config = {
        .policy = &log_.policy, .now_s = LEDGER_LOG_NOW_S, .against = text_span(&kept)};
    make("short", 200); /* cut, and with a checkpoint that was good at its time */
    config.folder = in("short");
    ledger_log_must(inspect_folder(&config, &report, &why), &why);
    CHECK(!report.good && report.entry == 200);
    CHECK_TEXT(report.what, "the log ends here; it was longer before");
    CHECK(inspect("short")); /* who kept nothing cannot know; a witness's time tells then */

    const struct ledger_log_make fork = {
        .folder = in("fork"), .size = LEDGER_LOG_SIZE, .swapped = 145, .signer = &log_.key.note};
    ledger_log_make(&log_, &fork);
    config.folder = in("fork");
    ledger_log_must(inspect_folder(&config, &report, &why), &why);
    CHECK(!report.good && strstr(report.what, "another history"));
    config.against_folder = in("log");
    ledger_log_must(inspect_folder(&config, &report, &why), &why);
    CHECK(!report.good && report.entry == 145);

    /* The whole log replaced under another key: no key of ours. */
    const struct ledger_log_make replaced = {
        .folder = in("replaced"), .size = 50, .swapped = -1, .signer = &log_.next_key.note};
    ledger_log_make(&log_, &replaced);
    CHECK(!inspect("replaced") && strstr(report.what, "not signed by that log"));

    config = (struct inspect_config){.folder = in("log"),
                                     .policy = &log_.policy,
                                     .now_s = LEDGER_LOG_NOW_S + 1000,
                                     .age_max_s = 600};
    ledger_log_must(inspect_folder(&config, &report, &why), &why);
    CHECK(!report.good && strstr(report.what, "too old"));
    config.age_max_s = 2000;
    ledger_log_must(inspect_folder(&config, &report, &why), &why);
    CHECK(report.good);
}

static void test_rotation(void)
{
    const struct ledger_log_make rotated = {.folder = in("rotated"),
                                            .size = LEDGER_LOG_SIZE,
                                            .rotates = true,
                                            .swapped = -1,
                                            .signer = &log_.key.note};
    ledger_log_make(&log_, &rotated);
    CHECK(inspect("rotated") && report.rotations == 1);
    /* Without the checkpoint that hands over, nobody knows the new key. */
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    char path[FILE_PATH_SIZE];
    (void)!text_copy(path, sizeof path, in("rotated/rotation/00000000000000000151"));
    read_file(path, &note);
    note.data[2] ^= 1;
    write_file(path, text_span(&note));
    CHECK(!inspect("rotated"));
    note.data[2] ^= 1;
    write_file(path, text_span(&note));
    CHECK(inspect("rotated"));
    /* The old key is worth nothing afterwards, also for who has stolen it. */
    CLEANUP(text_deinit) struct text stolen = text_limited(CHECKPOINT_SIZE_MAX);
    read_file(in("log/checkpoint"), &stolen); /* the same entries, signed by the old key */
    write_file(in("rotated/checkpoint"), text_span(&stolen));
    CHECK(!inspect("rotated"));
    printf("# %s\n", report.what);
}

/* ---- ten thousand at random ---- */

/* Spoils one file again and again; how many were noticed, and how many named an entry. */
static void spoil(const char *folder, const char *name, int times, int noticed[2])
{
    CLEANUP(text_deinit) struct text good = text_limited(1024 * 1024);
    CLEANUP(text_deinit) struct text bad = text_limited(1024 * 1024);
    char path[FILE_PATH_SIZE];
    char inner[128];
    (void)snprintf(inner, sizeof inner, "%s/%s", folder, name);
    (void)!text_copy(path, sizeof path, in(inner));
    read_file(path, &good);
    while (times > 0) {
        text_clear(&bad);
        text_add_bytes(&bad, text_span(&good));
        mutate(&bad);
        if (span_equal(text_span(&bad), text_span(&good))) { continue; }
        FILE *file = fopen(path, "we");
        if (!file || fwrite(bad.data, 1, bad.size, file) != bad.size || fclose(file)) { abort(); }
        times--;
        if (inspect(folder)) {
            printf("# not noticed: %s\n", path);
            continue;
        }
        noticed[0]++;
        noticed[1] += report.entry != INSPECT_NO_ENTRY;
    }
    write_file(path, text_span(&good));
}

/* Most of them on a small log, for time's sake. */
static void test_mutations(void)
{
    static const char *const small[] = {"checkpoint", "tile/0/000.p/30", "tile/entries/000.p/30",
                                        "details.jsonl"};
    static const char *const large[] = {"tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1",
                                        "tile/entries/000"};
    int noticed[2] = {0, 0};
    for (size_t i = 0; i < ARRAY_LEN(small); i++) {
        spoil("small", small[i], MUTATIONS / 4 - 200, noticed);
        spoil("log", large[i], 200, noticed);
    }
    printf("# %d of %d mutations noticed, %d with their first wrong entry\n", noticed[0], MUTATIONS,
           noticed[1]);
    CHECK(noticed[0] == MUTATIONS);
    CHECK(inspect("log") && inspect("small"));
}

int main(void)
{
    if (!mkdtemp(root)) { return 1; }
    ledger_log_open(&log_);
    make("log", LEDGER_LOG_SIZE);
    ledger_log_details(&log_, in("log"), LEDGER_LOG_SIZE);
    make("small", 30);
    ledger_log_details(&log_, in("small"), 30);
    CHECK(inspect("small") && inspect("log"));
    CHECK(report.checkpoint.size == LEDGER_LOG_SIZE && report.witnesses == 1);
    CHECK(report.opened == LEDGER_LOG_SIZE && report.cosigned_at_s == LEDGER_LOG_NOW_S);
    test_files();
    test_erased();
    test_kept();
    test_rotation();
    test_mutations();
    ledger_log_close(&log_);
    scratch_remove(root);
    return CHECK_DONE();
}
