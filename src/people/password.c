#include "people/password.h"

#include <crypt.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <strings.h>

#include "people/breach.h"

static const unsigned long long PASSES = 2;
static const size_t MEMORY_SIZE = (size_t)19 << 20;

enum { BCRYPT_SIZE_MAX = 72 };

/* One place is kept free for whoever has been here before: a flood of strangers never fills it. */
enum { COMMON_WORK_MAX = PASSWORD_WORK_MAX - 1 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int working, waiting[2]; /* by lane */
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER};

static bool full(enum password_lane lane)
{
    return gate.working >= (lane == PASSWORD_LANE_KNOWN ? PASSWORD_WORK_MAX : COMMON_WORK_MAX);
}

static bool enter_gate(enum password_lane lane)
{
    (void)pthread_mutex_lock(&gate.lock);
    const bool may = !full(lane) || gate.waiting[lane] < PASSWORD_WAIT_MAX;
    if (may) {
        gate.waiting[lane]++;
        while (full(lane)) {
            (void)pthread_cond_wait(&gate.freed, &gate.lock);
        }
        gate.waiting[lane]--;
        gate.working++;
    }
    (void)pthread_mutex_unlock(&gate.lock);
    return may;
}

static void leave_gate(void)
{
    (void)pthread_mutex_lock(&gate.lock);
    gate.working--;
    (void)pthread_cond_broadcast(&gate.freed);
    (void)pthread_mutex_unlock(&gate.lock);
}

/* Whether `name` (3 letters and more) stands in `password`, letter case aside. */
static bool contains(const char *password, const char *name)
{
    const size_t size = strlen(name);
    for (const char *at = password; size >= 3 && strlen(at) >= size; at++) {
        if (strncasecmp(at, name, size) == 0) { return true; }
    }
    return false;
}

enum err password_check(const char *password, const char *name, struct why *why)
{
    size_t length = 0;
    for (const char *at = password; *at; at++) {
        const unsigned char letter = (unsigned char)*at;
        if (letter < ' ' || letter == 127) {
            return why_set(why, ERR_RANGE, "a password has no control characters");
        }
        length += (letter & 0xc0) != 0x80; /* the first byte of a character */
    }
    if (length < PASSWORD_LENGTH_MIN || length > PASSWORD_LENGTH_MAX) {
        return why_set(why, ERR_RANGE, "a password has %d to %d characters, this one has %zu",
                       PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX, length);
    }
    if (breach_knows(password)) {
        return why_set(why, ERR_RANGE,
                       "this password is one that everybody guesses first; a few words that do not "
                       "belong together are better");
    }
    if (contains(password, name) && strlen(password) < strlen(name) + PASSWORD_LENGTH_MIN) {
        return why_set(why, ERR_RANGE, "a password does not consist of one's own name");
    }
    return OK;
}

static enum err too_many(struct why *why)
{
    return why_set(why, ERR_LIMIT, "too many passwords are being checked; try again in a second");
}

enum err password_hash(char hash[static PASSWORD_HASH_SIZE], struct span password, struct why *why)
{
    _Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "room for libsodium's string");
    if (!enter_gate(PASSWORD_LANE_KNOWN)) { return too_many(why); }
    const int failed = crypto_pwhash_str_alg(hash, (const char *)password.data, password.size,
                                             PASSES, MEMORY_SIZE, crypto_pwhash_ALG_ARGON2ID13);
    leave_gate();
    return failed ? why_set(why, ERR_LIMIT, "there is no memory to hash a password") : OK;
}

/* ---- hashes of other systems ---- */

static bool is_bcrypt(const char *hash)
{
    static const char letters[] =
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const bool head = strncmp(hash, "$2a$", 4) == 0 || strncmp(hash, "$2b$", 4) == 0 ||
                      strncmp(hash, "$2y$", 4) == 0;
    return head && strlen(hash) == 60 && hash[6] == '$' && strspn(hash + 7, letters) == 53;
}

static int bcrypt_cost(const char *hash)
{
    const bool digits = hash[4] >= '0' && hash[4] <= '9' && hash[5] >= '0' && hash[5] <= '9';
    return digits ? 10 * (hash[4] - '0') + (hash[5] - '0') : 0;
}

bool password_hash_valid(const char *hash)
{
    if (is_bcrypt(hash)) {
        return bcrypt_cost(hash) >= 4 && bcrypt_cost(hash) <= PASSWORD_BCRYPT_COST_MAX;
    }
    /* -1: no hash that libsodium reads; 1: another cost, which may not be dearer than ours. */
    return strncmp(hash, "$argon2id$", 10) == 0 && strlen(hash) < PASSWORD_HASH_SIZE &&
           crypto_pwhash_str_needs_rehash(hash, PASSES, MEMORY_SIZE) == 0;
}

bool password_hash_outdated(const char *hash)
{
    return is_bcrypt(hash) || crypto_pwhash_str_needs_rehash(hash, PASSES, MEMORY_SIZE) != 0;
}

/* Always the whole work, also for what cannot fit: 72 bytes are all that bcrypt reads. */
static bool bcrypt_fits(const char *hash, struct span password)
{
    char words[BCRYPT_SIZE_MAX + 1] = "";
    const bool whole = password.size <= BCRYPT_SIZE_MAX &&
                       !(password.size > 0 && memchr(password.data, 0, password.size));
    memcpy(words, password.data, whole ? password.size : 0);
    struct crypt_data *work = MEM_NEW(struct crypt_data);
    const char *made = crypt_r(words, hash, work);
    const bool same =
        made && strlen(made) == strlen(hash) && sodium_memcmp(made, hash, strlen(hash)) == 0;
    sodium_memzero(words, sizeof words);
    sodium_memzero(work, sizeof *work);
    free(work);
    return same && whole;
}

static bool fits(const char *hash, struct span password)
{
    return is_bcrypt(hash)
               ? bcrypt_fits(hash, password)
               : crypto_pwhash_str_verify(hash, (const char *)password.data, password.size) == 0;
}

enum err password_verify(const char *hash, struct span password, bool *same, struct why *why)
{
    *same = false;
    if (password.size > PASSWORD_SIZE_MAX) { return OK; }
    if (!enter_gate(PASSWORD_LANE_COMMON)) { return too_many(why); }
    *same = fits(hash, password);
    leave_gate();
    return OK;
}

/* ---- the same work for everybody ---- */

/* Nobody's passwords, at our cost of Argon2id and at any of bcrypt. */
static const char NOBODY_ARGON2[crypto_pwhash_STRBYTES] =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
    "RdescudvJCsgt3ub+b1dWRWJTmaaJObG1ZBPdGXSoP0";
static const char NOBODY_BCRYPT[] =
    "$2b$%02d$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

static void burn_bcrypt(int cost, struct span password)
{
    char hash[PASSWORD_HASH_SIZE];
    (void)snprintf(hash, sizeof hash, NOBODY_BCRYPT, cost);
    (void)bcrypt_fits(hash, password);
}

/*
 * What the hash did not cost. Bcrypt's work doubles with each step: after one of cost c, more of
 * c, c + 1 ... up to the dearest minus one make it that one's.
 */
static void top_up(const struct password_try *attempt)
{
    const int dearest = attempt->bcrypt_cost <= PASSWORD_BCRYPT_COST_MAX ? attempt->bcrypt_cost : 0;
    if (!attempt->hash || !is_bcrypt(attempt->hash)) {
        if (dearest > 0) { burn_bcrypt(dearest, attempt->password); }
        return;
    }
    (void)fits(NOBODY_ARGON2, attempt->password);
    for (int cost = bcrypt_cost(attempt->hash); cost < dearest; cost++) {
        burn_bcrypt(cost, attempt->password);
    }
}

enum err password_verify_evenly(const struct password_try *attempt, bool *same, struct why *why)
{
    *same = false;
    if (attempt->password.size > PASSWORD_SIZE_MAX) { return OK; }
    if (!enter_gate(attempt->lane)) { return too_many(why); }
    const bool fitting = fits(attempt->hash ? attempt->hash : NOBODY_ARGON2, attempt->password);
    *same = fitting && attempt->hash;
    if (!*same) { top_up(attempt); }
    leave_gate();
    return OK;
}
