/*
 * Row-level security against the ways around it that are known, each with its counter-test: the
 * same question where the defence is taken away, which must then leak. Skipped without
 * TOCSIN_TEST_DATABASE, whose server has the roles tocsin_owner and tocsin
 * (tests/lib/postgres_rig.py).
 */
#include "store/guard.h"

#include "check.h"
#include "migrations/control.h"
#include "place.h"

#define WHOLE ""
#define NORTH ",north,"

static struct place place;
static struct database *super, *owner, *app;
static char app_address[600];

static struct database *open_as(const char *role)
{
    struct why why = {0};
    struct database *database = NULL;
    static char address[600];
    (void)snprintf(address, sizeof address, "%s user=%s", place.address, role);
    if (database_open(&database, &(struct database_config){.address = address}, &why) != OK) {
        place_bail(why.text);
    }
    return database;
}

static void run(struct database *database, const char *sql)
{
    struct why why = {0};
    if (database_execute(database, sql, &why) != OK) { place_bail(why.text); }
}

static int64_t number_of(struct database *database, const char *zones, const char *sql)
{
    struct statement *statement = NULL;
    enum step step = STEP_DONE;
    int64_t number = -1;
    guard_scope(database, zones);
    if (database_prepare(&statement, database, sql, NULL) == OK &&
        statement_step(statement, &step, NULL) == OK && step == STEP_ROW) {
        number = column_integer(statement, 0);
    }
    if (statement) { statement_reset(statement); }
    return number;
}

static enum err change(const char *zones, const char *sql, int64_t *changed)
{
    struct statement *statement = NULL;
    struct why why = {0};
    guard_scope(app, zones);
    enum err err = database_prepare(&statement, app, sql, &why);
    if (err == OK) { err = statement_run(statement, changed, &why); }
    if (err != OK) { printf("# %s\n", why.text); }
    return err;
}

#define DEVICE(name, zone)                                                                         \
    "INSERT INTO devices SELECT '" name "', 0, '" zone                                             \
    "', 1, '', '', 64, 32, 1, 1, 1, '', '', 1, '', 0, 0"
#define EVENT(id, zone)                                                                            \
    "INSERT INTO events (event_id, device, sequence, state, camera, zone, label, score, count, "   \
    "started_us, updated_us, ended_us, boxes, snapshot, model, received_us) VALUES ('" id          \
    "', 'd', 1, 0, 'c', '" zone "', 'l', 0.5, 1, 1, 1, 1, '[]', 0, '', 1)"
#define ALERT(id)                                                                                  \
    "INSERT INTO alerts (alert_id, revision, state, tier, content, payload, begin_us, expire_us, " \
    "created_us, created_by, changed_us) VALUES ('" id "', 1, 0, 0, '{}', '', 1, 1, 1, 'a', 1)"
#define COUNT_DEVICES "SELECT count(*) FROM devices"

static void fill(void)
{
    static const char *const rows[] = {
        DEVICE("sign-n", "north"),
        DEVICE("sign-s", "south"),
        DEVICE("sign-x", ""),
        EVENT("e-n", "north"),
        EVENT("e-s", "south"),
        ALERT("a-n"),
        ALERT("a-s"),
        ALERT("a-all"),
        "INSERT INTO alert_zones VALUES ('a-n', 'north'), ('a-s', 'south'), ('a-all', '*')",
        "INSERT INTO cameras SELECT name, 'gate', 0, '', 1, NULL, 1 FROM devices",
        "INSERT INTO deliveries (alert_id, device, zone, revision, state, reason, queued_us, "
        "attempts) "
        "VALUES ('a-n', 'sign-n', 'north', 1, 0, '', 1, 1), ('a-s', 'sign-s', 'south', 1, 0, '', "
        "1, 1)",
        "INSERT INTO alert_history (alert_id, revision, state, at_us, actor) "
        "SELECT alert_id, 1, 0, 1, 'a' FROM alerts",
        "INSERT INTO outbox (alert_id, scope, name, kind, created_us) "
        "SELECT alert_id, 'zone', zone, 0, 1 FROM alert_zones"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK(change(WHOLE, rows[i], NULL) == OK);
    }
}

static void only_the_serving_role_may_serve(void)
{
    struct why why = {0};
    CHECK(guard_check(app, &why) == OK);
    CHECK(guard_check(owner, &why) == ERR_DENIED && strstr(why.text, "owns the tables") != NULL);
    CHECK(guard_check(super, &why) == ERR_DENIED && strstr(why.text, "superuser") != NULL);
    run(super, "ALTER ROLE tocsin BYPASSRLS");
    CHECK(guard_check(app, &why) == ERR_DENIED);
    run(super, "ALTER ROLE tocsin NOBYPASSRLS");
    CHECK(database_execute(app, "DROP TABLE sessions", &why) == ERR_DENIED);
    CHECK(database_execute(app, "DELETE FROM migrations", &why) == ERR_DENIED);
    CHECK(guard_share(owner, "host=/tmp dbname=x", &why) == ERR_MALFORMED);
}

static void each_table_shows_what_is_reached(void)
{
    static const struct {
        const char *sql;
        int64_t whole, north;
    } tables[] = {{COUNT_DEVICES, 3, 1},
                  {"SELECT count(*) FROM events", 2, 1},
                  {"SELECT count(*) FROM cameras", 3, 1},
                  {"SELECT count(*) FROM deliveries", 2, 1},
                  {"SELECT count(*) FROM alerts", 3, 2},
                  {"SELECT count(*) FROM alert_zones", 3, 2},
                  {"SELECT count(*) FROM alert_history", 3, 2},
                  {"SELECT count(*) FROM outbox", 3, 2}};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        printf("# %s\n", tables[i].sql);
        CHECK(number_of(app, WHOLE, tables[i].sql) == tables[i].whole);
        CHECK(number_of(app, NORTH, tables[i].sql) == tables[i].north);
        CHECK(number_of(app, ",nowhere,", tables[i].sql) == (tables[i].north == 2));
        CHECK(number_of(app, NULL, tables[i].sql) == 0);
        CHECK(number_of(owner, NULL, tables[i].sql) == 0); /* FORCE */
    }
    CHECK(number_of(app, ",south,north,", COUNT_DEVICES) == 2);
    run(super, "ALTER TABLE devices NO FORCE ROW LEVEL SECURITY");
    CHECK(number_of(owner, NULL, COUNT_DEVICES) == 3); /* what FORCE is for */
    struct why why = {0};
    CHECK(guard_check(app, &why) == ERR_DENIED && strstr(why.text, "devices") != NULL);
    run(super, "ALTER TABLE devices FORCE ROW LEVEL SECURITY");
}

static void nothing_is_written_elsewhere(void)
{
    int64_t changed = -1;
    CHECK(change(NORTH, EVENT("e-1", "south"), NULL) == ERR_DENIED);
    CHECK(change(NORTH, EVENT("e-2", ""), NULL) == ERR_DENIED);
    CHECK(change(NULL, EVENT("e-3", "north"), NULL) == ERR_DENIED);
    CHECK(change(NORTH, EVENT("e-4", "north"), NULL) == OK);
    CHECK(change(NORTH, "UPDATE events SET zone = 'south' WHERE event_id = 'e-4'", NULL) ==
          ERR_DENIED);
    CHECK(change(NORTH, "UPDATE events SET label = 'x' WHERE event_id = 'e-s'", &changed) == OK);
    CHECK(changed == 0);
    CHECK(change(NORTH, "DELETE FROM events WHERE event_id IN ('e-4', 'e-s')", &changed) == OK);
    CHECK(changed == 1);
    CHECK(change(NORTH, "UPDATE alerts SET tier = 3 WHERE alert_id = 'a-s'", &changed) == OK);
    CHECK(changed == 0);
    CHECK(change(NORTH, "UPDATE alerts SET tier = 3 WHERE alert_id = 'a-all'", &changed) == OK);
    CHECK(changed == 0); /* seen, not theirs to change */
    CHECK(change(NORTH, "DELETE FROM alerts WHERE alert_id = 'a-n'", &changed) == OK);
    CHECK(changed == 0);
    CHECK(change(NORTH, ALERT("a-new"), NULL) == OK);
    CHECK(change(NORTH, "INSERT INTO alert_zones VALUES ('a-new', 'south')", NULL) == ERR_DENIED);
    CHECK(change(NORTH, "INSERT INTO alert_zones VALUES ('a-new', '*')", NULL) == ERR_DENIED);
    CHECK(change(NORTH, "INSERT INTO alert_zones VALUES ('a-new', 'north')", NULL) == OK);
    CHECK(change(NORTH, "UPDATE alerts SET tier = 1 WHERE alert_id = 'a-new'", &changed) == OK);
    CHECK(changed == 1);
    CHECK(change(NULL, ALERT("a-none"), NULL) == ERR_DENIED);
}

/* Leak 1: after set_config(..., true) the setting is '' and not NULL: rows of zone '' would match.
 */
static void an_empty_setting_is_no_zone(void)
{
    CHECK(number_of(app, NORTH, COUNT_DEVICES) == 1); /* leaves '' behind */
    CHECK(number_of(app, NULL,
                    "SELECT count(*) WHERE current_setting('tocsin.zones', true) = ''") == 1);
    CHECK(number_of(app, NULL, COUNT_DEVICES) == 0);
    CHECK(number_of(app, ",,", COUNT_DEVICES) == 0);
    CHECK(number_of(app, ",north,,", COUNT_DEVICES) == 1);
    run(owner,
        "CREATE POLICY naive ON devices USING (zone = current_setting('tocsin.zones', true))");
    CHECK(number_of(app, NORTH, COUNT_DEVICES) == 1);
    CHECK(number_of(app, NULL, COUNT_DEVICES) == 1); /* the leak */
    run(owner, "DROP POLICY naive ON devices");
}

/* Leak 2: a view asks with its owner's rights. */
static void a_view_asks_as_who_asks(void)
{
    struct why why = {0};
    run(super, "CREATE VIEW shown AS SELECT * FROM devices; GRANT SELECT ON shown TO tocsin");
    CHECK(number_of(app, NORTH, "SELECT count(*) FROM shown") == 3); /* the leak */
    CHECK(guard_check(app, &why) == ERR_DENIED && strstr(why.text, "shown") != NULL);
    run(super, "ALTER VIEW shown SET (security_invoker = true)");
    CHECK(number_of(app, NORTH, "SELECT count(*) FROM shown") == 1);
    CHECK(guard_check(app, &why) == OK);
    run(super, "DROP VIEW shown; CREATE MATERIALIZED VIEW kept AS SELECT * FROM devices");
    CHECK(guard_check(app, &why) == ERR_DENIED && strstr(why.text, "kept") != NULL);
    run(super, "DROP MATERIALIZED VIEW kept; CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql "
               "SECURITY DEFINER AS 'SELECT count(*) FROM devices'");
    CHECK(number_of(app, NORTH, "SELECT peek()") == 3); /* the same by a function */
    CHECK(guard_check(app, &why) == ERR_DENIED && strstr(why.text, "peek") != NULL);
    run(super, "DROP FUNCTION peek()");
}

/* Leak 3: a partition that is asked directly has its parent's policies only if they are its own. */
static void a_partition_is_guarded_itself(void)
{
    struct why why = {0};
    run(owner,
        "CREATE TABLE facts (zone text, month bigint) PARTITION BY LIST (month);"
        "CREATE TABLE facts_1 PARTITION OF facts FOR VALUES IN (1);"
        "INSERT INTO facts VALUES ('north', 1), ('south', 1);"
        "ALTER TABLE facts ENABLE ROW LEVEL SECURITY; ALTER TABLE facts FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY zone ON facts USING (zone = current_setting('tocsin.zones', true));"
        "GRANT SELECT ON facts, facts_1 TO tocsin");
    CHECK(number_of(app, NORTH, "SELECT count(*) FROM facts") == 1);
    CHECK(number_of(app, NORTH, "SELECT count(*) FROM facts_1") == 2); /* the leak */
    CHECK(guard_check(app, &why) == ERR_DENIED && strstr(why.text, "facts_1") != NULL);
    run(owner, "ALTER TABLE facts_1 ENABLE ROW LEVEL SECURITY;"
               "ALTER TABLE facts_1 FORCE ROW LEVEL SECURITY");
    CHECK(number_of(app, NORTH, "SELECT count(*) FROM facts_1") == 0);
    CHECK(guard_check(app, &why) == OK);
    run(owner, "DROP TABLE facts");
}

/*
 * Leak 4: a key that is unique over all zones tells by its refusal that another zone has the value.
 * The guarded tables' keys are therefore ids that nobody chooses, or names that certificates give
 * and no person can enter; a new one must be looked at before it joins this list. What a person
 * does choose, the Idempotency-Key, is one person's own.
 */
static void unique_keys_are_known(void)
{
    struct statement *keys = NULL;
    enum step step = STEP_DONE;
    char words[1024] = "";
    CHECK(database_prepare(
              &keys, super,
              "SELECT c.relname || '(' || (SELECT string_agg(attname::text, ' ' ORDER BY "
              "attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum = ANY "
              "(i.indkey)) || ')' FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
              "WHERE i.indisunique AND c.relrowsecurity AND c.relnamespace = "
              "current_schema()::text::regnamespace ORDER BY 1",
              NULL) == OK);
    CHECK(statement_step(keys, &step, NULL) == OK);
    while (step == STEP_ROW) {
        const size_t size = strlen(words);
        (void)snprintf(words + size, sizeof words - size, "%s ", column_text(keys, 0));
        if (statement_step(keys, &step, NULL) != OK) { break; }
    }
    statement_reset(keys);
    CHECK_TEXT(words, "alert_history(number) alert_zones(alert_id zone) alerts(alert_id) "
                      "cameras(device name) deliveries(alert_id device) devices(name) "
                      "events(event_id) outbox(alert_id scope name kind) outbox(number) "
                      "tallies(zone) ");
    struct why why = {0};
    guard_scope(app, NORTH);
    CHECK(database_begin(app, &why) == OK);
    enum err err = database_execute(app, DEVICE("sign-s", "north"), &why);
    CHECK(err == ERR_CONFLICT && strstr(why.text, "sign-s") == NULL); /* no values in sentences */
    database_end(app, &err, NULL);
    CHECK(change(NULL, "INSERT INTO idempotency VALUES ('nora', 'k', '{}', 'a-n', 1)", NULL) == OK);
    CHECK(change(NULL, "INSERT INTO idempotency VALUES ('sam', 'k', '{}', 'a-s', 1)", NULL) == OK);
}

/* Leak 5: what is set for the session stays for whom a pooler gives the connection to next. */
static void nothing_stays_on_the_connection(void)
{
    static const char left[] =
        "SELECT count(*) WHERE coalesce(current_setting('tocsin.zones', true), "
        "'') <> ''";
    CHECK(number_of(app, WHOLE, left) == 1);
    CHECK(number_of(app, NULL, left) == 0);
    guard_scope(app, NORTH);
    enum err err = database_begin(app, NULL);
    guard_scope(app,
                NULL); /* the transaction keeps what it began with, to its end and not longer */
    CHECK(err == OK && number_of(app, NULL, COUNT_DEVICES) == 1);
    database_end(app, &err, NULL);
    CHECK(number_of(app, NULL, left) == 0 && number_of(app, NULL, COUNT_DEVICES) == 0);
    err = database_begin(app, NULL);
    CHECK(err == OK && number_of(app, NULL, COUNT_DEVICES) == 0);
    err = ERR_RANGE;
    database_end(app, &err, NULL);
    run(app, "SET tocsin.zones = '*'");
    CHECK(number_of(app, NULL, COUNT_DEVICES) ==
          3); /* the leak that a session's setting would be */
    run(app, "RESET tocsin.zones");
}

int main(void)
{
    if (!place_server()) { return CHECK_SKIP_ALL("TOCSIN_TEST_DATABASE names no server"); }
    struct why why = {0};
    char sql[160];
    place_make(&place);
    super = place_connect(&place);
    (void)snprintf(sql, sizeof sql, "ALTER SCHEMA %s OWNER TO tocsin_owner", place.schema);
    run(super, sql);
    owner = open_as("tocsin_owner");
    CHECK(database_migrate(owner, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL), &why) == OK);
    (void)snprintf(app_address, sizeof app_address, "%s user=tocsin", place.address);
    CHECK(guard_share(owner, app_address, &why) == OK);
    app = open_as("tocsin");
    fill();
    each_table_shows_what_is_reached();
    nothing_is_written_elsewhere();
    an_empty_setting_is_no_zone();
    a_view_asks_as_who_asks();
    a_partition_is_guarded_itself();
    unique_keys_are_known();
    nothing_stays_on_the_connection();
    only_the_serving_role_may_serve();
    database_close(app);
    database_close(owner);
    database_close(super);
    place_remove(&place);
    return CHECK_DONE();
}
