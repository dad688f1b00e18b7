#include "people/sign_in.h"

#include <stdio.h>
#include <string.h>

#include "people/client.h"

/* Ten wrong tries at once, then one every 30 s; for an account five, then one every minute. */
static const int64_t ADDRESS_BURST = 10;
static const int64_t ADDRESS_EVERY_US = 30 * CLOCK_SECOND_US;
static const int64_t ACCOUNT_BURST = 5;
static const int64_t ACCOUNT_EVERY_US = 60 * CLOCK_SECOND_US;
/* Codes: of a million, five in ten minutes and then one a minute. */
static const int64_t FACTOR_BURST = 5;
static const int64_t FACTOR_EVERY_US = 60 * CLOCK_SECOND_US;

struct sign_in_limits {
    struct rate_limit *addresses, *accounts, *factors;
};

struct sign_in_limits *sign_in_limits_new(void)
{
    struct sign_in_limits *limits = MEM_NEW(struct sign_in_limits);
    limits->addresses = rate_limit_new(ADDRESS_BURST, ADDRESS_EVERY_US);
    limits->accounts = rate_limit_new(ACCOUNT_BURST, ACCOUNT_EVERY_US);
    limits->factors = rate_limit_new(FACTOR_BURST, FACTOR_EVERY_US);
    return limits;
}

void sign_in_limits_free(struct sign_in_limits *limits)
{
    if (!limits) { return; }
    rate_limit_free(limits->addresses);
    rate_limit_free(limits->accounts);
    rate_limit_free(limits->factors);
    free(limits);
}

void sign_in_limits_share(struct sign_in_limits *limits, struct redis *redis)
{
    rate_limit_share(limits->addresses, redis, "sign_in.address");
    rate_limit_share(limits->accounts, redis, "sign_in.account");
    rate_limit_share(limits->factors, redis, "sign_in.factor");
}

const char *sign_in_answer_name(enum sign_in_answer answer)
{
    static const char *const names[] = {"welcome", "wrong", "used", "factor", "wrong_code", "wait"};
    return names[answer];
}

/*
 * The names under which a try is counted. An account is limited for each address by itself, so that
 * a stranger's guesses do not lock its owner out; an address is limited over all accounts. A device
 * from which the account has been signed in to is counted by itself: whoever shares the address
 * with an operator, or knows the name, cannot close that way.
 */
struct keys {
    char address[CLIENT_ADDRESS_SIZE]; /* "" = a known device is not counted by it */
    char account[RATE_LIMIT_NAME_SIZE];
};

static struct keys keys_of(const struct sign_in_try *attempt)
{
    struct keys keys = {"", ""};
    if (attempt->device) {
        (void)snprintf(keys.account, sizeof keys.account, "device %.64s", attempt->device);
        return keys;
    }
    client_group(attempt->address, keys.address);
    (void)snprintf(keys.account, sizeof keys.account, "%.39s %.39s", keys.address, attempt->name);
    return keys;
}

static int64_t wait_us(const struct sign_in *sign_in, const struct sign_in_try *attempt)
{
    const struct keys keys = keys_of(attempt);
    const int64_t now_us = attempt->monotonic_us;
    const struct sign_in_limits *limits = sign_in->limits;
    const int64_t for_account_us = rate_limit_wait_us(limits->accounts, keys.account, now_us);
    const int64_t for_address_us =
        *keys.address ? rate_limit_wait_us(limits->addresses, keys.address, now_us) : 0;
    return for_address_us > for_account_us ? for_address_us : for_account_us;
}

static void count_failure(const struct sign_in *sign_in, const struct sign_in_try *attempt)
{
    const struct keys keys = keys_of(attempt);
    if (*keys.address) {
        rate_limit_failed(sign_in->limits->addresses, keys.address, attempt->monotonic_us);
    }
    rate_limit_failed(sign_in->limits->accounts, keys.account, attempt->monotonic_us);
}

enum err sign_in_confirm(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                         struct user *user, struct sign_in_result *result, struct why *why)
{
    *result = (struct sign_in_result){.wait_us = wait_us(sign_in, attempt)};
    if (result->wait_us > 0) {
        result->answer = SIGN_IN_ANSWER_WAIT;
        return OK;
    }
    enum err err = user_find(sign_in->users, attempt->name, user, why);
    const bool missing = err == ERR_NOT_FOUND;
    if (err && !missing) { return err; }
    bool same = false;
    const bool known = !missing && *user->password_hash;
    struct password_try shown = {.lane =
                                     attempt->device ? PASSWORD_LANE_KNOWN : PASSWORD_LANE_COMMON,
                                 .hash = known ? user->password_hash : NULL,
                                 .password = span_text(attempt->password)};
    err = user_bcrypt_cost(sign_in->users, &shown.bcrypt_cost, why);
    if (!err) { err = password_verify_evenly(&shown, &same, why); }
    if (err) { return err; }
    result->answer =
        same && known && !user->disabled ? SIGN_IN_ANSWER_WELCOME : SIGN_IN_ANSWER_WRONG;
    if (result->answer == SIGN_IN_ANSWER_WRONG) { count_failure(sign_in, attempt); }
    return OK;
}

/* ---- the second factor ---- */

static struct challenge challenge_for(const struct user *user)
{
    struct challenge challenge = {.purpose = CHALLENGE_PURPOSE_SIGN_IN};
    memcpy(challenge.user_id, user->id, sizeof challenge.user_id);
    return challenge;
}

/* Whether the try may go on; else the answer is in the result. */
static enum err ask_factor(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                           const struct user *user, struct sign_in_result *result, struct why *why)
{
    const enum err err = factor_find(sign_in->factors, user->id, &result->factors, why);
    if (err || !factors_any(&result->factors)) { return err; }
    result->wait_us =
        rate_limit_wait_us(sign_in->limits->factors, user->name, attempt->monotonic_us);
    if (result->wait_us > 0) {
        result->answer = SIGN_IN_ANSWER_WAIT;
    } else if (!attempt->code && !attempt->passkey) {
        result->answer = SIGN_IN_ANSWER_FACTOR;
        result->challenge = challenge_for(user);
        if (result->factors.passkeys > 0) {
            return challenges_give(sign_in->challenges, &result->challenge, attempt->now_us, why);
        }
    }
    return OK;
}

/*
 * Whether the passkey of challenge->user_id answers a challenge that was given for the same.
 * Refusals are one for the caller: it is the wrong one.
 */
static enum err use_passkey(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                            struct challenge *challenge, bool *good, struct why *why)
{
    const struct sign_in_passkey *shown = attempt->passkey;
    struct passkey passkey = {.sign_count = 0};
    *good = false;
    bool open = false;
    if (!passkey_challenge(shown->answer.client_data, challenge->bytes)) { return OK; }
    enum err err = challenges_take(sign_in->challenges, challenge, attempt->now_us, &open, why);
    if (err || !open) { return err; }
    err = passkey_find(sign_in->passkeys, challenge->user_id, shown->credential, &passkey, why);
    if (err) { return err == ERR_NOT_FOUND ? OK : err; }
    const int64_t old_count = passkey.sign_count;
    const struct passkey_expected expected = {
        .challenge = span_of(challenge->bytes, sizeof challenge->bytes),
        .origin = shown->origin,
        .domain = shown->domain};
    if (passkey_verify(&shown->answer, &expected, &passkey, why)) { return OK; }
    err = passkey_used(sign_in->passkeys, &passkey, old_count, attempt->now_us, why);
    *good = err == OK;
    return err == ERR_CONFLICT ? OK : err;
}

enum shown { SHOWN_NOTHING, SHOWN_PASSKEY, SHOWN_APP, SHOWN_RECOVERY };

/* How a session is begun: what stands for the person, and what was shown besides. */
static const char *method_of(const struct sign_in_try *attempt, enum shown shown)
{
    static const char *const names[][2] = {
        [SHOWN_NOTHING] = {"password", "provider"},
        [SHOWN_PASSKEY] = {"password+passkey", "provider+passkey"},
        [SHOWN_APP] = {"password+app", "provider+app"},
        [SHOWN_RECOVERY] = {"password+recovery", "provider+recovery"}};
    return names[shown][attempt->password == NULL];
}

/* In the caller's transaction: spends the code, if one is needed. */
static enum err use_factor(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                           const struct user *user, struct sign_in_result *result, struct why *why)
{
    enum factor_answer answer = FACTOR_ANSWER_WRONG;
    result->method = method_of(attempt, SHOWN_NOTHING);
    if (!factors_any(&result->factors)) { return OK; }
    if (attempt->passkey) {
        bool good = false;
        struct challenge challenge = challenge_for(user);
        const enum err err = use_passkey(sign_in, attempt, &challenge, &good, why);
        result->method = method_of(attempt, SHOWN_PASSKEY);
        if (!good) { result->answer = SIGN_IN_ANSWER_WRONG_CODE; }
        return err;
    }
    const struct factor_try shown = {
        .user_id = user->id, .code = attempt->code, .now_us = attempt->now_us};
    const enum err err = factor_use(sign_in->factors, &shown, &answer, why);
    if (err) { return err; }
    result->method = method_of(attempt, answer == FACTOR_ANSWER_APP ? SHOWN_APP : SHOWN_RECOVERY);
    if (answer == FACTOR_ANSWER_WRONG) { result->answer = SIGN_IN_ANSWER_WRONG_CODE; }
    return OK;
}

/* ---- the session ---- */

/* In the caller's transaction: spends a one-time password, begins the session. */
static enum err begin(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                      const struct user *user, struct sign_in_result *result, struct why *why)
{
    enum err err = use_factor(sign_in, attempt, user, result, why);
    if (err || result->answer != SIGN_IN_ANSWER_WELCOME) { return err; }
    if (attempt->password && user->must_change_password && *user->one_time_hash) {
        err = user_use_one_time(sign_in->users, user, why);
        if (err == ERR_CONFLICT) {
            result->answer = SIGN_IN_ANSWER_USED;
            return OK;
        }
        if (err) { return err; }
    }
    const struct session_begin begin = {.user = user,
                                        .address = attempt->address,
                                        .agent = attempt->agent,
                                        .method = result->method,
                                        .refreshable = attempt->program,
                                        .now_us = attempt->now_us};
    err = session_begin(sign_in->sessions, &begin, result->token, &result->session, why);
    result->session.has_factor = factors_any(&result->factors);
    if (err || !attempt->record.enter) { return err; }
    return attempt->record.enter(attempt->record.context, result, why);
}

/* What a success forgets, and a failure leaves behind. */
static enum err settle(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                       const struct user *user, const struct sign_in_result *result,
                       struct why *why)
{
    if (result->answer == SIGN_IN_ANSWER_WRONG_CODE) {
        rate_limit_failed(sign_in->limits->factors, user->name, attempt->monotonic_us);
    }
    if (result->answer != SIGN_IN_ANSWER_WELCOME) {
        count_failure(sign_in, attempt);
        return OK;
    }
    const struct keys keys = keys_of(attempt);
    rate_limit_forget(sign_in->limits->accounts, keys.account);
    rate_limit_forget(sign_in->limits->factors, user->name);
    if (!attempt->password || !password_hash_outdated(user->password_hash)) { return OK; }
    const enum err err = user_upgrade_password(sign_in->users, user, attempt->password, why);
    return err == ERR_LIMIT ? OK : err; /* if not now, then the next time */
}

/*
 * Hashing takes its time: a password, a reset or a factor that came meanwhile has ended every
 * session, and this one must not come behind it.
 */
static enum err look_again(const struct sign_in *sign_in, const struct user *user,
                           struct sign_in_result *result, struct why *why)
{
    struct user now = {.must_change_password = false};
    struct factors factors = {.app = false};
    enum err err = user_find(sign_in->users, user->name, &now, why);
    if (!err) { err = factor_find(sign_in->factors, user->id, &factors, why); }
    if (err && err != ERR_NOT_FOUND) { return err; }
    const bool same = !err && !now.disabled && now.generation == user->generation &&
                      strcmp(now.password_hash, user->password_hash) == 0 &&
                      factors_any(&factors) == factors_any(&result->factors);
    if (!same) { result->answer = SIGN_IN_ANSWER_WRONG; }
    return OK;
}

/* Of somebody who is known by now: the second factor, and the session. */
static enum err finish(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                       const struct user *user, struct sign_in_result *result, struct why *why)
{
    enum err err = ask_factor(sign_in, attempt, user, result, why);
    if (err || result->answer != SIGN_IN_ANSWER_WELCOME) { return err; }
    err = database_begin(sign_in->database, why);
    if (err) { return err; }
    err = look_again(sign_in, user, result, why);
    if (!err && result->answer == SIGN_IN_ANSWER_WELCOME) {
        err = begin(sign_in, attempt, user, result, why);
    }
    database_end(sign_in->database, &err, why);
    return err ? err : settle(sign_in, attempt, user, result, why);
}

enum err sign_in_try(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                     struct sign_in_result *result, struct why *why)
{
    struct user user = {.must_change_password = false};
    const enum err err = sign_in_confirm(sign_in, attempt, &user, result, why);
    if (err || result->answer != SIGN_IN_ANSWER_WELCOME) { return err; }
    return finish(sign_in, attempt, &user, result, why);
}

enum err sign_in_vouched(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                         int64_t generation, struct sign_in_result *result, struct why *why)
{
    struct user user = {.must_change_password = false};
    *result = (struct sign_in_result){.answer = SIGN_IN_ANSWER_WRONG};
    const enum err err = user_find(sign_in->users, attempt->name, &user, why);
    if (err && err != ERR_NOT_FOUND) { return err; }
    if (err || user.disabled || user.generation != generation) { return OK; }
    result->answer = SIGN_IN_ANSWER_WELCOME;
    return finish(sign_in, attempt, &user, result, why);
}

/* Spends the code, or takes the passkey: `*method` is what it was, NULL when it is wrong. */
static enum err spend_factor(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                             const char *user_id, const char **method, struct why *why)
{
    *method = NULL;
    if (attempt->passkey) {
        bool good = false;
        struct challenge challenge = {.purpose = CHALLENGE_PURPOSE_APPROVE};
        if (!attempt->subject) { return OK; }
        memcpy(challenge.subject, attempt->subject, sizeof challenge.subject);
        (void)!text_copy(challenge.user_id, sizeof challenge.user_id, user_id);
        const enum err err = use_passkey(sign_in, attempt, &challenge, &good, why);
        if (!err && good) { *method = "passkey"; }
        return err;
    }
    enum factor_answer answer = FACTOR_ANSWER_WRONG;
    const struct factor_try shown = {
        .user_id = user_id, .code = attempt->code, .now_us = attempt->now_us};
    const enum err err = factor_use(sign_in->factors, &shown, &answer, why);
    if (!err && answer != FACTOR_ANSWER_WRONG) {
        *method = answer == FACTOR_ANSWER_APP ? "app" : "recovery";
    }
    return err;
}

static enum err spend_inside(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                             const char *user_id, const char **method, struct why *why)
{
    enum err err = database_begin(sign_in->database, why);
    if (err) { return err; }
    err = spend_factor(sign_in, attempt, user_id, method, why);
    database_end(sign_in->database, &err, why);
    return err;
}

enum err sign_in_factor(const struct sign_in *sign_in, const struct sign_in_try *attempt,
                        const char *user_id, struct sign_in_result *result, struct why *why)
{
    struct rate_limit *tries = sign_in->limits->factors;
    *result = (struct sign_in_result){.answer = SIGN_IN_ANSWER_FACTOR};
    enum err err = factor_find(sign_in->factors, user_id, &result->factors, why);
    /* Recovery codes come with the app. */
    const bool has = attempt->passkey ? result->factors.passkeys > 0 : result->factors.app;
    if (err || !has) { return err; }
    result->wait_us = rate_limit_wait_us(tries, attempt->name, attempt->monotonic_us);
    if (result->wait_us > 0) {
        result->answer = SIGN_IN_ANSWER_WAIT;
        return OK;
    }
    err = spend_inside(sign_in, attempt, user_id, &result->method, why);
    if (err) { return err; }
    if (!result->method) {
        result->answer = SIGN_IN_ANSWER_WRONG_CODE;
        rate_limit_failed(tries, attempt->name, attempt->monotonic_us);
        return OK;
    }
    result->answer = SIGN_IN_ANSWER_WELCOME;
    rate_limit_forget(tries, attempt->name);
    return OK;
}
