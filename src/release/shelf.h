/*
 * release/shelf - the archives that a server has open, by name, each with the edition before.
 *
 * A path is looked at now and then; when another file stands there, it is opened, and becomes the
 * current edition in one step. The one before stays for those who began with it. A file that cannot
 * be opened changes nothing. Any thread may take an edition; one thread refreshes.
 */
#pragma once

#include "release/edition.h"

enum { SHELF_ARCHIVES_MAX = 24, SHELF_NAME_SIZE = 48 };

struct shelf;
struct shelf *shelf_new(void);
void shelf_free(struct shelf *shelf); /* every edition has been given back; NULL is allowed */
CLEANUP_FOR(struct shelf, shelf_free)

/* Letters, digits, '-' and '_'; not ending as "-" and 64 hexadecimal digits would. */
bool shelf_name_valid(const char *name);

/*
 * Adds an archive and opens it. Before any other thread takes one. ERR_RANGE for a name that is
 * not valid or there already; else as edition_open: then it is on the shelf, with nothing open.
 */
MUST_USE enum err shelf_add(struct shelf *shelf, const char *name, const char *path,
                            bool is_private, struct why *why);

/*
 * Looks at the path of archive `index` again. True: a new edition is current. False: nothing has
 * changed, or (then `why` has a sentence, else it is empty) the new file was refused.
 */
bool shelf_refresh(struct shelf *shelf, size_t index, struct why *why);
size_t shelf_count(const struct shelf *shelf);
const char *shelf_name(const struct shelf *shelf, size_t index);
const char *shelf_path(const struct shelf *shelf, size_t index);
bool shelf_is_private(const struct shelf *shelf, size_t index);

/*
 * Finds the archive that `word` names: NAME, or NAME-SHA256 for that edition only. False: there is
 * no such name. `*edition` is NULL when nothing, or not that edition, is open; else it must be
 * given back.
 */
bool shelf_take(struct shelf *shelf, struct span word, size_t *index,
                const struct edition **edition);
void shelf_give_back(struct shelf *shelf, const struct edition *edition); /* NULL is allowed */
