#include "provider/token_answer.h"

#include <string.h>
#include <strings.h>

void token_answer_deinit(struct token_answer *answer)
{
    value_free(answer->body);
    *answer = (struct token_answer){.body = NULL};
}

/* RFC 6749, 5.2: the word is of a closed list; whatever else stands there is not repeated. */
static enum err refusal(const struct value *body, int status, struct why *why)
{
    const char *error = value_text_or(value_get(body, "error"), "");
    const bool word = *error && error[strspn(error, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
    return why_set(why, ERR_DENIED, "the provider refuses the code: %.60s (status %d)",
                   word ? error : "no reason that we read", status);
}

enum err token_answer_read(struct token_answer *out, int status, struct span json, struct why *why)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    if (status >= 500) {
        return why_set(why, ERR_UNAVAILABLE, "the provider cannot answer now (status %d)", status);
    }
    const enum err err = value_parse(&body, json, TOKEN_ANSWER_SIZE_MAX, why);
    if (status != 200) { return refusal(err ? NULL : body, status, why); }
    if (err) { return why_prefix(why, err, "the provider's answer to the code"); }
    const char *id_token = value_text_or(value_get(body, "id_token"), NULL);
    const char *type = value_text_or(value_get(body, "token_type"), "");
    if (!id_token || strcasecmp(type, "Bearer") != 0) {
        return why_set(why, ERR_MALFORMED,
                       "the provider's answer to the code lacks id_token or token_type");
    }
    *out = (struct token_answer){
        .id_token = id_token, .access_token = value_text_or(value_get(body, "access_token"), NULL)};
    out->body = TAKE(body);
    return OK;
}
