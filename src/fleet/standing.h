/*
 * fleet/standing - who this program is and whom it trusts, while both may change under it: its
 * signer, the verifier, the site's CAs, what is withdrawn, and the renewal of all that.
 *
 * Edge and gateway have one each. Opening enrols when that is due (fleet/membership). Afterwards it
 * belongs to the loop; only the callbacks of renewal come from its thread, and must only hand over.
 */
#pragma once

#include "fleet/renewal.h"
#include "fleet/revocation_message.h"
#include "trust/envelope.h"

struct standing;

struct standing_config {
    struct membership membership; /* its texts are borrowed for the life of the standing */
    const char *token_file;
    const char *state_folder; /* of withdrawn.crl */
    int64_t every_us;         /* as in renewal_config */
    void *context;
    int64_t (*now_us)(void *context); /* any thread */
    /* On the renewal's thread. After `changed`, call standing_reload on the loop; until that has
     * worked, and `changed` has returned true, it is called again. */
    bool (*changed)(void *context, const struct membership_change *change);
    void (*failed)(void *context, const char *why);
};

/* What the operator should hear of the opening, though it went well. */
struct standing_news {
    enum membership_state state;
    char expired[256]; /* what to do when the certificate has run out; or "" */
    char damaged[256]; /* why the stored list of withdrawn certificates is not used; or "" */
};

/* ERR_DENIED when the certificate is not of the membership's role and site. */
MUST_USE enum err standing_open(struct standing **out, const struct standing_config *config,
                                struct standing_news *news, struct why *why);

/* Begins to renew, when membership.url is set. */
MUST_USE enum err standing_begin(struct standing *standing, struct why *why);
void standing_end(struct standing *standing); /* no callback comes afterwards; NULL is allowed */
void standing_close(struct standing *standing);
CLEANUP_FOR(struct standing, standing_close)

struct signer *standing_signer(struct standing *standing);
struct verifier *standing_verifier(struct standing *standing);
struct revocations *standing_revocations(struct standing *standing); /* any thread */

/* Loads the renewed files. On an error what was loaded before stays in use. */
MUST_USE enum err standing_reload(struct standing *standing, struct why *why);

/*
 * A verified message of system/revocation. What it brings is in force when this returns, and on
 * the disk unless ERR_IO. A refusal says why.
 */
MUST_USE enum err standing_hear(struct standing *standing, const struct envelope *envelope,
                                enum revocation_answer *answer, struct why *why);
