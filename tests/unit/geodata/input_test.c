#include "geodata/input.h"

#include <unistd.h>

#include "check.h"

/* A pipe gives its bytes bit by bit, as a slow network would. */
static void test_pipe(void)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    struct input input = {.fd = ends[0], .name = "pipe"};
    CHECK(write(ends[1], "abc", 3) == 3);
    CHECK(input_more(&input, NULL) == OK && input_rest(&input).size == 3 && !input.ended);
    input.begin = 2;
    CHECK(write(ends[1], "def", 3) == 3);
    CHECK(input_more(&input, NULL) == OK);
    CHECK(span_equal(input_rest(&input), span_text("cdef")));
    CHECK(input_place(&input) == 2);
    (void)close(ends[1]);
    CHECK(input_more(&input, NULL) == OK && input.ended);
    CHECK(input_rest(&input).size == 4);
    input_close(&input);
    CHECK(input.fd == -1);
}

static void test_others(void)
{
    struct input input;
    struct why why = {0};
    CHECK(input_open(&input, "/nowhere/at/all", &why) == ERR_NOT_FOUND);
    CHECK(strstr(why.text, "/nowhere/at/all") != NULL);
    input = input_over(span_text("xyz"), "memory");
    CHECK(input.ended && input_rest(&input).size == 3);
    CHECK(input_more(&input, NULL) == OK && input_rest(&input).size == 3);
    input_close(&input);
    CHECK(input_open(&input, "/", NULL) == OK);
    CHECK(input_more(&input, &why) == ERR_IO); /* a folder */
    input_close(&input);
}

int main(void)
{
    test_pipe();
    test_others();
    return CHECK_DONE();
}
