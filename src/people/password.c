#include "people/password.h"

#include <pthread.h>
#include <sodium.h>

static const unsigned long long PASSES = 2;
static const size_t MEMORY_SIZE = (size_t)19 << 20;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int working, waiting;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER};

static bool enter_gate(void)
{
    (void)pthread_mutex_lock(&gate.lock);
    const bool may = gate.working < PASSWORD_WORK_MAX || gate.waiting < PASSWORD_WAIT_MAX;
    if (may) {
        gate.waiting++;
        while (gate.working == PASSWORD_WORK_MAX) {
            (void)pthread_cond_wait(&gate.freed, &gate.lock);
        }
        gate.waiting--;
        gate.working++;
    }
    (void)pthread_mutex_unlock(&gate.lock);
    return may;
}

static void leave_gate(void)
{
    (void)pthread_mutex_lock(&gate.lock);
    gate.working--;
    (void)pthread_cond_signal(&gate.freed);
    (void)pthread_mutex_unlock(&gate.lock);
}

enum err password_check(const char *password, struct why *why)
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
    return OK;
}

static enum err too_many(struct why *why)
{
    return why_set(why, ERR_LIMIT, "too many passwords are being checked; try again in a second");
}

enum err password_hash(char hash[static PASSWORD_HASH_SIZE], struct span password, struct why *why)
{
    _Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "room for libsodium's string");
    if (!enter_gate()) { return too_many(why); }
    const int failed = crypto_pwhash_str_alg(hash, (const char *)password.data, password.size,
                                             PASSES, MEMORY_SIZE, crypto_pwhash_ALG_ARGON2ID13);
    leave_gate();
    return failed ? why_set(why, ERR_LIMIT, "there is no memory to hash a password") : OK;
}

enum err password_verify(const char *hash, struct span password, bool *same, struct why *why)
{
    if (password.size > PASSWORD_SIZE_MAX) {
        *same = false;
        return OK;
    }
    if (!enter_gate()) { return too_many(why); }
    *same = crypto_pwhash_str_verify(hash, (const char *)password.data, password.size) == 0;
    leave_gate();
    return OK;
}
