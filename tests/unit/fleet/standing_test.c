#include "fleet/standing.h"

#include <poll.h>

#include "check.h"
#include "est_server.h"
#include "trust/authority_list.h"

static atomic_int changed;

static int64_t now(void *context)
{
    (void)context;
    return clock_wall_us();
}

static bool on_changed(void *context, const struct membership_change *change)
{
    (void)context, (void)change;
    atomic_fetch_add(&changed, 1);
    return true;
}

static void on_failed(void *context, const char *why)
{
    (void)context;
    printf("# %s\n", why);
}

struct bench {
    struct est_server server;
    char ca[256], certificate[256], key[256], token[256];
    struct standing_config config;
};

static void setup(struct bench *bench)
{
    struct why why = {0};
    est_open(&bench->server);
    bench->config = (struct standing_config){
        .membership = {.url = bench->server.url,
                       .fingerprint = bench->server.fingerprint,
                       .site = "riverside",
                       .role = ROLE_EDGE,
                       .ca_path = est_path(&bench->server, bench->ca, "ca.crt"),
                       .certificate_path = est_path(&bench->server, bench->certificate, "d.crt"),
                       .key_path = est_path(&bench->server, bench->key, "d.key")},
        .token_file = est_path(&bench->server, bench->token, "token"),
        .state_folder = bench->server.folder,
        .now_us = now,
        .changed = on_changed,
        .failed = on_failed};
    test_must(file_write(bench->token, span_text("north-1:secret"), 0600, &why), &why);
}

static struct standing *open_standing(struct bench *bench, struct standing_news *news)
{
    struct why why = {0};
    struct standing *standing = NULL;
    test_must(standing_open(&standing, &bench->config, news, &why), &why);
    return standing;
}

/* What another member's message is worth to us. */
static enum verdict judge(struct standing *standing, const struct signer *signer)
{
    struct envelope envelope = {0};
    struct text message = test_message(signer, TIER_INFORMATIONAL, "event", clock_wall_us());
    const enum verdict verdict = verifier_judge(standing_verifier(standing), text_span(&message),
                                                clock_wall_us(), &envelope, NULL);
    envelope_deinit(&envelope);
    text_deinit(&message);
    return verdict;
}

static struct signer *member(const struct bench *bench, enum role role, const char *name)
{
    struct why why = {0};
    struct signer *signer = NULL;
    char paths[2][256];
    char file[80];
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    const struct authority_request request = {.role = role, .name = name};
    test_must(authority_issue(&issued, bench->server.authority, &request, clock_wall_us(), &why),
              &why);
    test_must(authority_issued_save(&issued, bench->server.folder, name, &why), &why);
    (void)snprintf(file, sizeof file, "%s.key", name);
    (void)est_path(&bench->server, paths[0], file);
    (void)snprintf(file, sizeof file, "%s.crt", name);
    (void)est_path(&bench->server, paths[1], file);
    test_must(signer_open(&signer, paths[0], paths[1], &why), &why);
    return signer;
}

/* An envelope of system/revocation with list `number`, that withdraws `withdrawn`. */
static enum revocation_answer hear(struct standing *standing, const struct bench *bench,
                                   int64_t number, const struct signer *withdrawn)
{
    struct why why = {0};
    enum revocation_answer answer = REVOCATION_ANSWER_MALFORMED;
    struct authority_list_entry entry = {.at_us = clock_wall_us()};
    certificate_serial(signer_certificate(withdrawn), &entry.serial);
    const struct authority_list list = {.number = number,
                                        .now_us = clock_wall_us(),
                                        .next_us = clock_wall_us() + CLOCK_DAY_US,
                                        .entries = &entry,
                                        .count = 1};
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    test_must(authority_list_sign(&der, bench->server.authority, &list, &why), &why);
    CLEANUP(value_free_p) struct value *content = revocation_message_make(text_span(&der));
    const struct envelope envelope = {.content = content};
    test_must(standing_hear(standing, &envelope, &answer, &why), &why);
    return answer;
}

static void test_withdrawn(struct bench *bench)
{
    struct standing_news news;
    struct standing *standing = open_standing(bench, &news);
    CHECK(news.state == MEMBERSHIP_STATE_ENROLLED && !news.expired[0] && !news.damaged[0]);
    CHECK_TEXT(signer_identity(standing_signer(standing))->name, "north-1");
    struct signer *thief = member(bench, ROLE_EDGE, "thief");
    struct signer *control = member(bench, ROLE_CONTROL, "control");
    CHECK(judge(standing, thief) == VERDICT_ADMIT);
    CHECK(hear(standing, bench, 5, thief) == REVOCATION_ANSWER_TAKEN);
    CHECK(judge(standing, thief) == VERDICT_REVOKED && judge(standing, control) == VERDICT_ADMIT);
    CHECK(hear(standing, bench, 4, control) == REVOCATION_ANSWER_OLDER);
    standing_close(standing);

    standing = open_standing(bench, &news); /* offline: nobody tells it again */
    CHECK(news.state == MEMBERSHIP_STATE_GOOD);
    CHECK(judge(standing, thief) == VERDICT_REVOKED && judge(standing, control) == VERDICT_ADMIT);
    CHECK(hear(standing, bench, 4, control) == REVOCATION_ANSWER_OLDER);
    standing_close(standing);

    struct why why = {0};
    test_must(file_write(EST_FILE(&bench->server, "withdrawn.crl"), span_text("x"), 0600, &why),
              &why);
    standing = open_standing(bench, &news);
    CHECK(strstr(news.damaged, "withdrawn.crl") != NULL);
    CHECK(hear(standing, bench, 6, thief) == REVOCATION_ANSWER_TAKEN);
    standing_close(standing);
    signer_close(thief);
    signer_close(control);
}

static void test_role(struct bench *bench)
{
    struct why why = {0};
    struct standing_news news;
    struct standing *none = NULL;
    bench->config.membership.role = ROLE_GATEWAY;
    CHECK(standing_open(&none, &bench->config, &news, &why) == ERR_DENIED && !none);
    CHECK(strstr(why.text, "gateway") != NULL);
    bench->config.membership.role = ROLE_EDGE;
}

static bool wait_changed(int least)
{
    const int64_t deadline_us = clock_monotonic_us() + 30 * CLOCK_SECOND_US;
    while (atomic_load(&changed) < least && clock_monotonic_us() < deadline_us) {
        (void)poll(NULL, 0, 10);
    }
    return atomic_load(&changed) >= least;
}

/* The CA of tomorrow is trusted while the program runs, and the one of yesterday no longer. */
static void test_other_authority(struct bench *bench)
{
    struct why why = {0};
    struct standing_news news;
    CLEANUP(authority_close_p) struct authority *next = NULL;
    CLEANUP(certificate_free_p) struct certificate *word = NULL;
    struct est_server *server = &bench->server;
    test_must(authority_new(&next, "riverside", KEY_KIND_ED25519, clock_wall_us(), &why), &why);
    test_must(authority_vouch(&word, server->authority, authority_certificate(next),
                              clock_wall_us(), &why),
              &why);
    struct signer *old = member(bench, ROLE_CONTROL, "old");
    struct standing *standing = open_standing(bench, &news);
    server->cas[1] = authority_certificate(next);
    server->cas[2] = word;
    server->ca_count = 3;
    CHECK(standing_begin(standing, &why) == OK);
    CHECK(wait_changed(1));
    /* A load that fails does not settle it: it is told until one has worked. */
    CLEANUP(text_deinit) struct text key = text_limited(4096);
    test_must(file_read(&key, bench->key, &why), &why);
    test_must(file_write(bench->key, span_text("not a key"), 0600, &why), &why);
    CHECK(standing_reload(standing, &why) != OK);
    CHECK(wait_changed(atomic_load(&changed) + 1));
    test_must(file_write(bench->key, text_span(&key), 0600, &why), &why);
    CHECK(standing_reload(standing, &why) == OK);
    standing_end(standing);

    struct authority *first = server->authority;
    server->authority = next;
    struct signer *new = member(bench, ROLE_CONTROL, "new");
    CHECK(judge(standing, old) == VERDICT_ADMIT && judge(standing, new) == VERDICT_ADMIT);
    CHECK(hear(standing, bench, 7, old) == REVOCATION_ANSWER_TAKEN); /* a list of the new CA */
    CHECK(judge(standing, old) == VERDICT_REVOKED);
    server->authority = first;
    server->ca_count = 1;
    signer_close(old);
    signer_close(new);
    standing_close(standing);
}

int main(void)
{
    struct bench bench = {0};
    setup(&bench);
    test_withdrawn(&bench);
    test_role(&bench);
    test_other_authority(&bench);
    standing_close(NULL);
    standing_end(NULL);
    est_close(&bench.server);
    return CHECK_DONE();
}
