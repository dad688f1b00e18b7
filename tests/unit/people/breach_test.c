#include "people/breach.h"

#include <stdlib.h>

#include "base/base.h"
#include "check.h"
#include "people/password.h"

static void test_known(void)
{
    static const char *const known[] = {
        "123456",
        "password",
        "PassWord",
        "1q2w3e4r5t6y",
        "password1234",
        "Password2024!",
        "!!dragon!!123",
        "dragondragon",
        "123412341234",
        "aaaaaaaaaaaaaa",
        "abababababab",
        "qwertyqwerty1",
        "letmeinletmeinletm",
        "987654321password",
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        CHECK(breach_knows(known[i]));
        if (!breach_knows(known[i])) { printf("# %s\n", known[i]); }
    }
}

static void test_unknown(void)
{
    static const char *const unknown[] = {
        "",
        "correct horse battery staple",
        "a long password",
        "another long password",
        "dragonfly over the pond",
        "tr0ub4dor&3-and-more",
        "xK9#pq2$vLm8",
    };
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        CHECK(!breach_knows(unknown[i]));
    }
    char longest[2 * PASSWORD_SIZE_MAX];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    CHECK(!breach_knows(longest)); /* no password: password_check refuses it first */
}

/* Every line of the list is found: first, last, shortest. */
static void test_all(void)
{
    FILE *list = fopen("src/people/breach.txt", "re");
    CHECK(list != NULL);
    char line[128];
    size_t lines = 0;
    size_t found = 0;
    while (list && fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = '\0';
        lines++;
        found += breach_knows(line);
    }
    if (list) { (void)fclose(list); }
    CHECK(lines > 9000 && found == lines);
}

int main(void)
{
    test_known();
    test_unknown();
    test_all();
    return CHECK_DONE();
}
