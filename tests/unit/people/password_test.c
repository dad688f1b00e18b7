#include "people/password.h"

#include <crypt.h>
#include <pthread.h>

#include "check.h"

enum { GUESSERS = 16 };

static void *guess(void *hash)
{
    bool same = true;
    const enum err err = password_verify(hash, span_text("not the password"), &same, NULL);
    return (void *)(intptr_t)(err ? (int)err : same ? -1 : 0);
}

static void test_check(void)
{
    struct why why = {""};
    CHECK(password_check("twelve chars", "asha", &why) == OK);
    CHECK(password_check("eleven char", "asha", &why) == ERR_RANGE);
    CHECK(strstr(why.text, "12 to 128"));
    CHECK(password_check("\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d", "", NULL) ==
          ERR_RANGE);
    CHECK(password_check("twelve\tchars", "asha", NULL) == ERR_RANGE);
    char longest[PASSWORD_LENGTH_MAX + 2] = "";
    for (size_t i = 0; i < PASSWORD_LENGTH_MAX; i++) {
        longest[i] = (char)('a' + i * i % 23);
    }
    CHECK(password_check(longest, "asha", NULL) == OK);
    longest[PASSWORD_LENGTH_MAX] = 'x';
    CHECK(password_check(longest, "asha", NULL) == ERR_RANGE);
    CHECK(password_check("Password2024!", "asha", &why) == ERR_RANGE);
    CHECK(strstr(why.text, "guesses"));
    CHECK(password_check("xx-Asha.Menon-2", "asha.menon", &why) == ERR_RANGE);
    CHECK(strstr(why.text, "own name"));
    CHECK(password_check("the long river of asha.menon", "asha.menon", NULL) == OK);
}

/* Made by libxcrypt 4.4.33, as in ../shared/data/ops/crypto/password_hash_vectors.json. */
static void test_bcrypt(void)
{
    static const char hash[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    bool same = false;
    CHECK(password_hash_valid(hash) && password_hash_outdated(hash));
    CHECK(password_verify(hash, span_text("U*U"), &same, NULL) == OK && same);
    CHECK(password_verify(hash, span_text("U*V"), &same, NULL) == OK && !same);
    CHECK(password_verify(hash, span_of("U*U\0x", 5), &same, NULL) == OK && !same);
    /* What bcrypt would cut off counts: two passwords of 73 bytes are not one. */
    char longer[74] = "";
    memset(longer, 'a', 73);
    struct crypt_data *work = MEM_NEW(struct crypt_data);
    const char *made = crypt_r(longer, "$2b$04$CCCCCCCCCCCCCCCCCCCCC.", work);
    CHECK(made && password_hash_valid(made));
    CHECK(password_verify(made, span_of(longer, 72), &same, NULL) == OK && same);
    CHECK(password_verify(made, span_of(longer, 73), &same, NULL) == OK && !same);
    free(work);
    static const char *const invalid[] = {
        "",
        "$2a$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", /* too dear */
        "$2a$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$argon2id$v=19$m=4194304,t=9,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b1dWRWJTmaaJO",
    };
    for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
        CHECK(!password_hash_valid(invalid[i]));
    }
}

int main(void)
{
    test_check();
    test_bcrypt();
    char hash[PASSWORD_HASH_SIZE] = "";
    char other[PASSWORD_HASH_SIZE] = "";
    bool same = false;
    CHECK(password_hash(hash, span_text("correct horse battery"), NULL) == OK);
    CHECK(password_hash(other, span_text("correct horse battery"), NULL) == OK);
    CHECK(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31) == 0);
    CHECK(strcmp(hash, other) != 0); /* salted */
    CHECK(password_hash_valid(hash) && !password_hash_outdated(hash));
    CHECK(password_verify(hash, span_text("correct horse battery"), &same, NULL) == OK && same);
    CHECK(password_verify(hash, span_text("correct horse batterz"), &same, NULL) == OK && !same);
    CHECK(password_verify(hash, span_text(""), &same, NULL) == OK && !same);
    CHECK(password_verify("not a hash", span_text("x"), &same, NULL) == OK && !same);
    static char large[PASSWORD_SIZE_MAX + 1];
    same = true;
    CHECK(password_verify(hash, span_of(large, sizeof large), &same, NULL) == OK && !same);

    /* A flood of guesses waits or is sent away; nobody of it gets in. */
    pthread_t threads[GUESSERS];
    for (size_t i = 0; i < GUESSERS; i++) {
        if (pthread_create(&threads[i], NULL, guess, hash)) { abort(); }
    }
    int checked = 0;
    int refused = 0;
    for (size_t i = 0; i < GUESSERS; i++) {
        void *result = NULL;
        (void)pthread_join(threads[i], &result);
        checked += result == NULL;
        refused += (intptr_t)result == ERR_LIMIT;
    }
    CHECK(checked >= PASSWORD_WORK_MAX);
    CHECK(checked + refused == GUESSERS);
    return CHECK_DONE();
}
