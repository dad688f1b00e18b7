/*
 * programs/tocsin/demo_children - the programs of a demo: in which order, with which arguments and
 * secrets, and when each is ready.
 */
#pragma once

#include "demo.h"
#include "supervisor.h"

/*
 * Starts everything under a new supervisor (the caller owns it) and waits until each listens.
 * `passwords` are handed to control's first start only. On failure the sentence
 * names the program; what was started is stopped.
 */
MUST_USE enum err demo_children_start(struct supervisor **out, struct loop *loop,
                                      const struct demo_site *site,
                                      const struct demo_passwords *passwords, struct why *why);
