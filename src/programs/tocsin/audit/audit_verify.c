#include "programs/tocsin/audit/audit.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "inspection/inspect.h"
#include "ledger/book.h"
#include "system/file.h"

static enum err read_policy(const char *path, struct policy *policy, struct why *why)
{
    CLEANUP(text_deinit) struct text text = text_limited(POLICY_SIZE_MAX);
    enum err err = file_read(&text, path, why);
    if (err == OK) { err = policy_parse(policy, text_span(&text), why); }
    if (err == OK && policy->log_count == 0) {
        err = why_set(why, ERR_MALFORMED, "%.200s names no log", path);
    }
    return err;
}

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* --against: an older export, or an older checkpoint alone. */
static enum err read_against(const char *path, struct text *note, struct why *why)
{
    char inner[FILE_PATH_SIZE];
    if (!is_folder(path)) { return file_read(note, path, why); }
    const enum err err = file_join(inner, path, BOOK_CHECKPOINT, why);
    return err == OK ? file_read(note, inner, why) : err;
}

static void print_pruned(const struct inspect_report *report)
{
    char time[CLOCK_TEXT_SIZE];
    if (report->pruned == 0) { return; }
    (void)printf("entries 0..%llu pruned under the checkpoint of %llu",
                 (unsigned long long)report->pruned - 1, (unsigned long long)report->pruned_epoch);
    if (report->pruned_sealed_s) {
        (void)printf(", cosigned at %s",
                     clock_text(time, report->pruned_sealed_s * CLOCK_SECOND_US));
    }
    (void)printf("\n");
}

static void print_report(const struct inspect_report *report)
{
    char time[CLOCK_TEXT_SIZE];
    if (report->good) {
        (void)printf("good: %llu entries of %s, %zu witnesses",
                     (unsigned long long)report->checkpoint.size, report->checkpoint.origin,
                     report->witnesses);
        if (report->cosigned_at_s) {
            (void)printf(", the newest at %s",
                         clock_text(time, report->cosigned_at_s * CLOCK_SECOND_US));
        }
        (void)printf("; %zu changes of key, %zu details opened, %zu erased\n", report->rotations,
                     report->opened, report->erased);
        print_pruned(report);
    } else if (report->entry != INSPECT_NO_ENTRY) {
        (void)printf("bad: entry %llu: %s\n", (unsigned long long)report->entry, report->what);
    } else {
        (void)printf("bad: %s\n", report->what);
    }
}

enum err audit_verify(const struct audit_arguments *arguments, bool *good, struct why *why)
{
    CLEANUP(mem_free_p) struct policy *policy = MEM_NEW(struct policy);
    CLEANUP(text_deinit) struct text against = text_limited(CHECKPOINT_SIZE_MAX);
    struct inspect_report report;
    struct inspect_config config = {.folder = arguments->words[0],
                                    .policy = policy,
                                    .now_s = clock_wall_us() / CLOCK_SECOND_US};
    uint64_t age_s = 0;
    enum err err = read_policy(arguments->policy, policy, why);
    if (err == OK && arguments->age) { err = audit_index(arguments->age, &age_s, why); }
    if (err == OK && arguments->against) {
        err = read_against(arguments->against, &against, why);
        config.against_folder = is_folder(arguments->against) ? arguments->against : NULL;
    }
    if (err != OK) { return err; }
    config.age_max_s = (int64_t)age_s;
    config.against = text_span(&against);
    err = inspect_folder(&config, &report, why);
    if (err != OK) { return err; }
    print_report(&report);
    *good = report.good;
    return OK;
}

/* ---- one proof alone ---- */

static const char *judge_proof(const struct policy *policy, const struct checkpoint_proof *proof,
                               struct span entry, struct why *why)
{
    struct note_key keys[NOTE_KEYS_MAX];
    bool cosigned[POLICY_WITNESSES_MAX] = {false};
    struct checkpoint checkpoint;
    struct note_opened opened;
    const size_t logs = policy->log_count;
    memcpy(keys, policy->logs, logs * sizeof *keys);
    memcpy(keys + logs, policy->witnesses, policy->witness_count * sizeof *keys);
    const struct checkpoint_trust trust = {.keys = keys, .key_count = logs + policy->witness_count};
    if (checkpoint_open(proof->note, &trust, &checkpoint, &opened, why) != NOTE_VERDICT_GOOD) {
        return why->text;
    }
    for (size_t i = 0; i < policy->witness_count; i++) {
        cosigned[i] = opened.by[logs + i];
    }
    if (!policy_met(policy, cosigned)) { return "too few witnesses cosigned the checkpoint"; }
    const struct merkle_hash leaf = merkle_leaf(entry);
    const struct merkle_inclusion claim = {proof->index, checkpoint.size, &leaf, &checkpoint.root};
    return merkle_inclusion_fits(&claim, &proof->path) ? NULL : "the entry is not in the log";
}

enum err audit_check(const struct audit_arguments *arguments, bool *good, struct why *why)
{
    CLEANUP(mem_free_p) struct policy *policy = MEM_NEW(struct policy);
    CLEANUP(text_deinit) struct text text = text_limited(PROOF_SIZE_MAX);
    CLEANUP(text_deinit) struct text entry = text_limited(UINT16_MAX);
    struct checkpoint_proof proof;
    enum err err = read_policy(arguments->policy, policy, why);
    if (err == OK) { err = file_read(&text, arguments->words[0], why); }
    if (err == OK) { err = file_read(&entry, arguments->entry, why); }
    if (err == OK) { err = checkpoint_proof_parse(&proof, text_span(&text), why); }
    if (err != OK) { return err; }
    const char *wrong = judge_proof(policy, &proof, text_span(&entry), why);
    *good = !wrong;
    if (wrong) {
        (void)printf("bad: %s\n", wrong);
    } else {
        (void)printf("good: entry %llu\n", (unsigned long long)proof.index);
    }
    return OK;
}
