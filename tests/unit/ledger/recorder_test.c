#include "ledger/recorder.h"

#include "ledger_yard.h"

static void read_checkpoint(const struct yard *yard, struct text *note)
{
    text_clear(note);
    text_add_bytes(note, recorder_note(yard->recorder));
}

static void write_checkpoint(struct yard *yard, const struct text *note)
{
    char path[FILE_PATH_SIZE];
    yard_must(file_join(path, yard->log, "checkpoint", &yard->why), yard);
    yard_must(file_write(path, text_span(note), 0600, &yard->why), yard);
}

static void sql(struct yard *yard, const char *words)
{
    yard_must(database_execute(yard->control.database, words, &yard->why), yard);
}

static void test_course(struct yard *yard)
{
    CHECK(yard_run(yard)); /* the checkpoint of no entries: a log that has begun */
    CHECK(!yard_run(yard));
    yard_enter(yard, "one");
    yard_enter(yard, "two");
    CHECK(yard_run(yard) && recorder_size(yard->recorder) == 2);
    CHECK(!yard_cosigned(yard));
    CHECK(yard_ask(yard) == RECORDER_OUTCOME_COSIGNED);
    CHECK(yard_cosigned(yard));
    /* The witness's coming is an entry of its own. */
    CHECK(yard_run(yard) && recorder_size(yard->recorder) == 3);
    CHECK(!yard_cosigned(yard) && yard_ask(yard) == RECORDER_OUTCOME_COSIGNED &&
          yard_cosigned(yard));
    CHECK(!yard_run(yard));
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder) && recorder_size(yard->recorder) == 3);
    CHECK(yard_ask(yard) == RECORDER_OUTCOME_COSIGNED); /* idle: the same, at a new time */
    for (int i = 0; i < 2500; i++) {
        yard_enter(yard, "many");
    }
    CHECK(yard_run(yard) && recorder_size(yard->recorder) == 2503);
    CHECK(yard_ask(yard) == RECORDER_OUTCOME_COSIGNED && yard_cosigned(yard));
}

/* Killed between the files and the database: rows come back, nothing comes twice. */
static void test_lost_rows(struct yard *yard)
{
    sql(yard, "DELETE FROM audit WHERE number > 2400; DELETE FROM audit_signed");
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder));
    CHECK(tables_number(&yard->control, "SELECT count(*) FROM audit") == 2504);
    CHECK(tables_number(&yard->control, "SELECT count(*) FROM audit WHERE action = 'alert_sent'") ==
          2502);
    CHECK(tables_number(&yard->control, "SELECT count(*) FROM audit WHERE number = 2504 AND "
                                        "action = 'entries_recovered'") == 1);
    yard_enter(yard, "after");
    CHECK(yard_run(yard) && recorder_size(yard->recorder) == 2505);
    CHECK(yard_ask(yard) == RECORDER_OUTCOME_COSIGNED);
}

static void test_rotation(struct yard *yard)
{
    char vkey[NOTE_VKEY_SIZE];
    char now[NOTE_VKEY_SIZE];
    yard_must(log_key_prepare(yard->folder, "site/audit", vkey, &yard->why), yard);
    CHECK(log_key_prepare(yard->folder, "site/audit", now, NULL) == ERR_CONFLICT);
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder) && recorder_size(yard->recorder) == 2506);
    note_key_write(recorder_key(yard->recorder), now);
    CHECK_TEXT(now, vkey);
    CHECK(yard_ask(yard) == RECORDER_OUTCOME_COSIGNED); /* both keys sign: it follows */
    yard_must(log_key_forget_old(yard->folder, &yard->why), yard);
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder));
    yard_enter(yard, "under the new key");
    CHECK(yard_run(yard) && yard_ask(yard) == RECORDER_OUTCOME_COSIGNED);
}

/* Old files under a database that knows better. */
static void test_old_files(struct yard *yard)
{
    CLEANUP(text_deinit) struct text old = text_limited(CHECKPOINT_SIZE_MAX);
    CLEANUP(text_deinit) struct text newest = text_limited(CHECKPOINT_SIZE_MAX);
    read_checkpoint(yard, &old);
    yard_enter(yard, "newer");
    CHECK(yard_run(yard));
    read_checkpoint(yard, &newest);
    write_checkpoint(yard, &old);
    yard_restart(yard);
    CHECK(recorder_halted(yard->recorder) != NULL);
    CHECK(strstr(recorder_halted(yard->recorder), "an old copy") != NULL);
    yard_enter(yard, "waits");
    CHECK(!yard_run(yard));
    write_checkpoint(yard, &newest);
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder) && yard_run(yard));
}

/* An entry changed in the database before it was carried over: files and database differ. */
static void test_other_entry(struct yard *yard)
{
    sql(yard, "UPDATE audit_signed SET note = note"); /* as it is */
    sql(yard, "CREATE TABLE kept AS SELECT * FROM audit_signed");
    yard_enter(yard, "true");
    CHECK(yard_run(yard));
    sql(yard, "DELETE FROM audit_signed; INSERT INTO audit_signed SELECT * FROM kept");
    sql(yard, "CREATE TABLE kept_entry AS SELECT * FROM audit ORDER BY number DESC LIMIT 1");
    sql(yard, "UPDATE audit SET entry = (SELECT entry FROM audit WHERE number = 1) "
              "WHERE number = (SELECT max(number) FROM audit)");
    yard_restart(yard);
    CHECK(recorder_halted(yard->recorder) != NULL);
    CHECK(strstr(recorder_halted(yard->recorder), "differs between the database and the log"));
    sql(yard, "DELETE FROM audit WHERE number IN (SELECT number FROM kept_entry);"
              "INSERT INTO audit SELECT * FROM kept_entry");
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder));
}

/* Files and database from the same backup: only the witness knows. */
static void test_old_backup(struct yard *yard)
{
    CLEANUP(text_deinit) struct text old = text_limited(CHECKPOINT_SIZE_MAX);
    CHECK(yard_ask(yard) != RECORDER_OUTCOME_HALTED);
    read_checkpoint(yard, &old);
    const int64_t rows = (int64_t)recorder_size(yard->recorder);
    sql(yard, "DROP TABLE kept; CREATE TABLE kept AS SELECT * FROM audit_signed");
    yard_enter(yard, "what the backup lacks");
    CHECK(yard_run(yard) && yard_ask(yard) == RECORDER_OUTCOME_COSIGNED);
    char words[160];
    (void)snprintf(words, sizeof words,
                   "DELETE FROM audit WHERE number > %lld; DELETE FROM audit_signed; "
                   "INSERT INTO audit_signed SELECT * FROM kept; "
                   "UPDATE audit_witnesses SET size = 1",
                   (long long)rows);
    sql(yard, words);
    write_checkpoint(yard, &old);
    yard_restart(yard);
    CHECK(!recorder_halted(yard->recorder)); /* it cannot know yet */
    CHECK(yard_ask(yard) == RECORDER_OUTCOME_HALTED);
    CHECK(strstr(recorder_halted(yard->recorder), "an old copy was restored") != NULL);
    CHECK(!yard_run(yard));
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
                                     .now_us = YARD_NOW_US};
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
    yard_must(checkpoint_parse(&checkpoint, text, &yard->why), yard);
    yard_must(note_sign(&key->note, text, 1795312229, &line, &yard->why), yard);
    note_key_write(&key->note.key, vkey);
    const struct recorder_answer answer = {.name = name,
                                           .vkey = vkey,
                                           .answer = WITNESS_ANSWER_COSIGN,
                                           .size = checkpoint.size,
                                           .text = text_c(&line),
                                           .now_us = at_us};
    enum recorder_outcome outcome = RECORDER_OUTCOME_HALTED;
    yard_must(recorder_hear(yard->recorder, &answer, &outcome, &yard->why), yard);
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
        CHECK(answer_as(yard, "south", &keys[i % 2], &other, YARD_NOW_US) ==
              RECORDER_OUTCOME_UNBELIEVED);
    }
    CHECK(entries_of(yard, "south") == 0);
    CHECK(answer_as(yard, "south", &keys[0], &note, YARD_NOW_US) == RECORDER_OUTCOME_COSIGNED);
    for (int i = 0; i < 4; i++) { /* good signatures, of keys in turn */
        (void)answer_as(yard, "south", &keys[i % 2], &note, YARD_NOW_US + i);
    }
    CHECK(entries_of(yard, "south") == 1);
    CHECK(answer_as(yard, "south", &keys[1], &note, YARD_NOW_US) == RECORDER_OUTCOME_UNBELIEVED);
    const int64_t later_us = YARD_NOW_US + RECORDER_WITNESS_CHANGE_US;
    CHECK(answer_as(yard, "south", &keys[1], &note, later_us) == RECORDER_OUTCOME_COSIGNED);
    CHECK(entries_of(yard, "south") == 2);

    /* Late is a good signature too, or it is nothing. */
    CHECK(yard_run(yard));
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
