#include "base/base.h"

#include <string.h>

#include "check.h"

static int released;

static void release(int *held)
{
    released += held != NULL;
    free(held);
}
CLEANUP_FOR(int, release)

static int *give(void)
{
    CLEANUP(release_p) int *kept = MEM_NEW(int);
    CLEANUP(release_p) int *given = MEM_NEW(int);
    *given = *kept + 7;
    return TAKE(given);
}

int main(void)
{
    int *seven = give();
    CHECK(*seven == 7 && released == 1);
    release(seven);

    long *numbers = MEM_ARRAY(long, 1000);
    long sum = 0;
    for (int i = 0; i < 1000; i++) {
        sum |= numbers[i];
    }
    CHECK(sum == 0);
    numbers[999] = 5;
    numbers = mem_resized(numbers, 2000 * sizeof *numbers);
    CHECK(numbers[999] == 5);
    free(numbers);
    free(MEM_ARRAY(char, 0));

    CLEANUP(mem_free_p) char *copy = mem_text_of("north gate", 5);
    CHECK_TEXT(copy, "north");
    CLEANUP(mem_free_p) char *empty = mem_text("");
    CHECK_TEXT(empty, "");
    CHECK(ARRAY_LEN("abc") == 4);
    return CHECK_DONE();
}
