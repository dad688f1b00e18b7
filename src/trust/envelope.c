#include "trust/envelope.h"

const char *verdict_name(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_ADMIT: return "admit";
    case VERDICT_OVERSIZED: return "oversized";
    case VERDICT_MALFORMED: return "malformed";
    case VERDICT_UNSIGNED: return "unsigned";
    case VERDICT_UNTRUSTED: return "untrusted";
    case VERDICT_REVOKED: return "revoked";
    case VERDICT_OVER_TIER: return "over_tier";
    case VERDICT_STALE: return "stale";
    case VERDICT_REPLAYED: return "replayed";
    case VERDICT_FORGED: return "forged";
    case VERDICT_MISPLACED: return "misplaced";
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

enum verdict envelope_from(const struct envelope *envelope, const char *device, struct why *why)
{
    const struct identity *signer = &envelope->signer;
    const bool stands_in_street = signer->role == ROLE_EDGE || signer->role == ROLE_GATEWAY;
    if (stands_in_street && strcmp(signer->name, device) == 0) { return VERDICT_ADMIT; }
    (void)why_set(why, ERR_DENIED, "signed by %s \"%s\", expected device \"%.63s\"",
                  role_name(signer->role), signer->name, device);
    return VERDICT_MISPLACED;
}

void envelope_deinit(struct envelope *envelope)
{
    if (envelope->whole) { value_free(envelope->whole); }
    *envelope = (struct envelope){0};
}
