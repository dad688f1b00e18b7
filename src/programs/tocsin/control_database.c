#include "programs/tocsin/control_database.h"

#include "system/file.h"
#include "vault/source.h"

enum err control_database_open(struct database **out, const char *state_folder, const char *address,
                               struct why *why)
{
    char path[FILE_PATH_SIZE] = "";
    CLEANUP(source_keys_deinit) struct source_keys keys = {.database = NULL};
    enum err err = source_take(&keys, why);
    if (err == OK && !address) { err = file_join(path, state_folder, "control.db", why); }
    if (err != OK) { return err; }
    if (!address && !file_exists(path)) { return why_set(why, ERR_IO, "there is no %.200s", path); }
    const struct database_config config = {.path = path,
                                           .address = address,
                                           .key = keys.database,
                                           .column_key = keys.column,
                                           .every_zone = true};
    return database_open(out, &config, why);
}
