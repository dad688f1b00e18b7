/*
 * control/peer/several - what is otherwise where several servers share a database: who has the bus,
 * whose browsers hear what, where tries are counted.
 *
 * Called by main, in this order. With one server several_start only begins the bus.
 */
#pragma once

#include "programs/control/control.h"

/* Redis for the limits, which are there already; live messages go to other servers too. */
MUST_USE enum err several_prepare(struct control *control, struct why *why);
/* After all parts of `control`: begins the bus, or the watch for who has it. */
MUST_USE enum err several_start(struct control *control, struct why *why);
/* After the limits have gone. */
void several_end(struct control *control);
