/*
 * control/people/sweep - sessions that have ended leave the database, and their open links close.
 *
 * On the main loop's thread, with a desk of its own. Links close at once where their session ends;
 * this is for what no server has told the others.
 */
#pragma once

#include "programs/control/control.h"
#include "system/loop.h"

/* Both are borrowed until the loop has ended. */
void sweep_begin(struct loop *loop, struct desk *desk);
