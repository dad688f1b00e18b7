/*
 * fleet/replay_marks - the verifier's small mark per issuer, kept across a restart
 * (trust/envelope: verifier_marks_each, verifier_mark_set).
 *
 * Every program that receives has the table. Belongs to the thread of its database connection.
 */
#pragma once

#include "store/database.h"
#include "trust/envelope.h"

struct replay_marks;

MUST_USE enum err replay_marks_open(struct replay_marks **out, struct database *database,
                                    struct why *why);
void replay_marks_close(struct replay_marks *marks); /* NULL is allowed */
CLEANUP_FOR(struct replay_marks, replay_marks_close)

/* At start: gives every stored mark to the verifier. */
MUST_USE enum err replay_marks_load(struct replay_marks *marks, struct verifier *verifier,
                                    struct why *why);

/*
 * Stores what changed since the last call. Call it in the transaction that stores what the messages
 * said, before it ends; without a transaction it makes its own.
 */
MUST_USE enum err replay_marks_save(struct replay_marks *marks, struct verifier *verifier,
                                    struct why *why);
