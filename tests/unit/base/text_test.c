#include "base/text.h"

#include "check.h"

static void grows_up_to_its_maximum(void)
{
    CLEANUP(text_deinit) struct text text = text_limited(1000);
    CHECK_TEXT(text_c(&text), "");
    for (int i = 0; i < 100; i++) {
        text_format(&text, "%08d..", i);
    }
    CHECK(text.size == 1000 && !text.overflow);
    CHECK(text.data[1000] == '\0');
    text_add_char(&text, 'x');
    CHECK(text.size == 1000 && text.overflow);
    text_clear(&text);
    CHECK(!text.overflow && text.size == 0);
    text_add(&text, "again");
    CHECK_TEXT(text_c(&text), "again");
}

static void adds_all_or_nothing(void)
{
    CLEANUP(text_deinit) struct text text = text_limited(5);
    text_add(&text, "abc");
    text_add(&text, "def");
    CHECK_TEXT(text_c(&text), "abc");
    CHECK(text.overflow);
    text_add(&text, "d"); /* would fit, but what came before is missing */
    CHECK_TEXT(text_c(&text), "abc");
    text_add_bytes(&text, span_of(NULL, 0));
    CHECK(span_equal(text_span(&text), span_text("abc")));
}

static void is_taken(void)
{
    struct text text = text_limited(10);
    CLEANUP(mem_free_p) char *empty = text_take(&text);
    CHECK_TEXT(empty, "");
    text_add(&text, "mine");
    CLEANUP(mem_free_p) char *mine = text_take(&text);
    CHECK_TEXT(mine, "mine");
    CHECK(text.size == 0 && text.data == NULL);
}

static void copies_whole_or_not(void)
{
    char buffer[4];
    CHECK(text_copy(buffer, sizeof buffer, "abc"));
    CHECK_TEXT(buffer, "abc");
    CHECK(!text_copy(buffer, sizeof buffer, "abcd"));
    CHECK_TEXT(buffer, "");
    CHECK(!text_copy(buffer, 0, ""));
}

static const char *scrubbed(const char *text)
{
    static char buffer[64];
    CHECK(text_copy(buffer, sizeof buffer, text));
    text_scrub(buffer);
    return buffer;
}

/* RFC 3629: shortest form only, no surrogates, nothing above U+10FFFF. */
static void scrubs_utf8(void)
{
    CHECK_TEXT(scrubbed(""), "");
    CHECK_TEXT(scrubbed("plain \x01\x7f"), "plain \x01\x7f");
    CHECK_TEXT(scrubbed("\xc3\xa9\xe0\xb4\xb5\xf0\x9f\x98\x82"),
               "\xc3\xa9\xe0\xb4\xb5\xf0\x9f\x98\x82");
    CHECK_TEXT(scrubbed("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"),
               "\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80");
    CHECK_TEXT(scrubbed("\xe0\xb4"), "??");     /* cut */
    CHECK_TEXT(scrubbed("\xe0\xb4 x"), "?? x"); /* cut, and something follows */
    CHECK_TEXT(scrubbed("\x80\xbf"), "??");     /* out of nowhere */
    CHECK_TEXT(scrubbed("\xc0\xaf"), "??");     /* longer than need be */
    CHECK_TEXT(scrubbed("\xe0\x9f\xbf"), "???");
    CHECK_TEXT(scrubbed("\xf0\x8f\xbf\xbf"), "????");
    CHECK_TEXT(scrubbed("\xed\xa0\x80"), "???"); /* a surrogate */
    CHECK_TEXT(scrubbed("\xf4\x90\x80\x80"), "????");
    CHECK_TEXT(scrubbed("\xf5\xff"), "??");
}

int main(void)
{
    scrubs_utf8();
    grows_up_to_its_maximum();
    adds_all_or_nothing();
    is_taken();
    copies_whole_or_not();
    return CHECK_DONE();
}
