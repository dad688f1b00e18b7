/*
 * trust/approval - what people of the operations centre have signed with their own keys: the word
 * without which no receiver believes an emergency, whoever carries it.
 *
 * An approval is {"signature","certificate_chain"}, in the list "approvals" of an alert's content.
 * The signature is Ed25519 over three lines: "tocsin approval 1", the site, and the RFC 8785 form
 * of the content without its approvals; so it counts for that alert, revision, action, tier, those
 * targets, words and times, and can never serve as a message, a login or a certificate request. The
 * chain is that of an envelope, its leaf of role operator; the leaf's name is the person. A person
 * counts once, by name and by key. docs/protocols/approval.md describes it for others. No I/O; one
 * thread each court.
 */
#pragma once

#include "base/value.h"
#include "trust/chain.h"
#include "trust/revocation.h"
#include "trust/signature.h"

enum { APPROVAL_COUNT_MAX = 8, APPROVAL_TEXT_SIZE_MAX = 256 * 1024 };

/* Whose word counts, and when. */
struct approval_court {
    struct chain_judge *judge;       /* borrowed */
    struct revocations *revocations; /* borrowed; NULL: nothing is ever withdrawn */
    const char *site;
    int64_t now_us;
};

/* Why an approval does not count; APPROVAL_ANSWER_COUNTS is none. */
enum approval_answer {
    APPROVAL_ANSWER_COUNTS,
    APPROVAL_ANSWER_MALFORMED,
    APPROVAL_ANSWER_UNTRUSTED, /* the chain does not lead to the site CA, or has run out */
    APPROVAL_ANSWER_REVOKED,
    APPROVAL_ANSWER_ROLE,   /* not an operator's certificate */
    APPROVAL_ANSWER_FORGED, /* the signature does not fit this content */
    APPROVAL_ANSWER_TWICE,  /* the person, or the key, counts already */
};
const char *approval_answer_name(enum approval_answer answer); /* "untrusted" ... */

struct approver {
    char name[IDENTITY_NAME_SIZE];
    uint8_t public_key[PUBLIC_KEY_SIZE];
};

/* Who counts. */
struct approvals {
    struct approver people[APPROVAL_COUNT_MAX];
    size_t count;
    struct why fault; /* of approvals_count: why the first that does not count does not; or "" */
};

/* Appends what is signed. ERR_MALFORMED when `content` is no object, ERR_RANGE as canonical_write.
 */
MUST_USE enum err approval_text(struct text *out, const char *site, const struct value *content,
                                struct why *why);

/* Judges one approval of `content` and adds its person; otherwise says why it does not count. */
MUST_USE enum approval_answer approval_judge(const struct approval_court *court,
                                             const struct value *content,
                                             const struct value *approval,
                                             struct approvals *approvals, struct why *why);

/*
 * Fills `approvals` with the people whose approvals stand in `content` and count. None at all is no
 * error. ERR_MALFORMED when "approvals" is not a list of
 * at most APPROVAL_COUNT_MAX.
 */
MUST_USE enum err approvals_count(const struct approval_court *court, const struct value *content,
                                  struct approvals *approvals, struct why *why);
