#include "store/salvage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "queries/store_salvage.h"

enum { PATH_SIZE = 4096, SET_ASIDE_MAX = 9 };

/* Every page is read, so that damage shows now and not at the first alert. */
static enum err check(struct database *database, const char *path, struct why *why)
{
    struct statement *quick = NULL;
    enum step step = STEP_DONE;
    enum err err = database_prepare(&quick, database, SQL_SALVAGE_CHECK, why);
    if (err == OK) { err = statement_step(quick, &step, why); }
    if (err == OK && (step == STEP_DONE || strcmp(column_text(quick, 0), "ok") != 0)) {
        err = why_set(why, ERR_DAMAGED, "%.100s: %.100s", path,
                      step == STEP_DONE ? "the check says nothing" : column_text(quick, 0));
    }
    if (quick) { statement_reset(quick); }
    return err;
}

static enum err open_whole(struct database **out, const struct salvage_config *config,
                           struct why *why)
{
    CLEANUP(database_close_p) struct database *database = NULL;
    enum err err = database_open(&database, &config->database, why);
    if (err == OK) { err = check(database, config->database.path, why); }
    if (err == OK) {
        err = database_migrate(database, config->migrations, config->migration_count, why);
    }
    if (err == OK) { *out = TAKE(database); }
    return err;
}

/* A name for what is set aside that nothing has: the first set aside may be the one to come back.
 */
static void free_name(char name[static PATH_SIZE], const char *path)
{
    (void)snprintf(name, PATH_SIZE, "%s.damaged", path);
    for (int i = 2; i <= SET_ASIDE_MAX && access(name, F_OK) == 0; i++) {
        (void)snprintf(name, PATH_SIZE, "%s.damaged-%d", path, i);
    }
}

/* `path` and its log get another name; the log first, which without its file means nothing. */
static enum err set_aside(const char *path, char name[static PATH_SIZE], struct why *why)
{
    static const char *const suffixes[] = {"-wal", ""};
    char from[PATH_SIZE + 8];
    char to[PATH_SIZE + 8];
    free_name(name, path);
    (void)snprintf(from, sizeof from, "%s-shm", path);
    (void)unlink(from);
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        (void)snprintf(from, sizeof from, "%s%s", path, suffixes[i]);
        (void)snprintf(to, sizeof to, "%s%s", name, suffixes[i]);
        if (rename(from, to) != 0 && errno != ENOENT) {
            return why_set(why, ERR_IO, "%.100s is damaged and cannot be set aside: %s", from,
                           strerrordesc_np(errno));
        }
    }
    return OK;
}

enum err salvage_open(struct database **out, const struct salvage_config *config, bool *renewed,
                      struct why *why)
{
    *renewed = false;
    struct why cause = {0};
    enum err err = open_whole(out, config, &cause);
    if (err != ERR_DENIED && err != ERR_DAMAGED) {
        return err == OK ? OK : why_set(why, err, "%s", cause.text);
    }
    char name[PATH_SIZE];
    err = set_aside(config->database.path, name, why);
    if (err == OK) { err = open_whole(out, config, why); }
    if (err != OK) { return err; }
    *renewed = true;
    (void)why_set(why, OK, "set aside as %.80s: %.140s", name, cause.text);
    return OK;
}
