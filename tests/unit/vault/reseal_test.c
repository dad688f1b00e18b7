#include "vault/reseal.h"

#include <sodium.h>

#include "check.h"
#include "unit/people/people_database.h"

static const int64_t NOW_US = 1800000000000000;
enum { USERS = 450, ENTRIES = 450 }; /* several batches */

static void run(struct database *database, const char *sql)
{
    struct why why = {""};
    if (database_execute(database, sql, &why)) {
        printf("# %s\n", why.text);
        abort();
    }
}

static int64_t number(struct database *database, const char *sql)
{
    struct statement *row = NULL;
    enum step step = STEP_DONE;
    CHECK(database_prepare(&row, database, sql, NULL) == OK);
    CHECK(statement_step(row, &step, NULL) == OK && step == STEP_ROW);
    const int64_t answer = column_integer(row, 0);
    statement_reset(row);
    return answer;
}

/* `size` bytes that end with the two digits of `number` as one byte. */
static struct span filler(uint8_t bytes[static 32], size_t size, int number)
{
    memset(bytes, 0, size);
    bytes[size - 1] = (uint8_t)(16 * (number / 10 % 10) + number % 10);
    bytes[0] = (uint8_t)(number >> 8);
    bytes[1] = (uint8_t)number;
    return span_of(bytes, size);
}

static void run_with(struct database *database, const char *sql, struct span one, struct span two)
{
    struct statement *statement = NULL;
    CHECK(database_prepare(&statement, database, sql, NULL) == OK);
    statement_bind_bytes(statement, ":one", one);
    if (two.size > 0) { statement_bind_bytes(statement, ":two", two); }
    if (statement_run(statement, NULL, NULL)) { abort(); }
}

/* A database of before: nothing is sealed. */
static void fill(struct database *database)
{
    char sql[512];
    uint8_t one[32];
    uint8_t two[32];
    enum err err = database_begin(database, NULL);
    for (int i = 0; i < USERS; i++) {
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO users (user_id, name, role, password_hash, must_change, "
                       "one_time_hash, one_time_used, created_us, changed_us, totp_secret) VALUES "
                       "('u%d', 'n%d', 'viewer', 'x', 0, '', 0, 0, 0, :one)",
                       i, i);
        run_with(database, sql, filler(one, 20, i), span_text(""));
    }
    for (int i = 0; i < ENTRIES; i++) {
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO audit (number, at_us, actor, action, resource, entry, salt, "
                       "sealed) VALUES (%d, 0, '', 'a', 'r', :one, :two, 'text %d')",
                       i + 1, i);
        run_with(database, sql, filler(one, 4, i), filler(two, 32, i));
    }
    run_with(database, "INSERT INTO recovery_codes (user_id, code_hash) VALUES ('u1', :one)",
             filler(one, 32, 1), span_text(""));
    run_with(database, "UPDATE users SET totp_pending = :one WHERE user_id = 'u2'",
             filler(one, 20, 1), span_text(""));
    database_end(database, &err, NULL);
    CHECK(err == OK);
}

static int64_t drain(struct reseal *reseal, enum reseal_part part, int64_t *refused)
{
    struct reseal_progress progress = {.done = false};
    int64_t sealed = 0;
    *refused = 0;
    while (!progress.done) {
        if (reseal_batch(reseal, part, &progress, NULL)) { abort(); }
        sealed += progress.sealed;
        *refused += progress.refused;
    }
    return sealed;
}

static void check_opens(struct database *database, struct vault *vault)
{
    struct statement *row = NULL;
    enum step step = STEP_DONE;
    uint8_t bytes[256];
    char name[RESEAL_ENTRY_ROW_SIZE];
    struct seal_room room = {.bytes = bytes, .capacity = sizeof bytes};
    CHECK(database_prepare(&row, database,
                           "SELECT totp_secret, (SELECT kept FROM audit WHERE number = 18), "
                           "(SELECT entry FROM audit WHERE number = 18) FROM users WHERE user_id = "
                           "'u17'",
                           NULL) == OK);
    CHECK(statement_step(row, &step, NULL) == OK);
    const struct seal_place user = {"users", "totp_secret", "u17"};
    CHECK(vault_unseal(vault, &user, column_bytes(row, 0), &room, NULL) == OK);
    CHECK(room.size == 20 && bytes[19] == 0x17 && bytes[1] == 17);
    reseal_entry_row(name, column_bytes(row, 2));
    const struct seal_place entry = {"audit", "kept", name};
    CHECK(vault_unseal(vault, &entry, column_bytes(row, 1), &room, NULL) == OK);
    CHECK(room.size == 32 + 7 && bytes[31] == 0x17 && memcmp(bytes + 32, "text 17", 7) == 0);
    statement_reset(row);
}

/* What was never sealed is; twice is once. */
static void test_first(struct database *database, struct vault *vault)
{
    CLEANUP(reseal_close_p) struct reseal *reseal = NULL;
    int64_t refused = 0;
    int64_t left = 0;
    CHECK(reseal_open(&reseal, database, vault, NULL) == OK);
    CHECK(reseal_left(reseal, &left, NULL) == OK && left == USERS + ENTRIES + 2);
    CHECK(drain(reseal, RESEAL_PART_PEOPLE, &refused) == USERS + 2 && refused == 0);
    CHECK(drain(reseal, RESEAL_PART_UNSEALED, &refused) == ENTRIES && refused == 0);
    CHECK(drain(reseal, RESEAL_PART_PEOPLE, &refused) == 0);
    CHECK(reseal_left(reseal, &left, NULL) == OK && left == 0);
    CHECK(number(database, "SELECT count(*) FROM audit WHERE salt IS NOT NULL OR sealed IS NOT "
                           "NULL") == 0);
    check_opens(database, vault);
}

/* Killed after one batch, begun again by another: nothing is lost, the old key goes at the end. */
static void test_rotation(struct database *database, struct vault *vault)
{
    struct reseal *killed = NULL;
    struct reseal *reseal = NULL;
    struct reseal_progress progress;
    struct vault_key keys[VAULT_KEY_MAX];
    int64_t refused = 0;
    int64_t left = 0;
    CHECK(vault_key_add(vault, NOW_US, NULL) == OK);
    CHECK(reseal_open(&killed, database, vault, NULL) == OK);
    CHECK(reseal_batch(killed, RESEAL_PART_RECORD, &progress, NULL) == OK);
    CHECK(progress.sealed == RESEAL_BATCH && !progress.done);
    CHECK(reseal_finish(killed, &left, NULL) == OK && left == USERS + ENTRIES + 2 - RESEAL_BATCH);
    CHECK(vault_keys(vault, keys) == 2); /* it is in use */
    reseal_close(killed);
    CHECK(reseal_open(&reseal, database, vault, NULL) == OK);
    CHECK(drain(reseal, RESEAL_PART_PEOPLE, &refused) == USERS + 2);
    CHECK(drain(reseal, RESEAL_PART_RECORD, &refused) == ENTRIES - RESEAL_BATCH);
    CHECK(reseal_finish(reseal, &left, NULL) == OK && left == 0);
    CHECK(vault_keys(vault, keys) == 1 && keys[0].id == 2);
    check_opens(database, vault);
    reseal_close(reseal);
}

/* Two rows that somebody has swapped do not open: they stay, and so does their key. */
static void test_swapped(struct database *database, struct vault *vault)
{
    CLEANUP(reseal_close_p) struct reseal *reseal = NULL;
    struct vault_key keys[VAULT_KEY_MAX];
    int64_t refused = 0;
    int64_t left = 0;
    run(database, "UPDATE users SET totp_secret = (SELECT totp_secret FROM users WHERE user_id = "
                  "'u8') WHERE user_id = 'u7';"
                  "UPDATE audit SET kept = (SELECT kept FROM audit WHERE number = 4) WHERE number "
                  "= 3");
    CHECK(vault_key_add(vault, NOW_US, NULL) == OK);
    CHECK(reseal_open(&reseal, database, vault, NULL) == OK);
    (void)drain(reseal, RESEAL_PART_PEOPLE, &refused);
    CHECK(refused >= 1);
    (void)drain(reseal, RESEAL_PART_RECORD, &refused);
    CHECK(refused == 1);
    CHECK(reseal_finish(reseal, &left, NULL) == OK && left == 2);
    CHECK(vault_keys(vault, keys) == 2);
}

int main(void)
{
    if (sodium_init() < 0) { return 1; }
    struct people_database people;
    struct vault *vault = NULL;
    people_database_open(&people);
    fill(people.database);
    CHECK(vault_open(&vault, people.database, NULL) == OK);
    test_first(people.database, vault);
    test_rotation(people.database, vault);
    test_swapped(people.database, vault);
    vault_close(vault);
    people_database_close(&people);
    return CHECK_DONE();
}
