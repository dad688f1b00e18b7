#include "store/postgres.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "store/dialect.h"

enum { BUSY_WAIT_MS = 5000, SETTINGS_SIZE = 512, NAME_SIZE = 256, LOOKS_MAX = 8 };

/*
 * SQLite lets one connection write at a time, and the code relies on it: what a transaction has
 * read stays true until its end. The same here: every transaction, and every single statement that
 * writes, first takes this lock, which ends with the transaction. Readers never wait.
 */
#define LOCK                                                                                       \
    "pg_advisory_xact_lock(hashtextextended('tocsin ' || current_schema()::text, 0::bigint))"
#define SCOPE "set_config('tocsin.zones', $1, true)"

static const struct {
    const char *name, *sql;
} OWN_STATEMENTS[] = {{"tocsin_read", "SELECT " SCOPE},
                      {"tocsin_write", "SELECT " SCOPE ", " LOCK},
                      {"tocsin_begin", "BEGIN"}};

static struct postgres *own(struct database *database)
{
    return (struct postgres *)database;
}

/* ---- errors ---- */

static enum err error_kind(const char *state)
{
    static const struct {
        const char *prefix;
        enum err err;
    } kinds[] = {
        {"23", ERR_CONFLICT},       {"40", ERR_TIMEOUT},     {"55P03", ERR_TIMEOUT},
        {"57014", ERR_TIMEOUT},     {"08", ERR_UNAVAILABLE}, {"57", ERR_UNAVAILABLE},
        {"25006", ERR_UNAVAILABLE}, {"53100", ERR_IO},       {"53", ERR_UNAVAILABLE},
        {"28", ERR_DENIED},         {"42501", ERR_DENIED},   {"3D", ERR_NOT_FOUND},
        {"22", ERR_MALFORMED},      {"42", ERR_MALFORMED},   {"0A", ERR_MALFORMED},
        {"25", ERR_MALFORMED},      {"26", ERR_MALFORMED},   {"54", ERR_LIMIT},
        {"XX001", ERR_DAMAGED},     {"XX002", ERR_DAMAGED},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strncmp(state, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) { return kinds[i].err; }
    }
    return ERR_IO;
}

bool postgres_lost(const struct postgres *postgres)
{
    return PQstatus(postgres->link) != CONNECTION_OK;
}

/* The primary message only: details name the values of a row. */
enum err postgres_failure(struct postgres *postgres, const PGresult *result, const char *doing,
                          struct why *why)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *words = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (postgres_lost(postgres)) {
        postgres->lost_transaction = postgres->in_transaction;
        return why_set(why, ERR_UNAVAILABLE, "%s: %s: the connection was lost",
                       postgres->database.name, doing);
    }
    if (!words) { words = PQerrorMessage(postgres->link); }
    return why_set(why, state ? error_kind(state) : ERR_IO, "%s: %s: %.*s", postgres->database.name,
                   doing, (int)strcspn(words, "\n"), words);
}

/* ---- the link ---- */

static void say_nothing(void *context, const char *notice)
{
    (void)context;
    (void)notice;
}

/* Whether the server is elsewhere, so that only TLS tells who it is. */
static bool remote(const char *host)
{
    return host && *host && *host != '/' && *host != '@' && strcmp(host, "localhost") != 0 &&
           strcmp(host, "::1") != 0 && strncmp(host, "127.", 4) != 0;
}

/*
 * Refuses an address that holds a password, which option files, process lists and logs would show.
 * Nor does libpq's own sentence about a malformed one leave here: it quotes parts of it.
 */
static enum err check_address(const char *address, bool *verify, struct why *why)
{
    PQconninfoOption *list = PQconninfoParse(address, NULL);
    if (!list) {
        return why_set(why, ERR_MALFORMED,
                       "the database's address is malformed, expected postgresql://USER@HOST/NAME");
    }
    bool secret = false;
    /* NOLINTBEGIN(concurrency-mt-unsafe): libpq reads them in the same way, nobody sets any */
    bool ssl = getenv("PGSSLMODE") != NULL;
    const char *host = getenv("PGHOST");
    /* NOLINTEND(concurrency-mt-unsafe) */
    for (const PQconninfoOption *at = list; at->keyword; at++) {
        if (!at->val) { continue; }
        secret = secret || strstr(at->keyword, "password") != NULL;
        ssl = ssl || strcmp(at->keyword, "sslmode") == 0;
        if (strcmp(at->keyword, "host") == 0) { host = at->val; }
        if (strcmp(at->keyword, "hostaddr") == 0) { host = at->val; }
    }
    *verify = !ssl && remote(host);
    PQconninfoFree(list);
    return secret ? why_set(why, ERR_DENIED,
                            "the database's address holds a password: give it in PGPASSWORD, or in "
                            "a file that PGPASSFILE names")
                  : OK;
}

static PGconn *dial(const char *address, bool verify)
{
    /* What stands before dbname is only a default: the address may say otherwise. */
    const char *const words[] = {
        "application_name", "connect_timeout", "tcp_user_timeout", "gssencmode",
        "sslmode",          "dbname",          "client_encoding",  NULL};
    const char *const values[] = {"tocsin", "5",    "15000", "disable", verify ? "verify-full" : "",
                                  address,  "UTF8", NULL};
    return PQconnectdbParams(words, values, 1);
}

/* What every session starts with: how long it waits for a lock, and when a dead one is noticed. */
static enum err settle(struct postgres *postgres, struct why *why)
{
    char settings[SETTINGS_SIZE];
    (void)snprintf(settings, sizeof settings,
                   "SET lock_timeout = %d; SET idle_in_transaction_session_timeout = 30000;"
                   "SET client_min_messages = error; SET standard_conforming_strings = on;"
                   "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;"
                   "SET tcp_keepalives_count = 3; SET default_transaction_isolation = "
                   "'read committed'",
                   postgres->busy_wait_ms);
    PGresult *result = PQexec(postgres->link, settings);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    for (size_t i = 0; good && i < ARRAY_LEN(OWN_STATEMENTS); i++) {
        PQclear(result);
        result = PQprepare(postgres->link, OWN_STATEMENTS[i].name, OWN_STATEMENTS[i].sql, 0, NULL);
        good = PQresultStatus(result) == PGRES_COMMAND_OK;
    }
    const enum err err = good ? OK : postgres_failure(postgres, result, "start", why);
    PQclear(result);
    return err;
}

static void name_it(struct postgres *postgres)
{
    char name[NAME_SIZE];
    const char *host = PQhost(postgres->link);
    const char *base = PQdb(postgres->link);
    (void)snprintf(name, sizeof name, "postgresql %.100s/%.60s", host && *host ? host : "?",
                   base ? base : "?");
    free(postgres->database.name);
    postgres->database.name = mem_text(name);
}

static enum err dial_failure(struct postgres *postgres, struct why *why)
{
    const char *words = PQerrorMessage(postgres->link);
    const bool needs = PQconnectionNeedsPassword(postgres->link) != 0;
    const bool denied = needs || PQconnectionUsedPassword(postgres->link) != 0;
    return why_set(why, denied ? ERR_DENIED : ERR_UNAVAILABLE, "%s: %.*s", postgres->database.name,
                   (int)strcspn(words, "\n"), words);
}

static enum err connect_again(struct postgres *postgres, struct why *why)
{
    bool verify = false;
    enum err err = check_address(postgres->address, &verify, why);
    if (err != OK) { return err; }
    PQfinish(postgres->link);
    postgres->link = dial(postgres->address, verify);
    name_it(postgres);
    if (postgres_lost(postgres)) { return dial_failure(postgres, why); }
    (void)PQsetNoticeProcessor(postgres->link, say_nothing, NULL);
    postgres->generation++;
    return settle(postgres, why);
}

enum err postgres_ready(struct postgres *postgres, struct why *why)
{
    if (postgres->lost_transaction) {
        return why_set(why, ERR_UNAVAILABLE, "%s: the connection was lost in this transaction",
                       postgres->database.name);
    }
    return postgres_lost(postgres) ? connect_again(postgres, why) : OK;
}

enum err postgres_fresh(struct postgres *postgres, struct why *why)
{
    struct pollfd socket = {.fd = PQsocket(postgres->link), .events = POLLIN};
    for (int i = 0; i < LOOKS_MAX && !postgres_lost(postgres) && poll(&socket, 1, 0) > 0; i++) {
        if (PQconsumeInput(postgres->link) == 0) { break; } /* it has gone; that is seen next */
    }
    return postgres_ready(postgres, why);
}

static enum err postgres_open(struct database **out, const struct database_config *config,
                              struct why *why)
{
    struct postgres *postgres = MEM_NEW(struct postgres);
    CLEANUP(database_close_p) struct database *database = &postgres->database;
    database->backend = &POSTGRES_BACKEND;
    database->name = mem_text("postgresql");
    postgres->address = mem_text(config->address);
    postgres->scope = mem_text(config->every_zone ? "*" : "");
    postgres->busy_wait_ms = config->busy_wait_ms ? config->busy_wait_ms : BUSY_WAIT_MS;
    const enum err err = connect_again(postgres, why);
    if (err == OK) { *out = TAKE(database); }
    return err;
}

static void postgres_close(struct database *database)
{
    PQfinish(own(database)->link);
    free(own(database)->address);
    free(own(database)->scope);
}

/* ---- one round trip ---- */

static bool good(const PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool send(struct postgres *postgres, const struct postgres_call *call)
{
    return PQsendQueryPrepared(postgres->link, call->statement, call->count, call->values,
                               call->lengths, call->formats, 1) == 1;
}

/* Keeps the last good result, or the first failure. */
static PGresult *choose(PGresult *kept, PGresult *next)
{
    const bool stays = kept && !good(kept);
    PQclear(stays ? next : kept);
    return stays ? kept : next;
}

/* The results of a pipeline: the last statement's, or the first failure. NULL: the link broke. */
static PGresult *receive(struct postgres *postgres)
{
    PGresult *kept = NULL;
    while (!postgres_lost(postgres)) {
        PGresult *result = PQgetResult(postgres->link);
        if (!result) { continue; } /* stands between two statements */
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            return kept;
        }
        kept = choose(kept, result);
    }
    PQclear(kept);
    return NULL;
}

/* `count` statements in one round trip and, unless one of them is BEGIN, in one transaction. */
static enum err pipeline(struct postgres *postgres, const struct postgres_call *calls, size_t count,
                         PGresult **out, struct why *why)
{
    bool sent = PQenterPipelineMode(postgres->link) == 1;
    for (size_t i = 0; sent && i < count; i++) {
        sent = send(postgres, &calls[i]);
    }
    sent = sent && PQpipelineSync(postgres->link) == 1;
    PGresult *result = sent ? receive(postgres) : NULL;
    if (!postgres_lost(postgres)) { (void)PQexitPipelineMode(postgres->link); }
    if (result && good(result)) {
        *out = result;
        return OK;
    }
    const enum err err = postgres_failure(postgres, result, "run", why);
    PQclear(result);
    return err;
}

static struct postgres_call prelude(const struct postgres *postgres, bool writes,
                                    const char *values[static 1])
{
    values[0] = postgres->scope;
    return (struct postgres_call){
        .statement = writes ? "tocsin_write" : "tocsin_read", .count = 1, .values = values};
}

enum err postgres_run(struct postgres *postgres, const struct postgres_call *call, bool writes,
                      PGresult **out, struct why *why)
{
    const bool alone = PQtransactionStatus(postgres->link) == PQTRANS_IDLE;
    if (alone && (writes || *postgres->scope)) {
        const char *values[1];
        const struct postgres_call calls[] = {prelude(postgres, writes, values), *call};
        return pipeline(postgres, calls, ARRAY_LEN(calls), out, why);
    }
    PGresult *result = PQexecPrepared(postgres->link, call->statement, call->count, call->values,
                                      call->lengths, call->formats, 1);
    if (good(result)) {
        *out = result;
        return OK;
    }
    const enum err err = postgres_failure(postgres, result, "run", why);
    PQclear(result);
    return err;
}

/* ---- transactions ---- */

static enum err begin(struct database *database, struct why *why)
{
    struct postgres *postgres = own(database);
    assert(!postgres->in_transaction); /* transactions do not nest */
    enum err err = postgres_fresh(postgres, why);
    if (err != OK) { return err; }
    const char *values[1];
    const struct postgres_call calls[] = {{.statement = "tocsin_begin"},
                                          prelude(postgres, true, values)};
    PGresult *result = NULL;
    err = pipeline(postgres, calls, ARRAY_LEN(calls), &result, why);
    PQclear(result);
    if (err != OK && !postgres_lost(postgres)) { PQclear(PQexec(postgres->link, "ROLLBACK")); }
    postgres->in_transaction = err == OK;
    return err;
}

/* A transaction in which something failed is rolled back by COMMIT, which calls that a success. */
static enum err commit(struct postgres *postgres, struct why *why)
{
    PGresult *result = PQexec(postgres->link, "COMMIT");
    enum err err = OK;
    if (!good(result)) {
        err = postgres_failure(postgres, result, "commit", why);
    } else if (strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        err = why_set(why, ERR_IO, "%s: commit: a statement had failed in this transaction",
                      postgres->database.name);
    }
    PQclear(result);
    return err;
}

static void end(struct database *database, enum err *err, struct why *why)
{
    struct postgres *postgres = own(database);
    if (*err == OK && postgres->lost_transaction) { *err = postgres_ready(postgres, why); }
    if (*err == OK) { *err = commit(postgres, why); }
    if (!postgres_lost(postgres) && PQtransactionStatus(postgres->link) != PQTRANS_IDLE) {
        PQclear(PQexec(postgres->link, "ROLLBACK"));
    }
    postgres->in_transaction = false;
    postgres->lost_transaction = false;
}

static bool in_transaction(const struct database *database)
{
    const struct postgres *postgres = (const struct postgres *)database;
    const PGTransactionStatusType status = PQtransactionStatus(postgres->link);
    return postgres->in_transaction || status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

static enum err execute(struct database *database, const char *sql, struct why *why)
{
    struct postgres *postgres = own(database);
    CLEANUP(mem_free_p) char *theirs = NULL;
    enum err err = dialect_schema(&theirs, sql, why);
    if (err == OK) { err = postgres_fresh(postgres, why); }
    if (err != OK) { return err; }
    PGresult *result = PQexec(postgres->link, theirs);
    const ExecStatusType status = PQresultStatus(result);
    if (!good(result) && status != PGRES_EMPTY_QUERY) {
        err = postgres_failure(postgres, result, "execute", why);
    }
    PQclear(result);
    return err;
}

/* PostgreSQL writes its own checkpoints, and tells of damage statement by statement. */
static enum err checkpoint(struct database *database, struct why *why)
{
    (void)database;
    (void)why;
    return OK;
}

static bool damaged(const struct database *database)
{
    (void)database;
    return false;
}

const struct backend POSTGRES_BACKEND = {
    .open = postgres_open,
    .close = postgres_close,
    .execute = execute,
    .begin = begin,
    .end = end,
    .in_transaction = in_transaction,
    .checkpoint = checkpoint,
    .damaged = damaged,
    .prepare = postgres_prepare,
    .finalise = postgres_finalise,
    .bind = postgres_bind,
    .step = postgres_step,
    .changed = postgres_changed,
    .reset = postgres_reset,
    .bytes = postgres_bytes,
    .integer = postgres_integer,
    .real = postgres_real,
    .is_null = postgres_is_null,
};
