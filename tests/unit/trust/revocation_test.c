#include "trust/revocation.h"

#include "check.h"
#include "site.h"
#include "trust/authority_list.h"

/* A site and a list of two withdrawn certificates. */
struct bench {
    struct test_site site;
    struct anchors *anchors;
    struct authority_list_entry entries[2];
    struct certificate_serial good;
};

static void issue(const struct bench *bench, const char *name, struct certificate_serial *serial)
{
    struct why why = {0};
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    const struct authority_request request = {.role = ROLE_EDGE, .name = name};
    test_must(authority_issue(&issued, bench->site.authority, &request, TEST_NOW_US, &why), &why);
    certificate_serial(issued.certificate, serial);
}

static void setup(struct bench *bench)
{
    struct why why = {0};
    test_site_open(&bench->site, "riverside");
    test_must(anchors_open(&bench->anchors, TEST_PATH(&bench->site, "ca.crt"), &why), &why);
    issue(bench, "north-1", &bench->entries[0].serial);
    issue(bench, "north-2", &bench->entries[1].serial);
    issue(bench, "north-3", &bench->good);
    bench->entries[0].at_us = bench->entries[1].at_us = TEST_NOW_US;
}

static struct text sign(const struct bench *bench, const struct authority *authority,
                        int64_t number, size_t count)
{
    struct why why = {0};
    struct text der = text_limited(REVOCATION_SIZE_MAX);
    const struct authority_list list = {.number = number,
                                        .now_us = TEST_NOW_US,
                                        .next_us = TEST_NOW_US + CLOCK_DAY_US,
                                        .entries = bench->entries,
                                        .count = count};
    test_must(authority_list_sign(&der, authority, &list, &why), &why);
    return der;
}

static enum revocation_answer take(struct revocations *revocations, const struct text *der)
{
    struct why why = {0};
    enum revocation_answer answer = REVOCATION_ANSWER_MALFORMED;
    test_must(revocations_take(revocations, text_span(der), &answer, &why), &why);
    return answer;
}

static void test_order(const struct bench *bench)
{
    struct why why = {0};
    char path[256];
    (void)test_path(&bench->site, path, "withdrawn.crl");
    CLEANUP(text_deinit) struct text one = sign(bench, bench->site.authority, 7, 1);
    CLEANUP(text_deinit) struct text two = sign(bench, bench->site.authority, 8, 2);
    CLEANUP(revocations_close_p) struct revocations *held = NULL;
    CHECK(revocations_open(&held, bench->anchors, path, &why) == OK);
    CHECK(revocations_number(held) == 0 && !revocations_hold(held, &bench->entries[0].serial));
    CHECK(take(held, &one) == REVOCATION_ANSWER_TAKEN);
    CHECK(revocations_hold(held, &bench->entries[0].serial));
    CHECK(!revocations_hold(held, &bench->entries[1].serial));
    CHECK(take(held, &one) == REVOCATION_ANSWER_KNOWN);
    CHECK(take(held, &two) == REVOCATION_ANSWER_TAKEN);
    CHECK(revocations_hold(held, &bench->entries[1].serial) && revocations_count(held) == 2);
    CHECK(!revocations_hold(held, &bench->good));
    CHECK(take(held, &one) == REVOCATION_ANSWER_OLDER);
    CHECK(revocations_hold(held, &bench->entries[1].serial) && revocations_number(held) == 8);

    /* Remembered across a restart, and the older one is refused then too. */
    CLEANUP(revocations_close_p) struct revocations *again = NULL;
    CHECK(revocations_open(&again, bench->anchors, path, &why) == OK);
    CHECK(revocations_number(again) == 8 && revocations_hold(again, &bench->entries[1].serial));
    CHECK(take(again, &one) == REVOCATION_ANSWER_OLDER);
}

static void test_forged(const struct bench *bench)
{
    struct why why = {0};
    CLEANUP(revocations_close_p) struct revocations *held = NULL;
    CHECK(revocations_open(&held, bench->anchors, NULL, &why) == OK);
    CLEANUP(authority_close_p) struct authority *stranger = NULL; /* of the same name */
    test_must(authority_new(&stranger, "riverside", KEY_KIND_ED25519, TEST_NOW_US, &why), &why);
    CLEANUP(text_deinit) struct text forged = sign(bench, stranger, 9, 2);
    CHECK(take(held, &forged) == REVOCATION_ANSWER_FORGED);
    CLEANUP(text_deinit) struct text good = sign(bench, bench->site.authority, 9, 2);
    int taken = 0;
    for (size_t i = 0; i < good.size; i++) { /* no byte can be changed */
        good.data[i] = (char)(good.data[i] ^ 1);
        taken += take(held, &good) == REVOCATION_ANSWER_TAKEN;
        good.data[i] = (char)(good.data[i] ^ 1);
    }
    CHECK(taken == 0 && revocations_number(held) == 0);
    CLEANUP(text_deinit) struct text none = text_limited(16);
    CHECK(take(held, &none) == REVOCATION_ANSWER_MALFORMED);
    CLEANUP(text_deinit) struct text large = text_limited(REVOCATION_SIZE_MAX + 1);
    for (size_t i = 0; i <= REVOCATION_SIZE_MAX; i++) {
        text_add_char(&large, '0');
    }
    CHECK(take(held, &large) == REVOCATION_ANSWER_MALFORMED);
    CHECK(take(held, &good) == REVOCATION_ANSWER_TAKEN);
    CHECK_TEXT(revocation_answer_name(REVOCATION_ANSWER_OLDER), "older");
}

/* A damaged file is told, and does not keep anybody from starting. */
static void test_damaged(const struct bench *bench)
{
    struct why why = {0};
    char path[256];
    (void)test_path(&bench->site, path, "damaged.crl");
    test_must(file_write(path, span_text("rubbish"), 0600, &why), &why);
    CLEANUP(revocations_close_p) struct revocations *held = NULL;
    CHECK(revocations_open(&held, bench->anchors, path, &why) == ERR_MALFORMED);
    CHECK(held && strstr(why.text, "damaged.crl") != NULL);
    CLEANUP(text_deinit) struct text good = sign(bench, bench->site.authority, 9, 2);
    CHECK(take(held, &good) == REVOCATION_ANSWER_TAKEN);
    CLEANUP(revocations_close_p) struct revocations *again = NULL;
    CHECK(revocations_open(&again, bench->anchors, path, &why) == OK);
    CHECK(revocations_count(again) == 2);
}

/* Another CA's list counts once that CA is trusted. */
static void test_other_authority(const struct bench *bench)
{
    struct why why = {0};
    CLEANUP(authority_close_p) struct authority *next = NULL;
    test_must(authority_new(&next, "riverside", KEY_KIND_ED25519, TEST_NOW_US, &why), &why);
    CLEANUP(text_deinit) struct text pem = text_limited(ANCHORS_FILE_SIZE_MAX);
    anchors_write_pem(bench->anchors, &pem);
    certificate_write_pem(authority_certificate(next), &pem);
    CLEANUP(anchors_free_p) struct anchors *both = NULL;
    test_must(anchors_from_pem(&both, text_span(&pem), &why), &why);
    CLEANUP(text_deinit) struct text list = sign(bench, next, 10, 2);
    CLEANUP(revocations_close_p) struct revocations *held = NULL;
    CHECK(revocations_open(&held, bench->anchors, NULL, &why) == OK);
    CHECK(take(held, &list) == REVOCATION_ANSWER_FORGED);
    revocations_trust(held, both);
    CHECK(take(held, &list) == REVOCATION_ANSWER_TAKEN);
}

int main(void)
{
    struct bench bench = {0};
    setup(&bench);
    test_order(&bench);
    test_forged(&bench);
    test_damaged(&bench);
    test_other_authority(&bench);
    revocations_close(NULL);
    anchors_free(bench.anchors);
    test_site_close(&bench.site);
    return CHECK_DONE();
}
