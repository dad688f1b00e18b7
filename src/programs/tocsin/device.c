/*
 * tocsin device - members of the site: invited, listed, enrolled, revoked, through tocsin-enrol.
 */
#include <limits.h>
#include <qrencode.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "argument.h"
#include "base/clock.h"
#include "base/value.h"
#include "command.h"
#include "fleet/membership.h"
#include "office.h"
#include "system/file.h"

enum { LINK_SIZE_MAX = 2048, TOKEN_MINUTES_MAX = 43200, QR_QUIET = 2, PID_FILE_SIZE_MAX = 64 };

/* ---- add ---- */

/* Whether the module stands there and is dark; around the code it is light. */
static bool is_dark(const QRcode *code, int x, int y)
{
    const bool inside = x >= 0 && x < code->width && y >= 0 && y < code->width;
    return inside && (code->data[y * code->width + x] & 1) != 0;
}

/* Two rows of modules in one line of text: light modules are the terminal's foreground. */
static void print_qr(const char *words)
{
    static const char *const blocks[2][2] = {{"\u2588", "\u2580"}, {"\u2584", " "}};
    QRcode *code = QRcode_encodeString(words, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (!code) { return; }
    for (int y = -QR_QUIET; y < code->width + QR_QUIET; y += 2) {
        for (int x = -QR_QUIET; x < code->width + QR_QUIET; x++) {
            (void)fputs(blocks[is_dark(code, x, y)][is_dark(code, x, y + 1)], stdout);
        }
        (void)fputs("\n", stdout);
    }
    QRcode_free(code);
}

struct add {
    struct office office;
    const char *role, *minutes, *token_file;
    struct argument_list hosts;
    bool no_qr;
};

static enum err read_minutes(int64_t *life_s, const char *text, struct why *why)
{
    char *end = NULL;
    const long minutes = text ? strtol(text, &end, 10) : 60;
    if (text && (end == text || *end || minutes < 1 || minutes > TOKEN_MINUTES_MAX)) {
        return why_set(why, ERR_MALFORMED, "--minutes is \"%.20s\", expected 1 to %d", text,
                       TOKEN_MINUTES_MAX);
    }
    *life_s = minutes * 60;
    return OK;
}

static enum err print_invitation(const struct add *add, const struct value *invitation,
                                 struct why *why)
{
    const char *name = value_text_or(value_get(invitation, "name"), "");
    const char *token = value_text_or(value_get(invitation, "token"), "");
    const char *fingerprint = value_text_or(value_get(invitation, "fingerprint"), "");
    CLEANUP(text_deinit) struct text ticket = text_limited(MEMBERSHIP_TICKET_SIZE);
    text_format(&ticket, "%s:%s", name, token);
    if (add->token_file) {
        const enum err err = file_write(add->token_file, text_span(&ticket), 0600, why);
        if (!err) {
            (void)printf("%s may enrol until %s with the token in %s\n", name,
                         value_text_or(value_get(invitation, "expires"), ""), add->token_file);
        }
        return err;
    }
    (void)printf("member       %s %s of %s\ntoken        %s\nvalid until  %s, once\n"
                 "server       %s\nfingerprint  %s\n",
                 value_text_or(value_get(invitation, "role"), ""), name,
                 value_text_or(value_get(invitation, "site"), ""), text_c(&ticket),
                 value_text_or(value_get(invitation, "expires"), ""), add->office.url, fingerprint);
    if (add->no_qr) { return OK; }
    CLEANUP(text_deinit) struct text link = text_limited(LINK_SIZE_MAX);
    text_format(&link, "tocsin-enrol:?url=%s&token=%s&sha256=%s", add->office.url, text_c(&ticket),
                fingerprint);
    (void)putchar('\n');
    print_qr(text_c(&link));
    return OK;
}

static enum err add_member(const struct add *add, const char *name, struct why *why)
{
    struct office_invitation invitation = {
        .name = name, .hosts = add->hosts.items, .host_count = add->hosts.count};
    CLEANUP(value_free_p) struct value *answer = NULL;
    enum err err = role_parse(&invitation.role, add->role, why);
    if (!err) { err = read_minutes(&invitation.life_s, add->minutes, why); }
    if (!err) { err = office_invite(&answer, &add->office, &invitation, why); }
    return err ? err : print_invitation(add, answer, why);
}

static int device_add(int argc, char *argv[])
{
    struct add add = {.role = "edge"};
    const struct argument list[] = {
        {.name = "--url", .value = &add.office.url},
        {.name = "--ca", .value = &add.office.ca},
        {.name = "--identity", .value = &add.office.identity},
        {.name = "--role", .value = &add.role},
        {.name = "--minutes", .value = &add.minutes},
        {.name = "--token-file", .value = &add.token_file},
        {.name = "--host", .values = &add.hosts},
        {.name = "--no-qr", .given = &add.no_qr},
    };
    const struct argument_table table = {.arguments = list,
                                         .count = ARRAY_LEN(list),
                                         .words_least = 1,
                                         .words_most = 1,
                                         .words = "NAME"};
    struct argument_list words = {0};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err) { err = add_member(&add, words.items[0], &why); }
    return err ? command_failed("device add", err, &why) : COMMAND_DONE;
}

/* ---- list ---- */

static int device_list(int argc, char *argv[])
{
    struct office office = {0};
    const struct argument list[] = {{.name = "--url", .value = &office.url},
                                    {.name = "--ca", .value = &office.ca},
                                    {.name = "--identity", .value = &office.identity}};
    const struct argument_table table = {.arguments = list, .count = ARRAY_LEN(list)};
    struct argument_list words = {0};
    struct why why = {0};
    CLEANUP(value_free_p) struct value *answer = NULL;
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err) { err = office_ask(&answer, &office, "/members", NULL, &why); }
    if (err) { return command_failed("device list", err, &why); }
    const struct value *members = value_get(answer, "members");
    for (size_t i = 0; members && i < value_count(members); i++) {
        const struct value *member = value_at(members, i);
        const int64_t withdrawn = value_integer_or(value_get(member, "withdrawn"), 0);
        (void)printf("%-8s %-32s until %s%s\n", value_text_or(value_get(member, "role"), ""),
                     value_text_or(value_get(member, "name"), ""),
                     value_text_or(value_get(member, "until"), ""),
                     withdrawn ? "  has revoked certificates" : "");
    }
    return COMMAND_DONE;
}

/* ---- revoke ---- */

struct revoke {
    struct office office;
    const char *role, *certificate;
};

static enum err revoke_one(const struct revoke *revoke, const char *name, struct why *why)
{
    CLEANUP(value_free_p) struct value *body = value_object();
    CLEANUP(value_free_p) struct value *answer = NULL;
    CLEANUP(text_deinit) struct text pem = text_limited((size_t)4 * CERTIFICATE_SIZE_MAX);
    if (revoke->certificate) {
        const enum err err = file_read(&pem, revoke->certificate, why);
        if (err) { return err; }
        value_set_text(body, "certificate", text_c(&pem));
    } else {
        value_set_text(body, "name", name);
        value_set_text(body, "role", revoke->role);
    }
    const enum err err = office_ask(&answer, &revoke->office, "/members/revoke", body, why);
    if (err) { return err; }
    const int64_t count = value_integer_or(value_get(answer, "withdrawn"), 0);
    if (count == 0) {
        return why_set(
            why, ERR_NOT_FOUND,
            "the register knows no good certificate of %s %.63s, so none is revoked; one "
            "that was made by hand is not renewed, but is good until it runs out: "
            "revoke it with --certificate FILE",
            revoke->role, name);
    }
    (void)printf("%lld certificate%s revoked; whoever is on the bus knows it now, the others when "
                 "they come back\n",
                 (long long)count, count == 1 ? " is" : "s are");
    return OK;
}

static int device_revoke(int argc, char *argv[])
{
    struct revoke revoke = {.role = "edge"};
    const struct argument list[] = {{.name = "--url", .value = &revoke.office.url},
                                    {.name = "--ca", .value = &revoke.office.ca},
                                    {.name = "--identity", .value = &revoke.office.identity},
                                    {.name = "--role", .value = &revoke.role},
                                    {.name = "--certificate", .value = &revoke.certificate}};
    const struct argument_table table = {
        .arguments = list, .count = ARRAY_LEN(list), .words_most = 1, .words = "NAME"};
    struct argument_list words = {0};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err && (words.count == 0) == !revoke.certificate) {
        err = why_set(&why, ERR_MALFORMED, "name either a member or --certificate FILE");
    }
    if (!err) { err = revoke_one(&revoke, words.items[0], &why); }
    return err ? command_failed("device revoke", err, &why) : COMMAND_DONE;
}

/* ---- enrol ---- */

struct enrol {
    const char *url, *fingerprint, *site, *role, *out, *ca, *token_file;
    const char *reload; /* NULL, or the file with the id of the process that reads them */
};

/* SIGHUP: Mosquitto then reads its certificates again, and drops nobody. */
static enum err tell_reader(const char *path, struct why *why)
{
    CLEANUP(text_deinit) struct text file = text_limited(PID_FILE_SIZE_MAX);
    const enum err err = file_read(&file, path, why);
    if (err) { return err; }
    char *end = NULL;
    const long pid = strtol(text_c(&file), &end, 10);
    if (end == text_c(&file) || strspn(end, " \r\n") != strlen(end) || pid < 2 || pid > INT_MAX) {
        return why_set(why, ERR_MALFORMED, "%.160s holds no id of a process", path);
    }
    if (kill((pid_t)pid, SIGHUP) == 0) { return OK; }
    return why_set(why, ERR_UNAVAILABLE, "process %ld of %.160s does not take the signal", pid,
                   path);
}

/* For what has no program of ours to enrol it, such as a broker: makes NAME.key, NAME.crt. */
static enum err enrol_one(const struct enrol *enrol, const char *name, struct why *why)
{
    char certificate[FILE_PATH_SIZE];
    char key[FILE_PATH_SIZE];
    char file[IDENTITY_NAME_SIZE + 8];
    struct membership membership = {.url = enrol->url,
                                    .fingerprint = enrol->fingerprint ? enrol->fingerprint : "",
                                    .site = enrol->site,
                                    .ca_path = enrol->ca,
                                    .certificate_path = certificate,
                                    .key_path = key};
    if (!enrol->url || !enrol->site || !enrol->ca || !identity_name_valid(name)) {
        return why_set(why, ERR_MALFORMED, "--url, --site and --ca are needed, and a valid NAME");
    }
    (void)snprintf(file, sizeof file, "%s.crt", name);
    enum err err = file_join(certificate, enrol->out, file, why);
    (void)snprintf(file, sizeof file, "%s.key", name);
    if (!err) { err = file_join(key, enrol->out, file, why); }
    if (!err) { err = role_parse(&membership.role, enrol->role, why); }
    enum membership_state state = MEMBERSHIP_STATE_GOOD;
    struct membership_change change = {0};
    const int64_t now_us = clock_wall_us();
    if (!err) { err = membership_begin(&membership, enrol->token_file, now_us, &state, why); }
    if (!err && state == MEMBERSHIP_STATE_EXPIRED) { err = ERR_DENIED; }
    if (!err && state == MEMBERSHIP_STATE_GOOD) {
        err = membership_renew(&membership, now_us, &change, why);
    }
    if (err) { return err; }
    const bool news = state == MEMBERSHIP_STATE_ENROLLED || change.certificate || change.anchors;
    (void)printf("%s %s\n", news ? "made" : "still good:", certificate);
    return news && enrol->reload ? tell_reader(enrol->reload, why) : OK;
}

static int device_enrol(int argc, char *argv[])
{
    struct enrol enrol = {.role = "edge", .out = "."};
    const struct argument list[] = {{.name = "--url", .value = &enrol.url},
                                    {.name = "--fingerprint", .value = &enrol.fingerprint},
                                    {.name = "--site", .value = &enrol.site},
                                    {.name = "--role", .value = &enrol.role},
                                    {.name = "--out", .value = &enrol.out},
                                    {.name = "--ca", .value = &enrol.ca},
                                    {.name = "--token-file", .value = &enrol.token_file},
                                    {.name = "--reload", .value = &enrol.reload}};
    const struct argument_table table = {.arguments = list,
                                         .count = ARRAY_LEN(list),
                                         .words_least = 1,
                                         .words_most = 1,
                                         .words = "NAME"};
    struct argument_list words = {0};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err) { err = enrol_one(&enrol, words.items[0], &why); }
    return err ? command_failed("device enrol", err, &why) : COMMAND_DONE;
}

int device_command(int argc, char *argv[])
{
    static const struct {
        const char *name;
        int (*run)(int argc, char *argv[]);
    } parts[] = {{"add", device_add},
                 {"list", device_list},
                 {"revoke", device_revoke},
                 {"enrol", device_enrol}};
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(parts); i++) {
        if (strcmp(parts[i].name, argv[1]) == 0) { return parts[i].run(argc - 1, argv + 1); }
    }
    (void)fprintf(stderr,
                  "tocsin device: expected add, list, revoke or enrol; see `tocsin help device`\n");
    return COMMAND_MISUSED;
}
