#include "people/factor.h"

#include <liboath/oath.h>

#include "base/clock.h"
#include "base/metric.h"
#include "check.h"
#include "people/user.h"
#include "unit/people/people_database.h"

static const int64_t NOW_US = 1800000000000000;
static const uint8_t SECRET[] = "12345678901234567890";

static void code_at(char code[static TOTP_DIGITS + 1], int64_t now_us)
{
    CHECK(oath_totp_generate((const char *)SECRET, TOTP_SECRET_SIZE, now_us / CLOCK_SECOND_US,
                             TOTP_STEP_S, 0, TOTP_DIGITS, code) == OATH_OK);
}

static enum factor_answer use(struct factor_store *store, const char *user_id, const char *code,
                              int64_t now_us)
{
    enum factor_answer answer = FACTOR_ANSWER_WRONG;
    const struct factor_try attempt = {user_id, code, now_us};
    CHECK(factor_use(store, &attempt, &answer, NULL) == OK);
    return answer;
}

static struct factor_codes set_up(struct factor_store *store, const char *user_id)
{
    char code[TOTP_DIGITS + 1];
    struct factors found = {.app = true};
    struct factor_codes codes = {{""}};
    enum factor_answer answer = FACTOR_ANSWER_APP;
    code_at(code, NOW_US);
    CHECK(factor_app_begin(store, user_id, SECRET, NULL) == OK);
    CHECK(factor_find(store, user_id, &found, NULL) == OK && !factors_any(&found));
    CHECK(use(store, user_id, code, NOW_US) == FACTOR_ANSWER_WRONG); /* it does not count yet */
    CHECK(factor_app_confirm(store, &(struct factor_try){user_id, "000000", NOW_US}, &answer,
                             &codes, NULL) == OK);
    CHECK(answer == FACTOR_ANSWER_WRONG);
    CHECK(factor_app_confirm(store, &(struct factor_try){user_id, code, NOW_US}, &answer, &codes,
                             NULL) == OK);
    CHECK(answer == FACTOR_ANSWER_APP);
    CHECK(factor_find(store, user_id, &found, NULL) == OK && factors_any(&found));
    CHECK(found.app && found.recovery_codes == FACTOR_CODE_COUNT);
    CHECK(use(store, user_id, code, NOW_US) == FACTOR_ANSWER_WRONG); /* that one is spent */
    return codes;
}

static void test_app(struct factor_store *store, const char *user_id)
{
    char code[TOTP_DIGITS + 1];
    const int64_t later_us = NOW_US + 2 * TOTP_STEP_S * CLOCK_SECOND_US;
    code_at(code, later_us);
    CHECK(use(store, user_id, "000000", later_us) == FACTOR_ANSWER_WRONG);
    CHECK(use(store, user_id, code, later_us) == FACTOR_ANSWER_APP);
    CHECK(use(store, user_id, code, later_us) == FACTOR_ANSWER_WRONG);
    code_at(code, later_us - TOTP_STEP_S * CLOCK_SECOND_US); /* an earlier one, seen by somebody */
    CHECK(use(store, user_id, code, later_us) == FACTOR_ANSWER_WRONG);
}

static void test_recovery(struct factor_store *store, const char *user_id, const char *other_id,
                          const struct factor_codes *codes)
{
    struct factors found;
    CHECK(strlen(codes->codes[0]) == FACTOR_CODE_SIZE - 1 && codes->codes[0][5] == '-');
    CHECK(strcmp(codes->codes[0], codes->codes[1]) != 0);
    CHECK(use(store, other_id, codes->codes[0], NOW_US) == FACTOR_ANSWER_WRONG);
    CHECK(use(store, user_id, codes->codes[0], NOW_US) == FACTOR_ANSWER_RECOVERY);
    CHECK(use(store, user_id, codes->codes[0], NOW_US) == FACTOR_ANSWER_WRONG);
    CHECK(use(store, user_id, "aaaaa-aaaaa", NOW_US) == FACTOR_ANSWER_WRONG);
    CHECK(factor_find(store, user_id, &found, NULL) == OK);
    CHECK(found.recovery_codes == FACTOR_CODE_COUNT - 1);
}

static void test_remove(struct factor_store *store, const char *user_id,
                        const struct factor_codes *codes)
{
    struct factors found;
    CHECK(factor_app_remove(store, user_id, NULL) == OK);
    CHECK(factor_find(store, user_id, &found, NULL) == OK);
    CHECK(!factors_any(&found) && found.recovery_codes == 0);
    CHECK(use(store, user_id, codes->codes[1], NOW_US) == FACTOR_ANSWER_WRONG);
    (void)set_up(store, user_id);
    CHECK(factor_remove_all(store, user_id, NULL) == OK);
    CHECK(factor_find(store, user_id, &found, NULL) == OK && !factors_any(&found));
    CHECK(factor_find(store, "nobody", &found, NULL) == OK && !factors_any(&found));
}

/* Who can write in the database gives a user's secret to another: it opens nothing there. */
static void test_swapped(const struct people_database *people, struct factor_store *store,
                         const char *user_id, const char *other_id)
{
    char code[TOTP_DIGITS + 1];
    char sql[512];
    struct why why = {""};
    enum factor_answer answer = FACTOR_ANSWER_APP;
    struct metric *refused = metric_counter("tocsin_seal_refused_total", "", "reason=\"mismatch\"");
    const int64_t later_us = NOW_US + CLOCK_HOUR_US;
    (void)set_up(store, user_id);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE users SET totp_secret = (SELECT totp_secret FROM users WHERE user_id = "
                   "'%s') WHERE user_id = '%s'",
                   user_id, other_id);
    CHECK(database_execute(people->database, sql, NULL) == OK);
    code_at(code, later_us);
    const int64_t before = metric_value(refused);
    const struct factor_try attempt = {other_id, code, later_us};
    CHECK(factor_use(store, &attempt, &answer, &why) == ERR_DAMAGED);
    CHECK(answer == FACTOR_ANSWER_WRONG && strncmp(why.text, "mismatch: ", 10) == 0);
    CHECK(metric_value(refused) == before + 1);
    CHECK(use(store, user_id, code, later_us) == FACTOR_ANSWER_APP); /* its own is as good */
    CHECK(factor_remove_all(store, other_id, NULL) == OK);
    CHECK(factor_remove_all(store, user_id, NULL) == OK);
}

int main(void)
{
    struct people_database people;
    people_database_open(&people);
    struct user_store *users = NULL;
    struct factor_store *store = NULL;
    CHECK(user_store_open(&users, people.database, NULL) == OK);
    CHECK(factor_store_open(&store, people.database, NULL) == OK);
    static const char *const names[] = {"asha", "ravi"};
    struct user found[2];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct user_new new = {.name = names[i],
                                     .role = USER_ROLE_OPERATOR,
                                     .password = "a long password",
                                     .now_us = NOW_US};
        CHECK(user_add(users, &new, NULL) == OK);
        CHECK(user_find(users, names[i], &found[i], NULL) == OK);
    }
    const struct factor_codes codes = set_up(store, found[0].id);
    test_app(store, found[0].id);
    test_recovery(store, found[0].id, found[1].id, &codes);
    test_remove(store, found[0].id, &codes);
    test_swapped(&people, store, found[0].id, found[1].id);
    factor_store_close(store);
    user_store_close(users);
    people_database_close(&people);
    return CHECK_DONE();
}
