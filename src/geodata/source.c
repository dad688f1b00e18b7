#include "geodata/source.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "geodata/csv.h"
#include "geodata/geojson.h"
#include "geodata/lines.h"
#include "geodata/ogr.h"
#include "geodata/osm.h"
#include "system/file.h"

enum { BEGINNING_SIZE = 64 };

/* The first byte that means something. Text of GeoJSON begins with a brace, CSV with a name. */
static uint8_t first_letter(const struct input *input)
{
    const struct span rest = input_rest(input);
    for (size_t i = 0; i < rest.size; i++) {
        const uint8_t letter = rest.data[i];
        const bool mark = i < 3 && (letter == 0xef || letter == 0xbb || letter == 0xbf);
        if (!mark && letter > ' ') { return letter; }
    }
    return 0;
}

/* A large one on several threads, as far as its features stand on lines of their own. */
static enum err read_geojson(struct input *input, struct reading *reading, struct why *why)
{
    enum err err = OK;
    while (!err && !input->ended && input_rest(input).size < LINES_PIECE_SIZE) {
        err = input_more(input, why);
    }
    if (!err && input_rest(input).size >= LINES_PIECE_SIZE) {
        err = lines_read(input, reading, LINES_PIECE_SIZE, why);
    }
    return err ? err : geojson_read(input, reading, why);
}

static enum err read_input(struct input *input, struct reading *reading, struct why *why)
{
    const uint8_t letter = first_letter(input);
    if (osm_is(input_rest(input))) { return osm_read(input, reading, why); }
    return letter == '{' || letter == '[' || letter == 0 ? read_geojson(input, reading, why)
                                                         : csv_read(input, reading, why);
}

static enum err read_file(const char *path, struct reading *reading, struct why *why)
{
    struct input input = {.fd = -1};
    if (reading->note) { reading->note->size = 0; }
    enum err err = input_open(&input, path, why);
    /* A pipe may show little at first. */
    while (!err && !input.ended && input_rest(&input).size < BEGINNING_SIZE) {
        err = input_more(&input, why);
    }
    const bool foreign = !err && strcmp(path, "-") != 0 && ogr_is(input_rest(&input));
    if (!err && !foreign) { err = read_input(&input, reading, why); }
    input_close(&input);
    if (foreign) { err = ogr_read(path, reading, why); }
    reading->files++;
    reading->files_noted += reading->note && reading->note->size > 0;
    return err;
}

/* The names of a folder's files, in order. */
struct names {
    char **names; /* owned */
    size_t count;
};

static void names_deinit(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->names[i]);
    }
    free(names->names);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static enum err list(const char *folder, struct names *names, struct why *why)
{
    DIR *stream = opendir(folder);
    enum err err = OK;
    if (!stream) {
        return why_set(why, ERR_IO, "cannot open folder %.140s: error %d", folder, errno);
    }
    names->names = MEM_ARRAY(char *, SOURCE_FILES_MAX);
    const struct dirent *entry = NULL;
    while (!err && (entry = readdir(stream))) { // NOLINT(concurrency-mt-unsafe): own stream
        if (entry->d_name[0] == '.') { continue; }
        if (names->count == SOURCE_FILES_MAX) {
            err = why_set(why, ERR_LIMIT, "folder %.140s has more than %d files", folder,
                          SOURCE_FILES_MAX);
        } else {
            names->names[names->count++] = mem_text(entry->d_name);
        }
    }
    (void)closedir(stream);
    qsort(names->names, names->count, sizeof *names->names, compare);
    return err;
}

static enum err read_folder(const char *folder, struct reading *reading, struct why *why)
{
    struct names names = {0};
    size_t files = 0;
    enum err err = list(folder, &names, why);
    for (size_t i = 0; i < names.count && !err; i++) {
        char path[FILE_PATH_SIZE];
        err = file_join(path, folder, names.names[i], why);
        if (err || is_folder(path)) { continue; }
        files++;
        err = read_file(path, reading, why);
    }
    names_deinit(&names);
    if (!err && files == 0) {
        err = why_set(why, ERR_NOT_FOUND, "folder %.140s contains no file", folder);
    }
    return err;
}

enum err source_read(const char *path, struct reading *reading, struct why *why)
{
    return is_folder(path) ? read_folder(path, reading, why) : read_file(path, reading, why);
}
