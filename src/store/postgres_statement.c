/*
 * Statements on PostgreSQL. The server infers the type of each parameter when a statement is first
 * prepared; what it takes for a short whole number becomes a bigint, because times are bound where
 * the SQL says `:now + 60000000`. Values cross in binary. Rows arrive all at once: a query that
 * could bring many has a LIMIT.
 */
#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "store/dialect.h"
#include "store/postgres.h"
#include "store/postgres_types.h"

/* Numbers of types in PostgreSQL's catalogue (pg_type.dat). */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_NAME = 19,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_FLOAT8 = 701,
    TYPE_UNKNOWN = 705,
    TYPE_VARCHAR = 1043,
    TYPE_NUMERIC = 1700
};

enum { STATEMENT_NAME_SIZE = 24, DIGITS_SIZE = 24 };

struct parameter {
    char name[DIALECT_NAME_SIZE];
    union {
        uint64_t wide; /* big-endian */
        uint8_t narrow;
        char digits[DIGITS_SIZE];
    } number; /* what `values` points to when it is no text */
};

struct postgres_statement {
    struct statement statement;
    char name[STATEMENT_NAME_SIZE]; /* on the server */
    char *sql;
    bool writes;
    int64_t generation; /* of the link on which it is prepared */
    int count;
    struct parameter *parameters;
    Oid *types;
    const char **values;
    int *lengths, *formats;
    const char *misfit; /* the parameter that was bound to what its type does not take */
    PGresult *result;
    int row, row_count;
};

static struct postgres_statement *own(struct statement *statement)
{
    return (struct postgres_statement *)statement;
}

static const struct postgres_statement *look(const struct statement *statement)
{
    return (const struct postgres_statement *)statement;
}

static struct postgres *link_of(const struct statement *statement)
{
    return (struct postgres *)statement->database;
}

/* ---- preparing ---- */

static enum err prepare_named(struct postgres *postgres, struct postgres_statement *statement,
                              const Oid *types, struct why *why)
{
    (void)snprintf(statement->name, sizeof statement->name, "s%lld",
                   (long long)++postgres->prepared);
    PGresult *result = PQprepare(postgres->link, statement->name, statement->sql,
                                 types ? statement->count : 0, types);
    const enum err err = PQresultStatus(result) == PGRES_COMMAND_OK
                             ? OK
                             : postgres_failure(postgres, result, "prepare", why);
    PQclear(result);
    if (err == OK) { statement->generation = postgres->generation; }
    return err;
}

static bool readable(Oid type)
{
    switch (type) {
    case TYPE_BOOL:
    case TYPE_BYTEA:
    case TYPE_NAME:
    case TYPE_INT8:
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_TEXT:
    case TYPE_FLOAT8:
    case TYPE_UNKNOWN:
    case TYPE_VARCHAR: return true;
    default: return false;
    }
}

/* The type to ask for in place of the one that was inferred. */
static Oid wide_type(Oid type)
{
    if (type == TYPE_INT2 || type == TYPE_INT4) { return TYPE_INT8; }
    return type == TYPE_NUMERIC ? TYPE_FLOAT8 : type;
}

/* Fills `types`; `*widened` when one is not the one that the server has inferred. */
static enum err describe(struct postgres *postgres, struct postgres_statement *statement,
                         bool *widened, struct why *why)
{
    PGresult *result = PQdescribePrepared(postgres->link, statement->name);
    enum err err = OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        err = postgres_failure(postgres, result, "describe", why);
    }
    for (int i = 0; err == OK && i < statement->count; i++) {
        const Oid type = PQparamtype(result, i);
        statement->types[i] = wide_type(type);
        *widened = *widened || statement->types[i] != type;
    }
    for (int i = 0; err == OK && i < PQnfields(result); i++) {
        if (!readable(PQftype(result, i))) {
            err = why_set(why, ERR_MALFORMED, "%s: prepare: column %d has type %u",
                          postgres->database.name, i + 1, PQftype(result, i));
        }
    }
    PQclear(result);
    return err;
}

static enum err prepare_first(struct postgres *postgres, struct postgres_statement *statement,
                              struct why *why)
{
    bool widened = false;
    const char *address = postgres->address;
    if (postgres_types_find(address, statement->sql, statement->count, statement->types)) {
        return OK; /* and prepared when it is first run */
    }
    enum err err = prepare_named(postgres, statement, NULL, why);
    if (err == OK) { err = describe(postgres, statement, &widened, why); }
    if (err == OK && widened) { err = prepare_named(postgres, statement, statement->types, why); }
    if (err == OK) {
        postgres_types_keep(address, statement->sql, statement->count, statement->types);
    }
    return err;
}

static void make_room(struct postgres_statement *statement, const struct dialect_names *names)
{
    const size_t count = names->count;
    statement->count = (int)count;
    statement->parameters = MEM_ARRAY(struct parameter, count + 1);
    statement->types = MEM_ARRAY(Oid, count + 1);
    statement->values = MEM_ARRAY(const char *, count + 1);
    statement->lengths = MEM_ARRAY(int, count + 1);
    statement->formats = MEM_ARRAY(int, count + 1);
    for (size_t i = 0; i < count; i++) {
        memcpy(statement->parameters[i].name, names->names[i], DIALECT_NAME_SIZE);
        statement->formats[i] = 1; /* binary */
    }
}

enum err postgres_prepare(struct statement **out, struct database *database, const char *sql,
                          struct why *why)
{
    struct postgres *postgres = (struct postgres *)database;
    struct dialect_names names = {.count = 0};
    char *theirs = NULL;
    enum err err = dialect_query(&theirs, &names, sql, why);
    if (err != OK) { return err; }
    struct postgres_statement *statement = MEM_NEW(struct postgres_statement);
    statement->sql = theirs;
    statement->writes = dialect_writes(sql);
    make_room(statement, &names);
    err = postgres_ready(postgres, why);
    if (err == OK) { err = prepare_first(postgres, statement, why); }
    if (err != OK) {
        postgres_finalise(&statement->statement);
        return err;
    }
    *out = &statement->statement;
    return OK;
}

void postgres_finalise(struct statement *held)
{
    struct postgres_statement *statement = own(held);
    PQclear(statement->result);
    free(statement->sql);
    free(statement->parameters);
    free(statement->types);
    free(statement->values);
    free(statement->lengths);
    free(statement->formats);
    free(statement);
}

/* ---- binding ---- */

static int index_of(const struct postgres_statement *statement, const char *name)
{
    int index = 0;
    while (index < statement->count && strcmp(statement->parameters[index].name, name) != 0) {
        index++;
    }
    assert(index < statement->count); /* the SQL has no parameter of this name */
    return index;
}

static void put_wide(struct postgres_statement *statement, int index, uint64_t bits)
{
    struct parameter *parameter = &statement->parameters[index];
    parameter->number.wide = htobe64(bits);
    statement->values[index] = (const char *)&parameter->number.wide;
    statement->lengths[index] = 8;
}

static void put_real(struct postgres_statement *statement, int index, double real)
{
    uint64_t bits = 0;
    memcpy(&bits, &real, sizeof bits);
    put_wide(statement, index, bits);
}

/* A whole number for whatever the column is, as SQLite takes it. */
static void put_integer(struct postgres_statement *statement, int index, int64_t integer)
{
    struct parameter *parameter = &statement->parameters[index];
    switch (statement->types[index]) {
    case TYPE_INT8: put_wide(statement, index, (uint64_t)integer); break;
    case TYPE_FLOAT8: put_real(statement, index, (double)integer); break;
    case TYPE_BOOL:
        parameter->number.narrow = integer != 0;
        statement->values[index] = (const char *)&parameter->number.narrow;
        statement->lengths[index] = 1;
        break;
    case TYPE_TEXT:
        (void)snprintf(parameter->number.digits, DIGITS_SIZE, "%lld", (long long)integer);
        statement->values[index] = parameter->number.digits;
        statement->lengths[index] = (int)strlen(parameter->number.digits);
        break;
    default: statement->misfit = parameter->name;
    }
}

static void put_bytes(struct postgres_statement *statement, int index, struct span bytes)
{
    const Oid type = statement->types[index];
    if (type == TYPE_TEXT || type == TYPE_BYTEA || type == TYPE_VARCHAR) {
        assert(bytes.size <= INT32_MAX);
        statement->values[index] = bytes.size > 0 ? (const char *)bytes.data : "";
        statement->lengths[index] = (int)bytes.size;
    } else {
        statement->misfit = statement->parameters[index].name;
    }
}

void postgres_bind(struct statement *held, const char *name, const struct bound *value)
{
    struct postgres_statement *statement = own(held);
    const int index = index_of(statement, name);
    switch (value->kind) {
    case BOUND_KIND_NULL: statement->values[index] = NULL; break;
    case BOUND_KIND_TEXT:
    case BOUND_KIND_BYTES: put_bytes(statement, index, value->bytes); break;
    case BOUND_KIND_INTEGER: put_integer(statement, index, value->integer); break;
    case BOUND_KIND_REAL:
        if (statement->types[index] == TYPE_FLOAT8) {
            put_real(statement, index, value->real);
        } else {
            put_integer(statement, index, (int64_t)value->real);
        }
        break;
    }
}

/* ---- running ---- */

static enum err run_once(struct postgres_statement *statement, struct why *why)
{
    struct postgres *postgres = link_of(&statement->statement);
    const bool careful = statement->writes && !postgres->in_transaction;
    enum err err = careful ? postgres_fresh(postgres, why) : postgres_ready(postgres, why);
    if (err == OK && statement->generation != postgres->generation) {
        err = prepare_named(postgres, statement, statement->types, why);
    }
    if (err != OK) { return err; }
    const struct postgres_call call = {.statement = statement->name,
                                       .count = statement->count,
                                       .values = statement->values,
                                       .lengths = statement->lengths,
                                       .formats = statement->formats};
    return postgres_run(postgres, &call, statement->writes, &statement->result, why);
}

static enum err run(struct postgres_statement *statement, struct why *why)
{
    struct postgres *postgres = link_of(&statement->statement);
    if (statement->misfit) {
        return why_set(why, ERR_MALFORMED, "%s: run: parameter %s does not take this type",
                       postgres->database.name, statement->misfit);
    }
    enum err err = run_once(statement, why);
    if (err == ERR_UNAVAILABLE && !statement->writes && !postgres->in_transaction &&
        postgres_lost(postgres)) {
        err = run_once(statement, why);
    }
    return err;
}

enum err postgres_step(struct statement *held, enum step *step, struct why *why)
{
    struct postgres_statement *statement = own(held);
    if (!statement->result) {
        const enum err err = run(statement, why);
        if (err != OK) { return err; }
        statement->row = -1;
        statement->row_count = PQntuples(statement->result);
    }
    if (statement->row < statement->row_count) { statement->row++; }
    *step = statement->row < statement->row_count ? STEP_ROW : STEP_DONE;
    return OK;
}

int64_t postgres_changed(const struct statement *held)
{
    const char *digits = PQcmdTuples(look(held)->result);
    return strtoll(digits, NULL, 10);
}

void postgres_reset(struct statement *held)
{
    struct postgres_statement *statement = own(held);
    PQclear(statement->result);
    statement->result = NULL;
    statement->misfit = NULL;
    for (int i = 0; i < statement->count; i++) {
        statement->values[i] = NULL;
    }
}

/* ---- columns ---- */

bool postgres_is_null(const struct statement *held, int index)
{
    const struct postgres_statement *statement = look(held);
    return PQgetisnull(statement->result, statement->row, index) == 1;
}

struct span postgres_bytes(const struct statement *held, int index)
{
    const struct postgres_statement *statement = look(held);
    if (postgres_is_null(held, index)) { return span_of(NULL, 0); }
    return span_of(PQgetvalue(statement->result, statement->row, index),
                   (size_t)PQgetlength(statement->result, statement->row, index));
}

static uint64_t wide_bits(const struct postgres_statement *statement, int index)
{
    uint64_t bits = 0;
    memcpy(&bits, PQgetvalue(statement->result, statement->row, index), sizeof bits);
    return be64toh(bits);
}

static double real_value(const struct postgres_statement *statement, int index)
{
    const uint64_t bits = wide_bits(statement, index);
    double real = 0;
    memcpy(&real, &bits, sizeof real);
    return real;
}

static int64_t short_value(const struct postgres_statement *statement, int index)
{
    const uint8_t *at = (const uint8_t *)PQgetvalue(statement->result, statement->row, index);
    const int size = PQgetlength(statement->result, statement->row, index);
    if (size == 1) { return at[0]; }
    if (size == 2) { return (int16_t)(at[0] << 8 | at[1]); }
    return (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
}

int64_t postgres_integer(const struct statement *held, int index)
{
    const struct postgres_statement *statement = look(held);
    if (postgres_is_null(held, index)) { return 0; }
    switch (PQftype(statement->result, index)) {
    case TYPE_INT8: return (int64_t)wide_bits(statement, index);
    case TYPE_INT4:
    case TYPE_INT2:
    case TYPE_BOOL: return short_value(statement, index);
    case TYPE_FLOAT8: return (int64_t)real_value(statement, index);
    default: return strtoll(PQgetvalue(statement->result, statement->row, index), NULL, 10);
    }
}

double postgres_real(const struct statement *held, int index)
{
    const struct postgres_statement *statement = look(held);
    if (postgres_is_null(held, index)) { return 0; }
    return PQftype(statement->result, index) == TYPE_FLOAT8 ? real_value(statement, index)
                                                            : (double)postgres_integer(held, index);
}
