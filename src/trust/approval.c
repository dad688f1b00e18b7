#include "trust/approval.h"

#include <assert.h>
#include <string.h>

#include "base/encode.h"
#include "trust/canonical.h"

/* No JSON text, no DER and no header of another protocol begins so. */
#define DOMAIN_LINE "tocsin approval 1\n"

static const char *const answer_names[] = {"counts", "malformed", "untrusted", "revoked",
                                           "role",   "forged",    "twice"};

const char *approval_answer_name(enum approval_answer answer)
{
    return answer_names[answer];
}

enum err approval_text(struct text *out, const char *site, const struct value *content,
                       struct why *why)
{
    if (value_kind(content) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "what is approved must be an object");
    }
    CLEANUP(value_free_p) struct value *bare = value_copy(content);
    value_remove(bare, "approvals");
    text_add(out, DOMAIN_LINE);
    text_add(out, site);
    text_add_char(out, '\n');
    return canonical_write(bare, out, why);
}

/* One approval as it stands in the list. */
struct form {
    uint8_t signature[SIGNATURE_SIZE];
    struct chain_text chain; /* borrowed from the list */
};

static bool read_form(struct form *form, const struct value *approval, struct why *why)
{
    const bool object = approval && value_kind(approval) == VALUE_KIND_OBJECT;
    const struct value *chain = object ? value_get(approval, "certificate_chain") : NULL;
    const char *signature = object ? value_text_or(value_get(approval, "signature"), NULL) : NULL;
    const size_t count = chain && value_kind(chain) == VALUE_KIND_ARRAY ? value_count(chain) : 0;
    size_t size = 0;
    if (!signature || value_count(approval) != 2 || count < 1 || count > CHAIN_COUNT_MAX ||
        decode_base64(form->signature, SIGNATURE_SIZE, &size, signature, NULL) ||
        size != SIGNATURE_SIZE) {
        (void)why_set(why, ERR_MALFORMED,
                      "an approval must be {\"signature\",\"certificate_chain\"}: base64 of %d "
                      "bytes, and 1 to %d certificates",
                      SIGNATURE_SIZE, CHAIN_COUNT_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        form->chain.certificates[i] = value_text_or(value_at(chain, i), "");
    }
    form->chain.count = count;
    return true;
}

static enum approval_answer judge_leaf(const struct approval_court *court,
                                       const struct chain_leaf *leaf, struct why *why)
{
    for (size_t i = 0; court->revocations && i < leaf->count; i++) {
        if (!revocations_hold(court->revocations, &leaf->serials[i])) { continue; }
        (void)why_set(why, ERR_DENIED, "the certificate of operator %s was withdrawn",
                      leaf->identity.name);
        return APPROVAL_ANSWER_REVOKED;
    }
    if (leaf->identity.role != ROLE_OPERATOR) {
        (void)why_set(why, ERR_DENIED, "%s/%s is not an operator and may approve nothing",
                      role_name(leaf->identity.role), leaf->identity.name);
        return APPROVAL_ANSWER_ROLE;
    }
    return APPROVAL_ANSWER_COUNTS;
}

static bool counted(const struct approvals *approvals, const struct chain_leaf *leaf)
{
    for (size_t i = 0; i < approvals->count; i++) {
        const struct approver *person = &approvals->people[i];
        if (strcmp(person->name, leaf->identity.name) == 0 ||
            memcmp(person->public_key, leaf->public_key, PUBLIC_KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static enum approval_answer judge(const struct approval_court *court, struct span signed_text,
                                  const struct value *approval, struct approvals *approvals,
                                  struct why *why)
{
    struct form form;
    struct chain_leaf leaf;
    if (!read_form(&form, approval, why)) { return APPROVAL_ANSWER_MALFORMED; }
    if (!chain_trusted(court->judge, &form.chain, court->now_us, &leaf, why)) {
        return APPROVAL_ANSWER_UNTRUSTED;
    }
    const enum approval_answer answer = judge_leaf(court, &leaf, why);
    if (answer) { return answer; }
    if (!signature_fits(leaf.public_key, signed_text, form.signature)) {
        (void)why_set(why, ERR_DENIED, "operator %s has signed something else than this",
                      leaf.identity.name);
        return APPROVAL_ANSWER_FORGED;
    }
    if (counted(approvals, &leaf)) {
        (void)why_set(why, ERR_DENIED, "operator %s counts already", leaf.identity.name);
        return APPROVAL_ANSWER_TWICE;
    }
    assert(approvals->count < APPROVAL_COUNT_MAX);
    struct approver *person = &approvals->people[approvals->count++];
    memcpy(person->name, leaf.identity.name, sizeof person->name);
    memcpy(person->public_key, leaf.public_key, sizeof person->public_key);
    return APPROVAL_ANSWER_COUNTS;
}

enum approval_answer approval_judge(const struct approval_court *court, const struct value *content,
                                    const struct value *approval, struct approvals *approvals,
                                    struct why *why)
{
    CLEANUP(text_deinit) struct text text = text_limited(APPROVAL_TEXT_SIZE_MAX);
    if (approval_text(&text, court->site, content, why)) { return APPROVAL_ANSWER_MALFORMED; }
    return judge(court, text_span(&text), approval, approvals, why);
}

enum err approvals_count(const struct approval_court *court, const struct value *content,
                         struct approvals *approvals, struct why *why)
{
    *approvals = (struct approvals){.count = 0};
    const struct value *list = value_get(content, "approvals");
    if (!list) { return OK; }
    if (value_kind(list) != VALUE_KIND_ARRAY || value_count(list) > APPROVAL_COUNT_MAX) {
        return why_set(why, ERR_MALFORMED, "approvals must be a list of at most %d",
                       APPROVAL_COUNT_MAX);
    }
    CLEANUP(text_deinit) struct text text = text_limited(APPROVAL_TEXT_SIZE_MAX);
    const enum err err = approval_text(&text, court->site, content, why);
    if (err) { return err; }
    for (size_t i = 0; i < value_count(list); i++) {
        struct why cause = {""};
        if (judge(court, text_span(&text), value_at(list, i), approvals, &cause) &&
            approvals->fault.text[0] == '\0') {
            approvals->fault = cause;
        }
    }
    return OK;
}
