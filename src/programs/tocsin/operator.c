/*
 * tocsin operator - the people who approve emergencies with their own keys: certified by whoever
 * holds the site CA, approving at a command line of their own (docs/protocols/approval.md).
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "argument.h"
#include "base/clock.h"
#include "base/encode.h"
#include "command.h"
#include "system/file.h"
#include "trust/authority.h"
#include "trust/envelope.h"

#define PASSPHRASE_VARIABLE "TOCSIN_CA_PASSPHRASE"

enum { CERTIFY_DAYS = 365 };

/* ---- certify ---- */

struct certify {
    const char *request, *folder, *days;
};

/* PEM, or the base64 alone: what stands between the lines that begin with a dash. */
static enum err read_request(struct signing_request **out, const char *path, struct why *why)
{
    CLEANUP(text_deinit) struct text pem = text_limited((size_t)2 * SIGNING_REQUEST_SIZE_MAX);
    CLEANUP(text_deinit) struct text base64 = text_limited((size_t)2 * SIGNING_REQUEST_SIZE_MAX);
    uint8_t der[SIGNING_REQUEST_SIZE_MAX];
    size_t size = 0;
    enum err err = file_read(&pem, path, why);
    if (err) { return err; }
    for (const char *at = text_c(&pem); *at; at += strspn(at, "\r\n")) {
        const size_t length = strcspn(at, "\r\n");
        if (*at != '-') { text_add_bytes(&base64, span_of(at, length)); }
        at += length;
    }
    err = decode_base64(der, sizeof der, &size, text_c(&base64), why);
    if (!err) { err = signing_request_from_der(out, span_of(der, size), why); }
    return err ? why_prefix(why, err, path) : OK;
}

static enum err open_authority(struct authority **out, const char *folder, struct why *why)
{
    CLEANUP(secret_free_p) struct secret *passphrase = NULL;
    char key[FILE_PATH_SIZE];
    char certificate[FILE_PATH_SIZE];
    enum err err = secret_from_environment(&passphrase, PASSPHRASE_VARIABLE, why);
    if (err == ERR_NOT_FOUND) { err = OK; }
    if (!err) { err = file_join(key, folder, "ca.key", why); }
    if (!err) { err = file_join(certificate, folder, "ca.crt", why); }
    return err ? err : authority_open(out, key, certificate, passphrase, why);
}

/* On stderr, beside the certificate on stdout: what the two people compare by voice. */
static void tell(const struct signing_request *asked, const struct authority *authority,
                 const struct certificate *certificate)
{
    uint8_t key[PUBLIC_KEY_SIZE];
    uint8_t digest[crypto_hash_sha256_BYTES];
    char until[CLOCK_TEXT_SIZE];
    CLEANUP(text_deinit) struct text words = text_limited(sizeof digest * 4);
    signing_request_public_key(asked, key);
    (void)crypto_hash_sha256(digest, key, sizeof key);
    for (size_t i = 0; i < 8; i++) {
        text_format(&words, "%s%02x", i == 0 ? "" : i % 2 ? "" : " ", digest[i]);
    }
    (void)fprintf(stderr,
                  "certified spiffe://%s/operator/%s until %s\n"
                  "the key's mark is %s: the operator's page must show the same\n",
                  authority_site(authority), certificate_identity(certificate)->name,
                  clock_text(until, certificate_end_us(certificate)), text_c(&words));
}

static enum err certify(const struct certify *certify, struct authority_request *request,
                        struct why *why)
{
    CLEANUP(signing_request_free_p) struct signing_request *asked = NULL;
    CLEANUP(authority_close_p) struct authority *authority = NULL;
    CLEANUP(certificate_free_p) struct certificate *certificate = NULL;
    enum err err = read_request(&asked, certify->request, why);
    if (!err) { err = open_authority(&authority, certify->folder, why); }
    request->asked = asked;
    if (!err) { err = authority_certify(&certificate, authority, request, clock_wall_us(), why); }
    if (err) { return err; }
    CLEANUP(text_deinit) struct text pem = text_limited((size_t)2 * CERTIFICATE_SIZE_MAX);
    certificate_write_pem(certificate, &pem);
    (void)fputs(text_c(&pem), stdout);
    tell(asked, authority, certificate);
    return OK;
}

static enum err read_days(int *days, const char *text, struct why *why)
{
    char *end = NULL;
    const long number = text ? strtol(text, &end, 10) : CERTIFY_DAYS;
    if ((text && (*end || end == text)) || number < 1 || number > AUTHORITY_DAYS_MAX) {
        return why_set(why, ERR_MALFORMED, "--days is \"%.20s\", expected 1 to %d", text,
                       AUTHORITY_DAYS_MAX);
    }
    *days = (int)number;
    return OK;
}

static int operator_certify(int argc, char *argv[])
{
    struct certify arguments = {.request = "/dev/stdin", .folder = "ca"};
    const struct argument list[] = {{.name = "--request", .value = &arguments.request},
                                    {.name = "--dir", .value = &arguments.folder},
                                    {.name = "--days", .value = &arguments.days}};
    const struct argument_table table = {.arguments = list,
                                         .count = ARRAY_LEN(list),
                                         .words_least = 1,
                                         .words_most = 1,
                                         .words = "NAME"};
    struct argument_list words = {0};
    struct authority_request request = {.role = ROLE_OPERATOR};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err) { err = read_days(&request.days, arguments.days, &why); }
    if (!err) {
        request.name = words.items[0];
        err = certify(&arguments, &request, &why);
    }
    return err ? command_failed("operator certify", err, &why) : COMMAND_DONE;
}

/* ---- approve ---- */

struct approve {
    const char *key, *chain;
};

static void add_approval(struct value *content, struct value *approval)
{
    const struct value *before = value_get(content, "approvals");
    struct value *list = before ? value_copy(before) : value_array();
    value_append(list, approval);
    value_set(content, "approvals", list);
}

static enum err approve(const struct approve *approve, struct why *why)
{
    CLEANUP(signer_close_p) struct signer *signer = NULL;
    CLEANUP(text_deinit) struct text json = text_limited(ENVELOPE_SIZE_MAX);
    CLEANUP(text_deinit) struct text out = text_limited(ENVELOPE_SIZE_MAX);
    CLEANUP(value_free_p) struct value *content = NULL;
    struct value *approval = NULL;
    enum err err = signer_open(&signer, approve->key, approve->chain, why);
    if (!err) { err = file_read(&json, "/dev/stdin", why); }
    if (!err) { err = value_parse(&content, text_span(&json), ENVELOPE_SIZE_MAX, why); }
    if (!err) { err = signer_approve(signer, content, &approval, why); }
    if (err) { return err; }
    if (signer_identity(signer)->role != ROLE_OPERATOR) {
        (void)fprintf(stderr, "warning: no receiver will count it: the key is of role %s\n",
                      role_name(signer_identity(signer)->role));
    }
    add_approval(content, approval);
    value_write(content, &out);
    (void)puts(text_c(&out));
    return OK;
}

static int operator_approve(int argc, char *argv[])
{
    struct approve arguments = {0};
    const struct argument list[] = {{.name = "--key", .value = &arguments.key},
                                    {.name = "--chain", .value = &arguments.chain}};
    const struct argument_table table = {.arguments = list, .count = ARRAY_LEN(list)};
    struct argument_list words = {0};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err && (!arguments.key || !arguments.chain)) {
        err = why_set(&why, ERR_MALFORMED, "--key and --chain are needed");
    }
    if (!err) { err = approve(&arguments, &why); }
    return err ? command_failed("operator approve", err, &why) : COMMAND_DONE;
}

int operator_command(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], "certify") == 0) {
        return operator_certify(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "approve") == 0) {
        return operator_approve(argc - 1, argv + 1);
    }
    (void)fprintf(stderr,
                  "tocsin operator: expected certify or approve; see `tocsin help operator`\n");
    return COMMAND_MISUSED;
}
