#include "trust/enrolment.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/encode.h"
#include "queries/trust_enrolment.h"
#include "trust/revocation.h"

enum { TOKEN_BYTES = 16, HASH_SIZE = crypto_hash_sha256_BYTES };

/* A device whose clock is behind must still find what was withdrawn of certificates just run out.
 */
static const int64_t list_grace_us = 2 * CLOCK_DAY_US;
static const int64_t list_life_us = 7 * CLOCK_DAY_US;
static const int64_t token_memory_us = 90 * CLOCK_DAY_US;

struct enrolment {
    struct database *database; /* borrowed, and with it the statements */
    struct statement *token_add, *token_find, *token_use, *token_void, *token_forget;
    struct statement *add, *withdrawn, *note, *withdraw_name, *list_withdrawn, *members;
    struct statement *meet, *left_out, *withdraw_member;
    struct statement *list_get, *list_set, *list_count;
};

static const char *const answers[] = {
    [ENROLMENT_ANSWER_ADMITTED] = "admitted",
    [ENROLMENT_ANSWER_UNKNOWN] = "unknown",
    [ENROLMENT_ANSWER_USED] = "used",
    [ENROLMENT_ANSWER_EXPIRED] = "expired",
};

const char *enrolment_answer_name(enum enrolment_answer answer)
{
    return answers[answer];
}

enum err enrolment_open(struct enrolment **out, struct database *database, struct why *why)
{
    CLEANUP(enrolment_close_p) struct enrolment *enrolment = MEM_NEW(struct enrolment);
    const struct statement_text texts[] = {
        {&enrolment->token_add, SQL_TOKEN_ADD},
        {&enrolment->token_find, SQL_TOKEN_FIND},
        {&enrolment->token_use, SQL_TOKEN_USE},
        {&enrolment->token_void, SQL_TOKEN_VOID},
        {&enrolment->token_forget, SQL_TOKEN_FORGET},
        {&enrolment->add, SQL_CERTIFICATE_ADD},
        {&enrolment->withdrawn, SQL_CERTIFICATE_WITHDRAWN},
        {&enrolment->note, SQL_CERTIFICATE_NOTE},
        {&enrolment->withdraw_name, SQL_CERTIFICATE_WITHDRAW_NAME},
        {&enrolment->list_withdrawn, SQL_CERTIFICATE_LIST_WITHDRAWN},
        {&enrolment->members, SQL_MEMBER_LIST},
        {&enrolment->meet, SQL_CERTIFICATE_MEET},
        {&enrolment->left_out, SQL_CERTIFICATE_LEFT_OUT},
        {&enrolment->withdraw_member, SQL_MEMBER_WITHDRAW},
        {&enrolment->list_get, SQL_LIST_GET},
        {&enrolment->list_set, SQL_LIST_SET},
        {&enrolment->list_count, SQL_CERTIFICATE_LIST_COUNT},
    };
    enrolment->database = database;
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (!err) { *out = TAKE(enrolment); }
    return err;
}

void enrolment_close(struct enrolment *enrolment)
{
    free(enrolment);
}

/* ---- invitations ---- */

static enum err check_invitation(const struct enrolment_invitation *invitation, struct why *why)
{
    if (!identity_name_valid(invitation->name)) {
        return why_set(why, ERR_MALFORMED,
                       "name is \"%.80s\", expected at most 63 lower-case letters, digits, dots "
                       "and hyphens",
                       invitation->name);
    }
    if (invitation->role == ROLE_ENROL) {
        return why_set(why, ERR_DENIED, "nobody is invited to be the CA's own service");
    }
    if (strlen(invitation->hosts) >= ENROLMENT_HOSTS_SIZE) {
        return why_set(why, ERR_LIMIT, "the hosts are longer than %d letters",
                       ENROLMENT_HOSTS_SIZE - 1);
    }
    if (invitation->life_s < 1 || invitation->life_s > ENROLMENT_LIFE_MAX_S) {
        return why_set(why, ERR_RANGE, "a token of %lld s was asked for, expected 1 to %d",
                       (long long)invitation->life_s, ENROLMENT_LIFE_MAX_S);
    }
    return OK;
}

static void hash_token(const char *token, uint8_t hash[static HASH_SIZE])
{
    (void)crypto_hash_sha256(hash, (const uint8_t *)token, strlen(token));
}

static enum err store_invitation(struct enrolment *enrolment,
                                 const struct enrolment_invitation *invitation, const char *token,
                                 struct why *why)
{
    uint8_t hash[HASH_SIZE];
    hash_token(token, hash);
    statement_bind_integer(enrolment->token_forget, ":before_us",
                           invitation->now_us - token_memory_us);
    enum err err = statement_run(enrolment->token_forget, NULL, why);
    statement_bind_integer(enrolment->token_void, ":role", invitation->role);
    statement_bind_text(enrolment->token_void, ":name", invitation->name);
    if (!err) { err = statement_run(enrolment->token_void, NULL, why); }
    struct statement *add = enrolment->token_add;
    statement_bind_bytes(add, ":hash", span_of(hash, sizeof hash));
    statement_bind_integer(add, ":role", invitation->role);
    statement_bind_text(add, ":name", invitation->name);
    statement_bind_text(add, ":hosts", invitation->hosts);
    statement_bind_integer(add, ":made_us", invitation->now_us);
    statement_bind_integer(add, ":expire_us",
                           invitation->now_us + invitation->life_s * CLOCK_SECOND_US);
    return err ? err : statement_run(add, NULL, why);
}

enum err enrolment_invite(struct enrolment *enrolment,
                          const struct enrolment_invitation *invitation,
                          char token[static ENROLMENT_TOKEN_SIZE], struct why *why)
{
    enum err err = check_invitation(invitation, why);
    if (err) { return err; }
    uint8_t dice[TOKEN_BYTES];
    randombytes_buf(dice, sizeof dice);
    CLEANUP(text_deinit) struct text letters = text_limited(ENROLMENT_TOKEN_SIZE - 1);
    encode_base64_url(&letters, span_of(dice, sizeof dice));
    const bool ours = !database_in_transaction(enrolment->database);
    if (ours) { err = database_begin(enrolment->database, why); }
    if (err) { return err; }
    err = store_invitation(enrolment, invitation, text_c(&letters), why);
    if (ours) { database_end(enrolment->database, &err, why); }
    if (!err && !text_copy(token, ENROLMENT_TOKEN_SIZE, text_c(&letters))) { abort(); }
    sodium_memzero(dice, sizeof dice);
    sodium_memzero(letters.data, letters.size);
    return err;
}

/* Fills the claim's answer from the row of its token. */
static void judge_claim(const struct statement *row, struct enrolment_claim *claim)
{
    struct enrolment_grant *grant = &claim->grant;
    const char *name = column_text(row, 1);
    const char *hosts = column_text(row, 2);
    const int64_t role = column_integer(row, 0);
    claim->answer = ENROLMENT_ANSWER_UNKNOWN;
    if (role < 0 || role >= ROLE_COUNT || !name || strcmp(name, claim->name) != 0) { return; }
    if (!text_copy(grant->name, sizeof grant->name, name) ||
        !text_copy(grant->hosts, sizeof grant->hosts, hosts ? hosts : "")) {
        return;
    }
    grant->role = (enum role)role;
    claim->answer = ENROLMENT_ANSWER_ADMITTED;
    if (column_integer(row, 3) < claim->now_us) { claim->answer = ENROLMENT_ANSWER_EXPIRED; }
    if (!column_is_null(row, 4)) { claim->answer = ENROLMENT_ANSWER_USED; }
}

static enum err find_claim(struct enrolment *enrolment, struct enrolment_claim *claim,
                           const uint8_t hash[static HASH_SIZE], struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *find = enrolment->token_find;
    statement_bind_bytes(find, ":hash", span_of(hash, HASH_SIZE));
    enum step step = STEP_DONE;
    claim->answer = ENROLMENT_ANSWER_UNKNOWN;
    const enum err err = statement_step(find, &step, why);
    if (!err && step == STEP_ROW) { judge_claim(find, claim); }
    return err;
}

enum err enrolment_redeem(struct enrolment *enrolment, struct enrolment_claim *claim,
                          struct why *why)
{
    uint8_t hash[HASH_SIZE];
    hash_token(claim->token, hash);
    enum err err = find_claim(enrolment, claim, hash, why);
    if (err || claim->answer != ENROLMENT_ANSWER_ADMITTED) { return err; }
    int64_t used = 0;
    statement_bind_integer(enrolment->token_use, ":now_us", claim->now_us);
    statement_bind_bytes(enrolment->token_use, ":hash", span_of(hash, sizeof hash));
    err = statement_run(enrolment->token_use, &used, why);
    if (!err && used == 0) { claim->answer = ENROLMENT_ANSWER_USED; } /* by another, just now */
    return err;
}

/* ---- certificates ---- */

static void bind_certificate(struct statement *statement, const struct certificate *certificate,
                             const struct certificate_serial *serial)
{
    const struct identity *identity = certificate_identity(certificate);
    statement_bind_bytes(statement, ":serial", span_of(serial->bytes, serial->size));
    statement_bind_integer(statement, ":role", identity->role);
    statement_bind_text(statement, ":name", identity->name);
    statement_bind_integer(statement, ":begin_us", certificate_begin_us(certificate));
    statement_bind_integer(statement, ":end_us", certificate_end_us(certificate));
}

enum err enrolment_record(struct enrolment *enrolment, const struct certificate *certificate,
                          struct why *why)
{
    struct certificate_serial serial;
    certificate_serial(certificate, &serial);
    bind_certificate(enrolment->add, certificate, &serial);
    return statement_run(enrolment->add, NULL, why);
}

enum err enrolment_meet(struct enrolment *enrolment, const struct certificate *certificate,
                        bool *good, struct why *why)
{
    struct certificate_serial serial;
    const struct identity *identity = certificate_identity(certificate);
    bool withdrawn = false;
    *good = false;
    enum err err = enrolment_withdrawn(enrolment, certificate, &withdrawn, why);
    if (err || withdrawn) { return err; }
    certificate_serial(certificate, &serial);
    CLEANUP(statement_reset_p) struct statement *asked = enrolment->left_out;
    statement_bind_bytes(asked, ":serial", span_of(serial.bytes, serial.size));
    statement_bind_integer(asked, ":role", identity->role);
    statement_bind_text(asked, ":name", identity->name);
    statement_bind_integer(asked, ":issued_us",
                           certificate_begin_us(certificate) +
                               AUTHORITY_BACKDATE_S * CLOCK_SECOND_US);
    enum step step = STEP_DONE;
    err = statement_step(asked, &step, why);
    if (err || (step == STEP_ROW && column_integer(asked, 0) > 0)) { return err; }
    bind_certificate(enrolment->meet, certificate, &serial);
    *good = true;
    return statement_run(enrolment->meet, NULL, why);
}

enum err enrolment_withdrawn(struct enrolment *enrolment, const struct certificate *certificate,
                             bool *withdrawn, struct why *why)
{
    struct certificate_serial serial;
    certificate_serial(certificate, &serial);
    CLEANUP(statement_reset_p) struct statement *asked = enrolment->withdrawn;
    statement_bind_bytes(asked, ":serial", span_of(serial.bytes, serial.size));
    enum step step = STEP_DONE;
    const enum err err = statement_step(asked, &step, why);
    if (!err) { *withdrawn = step == STEP_ROW && column_integer(asked, 0) > 0; }
    return err;
}

enum err enrolment_withdraw(struct enrolment *enrolment, const struct certificate *certificate,
                            int64_t now_us, struct why *why)
{
    if (!certificate_identity(certificate)) {
        return why_set(why, ERR_MALFORMED, "the certificate is that of a CA");
    }
    struct certificate_serial serial;
    certificate_serial(certificate, &serial);
    bind_certificate(enrolment->note, certificate, &serial);
    statement_bind_integer(enrolment->note, ":now_us", now_us);
    return statement_run(enrolment->note, NULL, why);
}

enum err enrolment_withdraw_member(struct enrolment *enrolment, const struct identity *member,
                                   int64_t now_us, int64_t *count, struct why *why)
{
    statement_bind_integer(enrolment->token_void, ":role", member->role);
    statement_bind_text(enrolment->token_void, ":name", member->name);
    enum err err = statement_run(enrolment->token_void, NULL, why);
    struct statement *remember = enrolment->withdraw_member;
    statement_bind_integer(remember, ":now_us", now_us);
    statement_bind_integer(remember, ":role", member->role);
    statement_bind_text(remember, ":name", member->name);
    if (!err) { err = statement_run(remember, NULL, why); }
    struct statement *withdraw = enrolment->withdraw_name;
    statement_bind_integer(withdraw, ":now_us", now_us);
    statement_bind_integer(withdraw, ":role", member->role);
    statement_bind_text(withdraw, ":name", member->name);
    return err ? err : statement_run(withdraw, count, why);
}

enum err enrolment_members(struct enrolment *enrolment, const struct enrolment_look *look,
                           struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = enrolment->members;
    statement_bind_integer(rows, ":now_us", look->now_us);
    statement_bind_integer(rows, ":count_max", ENROLMENT_MEMBERS_MAX);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (!err && step == STEP_ROW) {
        const struct enrolment_member member = {.role = (enum role)column_integer(rows, 0),
                                                .name = column_text(rows, 1),
                                                .until_us = column_integer(rows, 2),
                                                .withdrawn = column_integer(rows, 3),
                                                .certificates = column_integer(rows, 4)};
        look->each(look->context, &member);
        err = statement_step(rows, &step, why);
    }
    return err;
}

/* ---- the list ---- */

static enum err gather(struct enrolment *enrolment, struct authority_list *list,
                       struct authority_list_entry *entries, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = enrolment->list_withdrawn;
    statement_bind_integer(rows, ":now_us", list->now_us - list_grace_us);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (!err && step == STEP_ROW) {
        const struct span serial = column_bytes(rows, 0);
        if (list->count == REVOCATION_ENTRY_MAX || serial.size > CERTIFICATE_SERIAL_SIZE) {
            return why_set(why, ERR_LIMIT,
                           "more than %d certificates are withdrawn; replace the site's CA",
                           REVOCATION_ENTRY_MAX);
        }
        struct authority_list_entry *entry = &entries[list->count++];
        *entry = (struct authority_list_entry){.at_us = column_integer(rows, 1)};
        entry->serial.size = serial.size;
        memcpy(entry->serial.bytes, serial.data, serial.size);
        err = statement_step(rows, &step, why);
    }
    return err;
}

enum err enrolment_check_share(struct enrolment *enrolment, int64_t share, int64_t now_us,
                               struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = enrolment->list_count;
    statement_bind_integer(row, ":now_us", now_us - list_grace_us);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err || column_integer(row, 0) <= share) { return err; }
    return why_set(why, ERR_LIMIT,
                   "%lld certificates would be withdrawn, and control may fill %lld of %d places: "
                   "withdraw as ops, and look for who withdrew the others",
                   (long long)column_integer(row, 0), (long long)share, REVOCATION_ENTRY_MAX);
}

static enum err last_number(struct enrolment *enrolment, int64_t *number, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = enrolment->list_get;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (!err) { *number = step == STEP_ROW ? column_integer(row, 0) : 0; }
    return err;
}

enum err enrolment_sign_list(struct enrolment *enrolment, const struct authority *authority,
                             int64_t now_us, struct text *der, struct why *why)
{
    int64_t last = 0;
    enum err err = last_number(enrolment, &last, why);
    if (err) { return err; }
    const int64_t seconds = now_us / CLOCK_SECOND_US;
    struct authority_list list = {.number = last < seconds ? seconds : last + 1,
                                  .now_us = now_us,
                                  .next_us = now_us + list_life_us};
    CLEANUP(mem_free_p)
    struct authority_list_entry *entries =
        MEM_ARRAY(struct authority_list_entry, REVOCATION_ENTRY_MAX);
    CLEANUP(text_deinit) struct text made = text_limited(REVOCATION_SIZE_MAX);
    err = gather(enrolment, &list, entries, why);
    list.entries = entries;
    if (!err) { err = authority_list_sign(&made, authority, &list, why); }
    if (err) { return err; }
    statement_bind_integer(enrolment->list_set, ":number", list.number);
    statement_bind_integer(enrolment->list_set, ":signed_us", now_us);
    statement_bind_bytes(enrolment->list_set, ":der", text_span(&made));
    err = statement_run(enrolment->list_set, NULL, why);
    if (!err) { text_add_bytes(der, text_span(&made)); }
    return err;
}

enum err enrolment_list(struct enrolment *enrolment, struct text *der, int64_t *signed_us,
                        struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = enrolment->list_get;
    enum step step = STEP_DONE;
    *signed_us = 0;
    const enum err err = statement_step(row, &step, why);
    if (err || step != STEP_ROW) { return err; }
    *signed_us = column_integer(row, 1);
    text_add_bytes(der, column_bytes(row, 2));
    return OK;
}
