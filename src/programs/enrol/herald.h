/*
 * enrol/herald - tells the bus what is withdrawn: the newest list, retained at system/revocation.
 *
 * Publishes only; it subscribes to nothing, so that no byte of a stranger's message comes near the
 * CA's key. Belongs to the loop; herald_tell from any thread.
 */
#pragma once

#include "programs/enrol/desk.h"
#include "system/loop.h"

struct herald;

/* With an empty broker.host it does nothing. `desk` and `loop` are borrowed. */
MUST_USE enum err herald_open(struct herald **out, struct loop *loop, struct desk *desk,
                              const struct options *options, struct why *why);
void herald_close(struct herald *herald); /* NULL is allowed */
CLEANUP_FOR(struct herald, herald_close)

void herald_tell(struct herald *herald);
