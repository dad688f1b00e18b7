/*
 * trust/envelope - the one form of every message on the bus and the mesh.
 *
 *   {"message_id", "timestamp", "tier", "content": {"type": ...}, "signature", "certificate_chain"}
 *
 * message_id is a UUIDv7, timestamp RFC 3339, signature base64 Ed25519 (RFC 8032) over the RFC 8785
 * form of the object without its last two members, certificate_chain an array of base64 DER, leaf
 * first, without the site CA. docs/protocols/envelope.md describes it for others.
 *
 * A receiver opens a message with one verifier, which checks in this order: size, shape, chain to
 * the site CA, not withdrawn, the key for exercises under exercises alone, role against tier, time
 * window, not seen before, signature, and for a tier that people approve whose approvals it has. No
 * I/O. One thread each.
 */
#pragma once

#include "base/err.h"
#include "base/id.h"
#include "base/value.h"
#include "trust/approval.h"

enum { ENVELOPE_SIZE_MAX = 64 * 1024, ENVELOPE_TYPE_SIZE = 32 };

/* ---- sending ---- */

struct signer; /* own key and chain; any number of threads may sign with it at once */

/* From PEM files: PKCS#8 Ed25519 key (mode checked: not readable by others) and certificate chain.
 */
MUST_USE enum err signer_open(struct signer **out, const char *key_path, const char *chain_path,
                              struct why *why);
void signer_close(struct signer *signer);
CLEANUP_FOR(struct signer, signer_close)

/*
 * Signs with the renewed key and chain in the two files from now on. They must be of the same
 * identity (ERR_DENIED); on any error the signer stays as it was.
 */
MUST_USE enum err signer_renew(struct signer *signer, const char *key_path, const char *chain_path,
                               struct why *why);
const struct identity *signer_identity(const struct signer *signer);
/* The leaf, for the life of the signer; after a renewal there is another. */
const struct certificate *signer_certificate(const struct signer *signer);

/*
 * An operator's word for `content` (trust/approval), to be added to its "approvals"; the caller
 * owns
 * `*approval`. Whether the signer's role counts is for receivers to judge.
 */
MUST_USE enum err signer_approve(const struct signer *signer, const struct value *content,
                                 struct value **approval, struct why *why);

/* What is to be signed, before it has an id. */
struct envelope_draft {
    enum tier tier;
    int64_t now_us;
    struct value *content; /* must have a text member "type" */
};

/*
 * Signs `draft`, whose content it takes (also when it fails), and appends the JSON text to `out`.
 * Whether the role may sign the tier is for receivers to judge, not for the sender.
 */
MUST_USE enum err envelope_sign(const struct signer *signer, const struct envelope_draft *draft,
                                struct text *out, struct why *why);

/* ---- receiving ---- */

struct envelope {
    char message_id[ID_TEXT_SIZE];
    int64_t timestamp_us;
    enum tier tier;
    struct identity signer;
    int64_t signer_until_us; /* when its certificate, or one above it, runs out */
    char type[ENVELOPE_TYPE_SIZE];
    struct approvals approvals;  /* of a tier that people approve: by whom it was */
    const struct value *content; /* borrowed from `whole` */
    struct value *whole;         /* owned */
};
void envelope_deinit(struct envelope *envelope); /* zeroed ones are allowed */

/* Why a message was refused; VERDICT_ADMIT is none. The names count in /metrics. */
enum verdict {
    VERDICT_ADMIT,
    VERDICT_OVERSIZED, /* more than ENVELOPE_SIZE_MAX bytes */
    VERDICT_MALFORMED, /* not JSON, or a member missing or of the wrong form */
    VERDICT_UNSIGNED,  /* no signature, or no certificate */
    VERDICT_UNTRUSTED, /* the chain does not lead to the site CA, or has run out */
    VERDICT_REVOKED,   /* the site CA has withdrawn a certificate of the chain (trust/revocation) */
    VERDICT_WRONG_KEY, /* an exercise or a test by a key for what is real, or the reverse */
    VERDICT_OVER_TIER, /* this role may not sign this tier */
    VERDICT_STALE,     /* older than allowed, or from the future */
    VERDICT_REPLAYED,  /* this message_id was admitted before, or is older than the mark */
    VERDICT_FORGED,    /* the signature does not fit */
    VERDICT_MISPLACED, /* signed by another than the topic belongs to (asked with envelope_from) */
};
const char *verdict_name(enum verdict verdict); /* "over_tier" ... */

/*
 * VERDICT_ADMIT when an edge or a gateway named `device` signed the message, else
 * VERDICT_MISPLACED: asked where a topic or a path names the device that must have sent it.
 */
MUST_USE enum verdict envelope_from(const struct envelope *envelope, const char *device,
                                    struct why *why);

struct verifier;

struct verifier_config {
    const char *site;    /* identities of other sites are untrusted */
    const char *ca_path; /* PEM of the site CA, the only root (two while one replaces the other) */
    int64_t age_max_us;  /* 0 means 48 h; alerts are judged by their own expiry instead */
    int64_t clock_skew_us;           /* 0 means 30 s into the future */
    struct revocations *revocations; /* borrowed; NULL: nothing is ever withdrawn */
};

MUST_USE enum err verifier_open(struct verifier **out, const struct verifier_config *config,
                                struct why *why);
/* Trusts other CAs of the same site from now on, and forgets no message. */
MUST_USE enum err verifier_trust(struct verifier *verifier, const struct anchors *anchors,
                                 struct why *why);
void verifier_close(struct verifier *verifier);
CLEANUP_FOR(struct verifier, verifier_close)

/*
 * Judges `bytes` received at `now_us`. On VERDICT_ADMIT fills `*envelope` (release:
 * envelope_deinit) and remembers the message_id; otherwise leaves it untouched and says the reason
 * in `why`. Content of type "alert" is not judged for time and replay here: alert/inbox does, by
 * revision and expiry, because alerts are sent again on purpose. Nor is a "status" of state
 * "offline", which as an MQTT will is signed long before it is sent: the receiver compares its time
 * with the newest status that it knows of the device. Of a tier that people approve only alerts are
 * admitted, with the approvals that fit; how many are needed is the receiver's rule (alert/inbox).
 */
MUST_USE enum verdict verifier_judge(struct verifier *verifier, struct span bytes, int64_t now_us,
                                     struct envelope *envelope, struct why *why);

/*
 * Replay across a restart: one small mark per issuer ("edge/north-1"; "*" stands for issuers
 * forgotten because there were too many, trust/replay). verifier_marks_each tells the newest
 * admitted timestamp of every issuer that changed since the last call; the program stores them, and
 * gives them back at start, after which anything of that issuer not newer is refused as replayed.
 */
void verifier_marks_each(struct verifier *verifier,
                         void (*each)(void *context, const char *issuer, int64_t timestamp_us),
                         void *context);
void verifier_mark_set(struct verifier *verifier, const char *issuer, int64_t timestamp_us);
