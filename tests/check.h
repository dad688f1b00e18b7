/*
 * tests/check - the whole unit-test framework: TAP out, non-zero exit on failure.
 *
 * CHECK goes on after a failure; CHECK_SKIP_ALL ends a test program whose material is not here
 * (exit 77, which CTest counts as skipped).
 */
#pragma once

#include <stdio.h>
#include <string.h>

static int check_count, check_failures;

static inline void check_(int passed, const char *what, const char *file, int line)
{
    check_count++;
    check_failures += !passed;
    printf("%sok %d - %s", passed ? "" : "not ", check_count, what);
    if (!passed) { printf(" # %s:%d", file, line); }
    putchar('\n');
}

#define CHECK(condition) check_((condition) != 0, #condition, __FILE__, __LINE__)
#define CHECK_TEXT(a, b) check_(strcmp((a), (b)) == 0, #a " is " #b, __FILE__, __LINE__)
#define CHECK_DONE() (printf("1..%d\n", check_count), check_failures != 0)
#define CHECK_SKIP_ALL(reason) (printf("1..0 # SKIP %s\n", reason), 77)
