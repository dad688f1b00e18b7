#include "ledger/recorder.h"

#include "base/clock.h"
#include "check.h"
#include "ledger/log_key.h"
#include "ledger/witness_book.h"
#include "ledger_keys.h"
#include "lib/scratch.h"
#include "migrations/control.h"
#include "migrations/gateway.h"
#include "system/file.h"
#include "tables.h"

static const int64_t now_us = INT64_C(1795312229000000);

/* Control's side of a site, and a gateway's. */
struct yard {
    struct tables control, gateway;
    char folder[32];
    char log[FILE_PATH_SIZE];
    struct recorder *recorder;
    struct witness_book *witness;
    struct ledger_signer witness_key;
    struct why why;
};

static void must(enum err err, const struct yard *yard)
{
    if (err == OK) { return; }
    printf("Bail out! %s\n", yard->why.text);
    exit(1);
}

static void start(struct yard *yard)
{
    const struct recorder_config config = {.database = yard->control.database,
                                           .state_folder = yard->folder,
                                           .log_folder = yard->log,
                                           .origin = "site/audit",
                                           .now_us = now_us};
    must(recorder_open(&yard->recorder, &config, &yard->why), yard);
}

static void restart(struct yard *yard)
{
    recorder_close(TAKE(yard->recorder));
    start(yard);
}

static void yard_open(struct yard *yard)
{
    *yard = (struct yard){.folder = "/tmp/tocsin-recorder-XXXXXX"};
    if (!mkdtemp(yard->folder)) { abort(); }
    must(file_join(yard->log, yard->folder, "audit", &yard->why), yard);
    tables_open(&yard->control, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    tables_open(&yard->gateway, MIGRATIONS_GATEWAY, ARRAY_LEN(MIGRATIONS_GATEWAY));
    must(witness_book_open(&yard->witness, yard->gateway.database, &yard->why), yard);
    ledger_signer_open(&yard->witness_key, NOTE_KIND_COSIGNATURE, "site/gateway/north", 9);
    start(yard);
}

static void yard_close(struct yard *yard)
{
    recorder_close(yard->recorder);
    witness_book_close(yard->witness);
    ledger_signer_close(&yard->witness_key);
    tables_close(&yard->control);
    tables_close(&yard->gateway);
    scratch_remove(yard->folder);
}

static void enter(struct yard *yard, const char *resource)
{
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    const struct entry_fact fact = {
        .at_us = now_us, .user = "ana", .action = "alert_sent", .resource = resource};
    must(journal_open(&journal, yard->control.database, &yard->why), yard);
    must(journal_enter(journal, &fact, &yard->why), yard);
}

static bool run(struct yard *yard)
{
    bool fresh = false;
    must(recorder_run(yard->recorder, &fresh, &yard->why), yard);
    return fresh;
}

/* One request to the witness and its answer back. */
static enum recorder_outcome ask_witness(struct yard *yard)
{
    char log_vkey[NOTE_VKEY_SIZE];
    char vkey[NOTE_VKEY_SIZE];
    CLEANUP(text_deinit) struct text request = text_limited(WITNESS_REQUEST_MAX);
    must(recorder_ask(yard->recorder, "north", &request, &yard->why), yard);
    note_key_write(recorder_key(yard->recorder), log_vkey);
    note_key_write(&yard->witness_key.note.key, vkey);
    struct witness_call call = {
        .vkey = log_vkey, .signer = &yard->witness_key.note, .now_us = now_us};
    must(witness_request_parse(&call.request, text_span(&request), &yard->why), yard);
    CLEANUP(witness_reply_deinit) struct witness_reply reply;
    must(witness_book_cosign(yard->witness, &call, &reply, &yard->why), yard);
    const struct recorder_answer answer = {.name = "north",
                                           .vkey = vkey,
                                           .answer = reply.answer,
                                           .size = reply.size,
                                           .text = text_c(&reply.line),
                                           .now_us = now_us};
    enum recorder_outcome outcome = RECORDER_OUTCOME_HALTED;
    must(recorder_hear(yard->recorder, &answer, &outcome, &yard->why), yard);
    return outcome;
}

static bool cosigned(const struct yard *yard)
{
    struct note_opened opened;
    return note_open(recorder_note(yard->recorder), &yard->witness_key.note.key, 1, &opened,
                     NULL) == NOTE_VERDICT_GOOD;
}

static void read_checkpoint(const struct yard *yard, struct text *note)
{
    text_clear(note);
    text_add_bytes(note, recorder_note(yard->recorder));
}

static void write_checkpoint(struct yard *yard, const struct text *note)
{
    char path[FILE_PATH_SIZE];
    must(file_join(path, yard->log, "checkpoint", &yard->why), yard);
    must(file_write(path, text_span(note), 0600, &yard->why), yard);
}

static void sql(struct yard *yard, const char *words)
{
    must(database_execute(yard->control.database, words, &yard->why), yard);
}

static void test_course(struct yard *yard)
{
    CHECK(run(yard)); /* the checkpoint of no entries: a log that has begun */
    CHECK(!run(yard));
    enter(yard, "one");
    enter(yard, "two");
    CHECK(run(yard) && recorder_size(yard->recorder) == 2);
    CHECK(!cosigned(yard));
    CHECK(ask_witness(yard) == RECORDER_OUTCOME_COSIGNED);
    CHECK(cosigned(yard));
    /* The witness's coming is an entry of its own. */
    CHECK(run(yard) && recorder_size(yard->recorder) == 3);
    CHECK(!cosigned(yard) && ask_witness(yard) == RECORDER_OUTCOME_COSIGNED && cosigned(yard));
    CHECK(!run(yard));
    restart(yard);
    CHECK(!recorder_halted(yard->recorder) && recorder_size(yard->recorder) == 3);
    CHECK(ask_witness(yard) == RECORDER_OUTCOME_COSIGNED); /* idle: the same, at a new time */
    for (int i = 0; i < 2500; i++) {
        enter(yard, "many");
    }
    CHECK(run(yard) && recorder_size(yard->recorder) == 2503);
    CHECK(ask_witness(yard) == RECORDER_OUTCOME_COSIGNED && cosigned(yard));
}

/* Killed between the files and the database: rows come back, nothing comes twice. */
static void test_lost_rows(struct yard *yard)
{
    sql(yard, "DELETE FROM audit WHERE number > 2400; DELETE FROM audit_signed");
    restart(yard);
    CHECK(!recorder_halted(yard->recorder));
    CHECK(tables_number(&yard->control, "SELECT count(*) FROM audit") == 2503);
    CHECK(tables_number(&yard->control, "SELECT count(*) FROM audit WHERE action = 'alert_sent'") ==
          2502);
    CHECK(!run(yard));
    enter(yard, "after");
    CHECK(run(yard) && recorder_size(yard->recorder) == 2504);
    CHECK(ask_witness(yard) == RECORDER_OUTCOME_COSIGNED);
}

static void test_rotation(struct yard *yard)
{
    char vkey[NOTE_VKEY_SIZE];
    char now[NOTE_VKEY_SIZE];
    must(log_key_prepare(yard->folder, "site/audit", vkey, &yard->why), yard);
    CHECK(log_key_prepare(yard->folder, "site/audit", now, NULL) == ERR_CONFLICT);
    restart(yard);
    CHECK(!recorder_halted(yard->recorder) && recorder_size(yard->recorder) == 2505);
    note_key_write(recorder_key(yard->recorder), now);
    CHECK_TEXT(now, vkey);
    CHECK(ask_witness(yard) == RECORDER_OUTCOME_COSIGNED); /* both keys sign: it follows */
    must(log_key_forget_old(yard->folder, &yard->why), yard);
    restart(yard);
    CHECK(!recorder_halted(yard->recorder));
    enter(yard, "under the new key");
    CHECK(run(yard) && ask_witness(yard) == RECORDER_OUTCOME_COSIGNED);
}

/* Old files under a database that knows better. */
static void test_old_files(struct yard *yard)
{
    CLEANUP(text_deinit) struct text old = text_limited(CHECKPOINT_SIZE_MAX);
    CLEANUP(text_deinit) struct text newest = text_limited(CHECKPOINT_SIZE_MAX);
    read_checkpoint(yard, &old);
    enter(yard, "newer");
    CHECK(run(yard));
    read_checkpoint(yard, &newest);
    write_checkpoint(yard, &old);
    restart(yard);
    CHECK(recorder_halted(yard->recorder) != NULL);
    CHECK(strstr(recorder_halted(yard->recorder), "an old copy") != NULL);
    enter(yard, "waits");
    CHECK(!run(yard));
    write_checkpoint(yard, &newest);
    restart(yard);
    CHECK(!recorder_halted(yard->recorder) && run(yard));
}

/* An entry changed in the database before it was carried over: files and database differ. */
static void test_other_entry(struct yard *yard)
{
    sql(yard, "UPDATE audit_signed SET note = note"); /* as it is */
    sql(yard, "CREATE TABLE kept AS SELECT * FROM audit_signed");
    enter(yard, "true");
    CHECK(run(yard));
    sql(yard, "DELETE FROM audit_signed; INSERT INTO audit_signed SELECT * FROM kept");
    sql(yard, "CREATE TABLE kept_entry AS SELECT * FROM audit ORDER BY number DESC LIMIT 1");
    sql(yard, "UPDATE audit SET entry = (SELECT entry FROM audit WHERE number = 1) "
              "WHERE number = (SELECT max(number) FROM audit)");
    restart(yard);
    CHECK(recorder_halted(yard->recorder) != NULL);
    CHECK(strstr(recorder_halted(yard->recorder), "differs between the database and the log"));
    sql(yard, "DELETE FROM audit WHERE number IN (SELECT number FROM kept_entry);"
              "INSERT INTO audit SELECT * FROM kept_entry");
    restart(yard);
    CHECK(!recorder_halted(yard->recorder));
}

/* Files and database from the same backup: only the witness knows. */
static void test_old_backup(struct yard *yard)
{
    CLEANUP(text_deinit) struct text old = text_limited(CHECKPOINT_SIZE_MAX);
    CHECK(ask_witness(yard) != RECORDER_OUTCOME_HALTED);
    read_checkpoint(yard, &old);
    const int64_t rows = (int64_t)recorder_size(yard->recorder);
    sql(yard, "DROP TABLE kept; CREATE TABLE kept AS SELECT * FROM audit_signed");
    enter(yard, "what the backup lacks");
    CHECK(run(yard) && ask_witness(yard) == RECORDER_OUTCOME_COSIGNED);
    char words[160];
    (void)snprintf(words, sizeof words,
                   "DELETE FROM audit WHERE number > %lld; DELETE FROM audit_signed; "
                   "INSERT INTO audit_signed SELECT * FROM kept; "
                   "UPDATE audit_witnesses SET size = 1",
                   (long long)rows);
    sql(yard, words);
    write_checkpoint(yard, &old);
    restart(yard);
    CHECK(!recorder_halted(yard->recorder)); /* it cannot know yet */
    CHECK(ask_witness(yard) == RECORDER_OUTCOME_HALTED);
    CHECK(strstr(recorder_halted(yard->recorder), "an old copy was restored") != NULL);
    CHECK(!run(yard));
}

/* A gateway that was broken into cannot stop the log with words alone. */
static void test_liar(struct yard *yard)
{
    char vkey[NOTE_VKEY_SIZE];
    note_key_write(&yard->witness_key.note.key, vkey);
    CLEANUP(text_deinit) struct text forged = text_limited(CHECKPOINT_SIZE_MAX);
    text_add_bytes(&forged, recorder_note(yard->recorder));
    forged.data[strlen("site/audit\n")] ^= 1; /* another size under our signature */
    struct recorder_answer answer = {.name = "north",
                                     .vkey = vkey,
                                     .answer = WITNESS_ANSWER_CONFLICT,
                                     .size = 9999,
                                     .text = text_c(&forged),
                                     .now_us = now_us};
    enum recorder_outcome outcome = RECORDER_OUTCOME_HALTED;
    CHECK(recorder_hear(yard->recorder, &answer, &outcome, NULL) == OK);
    CHECK(outcome == RECORDER_OUTCOME_UNBELIEVED && !recorder_halted(yard->recorder));
    answer.answer = WITNESS_ANSWER_COSIGN;
    answer.size = recorder_size(yard->recorder);
    answer.text = "\xe2\x80\x94 site/gateway/north AAAAAAAAAAAAAAAAAAAAAAAA\n";
    CHECK(recorder_hear(yard->recorder, &answer, &outcome, NULL) == OK);
    CHECK(outcome == RECORDER_OUTCOME_UNBELIEVED);
    answer.vkey = "no key";
    CHECK(recorder_hear(yard->recorder, &answer, &outcome, NULL) == OK);
    CHECK(outcome == RECORDER_OUTCOME_UNBELIEVED);
    CHECK_TEXT(recorder_outcome_name(outcome), "unbelieved");
}

/* What `key` signs below the log's checkpoint as it is in `note`, as the witness `name`'s answer.
 */
static enum recorder_outcome answer_as(struct yard *yard, const char *name,
                                       const struct ledger_signer *key, const struct text *note,
                                       int64_t at_us)
{
    char vkey[NOTE_VKEY_SIZE];
    struct checkpoint checkpoint;
    CLEANUP(text_deinit) struct text line = text_limited(COSIGNER_LINE_SIZE);
    const char *end = strstr(text_c(note), "\n\n");
    const struct span text = span_of(note->data, (size_t)(end + 1 - text_c(note)));
    must(checkpoint_parse(&checkpoint, text, &yard->why), yard);
    must(note_sign(&key->note, text, 1795312229, &line, &yard->why), yard);
    note_key_write(&key->note.key, vkey);
    const struct recorder_answer answer = {.name = name,
                                           .vkey = vkey,
                                           .answer = WITNESS_ANSWER_COSIGN,
                                           .size = checkpoint.size,
                                           .text = text_c(&line),
                                           .now_us = at_us};
    enum recorder_outcome outcome = RECORDER_OUTCOME_HALTED;
    must(recorder_hear(yard->recorder, &answer, &outcome, &yard->why), yard);
    return outcome;
}

static int64_t entries_of(struct yard *yard, const char *name)
{
    char words[120];
    (void)snprintf(words, sizeof words,
                   "SELECT count(*) FROM audit WHERE resource = '%s' AND action LIKE 'witness_%%'",
                   name);
    return tables_number(&yard->control, words);
}

/* However often a broken or hostile gateway answers, the log does not grow with it. */
static void test_flood(struct yard *yard)
{
    struct ledger_signer keys[2];
    ledger_signer_open(&keys[0], NOTE_KIND_COSIGNATURE, "site/gateway/south", 21);
    ledger_signer_open(&keys[1], NOTE_KIND_COSIGNATURE, "site/gateway/south", 22);
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    CLEANUP(text_deinit) struct text other = text_limited(CHECKPOINT_SIZE_MAX);
    read_checkpoint(yard, &note);
    text_add_bytes(&other, text_span(&note));
    char *root = strchr(strchr(text_c(&other), '\n') + 1, '\n') + 1;
    root[0] = root[0] == 'A' ? 'B' : 'A'; /* what it signs is not our tree */
    for (int i = 0; i < 4; i++) {
        CHECK(answer_as(yard, "south", &keys[i % 2], &other, now_us) ==
              RECORDER_OUTCOME_UNBELIEVED);
    }
    CHECK(entries_of(yard, "south") == 0);
    CHECK(answer_as(yard, "south", &keys[0], &note, now_us) == RECORDER_OUTCOME_COSIGNED);
    for (int i = 0; i < 4; i++) { /* good signatures, of keys in turn */
        (void)answer_as(yard, "south", &keys[i % 2], &note, now_us + i);
    }
    CHECK(entries_of(yard, "south") == 1);
    CHECK(answer_as(yard, "south", &keys[1], &note, now_us) == RECORDER_OUTCOME_UNBELIEVED);
    const int64_t later_us = now_us + RECORDER_WITNESS_CHANGE_US;
    CHECK(answer_as(yard, "south", &keys[1], &note, later_us) == RECORDER_OUTCOME_COSIGNED);
    CHECK(entries_of(yard, "south") == 2);

    /* Late is a good signature too, or it is nothing. */
    CHECK(run(yard));
    CHECK(answer_as(yard, "south", &keys[1], &note, later_us) == RECORDER_OUTCOME_LATE);
    CHECK(answer_as(yard, "south", &keys[1], &other, later_us) == RECORDER_OUTCOME_UNBELIEVED);
    CHECK(answer_as(yard, "east", &keys[0], &other, later_us) == RECORDER_OUTCOME_UNBELIEVED);
    CHECK(entries_of(yard, "east") == 0);
    CHECK(tables_number(&yard->control,
                        "SELECT count(*) FROM audit_witnesses WHERE name = 'east'") == 0);
    ledger_signer_close(&keys[0]);
    ledger_signer_close(&keys[1]);
}

int main(void)
{
    struct yard yard;
    yard_open(&yard);
    test_course(&yard);
    test_lost_rows(&yard);
    test_rotation(&yard);
    test_liar(&yard);
    test_flood(&yard);
    test_old_files(&yard);
    test_other_entry(&yard);
    test_old_backup(&yard);
    yard_close(&yard);
    return CHECK_DONE();
}
