#include "fleet/membership.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/secret.h"
#include "base/value.h"
#include "system/file.h"
#include "trust/authority.h"
#include "trust/key.h"
#include "wire/est.h"
#include "wire/fetch.h"

enum {
    URL_SIZE = 600,
    DETAIL_SIZE = 200,
    TICKET_FILE_SIZE_MAX = 1024,
    CREDENTIAL_FILE_SIZE_MAX = 64 * 1024
};

/* ---- the conversation ---- */

/* One answer of the server, while it comes. */
struct answer {
    int status;
    struct text body; /* owned */
};

static bool on_head(void *context, int status, const char *type)
{
    (void)type;
    struct answer *answer = context;
    answer->status = status;
    return true;
}

static bool on_bytes(void *context, struct span bytes)
{
    struct answer *answer = context;
    if (bytes.size > 0) { text_add_bytes(&answer->body, bytes); }
    return !answer->body.overflow;
}

/* What the server said against it, out of a problem document (RFC 9457). */
static enum err refused(const struct answer *answer, struct why *why)
{
    struct value *problem = NULL;
    char detail[DETAIL_SIZE] = "";
    if (!value_parse(&problem, text_span(&answer->body), EST_BODY_SIZE_MAX, NULL)) {
        (void)snprintf(detail, sizeof detail, "%.190s",
                       value_text_or(value_get(problem, "detail"), ""));
        text_scrub(detail);
        value_free(problem);
    }
    const enum err err = answer->status >= 500 ? ERR_UNAVAILABLE : ERR_DENIED;
    return why_set(why, err, "the enrolment server says %d: %s", answer->status, detail);
}

/* What is asked of the server. */
struct question {
    const char *path;        /* below EST_PATH */
    const char *credentials; /* or NULL */
    const struct text *body; /* DER of a request; NULL: a GET */
    bool provisional, own_certificate;
};

/* Appends the DER of the answer. */
static enum err ask(const struct membership *membership, const struct question *question,
                    struct text *der, struct why *why)
{
    char url[URL_SIZE];
    char peer[2 * IDENTITY_NAME_SIZE];
    static const char *const headers[] = {"Content-Type: " EST_TYPE_REQUEST,
                                          "Content-Transfer-Encoding: base64", "Expect:", NULL};
    (void)snprintf(url, sizeof url, "%s" EST_PATH "%s", membership->url, question->path);
    (void)snprintf(peer, sizeof peer, "spiffe://%s/enrol/enrol", membership->site);
    struct answer answer = {.body = text_limited(EST_BODY_SIZE_MAX)};
    const struct fetch fetch = {.url = url,
                                .ca_path = question->provisional ? NULL : membership->ca_path,
                                .certificate_path =
                                    question->own_certificate ? membership->certificate_path : NULL,
                                .key_path = question->own_certificate ? membership->key_path : NULL,
                                .peer_identity = peer,
                                .provisional = question->provisional,
                                .credentials = question->credentials,
                                .headers = question->body ? headers : NULL,
                                .context = &answer,
                                .on_head = on_head,
                                .on_bytes = on_bytes};
    CLEANUP(text_deinit) struct text body = text_limited(EST_BODY_SIZE_MAX);
    if (question->body) { est_write(&body, text_span(question->body)); }
    enum err err =
        question->body ? fetch_post(&fetch, text_span(&body), why) : fetch_get(&fetch, why);
    if (!err && answer.status != 200) { err = refused(&answer, why); }
    if (!err) { err = est_read(der, text_span(&answer.body), why); }
    text_deinit(&answer.body);
    return err;
}

static enum err ask_authorities(const struct membership *membership, bool provisional,
                                struct certificate_bag *bag, struct why *why)
{
    const struct question question = {
        .path = "/cacerts", .provisional = provisional, .own_certificate = false};
    CLEANUP(text_deinit) struct text der = text_limited(CERTIFICATE_BAG_SIZE_MAX);
    const enum err err = ask(membership, &question, &der, why);
    return err ? err : certificate_bag_from_der(bag, text_span(&der), why);
}

/* ---- files ---- */

static const char *next_of(char path[static FILE_PATH_SIZE], const char *of)
{
    (void)snprintf(path, FILE_PATH_SIZE, "%s.next", of);
    return path;
}

/* Puts the next key and certificate in the place of the present ones, or goes on with that. */
static enum err settle(const struct membership *membership, bool *settled, struct why *why)
{
    char key[FILE_PATH_SIZE];
    char certificate[FILE_PATH_SIZE];
    if (!file_exists(next_of(certificate, membership->certificate_path))) { return OK; }
    if (file_exists(next_of(key, membership->key_path)) && rename(key, membership->key_path) != 0) {
        return why_set(why, ERR_IO, "cannot rename %.180s", key);
    }
    if (rename(certificate, membership->certificate_path) != 0) {
        return why_set(why, ERR_IO, "cannot rename %.180s", certificate);
    }
    *settled = true;
    return OK;
}

enum err membership_read(struct certificate **out, const char *path, struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited(CREDENTIAL_FILE_SIZE_MAX);
    enum err err = file_read(&pem, path, why);
    if (err) { return err; }
    err = certificate_from_pem(out, text_span(&pem), why);
    if (err) { return why_prefix(why, err, path); }
    if (certificate_identity(*out)) { return OK; }
    certificate_free(TAKE(*out));
    return why_set(why, ERR_MALFORMED, "%.180s is the certificate of a CA", path);
}

static enum err write_anchors(const struct membership *membership, const struct anchors *anchors,
                              struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    anchors_write_pem(anchors, &pem);
    return file_write(membership->ca_path, text_span(&pem), 0644, why);
}

/* ---- certificates ---- */

/* The certificate in the bag that is of our key, as it must be. */
static enum err pick(const struct certificate_bag *bag, const struct key *key,
                     const struct identity *identity, const struct certificate **picked,
                     struct why *why)
{
    struct signing_request *own = NULL;
    CLEANUP(text_deinit) struct text der = text_limited(SIGNING_REQUEST_SIZE_MAX);
    uint8_t public_key[PUBLIC_KEY_SIZE];
    enum err err = signing_request_make(&der, key, identity, why);
    if (!err) { err = signing_request_from_der(&own, text_span(&der), why); }
    if (err) { return err; }
    signing_request_public_key(own, public_key);
    signing_request_free(own);
    for (size_t i = 0; i < bag->count; i++) {
        uint8_t other[PUBLIC_KEY_SIZE];
        const struct identity *named = certificate_identity(bag->items[i]);
        if (!named || certificate_public_key(bag->items[i], other, NULL) ||
            memcmp(other, public_key, sizeof other) != 0) {
            continue;
        }
        if (named->role == identity->role && strcmp(named->name, identity->name) == 0 &&
            strcmp(named->site, identity->site) == 0) {
            *picked = bag->items[i];
            return OK;
        }
    }
    return why_set(why, ERR_DENIED, "the enrolment server answered without a certificate for %s",
                   identity->name);
}

/* A next certificate is of the next key: none may stand beside a key that is yet to be certified.
 */
static enum err drop_next(const struct membership *membership, struct why *why)
{
    char path[FILE_PATH_SIZE];
    if (unlink(next_of(path, membership->certificate_path)) == 0 || errno == ENOENT) { return OK; }
    return why_set(why, ERR_IO, "cannot remove %.180s", path);
}

/* Makes a key, has it certified as the question's path says, and writes both as the next pair. */
static enum err certify(const struct membership *membership, const struct identity *identity,
                        const struct question *asked, struct why *why)
{
    struct question question = *asked;
    CLEANUP(key_free_p) struct key *key = NULL;
    CLEANUP(text_deinit) struct text request = text_limited(SIGNING_REQUEST_SIZE_MAX);
    CLEANUP(text_deinit) struct text der = text_limited(CERTIFICATE_BAG_SIZE_MAX);
    CLEANUP(certificate_bag_deinit) struct certificate_bag bag = {0};
    const struct certificate *made = NULL;
    char path[FILE_PATH_SIZE];
    enum err err = key_generate(&key, KEY_KIND_ED25519, why);
    if (!err) { err = signing_request_make(&request, key, identity, why); }
    if (!err) { err = drop_next(membership, why); }
    if (!err) { err = key_save(key, next_of(path, membership->key_path), NULL, why); }
    question.body = &request;
    if (!err) { err = ask(membership, &question, &der, why); }
    if (!err) { err = certificate_bag_from_der(&bag, text_span(&der), why); }
    if (!err) { err = pick(&bag, key, identity, &made, why); }
    if (err) { return err; }
    CLEANUP(text_deinit) struct text pem = text_limited(CREDENTIAL_FILE_SIZE_MAX);
    certificate_write_pem(made, &pem);
    err = file_write(next_of(path, membership->certificate_path), text_span(&pem), 0644, why);
    bool settled = false;
    return err ? err : settle(membership, &settled, why);
}

static enum err read_pin(const struct membership *membership, int64_t now_us,
                         struct anchors_pin *pin, struct why *why)
{
    size_t size = 0;
    *pin = (struct anchors_pin){.site = membership->site, .now_us = now_us};
    if (!*membership->fingerprint) { return OK; }
    pin->given = decode_hex(pin->fingerprint, sizeof pin->fingerprint, &size,
                            membership->fingerprint, NULL) == OK &&
                 size == sizeof pin->fingerprint;
    if (pin->given) { return OK; }
    return why_set(why, ERR_RANGE,
                   "the CA's fingerprint is \"%.70s\", expected 64 hex digits as `tocsin ca "
                   "show` and `tocsin device add` print them",
                   membership->fingerprint);
}

/* The first trust: what the pinned fingerprint leads to, unless the operator has put it there. */
static enum err trust_first(const struct membership *membership, struct why *why)
{
    if (file_exists(membership->ca_path)) { return OK; }
    struct anchors_pin pin;
    CLEANUP(certificate_bag_deinit) struct certificate_bag bag = {0};
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    enum err err = read_pin(membership, clock_wall_us(), &pin, why);
    if (!err && !pin.given) {
        err = why_set(why, ERR_RANGE,
                      "no CA is trusted yet: give the fingerprint that `tocsin ca show` prints");
    }
    if (!err) { err = ask_authorities(membership, true, &bag, why); }
    if (!err) { err = anchors_pin(&anchors, &bag, &pin, why); }
    return err ? err : write_anchors(membership, anchors, why);
}

enum err membership_enrol(const struct membership *membership, const char *ticket, struct why *why)
{
    struct identity identity = {.role = membership->role};
    const char *colon = strchr(ticket, ':');
    const size_t size = colon ? (size_t)(colon - ticket) : 0;
    if (size == 0 || size >= sizeof identity.name || strlen(ticket) >= MEMBERSHIP_TICKET_SIZE) {
        return why_set(why, ERR_MALFORMED,
                       "the token must be NAME:LETTERS as `tocsin device add` "
                       "prints it");
    }
    memcpy(identity.name, ticket, size);
    if (!identity_name_valid(identity.name) ||
        !text_copy(identity.site, sizeof identity.site, membership->site)) {
        return why_set(why, ERR_MALFORMED, "the token is for \"%s\", which is not a valid name",
                       identity.name);
    }
    bool settled = false;
    enum err err = settle(membership, &settled, why);
    if (!err) { err = trust_first(membership, why); }
    const struct question question = {.path = "/simpleenroll", .credentials = ticket};
    return err ? err : certify(membership, &identity, &question, why);
}

/* ---- renewal ---- */

int64_t membership_due_us(const struct certificate *certificate)
{
    const int64_t end_us = certificate_end_us(certificate);
    const int64_t begin_us =
        certificate_begin_us(certificate) + AUTHORITY_BACKDATE_S * CLOCK_SECOND_US;
    return end_us - (end_us - begin_us) / 3;
}

/*
 * The server shows a certificate of no CA that is trusted: it may be a new CA's, if the root that
 * is pinned vouches for that. `why` keeps the first refusal when it does not.
 */
static enum err find_successor(struct anchors **renewed, const struct membership *membership,
                               const struct anchors *trusted, const struct anchors_pin *pin)
{
    CLEANUP(certificate_bag_deinit) struct certificate_bag bag = {0};
    const enum err err = ask_authorities(membership, true, &bag, NULL);
    return err ? err : anchors_succeed(renewed, trusted, &bag, pin, NULL);
}

static enum err renew_anchors(const struct membership *membership, const struct anchors *trusted,
                              int64_t now_us, bool *changed, struct why *why)
{
    struct anchors_pin pin;
    CLEANUP(certificate_bag_deinit) struct certificate_bag bag = {0};
    CLEANUP(anchors_free_p) struct anchors *renewed = NULL;
    enum err err = read_pin(membership, now_us, &pin, why);
    if (err) { return err; }
    err = ask_authorities(membership, false, &bag, why);
    if (!err) {
        err = anchors_renew(&renewed, trusted, &bag, &pin, why);
    } else if (err == ERR_DENIED && pin.given &&
               find_successor(&renewed, membership, trusted, &pin) == OK) {
        err = OK;
    }
    if (err || anchors_equal(trusted, renewed)) { return err; }
    err = write_anchors(membership, renewed, why);
    *changed = !err;
    return err;
}

/* Whether it is time for another certificate, or the CA of this one is trusted no longer. */
static bool is_due(const struct membership *membership, const struct certificate *certificate,
                   int64_t now_us)
{
    CLEANUP(anchors_free_p) struct anchors *trusted = NULL;
    if (now_us >= membership_due_us(certificate)) { return true; }
    return anchors_open(&trusted, membership->ca_path, NULL) == OK &&
           !anchors_issued(trusted, certificate);
}

enum err membership_renew(const struct membership *membership, int64_t now_us,
                          struct membership_change *change, struct why *why)
{
    *change = (struct membership_change){0};
    CLEANUP(certificate_free_p) struct certificate *old = NULL;
    CLEANUP(anchors_free_p) struct anchors *trusted = NULL;
    bool settled = false;
    enum err err = settle(membership, &settled, why); /* what an earlier renewal left half done */
    change->certificate = settled;
    if (!err) { err = anchors_open(&trusted, membership->ca_path, why); }
    if (!err) { err = renew_anchors(membership, trusted, now_us, &change->anchors, why); }
    if (!err) { err = membership_read(&old, membership->certificate_path, why); }
    if (err || !is_due(membership, old, now_us)) { return err; }
    if (now_us > certificate_end_us(old)) {
        return why_set(why, ERR_DENIED,
                       "the certificate has run out and cannot be renewed; `tocsin device add %s` "
                       "makes a token to enrol with again",
                       certificate_identity(old)->name);
    }
    const struct question question = {.path = "/simplereenroll", .own_certificate = true};
    err = certify(membership, certificate_identity(old), &question, why);
    change->certificate = settled || !err;
    return err;
}

/* ---- the start ---- */

/* The token out of a file that nobody else may read. ERR_NOT_FOUND when there is none. */
static enum err read_ticket_file(const char *path, char ticket[static MEMBERSHIP_TICKET_SIZE],
                                 struct why *why)
{
    struct stat facts;
    if (!path || !*path || stat(path, &facts) != 0) { return ERR_NOT_FOUND; }
    if ((facts.st_mode & 077) != 0) {
        return why_set(why, ERR_DENIED, "%.120s has mode %04o, expected 0600; run chmod 600 on it",
                       path, (unsigned)facts.st_mode & 07777U);
    }
    struct text file = text_limited(TICKET_FILE_SIZE_MAX);
    enum err err = file_read(&file, path, why);
    while (!err && file.size > 0 && strchr(" \t\r\n", file.data[file.size - 1])) {
        file.data[--file.size] = '\0';
    }
    if (!err && !text_copy(ticket, MEMBERSHIP_TICKET_SIZE, text_c(&file))) {
        err = why_set(why, ERR_MALFORMED, "%.150s holds no token", path);
    }
    if (file.data) { sodium_memzero(file.data, file.capacity); }
    text_deinit(&file);
    return err;
}

static enum err take_ticket(const char *token_file, char ticket[static MEMBERSHIP_TICKET_SIZE],
                            struct why *why)
{
    CLEANUP(secret_free_p) struct secret *secret = NULL;
    const enum err err = secret_from_environment(&secret, "TOCSIN_ENROL_TOKEN", NULL);
    if (err) { return read_ticket_file(token_file, ticket, why); }
    const struct span letters = secret_bytes(secret);
    if (letters.size >= MEMBERSHIP_TICKET_SIZE) {
        return why_set(why, ERR_MALFORMED, "TOCSIN_ENROL_TOKEN is too long for a token");
    }
    memcpy(ticket, letters.data, letters.size);
    ticket[letters.size] = '\0';
    return OK;
}

/* What is missing, in words for the operator. */
static enum err explain(const struct membership *membership, const struct certificate *old,
                        struct why *why)
{
    if (!old) {
        return why_set(why, ERR_NOT_FOUND,
                       "%.80s is not here, and there is no token to enrol with; give the one of "
                       "`tocsin device add` in TOCSIN_ENROL_TOKEN or enrol.token_file",
                       membership->certificate_path);
    }
    char end[CLOCK_TEXT_SIZE];
    return why_set(why, OK,
                   "the certificate ran out at %s, and the bus refuses it; run `tocsin device add "
                   "%s`, give the token in TOCSIN_ENROL_TOKEN or enrol.token_file, and start again",
                   clock_text(end, certificate_end_us(old)), certificate_identity(old)->name);
}

enum err membership_begin(const struct membership *membership, const char *token_file,
                          int64_t now_us, enum membership_state *state, struct why *why)
{
    char ticket[MEMBERSHIP_TICKET_SIZE] = "";
    CLEANUP(certificate_free_p) struct certificate *old = NULL;
    bool settled = false;
    enum err err = settle(membership, &settled, why);
    if (!err) { err = membership_read(&old, membership->certificate_path, why); }
    if (err && err != ERR_NOT_FOUND) { return err; }
    const enum err found = take_ticket(token_file, ticket, why);
    *state = MEMBERSHIP_STATE_GOOD;
    if (old && now_us <= certificate_end_us(old)) {
        sodium_memzero(ticket, sizeof ticket);
        return OK;
    }
    *state = MEMBERSHIP_STATE_EXPIRED;
    if (found == ERR_NOT_FOUND) { return explain(membership, old, why); }
    if (found) { return found; }
    err = membership_enrol(membership, ticket, why);
    sodium_memzero(ticket, sizeof ticket);
    if (err) { return err; }
    *state = MEMBERSHIP_STATE_ENROLLED;
    if (token_file && *token_file) { (void)unlink(token_file); }
    return OK;
}
