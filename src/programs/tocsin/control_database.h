/*
 * tocsin/control_database - control's database, for commands that run beside it.
 *
 * Its keys come from where control takes them (vault/source).
 */
#pragma once

#include "store/database.h"

/*
 * At `address` (PostgreSQL), or when that is NULL the file in `state_folder`. Sees every zone.
 * ERR_NOT_FOUND without its key; ERR_IO when there is no such file.
 */
MUST_USE enum err control_database_open(struct database **out, const char *state_folder,
                                        const char *address, struct why *why);
