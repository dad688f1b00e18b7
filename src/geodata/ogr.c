#include "geodata/ogr.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "geodata/geojson.h"
#include "system/file.h"
#include "system/process.h"

enum { END_WAIT_US = 60 * 1000 * 1000 };

bool ogr_is(struct span beginning)
{
    static const struct {
        const char *letters;
        size_t size;
    } signs[] = {
        {"SQLite format 3", 16}, /* GeoPackage, SpatiaLite */
        {"\0\0\x27\x0a", 4},     /* Shapefile */
        {"fgb\x03", 4},          /* FlatGeobuf */
        {"<", 1},                /* KML, GPX, GML */
    };
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        if (beginning.size >= signs[i].size &&
            memcmp(beginning.data, signs[i].letters, signs[i].size) == 0) {
            return true;
        }
    }
    return false;
}

/* The child's output as an input that waits: the pipe itself does not. */
static enum err open_output(const struct process *process, const char *path, struct input *input,
                            struct why *why)
{
    const int fd = fcntl(process_output(process), F_DUPFD_CLOEXEC, 0);
    if (fd < 0) { return why_set(why, ERR_IO, "cannot read the output of ogr2ogr"); }
    (void)fcntl(fd, F_SETFL, 0);
    *input = (struct input){.name = path, .fd = fd};
    return OK;
}

static enum err start(struct process **process, const char *path, struct why *why)
{
    char safe[FILE_PATH_SIZE];
    /* A name that begins with a dash would be an option. */
    const char *prefix = path[0] == '-' ? "./" : "";
    if (snprintf(safe, sizeof safe, "%s%s", prefix, path) >= (int)sizeof safe) {
        return why_set(why, ERR_LIMIT, "path %.100s... is too long", path);
    }
    const char *const arguments[] = {"ogr2ogr",   "-q",          "-f", "GeoJSONSeq", "-t_srs",
                                     "EPSG:4326", "/vsistdout/", safe, NULL};
    const struct process_plan plan = {
        .arguments = arguments, .output = PROCESS_OUTPUT_STDOUT, .die_with_parent = true};
    const enum err err = process_start(process, &plan, why);
    if (err == ERR_NOT_FOUND) {
        return why_set(why, ERR_UNAVAILABLE,
                       "%.100s is read through GDAL: ogr2ogr is not installed (Debian: gdal-bin)",
                       path);
    }
    return err;
}

enum err ogr_read(const char *path, struct reading *reading, struct why *why)
{
    CLEANUP(process_free_p) struct process *process = NULL;
    struct input input = {.fd = -1};
    struct process_end end = {0};
    enum err err = start(&process, path, why);
    if (!err) { err = open_output(process, path, &input, why); }
    if (err) { return err; }
    err = geojson_read(&input, reading, why);
    const bool ended = input.ended;
    input_close(&input);
    /* A child that we stop reading from cannot end well; one that is cut short has said why. */
    if (!ended || process_wait(process, END_WAIT_US, &end) != OK) { return err; }
    if (end.status != 0) {
        return why_set(why, ERR_MALFORMED, "%.140s: ogr2ogr cannot read it (status %d)", path,
                       end.status);
    }
    return err;
}
