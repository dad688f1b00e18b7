/*
 * tocsin ca - the site's certificate authority on the command line.
 */
#include <stdio.h>
#include <string.h>

#include "argument.h"
#include "base/clock.h"
#include "base/encode.h"
#include "command.h"
#include "system/file.h"
#include "trust/authority.h"

#define PASSPHRASE_VARIABLE "TOCSIN_CA_PASSPHRASE"

/* The four files of a CA's folder: the site CA's, then the web CA's. */
struct ca_files {
    char key[FILE_PATH_SIZE];
    char certificate[FILE_PATH_SIZE];
};

static const char *const folder_default = "ca";

static enum err name_files(struct ca_files *files, const char *folder, bool web, struct why *why)
{
    const enum err err = file_join(files->key, folder, web ? "web-ca.key" : "ca.key", why);
    return err ? err : file_join(files->certificate, folder, web ? "web-ca.crt" : "ca.crt", why);
}

/* NULL in `*passphrase` when the environment holds none. */
static enum err take_passphrase(struct secret **passphrase, struct why *why)
{
    const enum err err = secret_from_environment(passphrase, PASSPHRASE_VARIABLE, why);
    return err == ERR_NOT_FOUND ? OK : err;
}

/* ---- init ---- */

struct init {
    const char *site;
    const char *root; /* NULL, or what the root above sites is called */
    const char *folder;
    const char *key;                 /* NULL, or the pkcs11: URI of the CA's key */
    const struct secret *passphrase; /* NULL: keys are not sealed */
    int64_t now_us;
};

static enum err make_authority(struct authority **out, const struct init *init, bool web,
                               struct why *why)
{
    struct key *key = NULL;
    const bool elsewhere = !web && init->key;
    const enum err err = elsewhere
                             ? key_load(&key, init->key, init->passphrase, why)
                             : key_generate(&key, web ? KEY_KIND_P256 : KEY_KIND_ED25519, why);
    if (err) { return err; }
    return init->root ? authority_adopt_root(out, init->root, key, init->now_us, why)
                      : authority_adopt(out, init->site, key, init->now_us, why);
}

static enum err init_one(const struct init *init, bool web, struct why *why)
{
    CLEANUP(authority_close_p) struct authority *authority = NULL;
    struct ca_files files;
    enum err err = name_files(&files, init->folder, web, why);
    if (!err) { err = make_authority(&authority, init, web, why); }
    if (err) { return err; }
    if (file_exists(files.key) || file_exists(files.certificate)) {
        return why_set(why, ERR_CONFLICT,
                       "%.160s exists already; a folder has one CA, name another --dir", files.key);
    }
    err = authority_save(authority, files.key, files.certificate, init->passphrase, why);
    const bool stays = !web && init->key;
    if (!err) {
        (void)printf("made %s and %s\n", files.certificate, stays ? init->key : files.key);
    }
    return err;
}

static enum err init_both(struct init *init, struct why *why)
{
    CLEANUP(secret_free_p) struct secret *passphrase = NULL;
    enum err err = take_passphrase(&passphrase, why);
    init->passphrase = passphrase;
    if (!err) { err = file_make_folder(init->folder, 0700, why); }
    if (!err) { err = init_one(init, false, why); }
    if (!err && !init->root) { err = init_one(init, true, why); }
    if (!err && !passphrase) {
        (void)fprintf(stderr, "warning: the CA's keys are not sealed. Whoever copies them can sign "
                              "as any part of the site.\nSet " PASSPHRASE_VARIABLE
                              " before `tocsin ca init`, or keep the folder offline.\n");
    }
    return err;
}

static int ca_init(int argc, char *argv[])
{
    struct init init = {.folder = folder_default, .now_us = clock_wall_us()};
    const struct argument arguments[] = {{.name = "--site", .value = &init.site},
                                         {.name = "--root", .value = &init.root},
                                         {.name = "--dir", .value = &init.folder},
                                         {.name = "--key", .value = &init.key}};
    const struct argument_table table = {.arguments = arguments, .count = ARRAY_LEN(arguments)};
    struct argument_list words = {0};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err && !init.site == !init.root) {
        err = why_set(&why, ERR_MALFORMED,
                      "either --site NAME, what the site is called, or --root NAME, a root above "
                      "sites, is needed");
    }
    if (!err) { err = init_both(&init, &why); }
    return err ? command_failed("ca init", err, &why) : COMMAND_DONE;
}

/* ---- issue ---- */

struct issue {
    const char *folder; /* of the CA */
    const char *key;    /* NULL: the file in the folder; else a pkcs11: URI */
    const char *out;
    const char *days;
    struct argument_list hosts;
    bool web;
};

static enum err read_days(int *days, const char *text, struct why *why)
{
    if (!text) { return OK; }
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    if (*end || end == text || number < 1 || number > AUTHORITY_DAYS_MAX) {
        return why_set(why, ERR_MALFORMED, "--days is \"%.20s\", expected 1 to %d", text,
                       AUTHORITY_DAYS_MAX);
    }
    *days = (int)number;
    return OK;
}

static enum err open_authority(struct authority **out, const struct issue *issue, struct why *why)
{
    CLEANUP(secret_free_p) struct secret *passphrase = NULL;
    struct ca_files files;
    enum err err = name_files(&files, issue->folder, issue->web, why);
    if (!err) { err = take_passphrase(&passphrase, why); }
    const char *key = issue->key ? issue->key : files.key;
    if (!err) { err = authority_open_any(out, key, files.certificate, passphrase, why); }
    if (err == ERR_DENIED && !passphrase) {
        return why_prefix(why, err, "set " PASSPHRASE_VARIABLE);
    }
    return err;
}

static enum err issue_one(const struct issue *issue, const struct authority_request *request,
                          struct why *why)
{
    CLEANUP(authority_close_p) struct authority *authority = NULL;
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    enum err err = open_authority(&authority, issue, why);
    if (!err) { err = authority_issue(&issued, authority, request, clock_wall_us(), why); }
    if (!err) { err = file_make_folder(issue->out, 0755, why); }
    if (!err) { err = authority_issued_save(&issued, issue->out, request->name, why); }
    if (err) { return err; }
    char until[CLOCK_TEXT_SIZE];
    (void)printf("made %s/%s.crt and .key for spiffe://%s/%s/%s, valid until %s\n", issue->out,
                 request->name, authority_site(authority), role_name(request->role), request->name,
                 clock_text(until, certificate_end_us(issued.certificate)));
    return OK;
}

static int ca_issue(int argc, char *argv[])
{
    struct issue issue = {.folder = folder_default, .out = "."};
    const struct argument arguments[] = {
        {.name = "--dir", .value = &issue.folder},  {.name = "--key", .value = &issue.key},
        {.name = "--out", .value = &issue.out},     {.name = "--days", .value = &issue.days},
        {.name = "--host", .values = &issue.hosts}, {.name = "--web", .given = &issue.web}};
    const struct argument_table table = {.arguments = arguments,
                                         .count = ARRAY_LEN(arguments),
                                         .words_least = 2,
                                         .words_most = 2,
                                         .words = "ROLE NAME"};
    struct argument_list words = {0};
    struct authority_request request = {0};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err) { err = role_parse(&request.role, words.items[0], &why); }
    if (!err) { err = read_days(&request.days, issue.days, &why); }
    if (!err) {
        request.name = words.items[1];
        request.hosts = issue.hosts.items;
        request.host_count = issue.hosts.count;
        err = issue_one(&issue, &request, &why);
    }
    return err ? command_failed("ca issue", err, &why) : COMMAND_DONE;
}

/* ---- vouch ---- */

/* With its word the other CA could certify parts of our site: only a root stands above sites. */
static enum err check_site(const struct authority *authority, const struct certificate *other,
                           struct why *why)
{
    const char *own = authority_site(authority);
    const char *site = certificate_authority_site(other);
    if (!*own || !site || strcmp(own, site) == 0) { return OK; }
    return why_set(why, ERR_DENIED, "the CA of site \"%s\" does not vouch for one of \"%s\"", own,
                   site);
}

static enum err vouch(const struct issue *issue, const char *path, struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited(KEY_FILE_SIZE_MAX);
    CLEANUP(text_deinit) struct text word = text_limited(KEY_FILE_SIZE_MAX);
    CLEANUP(authority_close_p) struct authority *authority = NULL;
    CLEANUP(certificate_free_p) struct certificate *other = NULL;
    CLEANUP(certificate_free_p) struct certificate *made = NULL;
    enum err err = file_read(&pem, path, why);
    if (err) { return err; }
    err = certificate_from_pem(&other, text_span(&pem), why);
    if (err) { return why_prefix(why, err, path); }
    err = open_authority(&authority, issue, why);
    if (!err) { err = check_site(authority, other, why); }
    if (!err) { err = authority_vouch(&made, authority, other, clock_wall_us(), why); }
    if (err) { return err; }
    certificate_write_pem(made, &word);
    err = file_write(issue->out, text_span(&word), 0644, why);
    if (!err) { (void)printf("made %s: the word of this CA for %s\n", issue->out, path); }
    return err;
}

static int ca_vouch(int argc, char *argv[])
{
    struct issue issue = {.folder = folder_default};
    const struct argument arguments[] = {{.name = "--dir", .value = &issue.folder},
                                         {.name = "--key", .value = &issue.key},
                                         {.name = "--out", .value = &issue.out}};
    const struct argument_table table = {.arguments = arguments,
                                         .count = ARRAY_LEN(arguments),
                                         .words_least = 1,
                                         .words_most = 1,
                                         .words = "CERTIFICATE"};
    struct argument_list words = {0};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err && !issue.out) {
        err = why_set(&why, ERR_MALFORMED, "--out FILE is missing: where the word is written");
    }
    if (!err) { err = vouch(&issue, words.items[0], &why); }
    return err ? command_failed("ca vouch", err, &why) : COMMAND_DONE;
}

/* ---- show ---- */

static void write_fingerprint(const struct certificate *certificate, struct text *out)
{
    uint8_t digest[CERTIFICATE_FINGERPRINT_SIZE];
    certificate_fingerprint(certificate, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        text_format(out, "%s%02X", i ? ":" : "", digest[i]);
    }
}

static void write_validity(const struct certificate *certificate, int64_t now_us, struct text *out)
{
    char text[CLOCK_TEXT_SIZE];
    const int64_t begin_us = certificate_begin_us(certificate);
    const int64_t end_us = certificate_end_us(certificate);
    text_format(out, "valid        from %s\n", clock_text(text, begin_us));
    text_format(out, "             until %s", clock_text(text, end_us));
    if (now_us < begin_us) {
        text_add(out, " (not yet)\n");
    } else if (now_us > end_us) {
        text_add(out, " (RUN OUT)\n");
    } else {
        text_format(out, " (%lld more days)\n", (long long)((end_us - now_us) / CLOCK_DAY_US));
    }
}

static void describe(const struct certificate *certificate, int64_t now_us, struct text *out)
{
    const struct identity *identity = certificate_identity(certificate);
    uint8_t key[PUBLIC_KEY_SIZE];
    const bool ed25519 = certificate_public_key(certificate, key, NULL) == OK;
    if (identity) {
        text_add(out, "identity     ");
        identity_write(identity, out);
        text_format(out, "\nkey          %s\n",
                    ed25519 ? "Ed25519: messages and mutual TLS" : "not Ed25519: web server only");
    } else {
        const char *site = certificate_authority_site(certificate);
        if (*site) {
            text_format(out, "identity     the %s of site \"%s\"\n", ed25519 ? "CA" : "web CA",
                        site);
        } else {
            text_add(out, "identity     a root above sites, for their CAs only\n");
        }
        text_format(out, "key          %s\n", ed25519 ? "Ed25519" : "not Ed25519: browsers only");
    }
    write_validity(certificate, now_us, out);
    text_add(out, "fingerprint  SHA-256 ");
    write_fingerprint(certificate, out);
    text_add_char(out, '\n');
}

static enum err show(const char *path, struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited(KEY_FILE_SIZE_MAX);
    CLEANUP(certificate_free_p) struct certificate *certificate = NULL;
    enum err err = file_read(&pem, path, why);
    if (err) { return err; }
    err = certificate_from_pem(&certificate, text_span(&pem), why);
    if (err) { return why_prefix(why, err, path); }
    CLEANUP(text_deinit) struct text out = text_limited(KEY_FILE_SIZE_MAX);
    describe(certificate, clock_wall_us(), &out);
    (void)fputs(text_c(&out), stdout);
    return OK;
}

static int ca_show(int argc, char *argv[])
{
    const struct argument_table table = {.words_most = 1, .words = "at most one FILE"};
    struct argument_list words = {0};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err) { err = show(words.count ? words.items[0] : "ca/ca.crt", &why); }
    return err ? command_failed("ca show", err, &why) : COMMAND_DONE;
}

int ca_command(int argc, char *argv[])
{
    static const struct {
        const char *name;
        int (*run)(int argc, char *argv[]);
    } parts[] = {{"init", ca_init}, {"issue", ca_issue}, {"vouch", ca_vouch}, {"show", ca_show}};
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(parts); i++) {
        if (strcmp(parts[i].name, argv[1]) == 0) { return parts[i].run(argc - 1, argv + 1); }
    }
    (void)fprintf(stderr, "tocsin ca: expected init, issue, vouch or show; see `tocsin help ca`\n");
    return COMMAND_MISUSED;
}
