#include "fleet/membership.h"

#include <sys/stat.h>

#include "check.h"
#include "est_server.h"
#include "trust/envelope.h"

/* A device beside the server: its three files, and what it is told. */
struct bench {
    struct est_server server;
    char ca[256], certificate[256], key[256], token[256];
    struct membership membership;
};

static void setup(struct bench *bench)
{
    est_open(&bench->server);
    bench->membership = (struct membership){
        .url = bench->server.url,
        .fingerprint = bench->server.fingerprint,
        .site = "riverside",
        .role = ROLE_EDGE,
        .ca_path = est_path(&bench->server, bench->ca, "ca.crt"),
        .certificate_path = est_path(&bench->server, bench->certificate, "d.crt"),
        .key_path = est_path(&bench->server, bench->key, "d.key")};
    (void)est_path(&bench->server, bench->token, "token");
}

static void forget(const struct bench *bench)
{
    (void)unlink(bench->ca);
    (void)unlink(bench->certificate);
    (void)unlink(bench->key);
}

static enum err begin(const struct bench *bench, enum membership_state *state, struct why *why)
{
    return membership_begin(&bench->membership, bench->token, clock_wall_us(), state, why);
}

static struct certificate *held(const struct bench *bench)
{
    struct why why = {0};
    struct certificate *certificate = NULL;
    test_must(membership_read(&certificate, bench->certificate, &why), &why);
    return certificate;
}

static bool pair_fits(const struct bench *bench)
{
    struct why why = {0};
    struct signer *signer = NULL;
    const enum err err = signer_open(&signer, bench->key, bench->certificate, &why);
    signer_close(signer);
    return err == OK;
}

static void write_token(const struct bench *bench, const char *words, mode_t mode)
{
    struct why why = {0};
    test_must(file_write(bench->token, span_text(words), mode, &why), &why);
}

static void test_first(struct bench *bench)
{
    struct why why = {0};
    enum membership_state state = MEMBERSHIP_STATE_GOOD;
    CHECK(begin(bench, &state, &why) == ERR_NOT_FOUND);
    CHECK(strstr(why.text, "tocsin device add") != NULL);
    write_token(bench, "north-1:secret\n", 0644);
    CHECK(begin(bench, &state, &why) == ERR_DENIED && strstr(why.text, "0600"));
    write_token(bench, "north-1:wrong", 0600);
    CHECK(begin(bench, &state, &why) == ERR_DENIED && strstr(why.text, "the token is used"));
    CHECK(file_exists(bench->token) && !file_exists(bench->certificate)); /* not used up here */
    write_token(bench, "nonsense", 0600);
    CHECK(begin(bench, &state, &why) == ERR_MALFORMED);
    write_token(bench, "north-1:secret\n", 0600);
    CHECK(begin(bench, &state, &why) == OK && state == MEMBERSHIP_STATE_ENROLLED);
    CHECK(!file_exists(bench->token));
    CHECK(pair_fits(bench));
    struct stat facts;
    CHECK(stat(bench->key, &facts) == 0 && (facts.st_mode & 07777) == 0600);
    CLEANUP(certificate_free_p) struct certificate *leaf = held(bench);
    CHECK_TEXT(certificate_identity(leaf)->name, "north-1");
    const int asked = atomic_load(&bench->server.asked);
    CHECK(begin(bench, &state, &why) == OK && state == MEMBERSHIP_STATE_GOOD);
    CHECK(atomic_load(&bench->server.asked) == asked); /* nobody is asked at later starts */
}

static void test_environment(struct bench *bench)
{
    struct why why = {0};
    enum membership_state state = MEMBERSHIP_STATE_GOOD;
    forget(bench);
    (void)setenv("TOCSIN_ENROL_TOKEN", "north-1:secret", 1);
    CHECK(begin(bench, &state, &why) == OK && state == MEMBERSHIP_STATE_ENROLLED);
    CHECK(!getenv("TOCSIN_ENROL_TOKEN"));
}

/* Who is not the site's enrolment server gets no token. */
static void test_pin(struct bench *bench)
{
    struct why why = {0};
    struct membership other = bench->membership;
    char wrong[sizeof bench->server.fingerprint];
    memcpy(wrong, bench->server.fingerprint, sizeof wrong);
    wrong[0] = wrong[0] == 'a' ? 'b' : 'a';
    forget(bench);
    other.fingerprint = wrong;
    CHECK(membership_enrol(&other, "north-1:secret", &why) == ERR_DENIED);
    CHECK(strstr(why.text, "fingerprint") && !file_exists(bench->ca));
    other.fingerprint = "";
    CHECK(membership_enrol(&other, "north-1:secret", &why) == ERR_RANGE);
    other = bench->membership;
    other.site = "lakeside";
    CHECK(membership_enrol(&other, "north-1:secret", &why) == ERR_DENIED);
    CHECK(!file_exists(bench->ca));

    http_server_close(TAKE(bench->server.http)); /* a control of the site is no enrolment server */
    est_listen(&bench->server, ROLE_CONTROL);
    CHECK(membership_enrol(&bench->membership, "north-1:secret", &why) == ERR_DENIED);
    CHECK(strstr(why.text, "enrol/enrol") && !file_exists(bench->certificate));
    http_server_close(TAKE(bench->server.http));
    est_listen(&bench->server, ROLE_ENROL);

    bench->server.answer_other_key = true;
    CHECK(membership_enrol(&bench->membership, "north-1:secret", &why) == ERR_DENIED);
    CHECK(!file_exists(bench->certificate));
    bench->server.answer_other_key = false;
}

static void test_renew(struct bench *bench)
{
    struct why why = {0};
    struct membership_change change = {0};
    forget(bench);
    CHECK(membership_enrol(&bench->membership, "north-1:secret", &why) == OK);
    CLEANUP(certificate_free_p) struct certificate *first = held(bench);
    const int64_t due_us = membership_due_us(first);
    const int64_t left_us = certificate_end_us(first) - due_us;
    CHECK(left_us == 1200 * CLOCK_SECOND_US); /* a third of an hour */
    CHECK(membership_renew(&bench->membership, due_us - 1, &change, &why) == OK);
    CHECK(!change.certificate && !change.anchors);
    CHECK(membership_renew(&bench->membership, due_us, &change, &why) == OK && change.certificate);
    CLEANUP(certificate_free_p) struct certificate *second = held(bench);
    uint8_t keys[2][PUBLIC_KEY_SIZE];
    CHECK(certificate_public_key(first, keys[0], &why) == OK &&
          certificate_public_key(second, keys[1], &why) == OK);
    CHECK(memcmp(keys[0], keys[1], PUBLIC_KEY_SIZE) != 0 && pair_fits(bench)); /* a new key */
    const int64_t late_us = certificate_end_us(second) + 1;
    CHECK(membership_renew(&bench->membership, late_us, &change, &why) == ERR_DENIED);
    CHECK(strstr(why.text, "tocsin device add north-1") != NULL);

    enum membership_state state = MEMBERSHIP_STATE_GOOD;
    CHECK(membership_begin(&bench->membership, NULL, late_us, &state, &why) == OK);
    CHECK(state == MEMBERSHIP_STATE_EXPIRED && strstr(why.text, "tocsin device add north-1"));
    atomic_store(&bench->server.ill, true);
    CHECK(membership_renew(&bench->membership, due_us, &change, &why) == ERR_UNAVAILABLE);
    CHECK(strstr(why.text, "out of order") && pair_fits(bench));
    atomic_store(&bench->server.ill, false);
}

/* Power is lost between any two steps: the next start has a pair that fits. */
static void test_broken_off(struct bench *bench)
{
    struct why why = {0};
    enum membership_state state = MEMBERSHIP_STATE_GOOD;
    char key_next[272];
    char certificate_next[272];
    (void)snprintf(key_next, sizeof key_next, "%s.next", bench->key);
    (void)snprintf(certificate_next, sizeof certificate_next, "%s.next", bench->certificate);
    /* The new key was made, no certificate yet. */
    CHECK(rename(bench->key, key_next) == 0 && rename(bench->certificate, certificate_next) == 0);
    CHECK(membership_enrol(&bench->membership, "north-1:secret", &why) == OK);
    CHECK(!file_exists(certificate_next) && pair_fits(bench));
    /* Both were written, none renamed. */
    CHECK(rename(bench->key, key_next) == 0 && rename(bench->certificate, certificate_next) == 0);
    test_must(file_write(bench->key, span_text("old"), 0600, &why), &why);
    test_must(file_write(bench->certificate, span_text("old"), 0644, &why), &why);
    CHECK(begin(bench, &state, &why) == OK && state == MEMBERSHIP_STATE_GOOD && pair_fits(bench));
    /* The key was renamed, the certificate not. */
    CHECK(rename(bench->certificate, certificate_next) == 0);
    test_must(file_write(bench->certificate, span_text("old"), 0644, &why), &why);
    CHECK(begin(bench, &state, &why) == OK && state == MEMBERSHIP_STATE_GOOD && pair_fits(bench));
    CHECK(!file_exists(key_next) && !file_exists(certificate_next));
}

/* The certificate could not be renamed after its key: the next renewal goes on with that. */
static void test_stuck(struct bench *bench)
{
    struct why why = {0};
    enum membership_state state = MEMBERSHIP_STATE_GOOD;
    struct membership_change change = {0};
    char key_next[272];
    char certificate_next[272];
    (void)snprintf(key_next, sizeof key_next, "%s.next", bench->key);
    (void)snprintf(certificate_next, sizeof certificate_next, "%s.next", bench->certificate);
    forget(bench);
    CHECK(membership_enrol(&bench->membership, "north-1:secret", &why) == OK);
    CLEANUP(certificate_free_p) struct certificate *old = held(bench);
    const int64_t due_us = membership_due_us(old);
    CHECK(rename(bench->certificate, certificate_next) == 0); /* its key is in place already */
    CLEANUP(text_deinit) struct text pem = text_limited(8192);
    certificate_write_pem(old, &pem);
    test_must(file_write(bench->certificate, text_span(&pem), 0644, &why), &why);
    CHECK(membership_renew(&bench->membership, due_us - 1, &change, &why) == OK);
    CHECK(change.certificate && !file_exists(certificate_next) && pair_fits(bench));

    /* A certificate that is left over does not stand beside the key of one that never came. */
    test_must(file_write(certificate_next, text_span(&pem), 0644, &why), &why);
    bench->server.answer_other_key = true;
    CHECK(membership_enrol(&bench->membership, "north-1:secret", &why) == ERR_DENIED);
    bench->server.answer_other_key = false;
    CHECK(file_exists(key_next) && !file_exists(certificate_next));
    CHECK(begin(bench, &state, &why) == OK && pair_fits(bench));
}

/* The CA's successor arrives with the old one's word for it. */
static void test_new_authority(struct bench *bench)
{
    struct why why = {0};
    struct membership_change change = {0};
    CLEANUP(authority_close_p) struct authority *next = NULL;
    CLEANUP(certificate_free_p) struct certificate *word = NULL;
    const int64_t now_us = clock_wall_us();
    test_must(authority_new(&next, "riverside", KEY_KIND_ED25519, now_us, &why), &why);
    const struct certificate *ca = authority_certificate(next);
    bench->server.cas[1] = ca;
    bench->server.ca_count = 2;
    CHECK(membership_renew(&bench->membership, now_us, &change, &why) == OK && !change.anchors);
    test_must(authority_vouch(&word, bench->server.authority, ca, now_us, &why), &why);
    bench->server.cas[2] = word;
    bench->server.ca_count = 3;
    CHECK(membership_renew(&bench->membership, now_us, &change, &why) == OK && change.anchors);
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    CHECK(anchors_open(&anchors, bench->ca, &why) == OK && anchors_count(anchors) == 2);
    bench->server.ca_count = 1;
}

int main(void)
{
    struct bench bench;
    setup(&bench);
    test_first(&bench);
    test_environment(&bench);
    test_pin(&bench);
    test_renew(&bench);
    test_broken_off(&bench);
    test_stuck(&bench);
    test_new_authority(&bench);
    est_close(&bench.server);
    return CHECK_DONE();
}
