#include "trust/enrolment.h"

#include "check.h"
#include "migrations/enrol.h"
#include "site.h"
#include "trust/revocation.h"

struct bench {
    struct test_site site;
    struct database *database;
    struct enrolment *enrolment;
};

static void setup(struct bench *bench)
{
    struct why why = {0};
    char path[256];
    test_site_open(&bench->site, "riverside");
    const struct database_config config = {.path = test_path(&bench->site, path, "enrol.db")};
    test_must(database_open(&bench->database, &config, &why), &why);
    test_must(
        database_migrate(bench->database, MIGRATIONS_ENROL, ARRAY_LEN(MIGRATIONS_ENROL), &why),
        &why);
    test_must(enrolment_open(&bench->enrolment, bench->database, &why), &why);
}

static enum err invite(const struct bench *bench, const char *name, char *token, struct why *why)
{
    const struct enrolment_invitation invitation = {.role = ROLE_EDGE,
                                                    .name = name,
                                                    .hosts = "127.0.0.1,edge.example",
                                                    .now_us = TEST_NOW_US,
                                                    .life_s = 600};
    return enrolment_invite(bench->enrolment, &invitation, token, why);
}

static enum enrolment_answer redeem(const struct bench *bench, const char *name, const char *token,
                                    int64_t now_us)
{
    struct why why = {0};
    struct enrolment_claim claim = {.name = name, .token = token, .now_us = now_us};
    test_must(enrolment_redeem(bench->enrolment, &claim, &why), &why);
    if (claim.answer == ENROLMENT_ANSWER_ADMITTED) {
        CHECK(claim.grant.role == ROLE_EDGE);
        CHECK_TEXT(claim.grant.name, name);
        CHECK_TEXT(claim.grant.hosts, "127.0.0.1,edge.example");
    }
    return claim.answer;
}

static void test_tokens(const struct bench *bench)
{
    struct why why = {0};
    char token[ENROLMENT_TOKEN_SIZE];
    char other[ENROLMENT_TOKEN_SIZE];
    CHECK(invite(bench, "north-1", token, &why) == OK && strlen(token) == 22);
    CHECK(redeem(bench, "north-2", token, TEST_NOW_US) == ENROLMENT_ANSWER_UNKNOWN);
    CHECK(redeem(bench, "north-1", "", TEST_NOW_US) == ENROLMENT_ANSWER_UNKNOWN);
    CHECK(redeem(bench, "north-1", token, TEST_NOW_US + 601 * CLOCK_SECOND_US) ==
          ENROLMENT_ANSWER_EXPIRED);
    CHECK(redeem(bench, "north-1", token, TEST_NOW_US + 599 * CLOCK_SECOND_US) ==
          ENROLMENT_ANSWER_ADMITTED);
    CHECK(redeem(bench, "north-1", token, TEST_NOW_US) == ENROLMENT_ANSWER_USED);
    /* A second invitation makes the first void. */
    CHECK(invite(bench, "north-1", token, &why) == OK);
    CHECK(invite(bench, "north-1", other, &why) == OK && strcmp(token, other) != 0);
    CHECK(redeem(bench, "north-1", token, TEST_NOW_US) == ENROLMENT_ANSWER_UNKNOWN);
    /* What is rolled back did not use the token. */
    test_must(database_begin(bench->database, &why), &why);
    CHECK(redeem(bench, "north-1", other, TEST_NOW_US) == ENROLMENT_ANSWER_ADMITTED);
    enum err err = ERR_IO;
    database_end(bench->database, &err, &why);
    CHECK(redeem(bench, "north-1", other, TEST_NOW_US) == ENROLMENT_ANSWER_ADMITTED);
    CHECK(invite(bench, "Not A Name", token, &why) == ERR_MALFORMED);
    const struct enrolment_invitation self = {
        .role = ROLE_ENROL, .name = "enrol", .hosts = "", .now_us = TEST_NOW_US, .life_s = 60};
    CHECK(enrolment_invite(bench->enrolment, &self, token, &why) == ERR_DENIED);
    struct enrolment_invitation endless = self;
    endless.role = ROLE_EDGE;
    endless.life_s = (int64_t)ENROLMENT_LIFE_MAX_S + 1;
    CHECK(enrolment_invite(bench->enrolment, &endless, token, &why) == ERR_RANGE);
    CHECK_TEXT(enrolment_answer_name(ENROLMENT_ANSWER_USED), "used");
}

/* Nothing in the file is a token. */
static void test_stored(const struct bench *bench)
{
    struct why why = {0};
    char token[ENROLMENT_TOKEN_SIZE];
    CHECK(invite(bench, "north-7", token, &why) == OK);
    static const char *const files[] = {"enrol.db", "enrol.db-wal"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        CLEANUP(text_deinit) struct text bytes = text_limited((size_t)4 << 20);
        test_must(file_read(&bytes, TEST_PATH(&bench->site, files[i]), &why), &why);
        CHECK(bytes.size > 0 && !memmem(bytes.data, bytes.size, token, strlen(token)));
    }
}

static struct certificate *certify(const struct bench *bench, const char *name)
{
    struct why why = {0};
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    const struct authority_request request = {.role = ROLE_EDGE, .name = name};
    test_must(authority_issue(&issued, bench->site.authority, &request, TEST_NOW_US, &why), &why);
    return TAKE(issued.certificate);
}

static bool is_withdrawn(const struct bench *bench, const struct certificate *certificate)
{
    struct why why = {0};
    bool withdrawn = false;
    test_must(enrolment_withdrawn(bench->enrolment, certificate, &withdrawn, &why), &why);
    return withdrawn;
}

static void count_member(void *context, const struct enrolment_member *member)
{
    int *seen = context;
    *seen += strcmp(member->name, "north-5") == 0 ? (int)(100 * member->withdrawn + 1) : 1;
}

static void test_withdraw(const struct bench *bench)
{
    struct why why = {0};
    CLEANUP(certificate_free_p) struct certificate *old = certify(bench, "north-5");
    CLEANUP(certificate_free_p) struct certificate *new = certify(bench, "north-5");
    CLEANUP(certificate_free_p) struct certificate *other = certify(bench, "north-6");
    CLEANUP(certificate_free_p) struct certificate *outside = certify(bench, "north-8");
    test_must(enrolment_record(bench->enrolment, old, &why), &why);
    test_must(enrolment_record(bench->enrolment, new, &why), &why);
    test_must(enrolment_record(bench->enrolment, other, &why), &why);
    CHECK(!is_withdrawn(bench, old));
    char token[ENROLMENT_TOKEN_SIZE];
    CHECK(invite(bench, "north-5", token, &why) == OK);
    struct identity member = *certificate_identity(old);
    int64_t count = 0;
    CHECK(enrolment_withdraw_member(bench->enrolment, &member, TEST_NOW_US, &count, &why) == OK);
    CHECK(count == 2 && is_withdrawn(bench, old) && is_withdrawn(bench, new));
    CHECK(!is_withdrawn(bench, other));
    CHECK(redeem(bench, "north-5", token, TEST_NOW_US) == ENROLMENT_ANSWER_UNKNOWN);
    CHECK(enrolment_withdraw_member(bench->enrolment, &member, TEST_NOW_US, &count, &why) == OK);
    CHECK(count == 0);
    CHECK(enrolment_withdraw(bench->enrolment, outside, TEST_NOW_US, &why) == OK);
    CHECK(enrolment_withdraw(bench->enrolment, outside, TEST_NOW_US, &why) == OK);
    CHECK(is_withdrawn(bench, outside));
    CHECK(enrolment_withdraw(bench->enrolment, authority_certificate(bench->site.authority),
                             TEST_NOW_US, &why) == ERR_MALFORMED);
    int seen = 0;
    const struct enrolment_look look = {TEST_NOW_US, count_member, &seen};
    CHECK(enrolment_members(bench->enrolment, &look, &why) == OK && seen == 203);
}

static bool meets(const struct bench *bench, const struct certificate *certificate)
{
    struct why why = {0};
    bool good = false;
    test_must(enrolment_meet(bench->enrolment, certificate, &good, &why), &why);
    return good;
}

/* A certificate made by hand: known since its renewal, and not renewed once its member is gone. */
static void test_by_hand(const struct bench *bench)
{
    struct why why = {0};
    int64_t count = 0;
    CLEANUP(certificate_free_p) struct certificate *shown = certify(bench, "hand-1");
    CLEANUP(certificate_free_p) struct certificate *hidden = certify(bench, "hand-1");
    CLEANUP(certificate_free_p) struct certificate *recorded = certify(bench, "hand-1");
    CLEANUP(certificate_free_p) struct certificate *other = certify(bench, "hand-2");
    const struct identity member = *certificate_identity(shown);
    CHECK(meets(bench, shown) && meets(bench, shown));
    const int64_t later_us = TEST_NOW_US + CLOCK_SECOND_US;
    CHECK(enrolment_withdraw_member(bench->enrolment, &member, later_us, &count, &why) == OK);
    CHECK(count == 1 && is_withdrawn(bench, shown) && !meets(bench, shown));
    CHECK(!meets(bench, hidden) && meets(bench, other));
    /* Enrolled again, in the same second or later: that one is written down. */
    test_must(enrolment_record(bench->enrolment, recorded, &why), &why);
    CHECK(meets(bench, recorded));
    CLEANUP(authority_issued_deinit) struct authority_issued again = {0};
    const struct authority_request request = {.role = ROLE_EDGE, .name = "hand-1"};
    test_must(
        authority_issue(&again, bench->site.authority, &request, later_us + CLOCK_SECOND_US, &why),
        &why);
    CHECK(meets(bench, again.certificate)); /* made by hand afterwards */
}

static void test_list(const struct bench *bench)
{
    struct why why = {0};
    CLEANUP(anchors_free_p) struct anchors *anchors = NULL;
    CLEANUP(revocations_close_p) struct revocations *held = NULL;
    test_must(anchors_open(&anchors, TEST_PATH(&bench->site, "ca.crt"), &why), &why);
    test_must(revocations_open(&held, anchors, NULL, &why), &why);
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    int64_t signed_us = 1;
    CHECK(enrolment_list(bench->enrolment, &der, &signed_us, &why) == OK && signed_us == 0);
    enum revocation_answer answer = REVOCATION_ANSWER_MALFORMED;
    for (int i = 0; i < 3; i++) { /* three within one second: each has a higher number */
        text_clear(&der);
        CHECK(enrolment_sign_list(bench->enrolment, bench->site.authority, TEST_NOW_US, &der,
                                  &why) == OK);
        CHECK(revocations_take(held, text_span(&der), &answer, &why) == OK);
        CHECK(answer == REVOCATION_ANSWER_TAKEN);
    }
    CHECK(revocations_count(held) == 3);
    CHECK(revocations_number(held) == TEST_NOW_US / CLOCK_SECOND_US + 2);
    CLEANUP(text_deinit) struct text kept = text_limited(REVOCATION_SIZE_MAX);
    CHECK(enrolment_list(bench->enrolment, &kept, &signed_us, &why) == OK);
    CHECK(signed_us == TEST_NOW_US && span_equal(text_span(&kept), text_span(&der)));
    /* What has run out needs no list. */
    text_clear(&der);
    CHECK(enrolment_sign_list(bench->enrolment, bench->site.authority,
                              TEST_NOW_US + 40 * CLOCK_DAY_US, &der, &why) == OK);
    CHECK(revocations_take(held, text_span(&der), &answer, &why) == OK);
    CHECK(answer == REVOCATION_ANSWER_TAKEN && revocations_count(held) == 0);
}

/* One withdrawal as tocsin-enrol does it: what finds no room is not withdrawn. */
static enum err withdraw_one(const struct bench *bench, const struct certificate *certificate,
                             int64_t share, int64_t now_us, struct why *why)
{
    CLEANUP(text_deinit) struct text list = text_limited(REVOCATION_SIZE_MAX);
    enum err err = database_begin(bench->database, why);
    if (err) { return err; }
    err = enrolment_withdraw(bench->enrolment, certificate, now_us, why);
    if (!err) { err = enrolment_check_share(bench->enrolment, share, now_us, why); }
    if (!err) {
        err = enrolment_sign_list(bench->enrolment, bench->site.authority, now_us, &list, why);
    }
    database_end(bench->database, &err, why);
    return err;
}

/* Withdrawn by hand: serials without certificates are enough to fill a list. */
static void fill_list(const struct bench *bench, int count, int64_t end_us)
{
    char sql[256];
    struct why why = {0};
    static int made;
    test_must(database_begin(bench->database, &why), &why);
    enum err err = OK;
    for (int i = 0; !err && i < count; i++, made++) {
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO certificates (serial, role, name, begin_us, end_us, "
                       "withdrawn_us) VALUES (x'77%08x', 0, 'flood', 0, %lld, 1)",
                       made, (long long)end_us);
        err = database_execute(bench->database, sql, &why);
    }
    database_end(bench->database, &err, &why);
    test_must(err, &why);
}

/*
 * A control server in wrong hands fills its share; ops can still withdraw; when nothing is left,
 * nobody is forgotten; and what has run out makes room.
 */
static void test_full(const struct bench *bench)
{
    struct why why = {0};
    CLEANUP(certificate_free_p) struct certificate *one = certify(bench, "north-20");
    CLEANUP(certificate_free_p) struct certificate *two = certify(bench, "north-21");
    const int64_t now_us = TEST_NOW_US + CLOCK_SECOND_US;
    const int64_t end_us = now_us + CLOCK_DAY_US;
    fill_list(bench, ENROLMENT_LIST_SHARE_MAX, end_us);
    CHECK(withdraw_one(bench, one, ENROLMENT_LIST_SHARE_MAX, now_us, &why) == ERR_LIMIT);
    CHECK(strstr(why.text, "as ops") && !is_withdrawn(bench, one));
    CHECK(withdraw_one(bench, one, INT64_MAX, now_us, &why) == OK && is_withdrawn(bench, one));
    fill_list(bench, REVOCATION_ENTRY_MAX - ENROLMENT_LIST_SHARE_MAX, end_us);
    CHECK(withdraw_one(bench, two, INT64_MAX, now_us, &why) == ERR_LIMIT);
    CHECK(!is_withdrawn(bench, two) && is_withdrawn(bench, one));
    CLEANUP(text_deinit) struct text list = text_limited(REVOCATION_SIZE_MAX);
    int64_t signed_us = 0;
    CHECK(enrolment_list(bench->enrolment, &list, &signed_us, &why) == OK && signed_us == now_us);
    const int64_t later_us = end_us + 3 * CLOCK_DAY_US;
    CHECK(withdraw_one(bench, two, ENROLMENT_LIST_SHARE_MAX, later_us, &why) == OK);
    CHECK(is_withdrawn(bench, two));
}

int main(void)
{
    struct bench bench = {0};
    setup(&bench);
    test_tokens(&bench);
    test_stored(&bench);
    test_withdraw(&bench);
    test_list(&bench);
    test_by_hand(&bench);
    test_full(&bench);
    enrolment_close(bench.enrolment);
    database_close(bench.database);
    test_site_close(&bench.site);
    return CHECK_DONE();
}
