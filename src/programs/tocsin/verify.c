/*
 * tocsin verify - the verdict that every receiver would give on a message from standard input.
 */
#include <stdio.h>

#include "argument.h"
#include "base/clock.h"
#include "command.h"
#include "system/file.h"
#include "trust/envelope.h"

struct verify {
    const char *ca, *site, *at;
};

static enum err verify(const struct verify *verify, enum verdict *verdict, struct why *why)
{
    CLEANUP(verifier_close_p) struct verifier *verifier = NULL;
    CLEANUP(text_deinit) struct text json = text_limited((size_t)2 * ENVELOPE_SIZE_MAX);
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    const struct verifier_config config = {.site = verify->site, .ca_path = verify->ca};
    int64_t now_us = clock_wall_us();
    enum err err = verify->at ? clock_parse(&now_us, verify->at, why) : OK;
    if (!err) { err = verifier_open(&verifier, &config, why); }
    if (!err) { err = file_read(&json, "/dev/stdin", why); }
    if (err) { return err; }
    while (json.size && json.data[json.size - 1] == '\n') {
        json.size--; /* an editor's newline counts neither as content nor as size */
    }
    *verdict = verifier_judge(verifier, text_span(&json), now_us, &envelope, why);
    if (*verdict) {
        (void)printf("%s: %s\n", verdict_name(*verdict), why->text);
        return OK;
    }
    char time[CLOCK_TEXT_SIZE];
    (void)printf("admit: %s of %s, signed by %s \"%s\" at %s\n", envelope.type,
                 tier_name(envelope.tier), role_name(envelope.signer.role), envelope.signer.name,
                 clock_text(time, envelope.timestamp_us));
    if (tier_approved(envelope.tier)) {
        (void)printf("approved by %zu of however many the receiver needs:",
                     envelope.approvals.count);
        for (size_t i = 0; i < envelope.approvals.count; i++) {
            (void)printf(" %s", envelope.approvals.people[i].name);
        }
        (void)printf("\n");
    }
    return OK;
}

int verify_command(int argc, char *argv[])
{
    struct verify arguments = {0};
    const struct argument list[] = {{.name = "--ca", .value = &arguments.ca},
                                    {.name = "--site", .value = &arguments.site},
                                    {.name = "--at", .value = &arguments.at}};
    const struct argument_table table = {.arguments = list, .count = ARRAY_LEN(list)};
    struct argument_list words = {0};
    struct why why = {0};
    enum verdict verdict = VERDICT_ADMIT;
    enum err err = argument_read(&table, argc, argv, &words, &why);
    if (!err && (!arguments.ca || !arguments.site)) {
        err = why_set(&why, ERR_MALFORMED, "--ca and --site are needed");
    }
    if (!err) { err = verify(&arguments, &verdict, &why); }
    if (err) { return command_failed("verify", err, &why); }
    return verdict == VERDICT_ADMIT ? COMMAND_DONE : COMMAND_FAILED;
}
