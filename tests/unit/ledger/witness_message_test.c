#include "ledger/witness_message.h"

#include "check.h"

static void test_question(void)
{
    CLEANUP(value_free_p) struct value *content = witness_question_value("log+key", "old 0\n");
    struct witness_question question;
    CHECK(witness_question_parse(&question, content, NULL) == OK);
    CHECK_TEXT(question.vkey, "log+key");
    CHECK_TEXT(question.request, "old 0\n");
    value_remove(content, "request");
    struct why why = {""};
    CHECK(witness_question_parse(&question, content, &why) == ERR_MALFORMED);
    CHECK(strncmp(why.text, "request must be a text", 22) == 0);
    CLEANUP(mem_free_p) char *large = mem_zeroed(WITNESS_REQUEST_MAX + 2);
    memset(large, 'x', WITNESS_REQUEST_MAX + 1);
    value_set_text(content, "request", large);
    CHECK(witness_question_parse(&question, content, &why) == ERR_MALFORMED);
}

static void test_told(void)
{
    struct witness_told told = {.vkey = "site/gateway/north+key",
                                .answer = WITNESS_ANSWER_CONFLICT,
                                .size = 7,
                                .text = "n"};
    CLEANUP(value_free_p) struct value *content = witness_told_value(&told);
    struct witness_told read;
    CHECK(witness_told_parse(&read, content, NULL) == OK);
    CHECK(read.answer == WITNESS_ANSWER_CONFLICT && read.size == 7);
    CHECK_TEXT(read.text, "n");
    CHECK_TEXT(read.vkey, told.vkey);
    value_set_integer(content, "status", 418);
    struct why why = {""};
    CHECK(witness_told_parse(&read, content, &why) == ERR_MALFORMED);
    CHECK_TEXT(why.text, "status is 418, expected one of a witness's");
    value_set_integer(content, "status", 200);
    value_set_integer(content, "size", -1);
    CHECK(witness_told_parse(&read, content, &why) == ERR_MALFORMED);
    value_set_integer(content, "size", 1);
    value_set_integer(content, "text", 1);
    CHECK(witness_told_parse(&read, content, &why) == ERR_MALFORMED);
}

int main(void)
{
    test_question();
    test_told();
    return CHECK_DONE();
}
