/* Which texts a device shows. */
#include "alert/language.h"

#include "check.h"

static struct alert_text texts[3] = {{"en", "gate"}, {"pt-BR", "portao"}, {"zh-Hant", "men"}};
static const struct alert alert = {.texts = texts, .text_count = 3};

static const char *choose(const char *wanted)
{
    struct language_list list;
    if (language_list_parse(&list, wanted, NULL) != OK) { return "refused"; }
    return language_choose(&alert, &list)->language;
}

static size_t select_count(const char *wanted, size_t chosen[static ALERT_TEXT_MAX])
{
    struct language_list list;
    return language_list_parse(&list, wanted, NULL) == OK ? language_select(&alert, &list, chosen)
                                                          : 0;
}

int main(void)
{
    CHECK_TEXT(choose("en"), "en");
    CHECK_TEXT(choose("EN-GB"), "en"); /* shorter forms of the wanted tag */
    CHECK_TEXT(choose("pt"), "pt-BR"); /* a more exact text */
    CHECK_TEXT(choose("pt-PT"), "en"); /* not another country's: the author's first */
    CHECK_TEXT(choose("zh-Hant-TW"), "zh-Hant");
    CHECK_TEXT(choose("zh-Hans"), "en");
    CHECK_TEXT(choose("z"), "refused");
    CHECK_TEXT(choose("de, zh-Hant en"), "zh-Hant");
    CHECK_TEXT(choose(""), "en");

    size_t chosen[ALERT_TEXT_MAX];
    CHECK(select_count("", chosen) == 3 && chosen[2] == 2);
    CHECK(select_count("zh-Hant,en,en-US", chosen) == 2 && chosen[0] == 2 && chosen[1] == 0);
    CHECK(select_count("sw", chosen) == 1 && chosen[0] == 0);

    CHECK(language_valid("sl-rozaj-biske-1994") && language_valid("x1") == false);
    CHECK(!language_valid("") && !language_valid("en-") && !language_valid("en_GB"));
    CHECK(!language_valid("abcdefghi") && !language_valid("-en") && !language_valid("en--a"));
    CHECK(!language_valid("en-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd"));

    struct language_list list;
    struct why why = {0};
    CHECK(language_list_parse(&list, "a1,b", &why) == ERR_MALFORMED && strstr(why.text, "a1"));
    CHECK(language_list_parse(&list, "aa ab ac ad ae af ag ah ai aj ak al am an ao ap aq", &why) ==
          ERR_LIMIT);
    return CHECK_DONE();
}
