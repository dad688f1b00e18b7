/*
 * tocsin sign - a signed envelope around a content that comes on standard input.
 */
#include <stdio.h>

#include "argument.h"
#include "base/clock.h"
#include "command.h"
#include "system/file.h"
#include "trust/envelope.h"

struct sign {
    const char *key, *chain, *tier, *at;
};

static enum err read_content(struct value **out, struct why *why)
{
    CLEANUP(text_deinit) struct text json = text_limited(ENVELOPE_SIZE_MAX);
    enum err err = file_read(&json, "/dev/stdin", why);
    if (err) { return err; }
    err = value_parse(out, text_span(&json), ENVELOPE_SIZE_MAX, why);
    return err ? why_prefix(why, err, "standard input") : OK;
}

static enum err sign(const struct sign *sign, struct why *why)
{
    enum tier tier = TIER_INFORMATIONAL;
    CLEANUP(signer_close_p) struct signer *signer = NULL;
    CLEANUP(value_free_p) struct value *content = NULL;
    CLEANUP(text_deinit) struct text out = text_limited(ENVELOPE_SIZE_MAX);
    int64_t now_us = clock_wall_us();
    enum err err = tier_parse(&tier, sign->tier, why);
    if (!err && sign->at) { err = clock_parse(&now_us, sign->at, why); }
    if (!err) { err = signer_open(&signer, sign->key, sign->chain, why); }
    if (!err) { err = read_content(&content, why); }
    if (err) { return err; }
    const struct envelope_draft draft = {.tier = tier, .now_us = now_us, .content = TAKE(content)};
    err = envelope_sign(signer, &draft, &out, why);
    if (err) { return err; }
    const enum role role = signer_identity(signer)->role;
    if (!tier_allowed(role, tier) && !tier_exercise_allowed(role, tier)) {
        (void)fprintf(stderr, "warning: every receiver will refuse it: %s may not sign tier %s\n",
                      role_name(role), tier_name(tier));
    }
    (void)puts(text_c(&out));
    return OK;
}

int sign_command(int argc, char *argv[])
{
    struct sign arguments = {0};
    const struct argument list[] = {{.name = "--key", .value = &arguments.key},
                                    {.name = "--chain", .value = &arguments.chain},
                                    {.name = "--tier", .value = &arguments.tier},
                                    {.name = "--at", .value = &arguments.at}};
    const struct argument_table table = {.arguments = list, .count = ARRAY_LEN(list)};
    struct argument_list words = {0};
    struct why why = {0};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err && (!arguments.key || !arguments.chain || !arguments.tier)) {
        err = why_set(&why, ERR_MALFORMED, "--key, --chain and --tier are needed");
    }
    if (!err) { err = sign(&arguments, &why); }
    return err ? command_failed("sign", err, &why) : COMMAND_DONE;
}
