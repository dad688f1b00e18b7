#include "base/err.h"

#include "check.h"

int main(void)
{
    struct why why = {.text = ""};
    CHECK(why_set(&why, ERR_RANGE, "x is %d", 7) == ERR_RANGE);
    CHECK_TEXT(why.text, "x is 7");
    CHECK(why_prefix(&why, ERR_RANGE, "file:3") == ERR_RANGE);
    CHECK_TEXT(why.text, "file:3: x is 7");
    CHECK(why_set(NULL, ERR_IO, "nobody listens") == ERR_IO);
    CHECK(why_prefix(NULL, ERR_IO, "x") == ERR_IO);
    char longer[1000];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    (void)why_set(&why, ERR_IO, "%s", longer);
    CHECK(strlen(why.text) == sizeof why.text - 1);
    (void)why_prefix(&why, ERR_IO, longer);
    CHECK(strlen(why.text) < sizeof why.text);
    CHECK_TEXT(err_name(OK), "ok");
    CHECK_TEXT(err_name(ERR_UNAVAILABLE), "unavailable");
    return CHECK_DONE();
}
