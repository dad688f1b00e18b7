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

    /* "%.4s" cuts the second letter; what goes out is still UTF-8. */
    struct why cut = {.text = ""};
    (void)why_set(&cut, ERR_MALFORMED, "name is \"%.4s\"", "\xe0\xb4\xb5\xe0\xb4\xb5");
    CHECK_TEXT(cut.text, "name is \"\xe0\xb4\xb5?\"");
    char lots[400];
    memset(lots, 'x', sizeof lots - 1);
    lots[sizeof lots - 1] = '\0';
    (void)why_set(&cut, ERR_MALFORMED, "%s", lots);
    CHECK(strlen(cut.text) == sizeof cut.text - 1);
    CHECK(why_prefix(&cut, ERR_IO, lots) == ERR_IO && strlen(cut.text) < sizeof cut.text);
    CHECK(why_set(NULL, ERR_IO, "x") == ERR_IO && why_prefix(NULL, ERR_IO, "x") == ERR_IO);
    return CHECK_DONE();
}
