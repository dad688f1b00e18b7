/*
 * edge/trust - this device's standing in the site (fleet/standing), wired to the parts that have to
 * know when it is renewed: the bus connects again, the media are served with the new certificate.
 */
#pragma once

#include "fleet/standing.h"
#include "programs/edge/bus.h"
#include "programs/edge/media_server.h"

struct trust;

struct trust_config {
    struct loop *loop; /* borrowed, as all below */
    const struct options *options;
    const struct sane_clock *clock;
};

/* Enrols when that is due. */
MUST_USE enum err trust_open(struct trust **out, const struct trust_config *config,
                             struct why *why);
/* Begins to renew; both are borrowed until trust_end. */
MUST_USE enum err trust_begin(struct trust *trust, struct bus *bus,
                              struct media_server *media_server, struct why *why);
void trust_end(struct trust *trust); /* before bus and media server are closed; NULL is allowed */
void trust_close(struct trust *trust);

struct signer *trust_signer(struct trust *trust);
struct verifier *trust_verifier(struct trust *trust);
struct revocations *trust_revocations(struct trust *trust);

/* A verified message of system/revocation. */
void trust_hear(struct trust *trust, const char *topic, const struct envelope *envelope);
