#include "people/sign_in.h"

#include <liboath/oath.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "unit/people/people_database.h"

static const int64_t NOW_US = 1800000000000000;

static enum sign_in_answer attempt(const struct sign_in *sign_in, const char *name,
                                   const char *password, const char *address, int64_t monotonic_us)
{
    const struct sign_in_try attempt = {.name = name,
                                        .password = password,
                                        .address = address,
                                        .now_us = NOW_US,
                                        .monotonic_us = monotonic_us};
    struct sign_in_result result;
    CHECK(sign_in_try(sign_in, &attempt, &result, NULL) == OK);
    if (result.answer == SIGN_IN_ANSWER_WELCOME) {
        struct session session;
        CHECK(session_find(sign_in->sessions, result.token, NOW_US, &session, NULL) == OK);
        CHECK_TEXT(session.user, name);
    }
    CHECK((result.answer == SIGN_IN_ANSWER_WAIT) == (result.wait_us > 0));
    return result.answer;
}

static void test_one_time(const struct sign_in *sign_in)
{
    const struct one_time given = {
        .name = "admin", .password = span_text("one-time"), .now_us = NOW_US};
    enum one_time_outcome outcome = ONE_TIME_OUTCOME_KNOWN;
    CHECK(user_give_one_time(sign_in->users, &given, &outcome, NULL) == OK);
    CHECK(attempt(sign_in, "admin", "wrong", "192.0.2.1", 0) == SIGN_IN_ANSWER_WRONG);
    CHECK(attempt(sign_in, "admin", "one-time", "192.0.2.1", 0) == SIGN_IN_ANSWER_WELCOME);
    CHECK(attempt(sign_in, "admin", "one-time", "192.0.2.1", 0) == SIGN_IN_ANSWER_USED);
    CHECK_TEXT(sign_in_answer_name(SIGN_IN_ANSWER_USED), "used");
}

static void test_limits(const struct sign_in *sign_in)
{
    const struct user_new new = {.name = "asha",
                                 .role = USER_ROLE_ADMINISTRATOR,
                                 .password = "a long password",
                                 .now_us = NOW_US};
    CHECK(user_add(sign_in->users, &new, NULL) == OK);
    for (int i = 0; i < 5; i++) {
        CHECK(attempt(sign_in, "asha", "guess", "192.0.2.2", 0) == SIGN_IN_ANSWER_WRONG);
    }
    CHECK(attempt(sign_in, "asha", "a long password", "192.0.2.2", 0) == SIGN_IN_ANSWER_WAIT);
    /* Her own computer is not locked out by the stranger's. */
    CHECK(attempt(sign_in, "asha", "a long password", "192.0.2.3", 0) == SIGN_IN_ANSWER_WELCOME);
    CHECK(attempt(sign_in, "asha", "a long password", "192.0.2.2", CLOCK_MINUTE_US) ==
          SIGN_IN_ANSWER_WELCOME);
    /* One address that tries many names. */
    for (int i = 0; i < 10; i++) {
        const char name[] = {'n', (char)('0' + i), '\0'};
        CHECK(attempt(sign_in, name, "guess", "192.0.2.4", 0) == SIGN_IN_ANSWER_WRONG);
    }
    CHECK(attempt(sign_in, "asha", "a long password", "192.0.2.4", 0) == SIGN_IN_ANSWER_WAIT);
    /* One network that has many addresses. */
    for (int i = 0; i < 5; i++) {
        const char address[] = {'2', '0', '0', '1', ':', 'd', 'b', '8', ':', ':', (char)('1' + i),
                                0};
        CHECK(attempt(sign_in, "asha", "guess", address, 0) == SIGN_IN_ANSWER_WRONG);
    }
    CHECK(attempt(sign_in, "asha", "a long password", "2001:db8::9", 0) == SIGN_IN_ANSWER_WAIT);
    CHECK(attempt(sign_in, "asha", "a long password", "2001:db8:0:1::1", 0) ==
          SIGN_IN_ANSWER_WELCOME);
}

/* A device that was signed in from before has its own count, beside a flood and against itself. */
static void test_device(const struct sign_in *sign_in)
{
    struct sign_in_try known = {.name = "asha",
                                .password = "a long password",
                                .address = "192.0.2.4",
                                .device = "her browser",
                                .now_us = NOW_US};
    struct sign_in_result result;
    CHECK(attempt(sign_in, "asha", "a long password", "192.0.2.4", 0) == SIGN_IN_ANSWER_WAIT);
    CHECK(sign_in_try(sign_in, &known, &result, NULL) == OK);
    CHECK(result.answer == SIGN_IN_ANSWER_WELCOME);
    known.password = "guess";
    for (int i = 0; i < 5; i++) {
        CHECK(sign_in_try(sign_in, &known, &result, NULL) == OK);
        CHECK(result.answer == SIGN_IN_ANSWER_WRONG);
    }
    CHECK(sign_in_try(sign_in, &known, &result, NULL) == OK);
    CHECK(result.answer == SIGN_IN_ANSWER_WAIT);
    known.device = "another";
    known.password = "a long password";
    CHECK(sign_in_try(sign_in, &known, &result, NULL) == OK);
    CHECK(result.answer == SIGN_IN_ANSWER_WELCOME);
}

static enum err enter(void *context, const struct sign_in_result *result, struct why *why)
{
    enum err *answer = context;
    CHECK_TEXT(result->session.user, "asha");
    CHECK_TEXT(result->method, "password");
    return *answer == OK ? OK : why_set(why, *answer, "no room on the disk");
}

/* A welcome that cannot be put on record is none. */
static void test_record(const struct sign_in *sign_in)
{
    enum err answer = ERR_IO;
    struct session session;
    struct sign_in_result result;
    const struct sign_in_try unrecorded = {.name = "asha",
                                           .password = "a long password",
                                           .address = "192.0.2.7",
                                           .now_us = NOW_US,
                                           .record = {.context = &answer, .enter = enter}};
    CHECK(sign_in_try(sign_in, &unrecorded, &result, NULL) == ERR_IO);
    CHECK(session_find(sign_in->sessions, result.token, NOW_US, &session, NULL) == ERR_NOT_FOUND);
    answer = OK;
    CHECK(sign_in_try(sign_in, &unrecorded, &result, NULL) == OK);
    CHECK(session_find(sign_in->sessions, result.token, NOW_US, &session, NULL) == OK);
}

/* The hash of another system is replaced when its owner signs in; who is disabled does not. */
static void test_upgrade(const struct sign_in *sign_in)
{
    static const char bcrypt[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    const struct user_new new = {
        .name = "leela", .role = USER_ROLE_VIEWER, .hash = bcrypt, .now_us = NOW_US};
    struct user user;
    CHECK(user_add(sign_in->users, &new, NULL) == OK);
    CHECK(attempt(sign_in, "leela", "U*V", "192.0.2.6", 0) == SIGN_IN_ANSWER_WRONG);
    CHECK(user_find(sign_in->users, "leela", &user, NULL) == OK);
    CHECK_TEXT(user.password_hash, bcrypt);
    CHECK(attempt(sign_in, "leela", "U*U", "192.0.2.6", 0) == SIGN_IN_ANSWER_WELCOME);
    CHECK(user_find(sign_in->users, "leela", &user, NULL) == OK);
    CHECK(strncmp(user.password_hash, "$argon2id$", 10) == 0);
    CHECK(attempt(sign_in, "leela", "U*U", "192.0.2.6", 0) == SIGN_IN_ANSWER_WELCOME);
    const struct user_change disable = {.role = USER_ROLE_VIEWER, .disabled = true};
    CHECK(user_change(sign_in->users, &user, &disable, NULL) == OK);
    CHECK(attempt(sign_in, "leela", "U*U", "192.0.2.6", 0) == SIGN_IN_ANSWER_WRONG);
    const struct user_change enable = {.role = USER_ROLE_VIEWER};
    CHECK(user_change(sign_in->users, &user, &enable, NULL) == OK);
    CHECK(user_reset(sign_in->users, &user, NOW_US, NULL) == OK);
    CHECK(attempt(sign_in, "leela", "U*U", "192.0.2.6", 0) == SIGN_IN_ANSWER_WRONG);
    CHECK(attempt(sign_in, "leela", "", "192.0.2.6", 0) == SIGN_IN_ANSWER_WRONG);
}

static enum sign_in_answer with_code(const struct sign_in *sign_in, const char *code,
                                     int64_t monotonic_us)
{
    const struct sign_in_try attempt = {.name = "maya",
                                        .password = "a long password",
                                        .code = code,
                                        .address = "192.0.2.7",
                                        .now_us = NOW_US,
                                        .monotonic_us = monotonic_us};
    struct sign_in_result result;
    CHECK(sign_in_try(sign_in, &attempt, &result, NULL) == OK);
    if (result.answer == SIGN_IN_ANSWER_WELCOME) { CHECK_TEXT(result.method, "password+recovery"); }
    return result.answer;
}

/* Who has a second factor shows it, and does not get to guess it. */
static void test_factor(const struct sign_in *sign_in)
{
    static const uint8_t secret[] = "12345678901234567890";
    const struct user_new new = {.name = "maya",
                                 .role = USER_ROLE_OPERATOR,
                                 .password = "a long password",
                                 .now_us = NOW_US};
    struct user user;
    struct factor_codes codes;
    enum factor_answer answer = FACTOR_ANSWER_WRONG;
    char code[TOTP_DIGITS + 1];
    CHECK(user_add(sign_in->users, &new, NULL) == OK);
    CHECK(user_find(sign_in->users, "maya", &user, NULL) == OK);
    CHECK(factor_app_begin(sign_in->factors, user.id, secret, NULL) == OK);
    CHECK(oath_totp_generate((const char *)secret, TOTP_SECRET_SIZE, NOW_US / CLOCK_SECOND_US,
                             TOTP_STEP_S, 0, TOTP_DIGITS, code) == OATH_OK);
    CHECK(factor_app_confirm(sign_in->factors, &(struct factor_try){user.id, code, NOW_US}, &answer,
                             &codes, NULL) == OK);
    CHECK(with_code(sign_in, NULL, 0) == SIGN_IN_ANSWER_FACTOR);
    CHECK(attempt(sign_in, "maya", "guess", "192.0.2.7", 0) == SIGN_IN_ANSWER_WRONG);
    CHECK(with_code(sign_in, code, 0) == SIGN_IN_ANSWER_WRONG_CODE); /* the first one is spent */
    CHECK(with_code(sign_in, codes.codes[0], 0) == SIGN_IN_ANSWER_WELCOME);
    CHECK(with_code(sign_in, codes.codes[0], 0) == SIGN_IN_ANSWER_WRONG_CODE);
    for (int i = 0; i < 4; i++) {
        CHECK(with_code(sign_in, "000000", i * CLOCK_HOUR_US / 1000) == SIGN_IN_ANSWER_WRONG_CODE);
    }
    CHECK(with_code(sign_in, codes.codes[1], CLOCK_SECOND_US) == SIGN_IN_ANSWER_WAIT);
    CHECK(with_code(sign_in, codes.codes[1], CLOCK_HOUR_US) == SIGN_IN_ANSWER_WELCOME);
    CHECK_TEXT(sign_in_answer_name(SIGN_IN_ANSWER_WRONG_CODE), "wrong_code");
}

static struct sign_in_result vouched(const struct sign_in *sign_in, const struct user *user,
                                     const char *code, int64_t generation)
{
    const struct sign_in_try attempt = {.name = user->name,
                                        .code = code,
                                        .address = "192.0.2.8",
                                        .now_us = NOW_US,
                                        .monotonic_us = 5 * CLOCK_DAY_US};
    struct sign_in_result result;
    CHECK(sign_in_vouched(sign_in, &attempt, generation, &result, NULL) == OK);
    return result;
}

/* Whom an identity provider knows needs no password, but the second factor as ever. */
static void test_vouched(const struct sign_in *sign_in)
{
    struct user user;
    struct factor_codes codes;
    enum factor_answer answer = FACTOR_ANSWER_WRONG;
    uint8_t secret[TOTP_SECRET_SIZE] = {3};
    char code[TOTP_DIGITS + 1];
    const struct user_new new = {.name = "noor",
                                 .role = USER_ROLE_OPERATOR,
                                 .password = "a long password",
                                 .must_change = true,
                                 .now_us = NOW_US};
    CHECK(user_add(sign_in->users, &new, NULL) == OK);
    CHECK(user_find(sign_in->users, "noor", &user, NULL) == OK);
    const struct sign_in_result first = vouched(sign_in, &user, NULL, user.generation);
    CHECK(first.answer == SIGN_IN_ANSWER_WELCOME && first.session.must_change_password);
    CHECK_TEXT(first.method, "provider");
    CHECK(vouched(sign_in, &user, NULL, user.generation + 1).answer == SIGN_IN_ANSWER_WRONG);
    CHECK(factor_app_begin(sign_in->factors, user.id, secret, NULL) == OK);
    CHECK(oath_totp_generate((const char *)secret, TOTP_SECRET_SIZE, NOW_US / CLOCK_SECOND_US,
                             TOTP_STEP_S, 0, TOTP_DIGITS, code) == OATH_OK);
    CHECK(factor_app_confirm(sign_in->factors, &(struct factor_try){user.id, code, NOW_US}, &answer,
                             &codes, NULL) == OK);
    CHECK(vouched(sign_in, &user, NULL, user.generation).answer == SIGN_IN_ANSWER_FACTOR);
    CHECK(vouched(sign_in, &user, code, user.generation).answer == SIGN_IN_ANSWER_WRONG_CODE);
    const struct sign_in_result with = vouched(sign_in, &user, codes.codes[0], user.generation);
    CHECK(with.answer == SIGN_IN_ANSWER_WELCOME);
    CHECK_TEXT(with.method, "provider+recovery");
    const struct user_change disable = {.role = USER_ROLE_OPERATOR, .disabled = true};
    CHECK(user_change(sign_in->users, &user, &disable, NULL) == OK);
    CHECK(user_find(sign_in->users, "noor", &user, NULL) == OK);
    CHECK(vouched(sign_in, &user, codes.codes[1], user.generation).answer == SIGN_IN_ANSWER_WRONG);
    const struct user nobody = {.name = "nobody.here"};
    CHECK(vouched(sign_in, &nobody, NULL, 0).answer == SIGN_IN_ANSWER_WRONG);
}

/* An unknown name costs the same work as a wrong password. */
static enum sign_in_answer once_more(const struct sign_in *sign_in, const char *user_id,
                                     const char *code, int64_t later_us)
{
    const struct sign_in_try attempt = {.name = "maya",
                                        .code = code,
                                        .now_us = NOW_US + later_us,
                                        .monotonic_us = 10 * CLOCK_DAY_US + later_us};
    struct sign_in_result result;
    CHECK(sign_in_factor(sign_in, &attempt, user_id, &result, NULL) == OK);
    return result.answer;
}

/* Asked for in the middle of a session: a code counts once, guesses are slowed, none is none. */
static void test_factor_once_more(const struct sign_in *sign_in)
{
    struct user user;
    struct factor_codes codes;
    enum factor_answer answer = FACTOR_ANSWER_WRONG;
    uint8_t secret[TOTP_SECRET_SIZE] = {2};
    char code[TOTP_DIGITS + 1];
    CHECK(user_find(sign_in->users, "asha", &user, NULL) == OK);
    CHECK(once_more(sign_in, user.id, "123456", 0) == SIGN_IN_ANSWER_FACTOR);
    CHECK(user_find(sign_in->users, "maya", &user, NULL) == OK);
    CHECK(factor_app_begin(sign_in->factors, user.id, secret, NULL) == OK);
    CHECK(oath_totp_generate((const char *)secret, TOTP_SECRET_SIZE, NOW_US / CLOCK_SECOND_US,
                             TOTP_STEP_S, 0, TOTP_DIGITS, code) == OATH_OK);
    CHECK(factor_app_confirm(sign_in->factors, &(struct factor_try){user.id, code, NOW_US}, &answer,
                             &codes, NULL) == OK);
    CHECK(once_more(sign_in, user.id, code, 0) == SIGN_IN_ANSWER_WRONG_CODE);
    CHECK(once_more(sign_in, user.id, codes.codes[0], 0) == SIGN_IN_ANSWER_WELCOME);
    CHECK(once_more(sign_in, user.id, codes.codes[0], 0) == SIGN_IN_ANSWER_WRONG_CODE);
    for (int i = 0; i < 4; i++) {
        CHECK(once_more(sign_in, user.id, "000000", 0) == SIGN_IN_ANSWER_WRONG_CODE);
    }
    CHECK(once_more(sign_in, user.id, codes.codes[1], 0) == SIGN_IN_ANSWER_WAIT);
    CHECK(once_more(sign_in, user.id, codes.codes[1], CLOCK_HOUR_US) == SIGN_IN_ANSWER_WELCOME);
}

/* ---- time ---- */

/* Of this thread's work, not of its waiting: whoever else is busy on this machine changes little.
 */
static int64_t work_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a;
    const int64_t other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

enum { TIMED = 9, KINDS = 4 };

/*
 * A wrong password costs the same for a name that nobody has, for Argon2id, for bcrypt, and for a
 * cheaper bcrypt: medians within a quarter. (Bcrypt of cost 9 alone takes about as long as
 * Argon2id, and 5 next to nothing: without topping up the three differ by factors.)
 */
static void test_even_time(const struct sign_in *sign_in)
{
    static const char *const names[KINDS] = {"no-such-name", "even-argon", "even-nine",
                                             "even-five"};
    static const char *const hashes[KINDS] = {
        NULL, NULL, "$2b$09$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"};
    int64_t times_us[KINDS][TIMED];
    for (int i = 1; i < KINDS; i++) {
        const struct user_new new = {.name = names[i],
                                     .role = USER_ROLE_VIEWER,
                                     .password = hashes[i] ? NULL : "a long password",
                                     .hash = hashes[i],
                                     .now_us = NOW_US};
        CHECK(user_add(sign_in->users, &new, NULL) == OK);
    }
    for (int round = 0; round < TIMED; round++) {
        for (int i = 0; i < KINDS; i++) {
            char address[32];
            (void)snprintf(address, sizeof address, "203.0.%d.%d", 100 + i, round);
            const int64_t begun_us = work_us();
            CHECK(attempt(sign_in, names[i], "guess", address, 0) == SIGN_IN_ANSWER_WRONG);
            times_us[i][round] = work_us() - begun_us;
        }
    }
    int64_t least_us = INT64_MAX;
    int64_t most_us = 0;
    for (int i = 0; i < KINDS; i++) {
        qsort(times_us[i], TIMED, sizeof times_us[i][0], by_size);
        const int64_t median_us = times_us[i][TIMED / 2];
        printf("# %s: %lld us\n", names[i], (long long)median_us);
        least_us = median_us < least_us ? median_us : least_us;
        most_us = median_us > most_us ? median_us : most_us;
    }
    CHECK(most_us < least_us + least_us / 4);
}

int main(void)
{
    struct people_database people;
    people_database_open(&people);
    struct sign_in sign_in = {.database = people.database, .limits = sign_in_limits_new()};
    CHECK(user_store_open(&sign_in.users, people.database, NULL) == OK);
    CHECK(session_store_open(&sign_in.sessions, people.database, NULL) == OK);
    CHECK(factor_store_open(&sign_in.factors, people.database, NULL) == OK);
    test_one_time(&sign_in);
    test_limits(&sign_in);
    test_record(&sign_in);
    test_device(&sign_in);
    test_upgrade(&sign_in);
    test_factor(&sign_in);
    test_factor_once_more(&sign_in);
    test_vouched(&sign_in);
    test_even_time(&sign_in);
    user_store_close(sign_in.users);
    factor_store_close(sign_in.factors);
    session_store_close(sign_in.sessions);
    sign_in_limits_free(sign_in.limits);
    people_database_close(&people);
    return CHECK_DONE();
}
