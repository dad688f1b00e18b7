#include "demo.h"

#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "command.h"
#include "demo_children.h"
#include "demo_ports.h"
#include "supervisor.h"

#define DEMO_VIDEO "/usr/share/doc/opencv-doc/examples/data/vtest.avi"

static enum err parse_port(int *port, const char *text, struct why *why)
{
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    if (end == text || *end || number < 0 || number > 65535) {
        return why_set(why, ERR_RANGE, "--port is \"%.40s\", expected a number from 0 to 65535",
                       text);
    }
    *port = (int)number;
    return OK;
}

static enum err parse_pair(struct demo_options *options, const char *name, const char *value,
                           struct why *why)
{
    const struct {
        const char *name;
        char *path;
    } paths[] = {{"--build", options->build},
                 {"--state", options->state},
                 {"--share", options->share},
                 {"--video", options->video}};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (strcmp(name, paths[i].name) != 0) { continue; }
        return text_copy(paths[i].path, FILE_PATH_SIZE, value)
                   ? OK
                   : why_set(why, ERR_LIMIT, "%s is longer than a path may be", name);
    }
    if (strcmp(name, "--port") == 0) { return parse_port(&options->port, value, why); }
    return why_set(why, ERR_MALFORMED, "argument \"%.80s\" is unknown; see `tocsin help demo`",
                   name);
}

static enum err parse(struct demo_options *options, int argc, char *argv[], struct why *why)
{
    *options = (struct demo_options){
        .state = "build/demo", .share = ".", .video = DEMO_VIDEO, .port = 8080};
    const ssize_t size = readlink("/proc/self/exe", options->build, sizeof options->build - 1);
    char *slash = size > 0 ? strrchr(options->build, '/') : NULL;
    if (slash) { *slash = '\0'; }
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            return why_set(why, ERR_MALFORMED, "%.80s needs a value; see `tocsin help demo`",
                           argv[i]);
        }
        const enum err err = parse_pair(options, argv[i], argv[i + 1], why);
        if (err) { return err; }
    }
    if (!file_exists(options->video)) {
        return why_set(why, ERR_NOT_FOUND, "the video %.140s is not here; `make setup` installs it",
                       options->video);
    }
    return OK;
}

void demo_say(const char *name, const char *sentence)
{
    printf("%s %s\n", name, sentence);
    (void)fflush(stdout);
}

/* Sixteen letters that nobody confuses, about 80 bits. */
static void make_password(char password[static DEMO_PASSWORD_SIZE])
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    for (int i = 0; i < DEMO_PASSWORD_SIZE - 1; i++) {
        password[i] = letters[randombytes_uniform(sizeof letters - 1)];
        if (i % 5 == 4) { password[i] = '-'; }
    }
    password[DEMO_PASSWORD_SIZE - 1] = '\0';
}

/* A name, not an address: browsers make passkeys for names only. */
static void welcome(const struct demo_site *site, const struct demo_passwords *passwords)
{
    const struct demo_options *options = site->options;
    printf(
        "\n  address: http://localhost:%d/\n  user: admin\n  password: %s (once; you then choose "
        "your own)\n",
        site->ports.web, passwords->admin);
    printf("\n  An emergency needs a person's own key and a second factor. Try it:\n"
           "  1. sign in as: operator\n     with: %s (once)\n"
           "  2. Your account: add a passkey or an authenticator app, then \"Make my key\"\n"
           "  3. certify the key's request, as whoever holds the CA, and give the page the "
           "certificate:\n     %s/tocsin operator certify operator --dir %s/ca\n"
           "  4. Alerts, New alert, Emergency; approve it, and see the sign lit red\n",
           passwords->operator, options->build, options->state);
}

static enum err run(struct demo_options *options, struct why *why)
{
    const int64_t begun_us = clock_monotonic_us();
    struct demo_site site = {.options = options};
    enum err err = demo_ports_choose(&site.ports, options->port, why);
    if (err) { return err; }
    demo_say("demo:", "making a site CA and configurations");
    err = demo_site_make(&site, options, why);
    if (err) { return err; }

    CLEANUP(loop_close_p) struct loop *loop = NULL;
    err = loop_open(&loop, why);
    if (!err) { err = loop_handle_signals(loop, NULL, NULL, why); }
    if (err) { return err; }

    struct demo_passwords passwords;
    make_password(passwords.admin);
    make_password(passwords.operator);
    CLEANUP(supervisor_free_p) struct supervisor *supervisor = NULL;
    err = demo_children_start(&supervisor, loop, &site, &passwords, why);
    if (err) { return err; }
    welcome(&site, &passwords);
    printf("\nready after %.1f s; Ctrl-C stops everything, logs are in %s/log\n",
           (double)(clock_monotonic_us() - begun_us) / 1e6, options->state);
    (void)fflush(stdout);
    sodium_memzero(&passwords, sizeof passwords);

    err = loop_run(loop, why);
    demo_say("demo:", "stopping");
    return err;
}

int demo_command(int argc, char *argv[])
{
    struct why why = {.text = ""};
    struct demo_options options;
    enum err err = parse(&options, argc, argv, &why);
    if (!err) { err = run(&options, &why); }
    return err ? command_failed("demo", err, &why) : COMMAND_DONE;
}
