/*
 * What the audit log costs: entries written down, appended and signed in batches and one by one,
 * proofs, and checking a whole log. Prints `name<TAB>value<TAB>unit`. Everything is synced to disk.
 */
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "ledger/book.h"
#include "ledger/entry.h"
#include "ledger/shelf.h"
#include "ledger_keys.h"
#include "lib/scratch.h"

enum { BATCH = 4000, BATCHES = 25, SINGLES = 300, PROOFS = 2000 };

static struct ledger_signer log_key;
static struct entry written[BATCH];
static struct span entries[BATCH];
static int64_t took_us[PROOFS];

static void need(enum err err, const struct why *why)
{
    if (!err) { return; }
    printf("Bail out! %s\n", why->text);
    exit(1);
}

static int by_size(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a;
    const int64_t two = *(const int64_t *)b;
    return (one > two) - (one < two);
}

static void print_times(const char *name, size_t count)
{
    qsort(took_us, count, sizeof *took_us, by_size);
    printf("%s\t%lld\tus\n", name, (long long)took_us[count / 2]);
    printf("%s_p99\t%lld\tus\n", name, (long long)took_us[count * 99 / 100]);
}

static void write_entries(void)
{
    struct why why = {""};
    const int64_t begin_us = clock_monotonic_us();
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_text(details, "tier", "advisory");
    for (int i = 0; i < BATCH; i++) {
        const struct entry_fact fact = {.at_us = INT64_C(1795312229000000) + i,
                                        .user = "operator-1",
                                        .action = "alert.create",
                                        .resource = "019ac9a5-1c60-7000-8000-000000000001",
                                        .authorisation = "session",
                                        .details = details,
                                        .address = "192.0.2.7",
                                        .agent = "Mozilla/5.0 (X11; Linux x86_64)"};
        need(entry_write(&written[i], &fact, &why), &why);
        entries[i] = text_span(&written[i].bytes);
    }
    const int64_t spent_us = clock_monotonic_us() - begin_us;
    printf("ledger_entry_write\t%.1f\tus\n", (double)spent_us / BATCH);
    printf("ledger_entry_size\t%zu\tbytes\n", entries[0].size);
}

/* Of the whole program: what other work on the machine and its disk does not disturb. */
static int64_t cpu_us(void)
{
    struct timespec spent;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent)) { abort(); }
    return (int64_t)spent.tv_sec * 1000000 + spent.tv_nsec / 1000;
}

static void append_batches(struct book *book)
{
    struct why why = {""};
    const int64_t begin_us = clock_monotonic_us();
    const int64_t begin_cpu_us = cpu_us();
    for (int i = 0; i < BATCHES; i++) {
        need(book_append(book, entries, BATCH, &why), &why);
        need(book_sign(book, &log_key.note, 1, &why), &why);
    }
    const int64_t spent_us = clock_monotonic_us() - begin_us;
    printf("ledger_append_cpu\t%.1f\tus\n", (double)(cpu_us() - begin_cpu_us) / BATCH / BATCHES);
    printf("ledger_append_batched\t%.0f\tentries/s\n", 1e6 * BATCH * BATCHES / (double)spent_us);
}

static void append_singles(struct book *book)
{
    struct why why = {""};
    for (int i = 0; i < SINGLES; i++) {
        const int64_t begin_us = clock_monotonic_us();
        need(book_append(book, entries + i, 1, &why), &why);
        need(book_sign(book, &log_key.note, 1, &why), &why);
        took_us[i] = clock_monotonic_us() - begin_us;
    }
    print_times("ledger_append_single", SINGLES);
}

static void prove(const char *folder, uint64_t size)
{
    struct why why = {""};
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(folder, size);
    const struct merkle_source source = shelf_source(shelf);
    struct merkle_proof proof;
    for (int i = 0; i < PROOFS; i++) {
        const uint64_t index = randombytes_uniform((uint32_t)size);
        const int64_t begin_us = clock_monotonic_us();
        need(merkle_prove_inclusion(&source, index, size, &proof, &why), &why);
        took_us[i] = clock_monotonic_us() - begin_us;
    }
    print_times("ledger_prove", PROOFS);
}

/* Every entry hashed and compared with its leaf, and the root over all. */
static void check(const char *folder, uint64_t size)
{
    struct why why = {""};
    const int64_t begin_us = clock_monotonic_us();
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(folder, size);
    const struct merkle_source source = shelf_source(shelf);
    for (uint64_t i = 0; i < size; i++) {
        struct span entry;
        struct merkle_hash stored;
        need(shelf_entry(shelf, i, &entry, &why), &why);
        need(shelf_leaf(shelf, i, &stored, &why), &why);
        const struct merkle_hash leaf = merkle_leaf(entry);
        if (!merkle_hash_equal(&leaf, &stored)) { exit(1); }
    }
    struct merkle_hash root;
    need(merkle_root(&source, size, &root, &why), &why);
    const int64_t spent_us = clock_monotonic_us() - begin_us;
    printf("ledger_check\t%.0f\tentries/s\n", 1e6 * (double)size / (double)spent_us);
}

int main(void)
{
    char folder[] = "/tmp/tocsin-bench-XXXXXX";
    if (!mkdtemp(folder) || sodium_init() < 0) { return 1; }
    ledger_signer_open(&log_key, NOTE_KIND_ED25519, "site/audit", 1);
    const struct checkpoint_trust trust = {
        .origin = "site/audit", .keys = &log_key.note.key, .key_count = 1};
    struct why why = {""};
    CLEANUP(book_close_p) struct book *book = NULL;
    need(book_open(&book, folder, &trust, &why), &why);
    write_entries();
    append_batches(book);
    append_singles(book);
    prove(folder, book_size(book));
    check(folder, book_size(book));
    for (int i = 0; i < BATCH; i++) {
        entry_deinit(&written[i]);
    }
    ledger_signer_close(&log_key);
    scratch_remove(folder);
    return 0;
}
