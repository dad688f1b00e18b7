#include "people/password.h"

#include <pthread.h>

#include "check.h"

enum { GUESSERS = 16 };

static void *guess(void *hash)
{
    bool same = true;
    const enum err err = password_verify(hash, span_text("not the password"), &same, NULL);
    return (void *)(intptr_t)(err ? (int)err : same ? -1 : 0);
}

int main(void)
{
    struct why why = {""};
    CHECK(password_check("twelve chars", &why) == OK);
    CHECK(password_check("eleven char", &why) == ERR_RANGE);
    CHECK(strstr(why.text, "12 to 128"));
    CHECK(password_check("\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d", NULL) == ERR_RANGE);
    CHECK(password_check("twelve\tchars", NULL) == ERR_RANGE);
    char longest[PASSWORD_LENGTH_MAX + 2] = "";
    memset(longest, 'x', PASSWORD_LENGTH_MAX);
    CHECK(password_check(longest, NULL) == OK);
    longest[PASSWORD_LENGTH_MAX] = 'x';
    CHECK(password_check(longest, NULL) == ERR_RANGE);

    char hash[PASSWORD_HASH_SIZE] = "";
    char other[PASSWORD_HASH_SIZE] = "";
    bool same = false;
    CHECK(password_hash(hash, span_text("correct horse battery"), NULL) == OK);
    CHECK(password_hash(other, span_text("correct horse battery"), NULL) == OK);
    CHECK(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31) == 0);
    CHECK(strcmp(hash, other) != 0); /* salted */
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
