/*
 * tocsin/audit - the sub-commands of `tocsin audit`, and what they share.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "store/database.h"

struct audit_arguments {
    const char *state;    /* control's state folder */
    const char *database; /* address of PostgreSQL, where control has its rows there */
    const char *from;     /* a log or an export */
    const char *policy, *against, *age, *entry, *reason;
    bool finish;
    const char *words[2]; /* the sub-command's own */
};

enum err audit_export(const struct audit_arguments *arguments, struct why *why);
enum err audit_verify(const struct audit_arguments *arguments, bool *good, struct why *why);
enum err audit_check(const struct audit_arguments *arguments, bool *good, struct why *why);
enum err audit_prove(const struct audit_arguments *arguments, struct why *why);
enum err audit_rotate(const struct audit_arguments *arguments, struct why *why);
enum err audit_erase(const struct audit_arguments *arguments, struct why *why);

/* The folder's signed checkpoint, appended, and what it says; its signature is not judged here. */
MUST_USE enum err audit_read_checkpoint(const char *folder, struct text *note,
                                        struct checkpoint *checkpoint, struct why *why);

/* An entry's index, from a word. */
MUST_USE enum err audit_index(const char *word, uint64_t *index, struct why *why);
