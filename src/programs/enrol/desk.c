#include "programs/enrol/desk.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "migrations/enrol.h"
#include "system/file.h"
#include "trust/certificate_bag.h"
#include "trust/revocation.h"
#include "vault/source.h"

enum { CACHE_KIB = 512 };

struct desk {
    struct desk_config config;
    pthread_mutex_t lock; /* for the database and what reads it */
    struct database *database;
    struct enrolment *enrolment;
    struct deeds *deeds;
    struct authority *authority;
    struct certificate *others[CHAIN_COUNT_MAX]; /* of ca.also */
    size_t other_count;
    int64_t until_us;
    char certificate_path[FILE_PATH_SIZE];
    char key_path[FILE_PATH_SIZE];
    char anchors_path[FILE_PATH_SIZE];
};

/* ---- opening ---- */

static enum err open_register(struct desk *desk, struct why *why)
{
    const char *folder = desk->config.options->state_folder;
    CLEANUP(secret_free_p) struct secret *key = NULL;
    char path[FILE_PATH_SIZE];
    enum err err = source_database_key(&key, why);
    if (!err) { err = file_make_folder(folder, 0700, why); }
    if (!err) { err = file_join(path, folder, "enrol.db", why); }
    const struct database_config config = {.path = path, .key = key, .cache_kib = CACHE_KIB};
    if (!err) { err = database_open(&desk->database, &config, why); }
    if (!err) {
        err = database_migrate(desk->database, MIGRATIONS_ENROL, ARRAY_LEN(MIGRATIONS_ENROL), why);
    }
    if (!err) { err = enrolment_open(&desk->enrolment, desk->database, why); }
    return err ? err : deeds_open(&desk->deeds, desk->database, why);
}

static enum err open_authority(struct desk *desk, struct why *why)
{
    const struct options *options = desk->config.options;
    CLEANUP(secret_free_p) struct secret *passphrase = NULL;
    enum err err = secret_from_environment(&passphrase, "TOCSIN_CA_PASSPHRASE", why);
    if (err && err != ERR_NOT_FOUND) { return err; }
    err =
        authority_open(&desk->authority, options->ca_key, options->ca_certificate, passphrase, why);
    if (err || !options->ca_also[0]) { return err; }
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    err = file_read(&pem, options->ca_also, why);
    if (err) { return err; }
    err = certificate_chain_from_pem(desk->others, &desk->other_count, text_span(&pem), why);
    return err ? why_prefix(why, err, options->ca_also) : OK;
}

/* The CAs whose certificates may be renewed here: this one, and any other that signed itself. */
static enum err write_anchors(struct desk *desk, struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    certificate_write_pem(authority_certificate(desk->authority), &pem);
    for (size_t i = 0; i < desk->other_count; i++) {
        CLEANUP(text_deinit) struct text one = text_limited(ANCHORS_FILE_SIZE_MAX);
        CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
        certificate_write_pem(desk->others[i], &one);
        if (anchors_from_pem(&anchors, text_span(&one), NULL)) { continue; } /* one's word */
        if (strcmp(anchors_site(anchors), desk_site(desk)) != 0) {
            return why_set(why, ERR_MALFORMED, "%.120s holds the CA of another site",
                           desk->config.options->ca_also);
        }
        text_add_bytes(&pem, text_span(&one));
    }
    return file_write(desk->anchors_path, text_span(&pem), 0644, why);
}

/* "a,b , c" as a list; the texts are cut out of `names`. */
static size_t split(char *names, const char *list[static AUTHORITY_HOST_MAX])
{
    size_t count = 0;
    for (char *at = names + strspn(names, ", "); *at && count < AUTHORITY_HOST_MAX;) {
        list[count++] = at;
        at += strcspn(at, ", ");
        if (*at) { *at++ = '\0'; }
        at += strspn(at, ", ");
    }
    return count;
}

/* ---- what is put on record ---- */

enum err desk_refuse(struct desk *desk, const struct asker *asker, const char *path,
                     struct why *why)
{
    struct value *details = value_object();
    value_set_text(details, "path", path);
    const struct deed deed = {.at_us = clock_wall_us(),
                              .action = "enrol_refused",
                              .resource = asker->identity ? asker->identity : "",
                              .details = details,
                              .asker = asker};
    (void)pthread_mutex_lock(&desk->lock);
    const enum err err = deeds_refuse(desk->deeds, &deed, why);
    (void)pthread_mutex_unlock(&desk->lock);
    return err;
}

enum err desk_deeds(struct desk *desk, int64_t after, struct value **out, struct why *why)
{
    (void)pthread_mutex_lock(&desk->lock);
    const enum err err = deeds_since(desk->deeds, after, clock_wall_us(), out, why);
    (void)pthread_mutex_unlock(&desk->lock);
    return err;
}

/* ---- opening, once more: this server's own certificate ---- */

static enum err issue_own(struct desk *desk, struct why *why)
{
    const struct options *options = desk->config.options;
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    char names[OPTION_TEXT_SIZE];
    const char *hosts[AUTHORITY_HOST_MAX];
    memcpy(names, options->http_names, sizeof names);
    const struct authority_request request = {
        .role = ROLE_ENROL, .name = "enrol", .hosts = hosts, .host_count = split(names, hosts)};
    enum err err = authority_issue(&issued, desk->authority, &request, clock_wall_us(), why);
    if (!err) { err = authority_issued_save(&issued, options->state_folder, "server", why); }
    if (!err) {
        const struct deed deed = {.action = "enrol_started",
                                  .at_us = clock_wall_us(),
                                  .member = certificate_identity(issued.certificate),
                                  .details = deeds_describe(issued.certificate)};
        err = deeds_enter(desk->deeds, &deed, why);
    }
    if (!err) { desk->until_us = certificate_end_us(issued.certificate); }
    return err;
}

enum err desk_open(struct desk **out, const struct desk_config *config, struct why *why)
{
    CLEANUP(desk_close_p) struct desk *desk = MEM_NEW(struct desk);
    const char *folder = config->options->state_folder;
    desk->config = *config;
    if (pthread_mutex_init(&desk->lock, NULL)) { abort(); }
    enum err err = open_register(desk, why);
    if (!err) { err = open_authority(desk, why); }
    if (!err) { err = file_join(desk->certificate_path, folder, "server.crt", why); }
    if (!err) { err = file_join(desk->key_path, folder, "server.key", why); }
    if (!err) { err = file_join(desk->anchors_path, folder, "anchors.crt", why); }
    if (!err) { err = write_anchors(desk, why); }
    if (!err) { err = issue_own(desk, why); }
    CLEANUP(text_deinit) struct text list = text_limited(REVOCATION_SIZE_MAX);
    if (!err) {
        err = enrolment_sign_list(desk->enrolment, desk->authority, clock_wall_us(), &list, why);
    }
    if (!err) { *out = TAKE(desk); }
    return err;
}

void desk_close(struct desk *desk)
{
    if (!desk) { return; }
    enrolment_close(desk->enrolment);
    deeds_close(desk->deeds);
    database_close(desk->database);
    authority_close(desk->authority);
    for (size_t i = 0; i < desk->other_count; i++) {
        certificate_free(desk->others[i]);
    }
    (void)pthread_mutex_destroy(&desk->lock);
    free(desk);
}

const char *desk_site(const struct desk *desk)
{
    return authority_site(desk->authority);
}

const struct certificate *desk_pinned(const struct desk *desk)
{
    for (size_t i = 0; i < desk->other_count; i++) {
        const char *site = certificate_authority_site(desk->others[i]);
        if (site && !*site) { return desk->others[i]; }
    }
    return authority_certificate(desk->authority);
}

const char *desk_certificate_path(const struct desk *desk)
{
    return desk->certificate_path;
}

const char *desk_key_path(const struct desk *desk)
{
    return desk->key_path;
}

const char *desk_anchors_path(const struct desk *desk)
{
    return desk->anchors_path;
}

int64_t desk_until_us(const struct desk *desk)
{
    return desk->until_us;
}

/* ---- certifying ---- */

enum err desk_authorities(struct desk *desk, struct text *der, struct why *why)
{
    const struct certificate *items[CHAIN_COUNT_MAX + 1] = {authority_certificate(desk->authority)};
    for (size_t i = 0; i < desk->other_count; i++) {
        items[i + 1] = desk->others[i];
    }
    return certificate_bag_write(der, items, desk->other_count + 1, why);
}

/* What a certificate is made of, for whom, and the room for the texts it points to. */
struct grant {
    struct authority_request request;
    char name[IDENTITY_NAME_SIZE];
    char hosts[ENROLMENT_HOSTS_SIZE];
    struct certificate_hosts old;
    const char *list[AUTHORITY_HOST_MAX];
};

static enum err grant_by_token(struct desk *desk, const struct desk_caller *caller,
                               struct grant *grant, enum desk_answer *answer, struct why *why)
{
    struct enrolment_claim claim = {
        .name = caller->name, .token = caller->token, .now_us = clock_wall_us()};
    const enum err err = enrolment_redeem(desk->enrolment, &claim, why);
    if (err) { return err; }
    if (claim.answer != ENROLMENT_ANSWER_ADMITTED) {
        *answer = DESK_ANSWER_TOKEN;
        return why_set(why, ERR_DENIED,
                       "the token is %s; ask the operator for another: `tocsin "
                       "device add`",
                       enrolment_answer_name(claim.answer));
    }
    memcpy(grant->name, claim.grant.name, sizeof grant->name);
    memcpy(grant->hosts, claim.grant.hosts, sizeof grant->hosts);
    grant->request.role = claim.grant.role;
    grant->request.host_count = split(grant->hosts, grant->list);
    return OK;
}

static enum err grant_by_certificate(struct desk *desk, const struct desk_caller *caller,
                                     struct grant *grant, enum desk_answer *answer, struct why *why)
{
    bool good = false;
    const struct identity *identity = certificate_identity(caller->old);
    const bool ours =
        identity && identity->role != ROLE_ENROL && strcmp(identity->site, desk_site(desk)) == 0;
    const enum err err = ours ? enrolment_meet(desk->enrolment, caller->old, &good, why) : OK;
    if (err) { return err; }
    if (!good) {
        *answer = DESK_ANSWER_WITHDRAWN;
        return why_set(why, ERR_DENIED, "the certificate was withdrawn; it is renewed no more");
    }
    memcpy(grant->name, identity->name, sizeof grant->name);
    certificate_read_hosts(caller->old, &grant->old);
    for (size_t i = 0; i < grant->old.count; i++) {
        grant->list[i] = grant->old.names[i];
    }
    grant->request.role = identity->role;
    grant->request.host_count = grant->old.count;
    return OK;
}

/* Within a transaction: an answer other than CERTIFIED comes with ERR_DENIED, to roll it back. */
static enum err certify(struct desk *desk, const struct desk_caller *caller,
                        enum desk_answer *answer, struct text *der, struct why *why)
{
    CLEANUP(mem_free_p) struct grant *grant = MEM_NEW(struct grant);
    CLEANUP(signing_request_free_p) struct signing_request *asked = NULL;
    CLEANUP(certificate_free_p) struct certificate *made = NULL;
    enum err err = caller->old ? grant_by_certificate(desk, caller, grant, answer, why)
                               : grant_by_token(desk, caller, grant, answer, why);
    if (err) { return err; }
    *answer = DESK_ANSWER_REQUEST;
    if (signing_request_from_der(&asked, caller->request, why)) { return ERR_DENIED; }
    grant->request.name = grant->name;
    grant->request.hosts = grant->list;
    grant->request.life_s = options_life_s(desk->config.options, grant->request.role);
    grant->request.asked = asked;
    err = authority_certify(&made, desk->authority, &grant->request, clock_wall_us(), why);
    if (err) { return err; }
    *answer = DESK_ANSWER_CERTIFIED;
    const struct certificate *const items[] = {made};
    err = enrolment_record(desk->enrolment, made, why);
    if (!err) {
        const struct deed deed = {.action = caller->old ? "member_renewed" : "member_enrolled",
                                  .at_us = clock_wall_us(),
                                  .member = certificate_identity(made),
                                  .details = deeds_describe(made),
                                  .asker = &caller->asker};
        err = deeds_enter(desk->deeds, &deed, why);
    }
    if (!err) { err = certificate_bag_write(der, items, 1, why); }
    return err;
}

/* A refusal has rolled its transaction back, so it is entered by itself. */
static enum err enter_refusal(struct desk *desk, const struct desk_caller *caller,
                              enum desk_answer answer, struct why *why)
{
    static const char *const names[] = {[DESK_ANSWER_TOKEN] = "token",
                                        [DESK_ANSWER_REQUEST] = "request",
                                        [DESK_ANSWER_WITHDRAWN] = "withdrawn"};
    struct value *details = value_object();
    const char *claimed = caller->old ? certificate_identity(caller->old)->name : caller->name;
    value_set_text(details, "reason", names[answer]);
    value_set_text(details, "asked", caller->old ? "renew" : "enrol");
    const struct deed deed = {.at_us = clock_wall_us(),
                              .action = "member_refused",
                              .resource = identity_name_valid(claimed) ? claimed : "",
                              .details = details,
                              .asker = &caller->asker};
    return deeds_refuse(desk->deeds, &deed, why);
}

enum err desk_certify(struct desk *desk, const struct desk_caller *caller, enum desk_answer *answer,
                      struct text *der, struct why *why)
{
    *answer = DESK_ANSWER_CERTIFIED;
    (void)pthread_mutex_lock(&desk->lock);
    enum err err = database_begin(desk->database, why);
    if (!err) {
        err = certify(desk, caller, answer, der, why);
        database_end(desk->database, &err, why);
    }
    if (err == ERR_DENIED && *answer != DESK_ANSWER_CERTIFIED) {
        err = enter_refusal(desk, caller, *answer, NULL);
    }
    (void)pthread_mutex_unlock(&desk->lock);
    return err;
}

/* ---- administration ---- */

enum err desk_may_administer(struct desk *desk, const struct certificate *certificate, bool *may,
                             struct why *why)
{
    const struct identity *identity = certificate_identity(certificate);
    bool withdrawn = false;
    (void)pthread_mutex_lock(&desk->lock);
    const enum err err = enrolment_withdrawn(desk->enrolment, certificate, &withdrawn, why);
    (void)pthread_mutex_unlock(&desk->lock);
    *may = !err && !withdrawn && identity && strcmp(identity->site, desk_site(desk)) == 0 &&
           (identity->role == ROLE_CONTROL || identity->role == ROLE_OPS);
    return err;
}

static enum err enter_invitation(struct desk *desk, const struct enrolment_invitation *invitation,
                                 const struct asker *asker, struct why *why)
{
    struct identity member = {.role = invitation->role};
    (void)!text_copy(member.name, sizeof member.name, invitation->name);
    struct value *details = value_object();
    value_set_text(details, "hosts", invitation->hosts);
    value_set_time(details, "expires", invitation->now_us + invitation->life_s * CLOCK_SECOND_US);
    const struct deed deed = {.action = "member_invited",
                              .at_us = invitation->now_us,
                              .member = &member,
                              .details = details,
                              .asker = asker};
    return deeds_enter(desk->deeds, &deed, why);
}

enum err desk_invite(struct desk *desk, const struct enrolment_invitation *invitation,
                     const struct asker *asker, char token[static ENROLMENT_TOKEN_SIZE],
                     struct why *why)
{
    (void)pthread_mutex_lock(&desk->lock);
    enum err err = database_begin(desk->database, why);
    if (!err) {
        err = enrolment_invite(desk->enrolment, invitation, token, why);
        if (!err) { err = enter_invitation(desk, invitation, asker, why); }
        database_end(desk->database, &err, why);
    }
    (void)pthread_mutex_unlock(&desk->lock);
    return err;
}

/* The list has room for so many: only what counts somewhere may stand on it. */
static enum err check_issued(const struct desk *desk, const struct certificate *certificate,
                             struct why *why)
{
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    const enum err err = anchors_open(&anchors, desk->anchors_path, why);
    if (err || anchors_issued(anchors, certificate)) { return err; }
    return why_set(why, ERR_DENIED, "no CA of this site has issued that certificate");
}

static enum err enter_withdrawal(struct desk *desk, const struct desk_withdrawal *withdrawal,
                                 struct why *why)
{
    const struct certificate *one = withdrawal->certificate;
    struct value *details = one ? deeds_describe(one) : value_object();
    value_set_integer(details, "certificates", withdrawal->count);
    const struct deed deed = {.action = "member_withdrawn",
                              .at_us = clock_wall_us(),
                              .member = one ? certificate_identity(one) : &withdrawal->member,
                              .details = details,
                              .asker = &withdrawal->asker};
    return deeds_enter(desk->deeds, &deed, why);
}

static enum err withdraw(struct desk *desk, struct desk_withdrawal *withdrawal, struct why *why)
{
    const int64_t now_us = clock_wall_us();
    CLEANUP(text_deinit) struct text list = text_limited(REVOCATION_SIZE_MAX);
    enum err err = withdrawal->certificate ? check_issued(desk, withdrawal->certificate, why) : OK;
    if (!err) { err = database_begin(desk->database, why); }
    if (err) { return err; }
    withdrawal->count = 1;
    err = withdrawal->certificate
              ? enrolment_withdraw(desk->enrolment, withdrawal->certificate, now_us, why)
              : enrolment_withdraw_member(desk->enrolment, &withdrawal->member, now_us,
                                          &withdrawal->count, why);
    if (!err && !withdrawal->by_ops) {
        err = enrolment_check_share(desk->enrolment, ENROLMENT_LIST_SHARE_MAX, now_us, why);
    }
    if (!err) { err = enrolment_sign_list(desk->enrolment, desk->authority, now_us, &list, why); }
    if (!err) { err = enter_withdrawal(desk, withdrawal, why); }
    database_end(desk->database, &err, why);
    return err;
}

enum err desk_withdraw(struct desk *desk, struct desk_withdrawal *withdrawal, struct why *why)
{
    (void)pthread_mutex_lock(&desk->lock);
    const enum err err = withdraw(desk, withdrawal, why);
    (void)pthread_mutex_unlock(&desk->lock);
    if (!err) { desk->config.withdrawn(desk->config.context); }
    return err;
}

static void add_member(void *context, const struct enrolment_member *member)
{
    struct value *list = context;
    struct value *entry = value_object();
    value_set_text(entry, "role", role_name(member->role));
    value_set_text(entry, "name", member->name);
    value_set_time(entry, "until", member->until_us);
    value_set_integer(entry, "certificates", member->certificates);
    value_set_integer(entry, "withdrawn", member->withdrawn);
    value_append(list, entry);
}

enum err desk_members(struct desk *desk, struct value *list, struct why *why)
{
    const struct enrolment_look look = {clock_wall_us(), add_member, list};
    (void)pthread_mutex_lock(&desk->lock);
    const enum err err = enrolment_members(desk->enrolment, &look, why);
    (void)pthread_mutex_unlock(&desk->lock);
    return err;
}

enum err desk_list(struct desk *desk, struct text *der, struct why *why)
{
    int64_t signed_us = 0;
    (void)pthread_mutex_lock(&desk->lock);
    const enum err err = enrolment_list(desk->enrolment, der, &signed_us, why);
    (void)pthread_mutex_unlock(&desk->lock);
    return err;
}

static enum err renew_list(struct desk *desk, bool *renewed, struct why *why)
{
    const int64_t now_us = clock_wall_us();
    int64_t signed_us = 0;
    CLEANUP(text_deinit) struct text list = text_limited(REVOCATION_SIZE_MAX);
    const enum err err = enrolment_list(desk->enrolment, &list, &signed_us, why);
    if (err || now_us - signed_us < CLOCK_DAY_US) { return err; }
    *renewed = true;
    text_clear(&list);
    return enrolment_sign_list(desk->enrolment, desk->authority, now_us, &list, why);
}

enum err desk_renew_list(struct desk *desk, struct why *why)
{
    bool renewed = false;
    (void)pthread_mutex_lock(&desk->lock);
    const enum err err = renew_list(desk, &renewed, why);
    (void)pthread_mutex_unlock(&desk->lock);
    if (!err && renewed) { desk->config.withdrawn(desk->config.context); }
    return err;
}
