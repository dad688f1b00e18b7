#include "programs/tocsin/audit/audit.h"

#include <stdio.h>

#include "ledger/book.h"
#include "ledger/journal.h"
#include "ledger/log_key.h"
#include "ledger/shelf.h"
#include "programs/tocsin/argument.h"
#include "programs/tocsin/command.h"
#include "programs/tocsin/control_database.h"
#include "system/file.h"

#include "base/clock.h"

enum err audit_read_checkpoint(const char *folder, struct text *note, struct checkpoint *checkpoint,
                               struct why *why)
{
    char path[FILE_PATH_SIZE];
    enum err err = file_join(path, folder, BOOK_CHECKPOINT, why);
    if (err == OK) { err = file_read(note, path, why); }
    if (err != OK) { return err; }
    const struct span whole = text_span(note);
    const uint8_t *end = whole.size ? memmem(whole.data, whole.size, "\n\n", 2) : NULL;
    return checkpoint_parse(checkpoint,
                            span_of(whole.data, end ? (size_t)(end - whole.data) + 1 : 0), why);
}

enum err audit_index(const char *word, uint64_t *index, struct why *why)
{
    char *end = NULL;
    const unsigned long long read = strtoull(word, &end, 10);
    if (*word < '0' || *word > '9' || *end || read > MERKLE_SIZE_MAX) {
        return why_set(why, ERR_MALFORMED, "\"%.40s\" is no entry's index", word);
    }
    *index = read;
    return OK;
}

/* ---- prove ---- */

enum err audit_prove(const struct audit_arguments *arguments, struct why *why)
{
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    CLEANUP(text_deinit) struct text out = text_limited(PROOF_SIZE_MAX);
    struct checkpoint checkpoint = {.size = 0};
    struct checkpoint_proof proof = {.index = 0};
    enum err err = audit_index(arguments->words[0], &proof.index, why);
    if (err == OK) { err = audit_read_checkpoint(arguments->from, &note, &checkpoint, why); }
    if (err != OK) { return err; }
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(arguments->from, checkpoint.size);
    const struct merkle_source source = shelf_source(shelf);
    err = merkle_prove_inclusion(&source, proof.index, checkpoint.size, &proof.path, why);
    if (err != OK) { return err; }
    proof.note = text_span(&note);
    checkpoint_proof_write(&proof, &out);
    (void)fputs(text_c(&out), stdout);
    return OK;
}

/* ---- rotate ---- */

enum err audit_rotate(const struct audit_arguments *arguments, struct why *why)
{
    char folder[FILE_PATH_SIZE];
    char vkey[NOTE_VKEY_SIZE];
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    struct checkpoint checkpoint;
    if (arguments->finish) { return log_key_forget_old(arguments->state, why); }
    enum err err = file_join(folder, arguments->state, "audit", why);
    if (err == OK) { err = audit_read_checkpoint(folder, &note, &checkpoint, why); }
    if (err == OK) { err = log_key_prepare(arguments->state, checkpoint.origin, vkey, why); }
    if (err != OK) { return err; }
    (void)printf("%s\n", vkey);
    (void)fprintf(stderr, "The new key waits. Start control again: it signs the change with the "
                          "old key.\n");
    return OK;
}

/* ---- erase ---- */

enum err audit_erase(const struct audit_arguments *arguments, struct why *why)
{
    uint64_t index = 0;
    char resource[32];
    CLEANUP(database_close_p) struct database *database = NULL;
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    enum err err = audit_index(arguments->words[0], &index, why);
    if (err == OK) {
        err = control_database_open(&database, arguments->state, arguments->database, why);
    }
    if (err == OK) { err = journal_open(&journal, database, why); }
    /* What was there is overwritten on its page, not only let go. Another database needs no word.
     */
    if (err == OK) { (void)!database_execute(database, "PRAGMA secure_delete=ON", NULL); }
    if (err == OK) { err = database_begin(database, why); }
    if (err != OK) { return err; }
    (void)snprintf(resource, sizeof resource, "%llu", (unsigned long long)index);
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_text(details, "reason", arguments->reason);
    const struct entry_fact fact = {.at_us = clock_wall_us(),
                                    .action = "details_erased",
                                    .resource = resource,
                                    .authorisation = "program",
                                    .details = details};
    err = journal_erase(journal, index, why);
    if (err == OK) { err = journal_enter(journal, &fact, why); } /* that it was done stays */
    database_end(database, &err, why);
    if (err == OK) { err = database_checkpoint(database, why); }
    if (err == OK) { (void)printf("entry %s: its details are erased\n", resource); }
    return err;
}

/* ---- the command ---- */

enum need { NEED_STATE = 1, NEED_FROM = 2, NEED_POLICY = 4, NEED_ENTRY = 8 };

static enum err check_needs(const struct audit_arguments *arguments, unsigned needs,
                            struct why *why)
{
    const struct {
        unsigned need;
        const char *value, *name;
    } all[] = {{NEED_STATE, arguments->state, "--state"},
               {NEED_FROM, arguments->from, "--from"},
               {NEED_POLICY, arguments->policy, "--policy"},
               {NEED_ENTRY, arguments->entry, "--entry"}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if ((needs & all[i].need) && !all[i].value) {
            return why_set(why, ERR_MALFORMED, "%s is needed", all[i].name);
        }
    }
    return OK;
}

/* The two that judge: their answer is the exit status. */
static enum err judge(const struct audit_arguments *arguments, const char *name, bool *good,
                      struct why *why)
{
    return strcmp(name, "verify") == 0 ? audit_verify(arguments, good, why)
                                       : audit_check(arguments, good, why);
}

static const struct deed {
    const char *name;
    unsigned needs;
    size_t words;
    enum err (*run)(const struct audit_arguments *arguments, struct why *why); /* NULL: judges */
} deeds[] = {
    {"export", NEED_STATE, 1, audit_export},      {"verify", NEED_POLICY, 1, NULL},
    {"check", NEED_POLICY | NEED_ENTRY, 1, NULL}, {"prove", NEED_FROM, 1, audit_prove},
    {"rotate", NEED_STATE, 0, audit_rotate},      {"erase", NEED_STATE, 1, audit_erase},
};

static const struct deed *find_deed(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
        if (strcmp(deeds[i].name, name) == 0) { return &deeds[i]; }
    }
    return NULL;
}

int audit_command(int argc, char *argv[])
{
    struct audit_arguments arguments = {.state = NULL};
    const struct argument list[] = {{.name = "--state", .value = &arguments.state},
                                    {.name = "--database", .value = &arguments.database},
                                    {.name = "--from", .value = &arguments.from},
                                    {.name = "--policy", .value = &arguments.policy},
                                    {.name = "--against", .value = &arguments.against},
                                    {.name = "--age", .value = &arguments.age},
                                    {.name = "--entry", .value = &arguments.entry},
                                    {.name = "--reason", .value = &arguments.reason},
                                    {.name = "--finish", .given = &arguments.finish}};
    const struct argument_table table = {.arguments = list,
                                         .count = ARRAY_LEN(list),
                                         .words_least = 1,
                                         .words_most = 2,
                                         .words = "export|verify|check|prove|rotate|erase ..."};
    struct argument_list words = {.count = 0};
    struct why why = {""};
    bool good = true;
    enum err err = argument_read(&table, argc, argv, &words, &why);
    const struct deed *deed = err == OK ? find_deed(words.items[0]) : NULL;
    if (err == OK && (!deed || words.count != deed->words + 1)) {
        err = why_set(&why, ERR_MALFORMED, "expected %s", table.words);
    }
    if (err == OK && deed) { err = check_needs(&arguments, deed->needs, &why); }
    if (err == OK && deed) {
        arguments.words[0] = words.items[1];
        err = deed->run ? deed->run(&arguments, &why) : judge(&arguments, deed->name, &good, &why);
    }
    if (err != OK) { return command_failed("audit", err, &why); }
    return good ? COMMAND_DONE : COMMAND_FAILED;
}
