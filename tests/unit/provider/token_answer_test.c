#include "provider/token_answer.h"

#include "check.h"

static enum err read_one(int status, const char *json, struct why *why)
{
    CLEANUP(token_answer_deinit) struct token_answer answer = {.body = NULL};
    return token_answer_read(&answer, status, span_text(json), why);
}

int main(void)
{
    struct token_answer answer = {.body = NULL};
    CHECK(token_answer_read(&answer, 200,
                            span_text("{\"id_token\":\"a.b.c\",\"access_token\":\"d\","
                                      "\"token_type\":\"bearer\",\"expires_in\":60}"),
                            NULL) == OK);
    CHECK_TEXT(answer.id_token, "a.b.c");
    CHECK_TEXT(answer.access_token, "d");
    token_answer_deinit(&answer);
    CHECK(!answer.body && !answer.id_token);
    CHECK(read_one(200, "{\"id_token\":\"a.b.c\",\"token_type\":\"Bearer\"}", NULL) == OK);
    CHECK(read_one(200, "{\"id_token\":\"a.b.c\"}", NULL) == ERR_MALFORMED);
    CHECK(read_one(200, "{\"id_token\":\"a.b.c\",\"token_type\":\"mac\"}", NULL) == ERR_MALFORMED);
    CHECK(read_one(200, "{\"access_token\":\"d\",\"token_type\":\"Bearer\"}", NULL) ==
          ERR_MALFORMED);
    CHECK(read_one(200, "[]", NULL) == ERR_MALFORMED);
    CHECK(read_one(200, "<html>", NULL) == ERR_MALFORMED);
    CHECK(read_one(200, "", NULL) == ERR_MALFORMED);
    /* A code that is used or not ours; and a provider that has troubles of its own. */
    struct why why = {""};
    CHECK(read_one(400, "{\"error\":\"invalid_grant\"}", &why) == ERR_DENIED);
    CHECK(strstr(why.text, "invalid_grant") != NULL);
    CHECK(read_one(401, "{\"error\":\"<script>\"}", &why) == ERR_DENIED);
    CHECK(strstr(why.text, "script") == NULL);
    CHECK(read_one(302, "", NULL) == ERR_DENIED);
    CHECK(read_one(503, "down", NULL) == ERR_UNAVAILABLE);
    char *large = mem_zeroed(TOKEN_ANSWER_SIZE_MAX + 2);
    memset(large, ' ', TOKEN_ANSWER_SIZE_MAX + 1);
    CHECK(read_one(200, large, NULL) == ERR_LIMIT);
    free(large);
    return CHECK_DONE();
}
