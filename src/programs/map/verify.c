#include "map/verify.h"

#include <stdio.h>

#include "command.h"

int verify_command(int argc, char *argv[])
{
    struct why why = {0};
    struct verify_report report;
    if (argc != 2) {
        return command_failed("verify", why_set(&why, ERR_RANGE, "one FILE is expected"), &why);
    }
    const enum err err = verify_archive(argv[1], &report, &why);
    if (err) {
        (void)fprintf(stderr, "%s: refused: %s\n", argv[1], why.text);
        return COMMAND_FAILED;
    }
    (void)printf("%s: valid: zooms %d to %d, %llu tiles, %llu entries, %llu contents, %llu leaf "
                 "directories\n",
                 argv[1], report.header.zoom_min, report.header.zoom_max,
                 (unsigned long long)report.addressed, (unsigned long long)report.entries,
                 (unsigned long long)report.contents, (unsigned long long)report.leaves);
    if (report.header.type == PMTILES_TYPE_MVT) {
        (void)printf(
            "  in different tiles: %llu features (%llu of points, %llu of lines, %llu of "
            "polygons), %llu vertices; largest tile %llu bytes\n",
            (unsigned long long)report.tiles.features, (unsigned long long)report.tiles.points,
            (unsigned long long)report.tiles.lines, (unsigned long long)report.tiles.polygons,
            (unsigned long long)report.tiles.vertices, (unsigned long long)report.largest);
    }
    for (size_t i = 0; i < report.remark_count; i++) {
        (void)printf("  remark: %s\n", report.remarks[i]);
    }
    return COMMAND_DONE;
}
