/*
 * The vector tiles of @mapbox/mvt-fixtures (CC0), each with a verdict of its own. A tile that is
 * valid for version 2 of the specification is accepted, every other is refused.
 *
 * Two verdicts contradict others, and are not followed. 016 is listed as valid and is, byte for
 * byte, 003, which is listed as invalid: the kind of geometry is missing. 057 is listed as valid,
 * though its only command announces 536870911 points and one follows; 051 is the same command with
 * another point, and is listed as invalid.
 */
#include <dirent.h>
#include <stdlib.h>

#include "base/value.h"
#include "check.h"
#include "map/mvt.h"
#include "system/file.h"

#define FIXTURES SHARED_DATA "/maps/fixtures/mvt-fixtures/fixtures"

static struct text read_one(const char *name, const char *file)
{
    char path[FILE_PATH_SIZE];
    struct text text = text_limited(1 << 20);
    (void)snprintf(path, sizeof path, "%s/%s/%s", FIXTURES, name, file);
    CHECK(file_read(&text, path, NULL) == OK);
    return text;
}

static bool is_valid(const char *name)
{
    struct text info = read_one(name, "info.json");
    struct value *value = NULL;
    CHECK(value_parse(&value, text_span(&info), 1 << 20, NULL) == OK);
    const struct value *validity = value_get(value, "validity");
    const bool valid = value_boolean_or(value_get(validity, "v2"), false);
    value_free(value);
    text_deinit(&info);
    return valid && strcmp(name, "016") != 0 && strcmp(name, "057") != 0;
}

int main(void)
{
    struct dirent **names = NULL;
    const int count = scandir(FIXTURES, &names, NULL, alphasort);
    int tiles = 0;
    if (count < 0) { return CHECK_SKIP_ALL("shared/data/maps is not here"); }
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        if (*name != '.') {
            struct text tile = read_one(name, "tile.mvt");
            struct mvt_summary summary = {0};
            struct why why = {0};
            char what[600];
            const enum err err = mvt_check(text_span(&tile), NULL, &summary, &why);
            (void)snprintf(what, sizeof what, "%s %s %s", name, err ? "refused:" : "accepted",
                           why.text);
            check_((err == OK) == is_valid(name), what, __FILE__, __LINE__);
            text_deinit(&tile);
            tiles++;
        }
        free(names[i]);
    }
    free(names);
    CHECK(tiles == 74);
    return CHECK_DONE();
}
