#include "ledger/witness_message.h"

struct value *witness_question_value(const char *vkey, const char *request)
{
    struct value *content = value_object();
    value_set_text(content, "type", "checkpoint");
    value_set_text(content, "vkey", vkey);
    value_set_text(content, "request", request);
    return content;
}

/* A text member of at most `size_max` bytes, borrowed. */
static enum err need_long_text(const struct value *content, const char *key, size_t size_max,
                               const char **text, struct why *why)
{
    const char *words = value_text_or(value_get(content, key), NULL);
    if (!words || strlen(words) > size_max) {
        return why_set(why, ERR_MALFORMED, "%s must be a text of at most %zu bytes", key, size_max);
    }
    *text = words;
    return OK;
}

enum err witness_question_parse(struct witness_question *question, const struct value *content,
                                struct why *why)
{
    struct witness_question read = {.request = NULL};
    enum err err = value_need_text(content, "vkey", read.vkey, sizeof read.vkey, why);
    if (err == OK) {
        err = need_long_text(content, "request", WITNESS_REQUEST_MAX, &read.request, why);
    }
    if (err == OK) { *question = read; }
    return err;
}

struct value *witness_told_value(const struct witness_told *told)
{
    struct value *content = value_object();
    value_set_text(content, "type", "cosignature");
    value_set_text(content, "vkey", told->vkey);
    value_set_integer(content, "status", (int64_t)told->answer);
    value_set_integer(content, "size", (int64_t)told->size);
    value_set_text(content, "text", told->text);
    return content;
}

enum err witness_told_parse(struct witness_told *told, const struct value *content, struct why *why)
{
    static const enum witness_answer answers[] = {
        WITNESS_ANSWER_COSIGN,  WITNESS_ANSWER_MALFORMED, WITNESS_ANSWER_UNSIGNED,
        WITNESS_ANSWER_UNKNOWN, WITNESS_ANSWER_CONFLICT,  WITNESS_ANSWER_INCONSISTENT};
    struct witness_told read = {.text = NULL};
    int64_t status = 0;
    int64_t size = 0;
    enum err err = value_need_text(content, "vkey", read.vkey, sizeof read.vkey, why);
    if (err == OK) {
        err = value_need_integer(content, "status", (int64_t[]){200, 599}, &status, why);
    }
    if (err == OK) {
        err = value_need_integer(content, "size", (int64_t[]){0, (int64_t)MERKLE_SIZE_MAX}, &size,
                                 why);
    }
    if (err == OK) { err = need_long_text(content, "text", CHECKPOINT_SIZE_MAX, &read.text, why); }
    if (err != OK) { return err; }
    read.size = (uint64_t)size;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        if ((int64_t)answers[i] != status) { continue; }
        read.answer = answers[i];
        *told = read;
        return OK;
    }
    return why_set(why, ERR_MALFORMED, "status is %lld, expected one of a witness's",
                   (long long)status);
}
