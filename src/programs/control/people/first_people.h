/*
 * control/people/first_people - who may come in before anybody has invited them: the accounts whose
 * one-time passwords the environment carries (docs/operations/people.md).
 *
 * At the start, on a connection of its own; what it does is in the audit log.
 */
#pragma once

#include "store/database.h"

/*
 * Each account whose variable is there and new gets that one-time password, and loses its second
 * factors, links and sessions: whoever may start the program may come in again.
 */
MUST_USE enum err first_people_open(struct database *database, struct why *why);
